"""What the demo's templates of answers say: one for each kind of request, for all matters, so that nobody begins with an empty list.

A city writes its own; these show how places such as `{编号}` and `____` are used.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from yixian.city.inforce import City
from yixian.db.pool import Transaction
from yixian.people.model import Actor
from yixian.tickets import wording
from yixian.tickets.answers import Draft

TEMPLATES: Final = (
    Draft(
        "咨询：说明依据与办法",
        "您好，感谢您的来电。您咨询的“{事项}”（工单{编号}），{单位}答复如下：\n"
        "一、依据：____。\n二、怎样办理：____，需要带齐____。\n三、在哪里办、要多久：____。\n"
        "还有不清楚的，请在工作时间致电____，我们再为您说明。{日期}",
    ),
    Draft(
        "求助：已经办好",
        "您好，感谢您的反映。{单位}工作人员于____到{地点}查看，情况是：____。\n"
        "我们当天采取的措施：____；____已经恢复正常，并已复查。\n"
        "如果再出现同样的问题，请致电____，我们会马上处理。{日期}",
    ),
    Draft(
        "求助：还要一些时间",
        "您好，感谢您的反映。{单位}工作人员于____到{地点}查看，情况是：____。\n"
        "这件事还要做____，由____负责，预计____前完成；在此之前，我们已先采取____，减少对您的影响。\n"
        "完成后我们会再次告诉您。联系电话：____。{日期}",
    ),
    Draft(
        "投诉：核实与处理结果",
        "您好，感谢您的监督。关于您投诉的“{事项}”（工单{编号}），{单位}于____向双方作了核实：____。\n"
        "属实的部分是____，我们已经____，并要求____；不属实或无法核实的部分是____，理由是____。\n"
        "您对处理结果有不同意见的，可以致电____，或者依法____。{日期}",
    ),
    Draft(
        "举报：受理与查处",
        "您好，感谢您的举报。{单位}于____派两名工作人员到{地点}检查，发现：____。\n"
        "对查实的问题，我们已依据____作出____，责令于____前改正，并会在____复查。\n"
        "您的个人信息受到保护，不会告诉被举报的一方。{日期}",
    ),
    Draft(
        "建议：采纳情况",
        "您好，感谢您提出的建议。{单位}于____研究了您关于“{事项}”的建议。\n"
        "可以采纳的是____，计划在____前落实；暂时不能采纳的是____，原因是____。\n"
        "欢迎您继续提出意见，联系电话：____。{日期}",
    ),
    Draft(
        "表扬：转达",
        "您好，感谢您的肯定。您的表扬（工单{编号}）已于____转达给____本人和所在科室。\n"
        "我们会把您提到的做法____介绍给其他同事，继续把工作做好。{单位}，{日期}",
    ),
)
"""Titles begin with the kind; what nobody but the handler knows is left blank, and a blank is asked about before an answer is sent."""


async def keep(tx: Transaction, editor: Actor, city: City, now: datetime) -> None:
    """Keeps all of them for the whole city, as the knowledge editor."""
    for draft in TEMPLATES:
        await wording.keep(tx, editor, None, draft, 0, city, now)
