"""What people of each role are called on screen: keys of the message catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from yixian.people.model import Role

ROLE_NAMES: Final[Mapping[Role, str]] = {
    Role.OPERATOR: "话务员",
    Role.DISPATCHER: "派单员",
    Role.HANDLER: "承办人",
    Role.UNIT_REVIEWER: "单位审核人",
    Role.REVIEWER: "热线审核人",
    Role.CALL_BACK: "回访员",
    Role.SUPERVISOR: "督办员",
    Role.KNOWLEDGE_EDITOR: "知识编辑",
    Role.ANALYST: "分析员",
    Role.SYSTEM_ADMIN: "系统管理员",
    Role.SECURITY_ADMIN: "安全管理员",
    Role.AUDIT_ADMIN: "审计管理员",
    Role.CITIZEN: "市民",
    Role.SYSTEM: "系统",
}
"""The last two are nobody's job: they name who acted."""
