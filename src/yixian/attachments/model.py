"""A file on its way in, and as it is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

import msgspec

LONGEST_NAME: Final = 120
"""Characters of a file's name that are kept."""


class Kind(StrEnum):
    """What a person sees in a file."""

    PHOTO = "photo"
    VOICE = "voice"
    DOCUMENT = "document"


class Side(StrEnum):
    """Who put a file with a ticket."""

    RESIDENT = "resident"
    UNIT = "unit"
    HOTLINE = "hotline"


class Unfit(Exception):
    """A file that cannot be taken; the sentence says why and what to do."""


class NotFound(Exception):
    """No such file, or none that this person may see: the two look the same on purpose."""


class Position(msgspec.Struct, frozen=True):
    """Where a photograph was taken, as the camera wrote into it: degrees, WGS 84. Given to whoever uploads, kept nowhere."""

    latitude: float
    longitude: float


class Clean(msgspec.Struct, frozen=True):
    """A file as it may be kept: recognised by its content, with nothing hidden in it."""

    kind: Kind
    media_type: str
    body: bytes
    thumbnail: bytes | None = None
    """JPEG, long side 320 px; of photographs."""
    width: int | None = None
    """Pixels, upright."""
    height: int | None = None
    position: Position | None = None


class Attachment(msgspec.Struct, frozen=True):
    """A file that is kept, without its content."""

    id: UUID
    kind: Kind
    media_type: str
    name: str
    size: int
    """Bytes."""
    side: Side
    at: datetime
    width: int | None = None
    height: int | None = None
    public: bool = True
    """Whether the citizen sees it (a unit's: once the hotline has passed the answer)."""


class Content(msgspec.Struct, frozen=True):
    """What a browser is given."""

    name: str
    kind: Kind
    media_type: str
    body: bytes
