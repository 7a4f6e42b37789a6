"""What a file is, by what is in it: names and what a browser says of them prove nothing. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """The forms that are taken; the value is the media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    WEBM = "audio/webm"
    OGG = "audio/ogg"
    MP4 = "audio/mp4"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    PDF = "application/pdf"


PHOTOS: Final = frozenset({Form.JPEG, Form.PNG, Form.WEBP})

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", Form.JPEG),
    (b"\x89PNG\r\n\x1a\n", Form.PNG),
    (b"OggS", Form.OGG),
    (b"ID3", Form.MP3),
    (b"%PDF-", Form.PDF),
)
_RIFF: Final = {b"WEBP": Form.WEBP, b"WAVE": Form.WAV}
_HEIF: Final = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"})
_EBML: Final = b"\x1aE\xdf\xa3"


def form_of(data: bytes) -> Form | None:
    """The form of a file; None when it is none that is taken."""
    for beginning, form in _BEGINNINGS:
        if data.startswith(beginning):
            return form
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12])
    if data[:4] == _EBML and b"webm" in data[:64]:
        return Form.WEBM
    if data[4:8] == b"ftyp" and data[8:12] not in _HEIF:
        return Form.MP4
    return Form.MP3 if _mp3_frame(data) else None


def is_heif(data: bytes) -> bool:
    """Whether it is a photograph in the form that only newer telephones read (HEIC, AVIF)."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIF


def _mp3_frame(data: bytes) -> bool:
    """An MPEG audio frame, layer III: eleven bits of sync, a version, a bit rate and a sampling rate that exist (ISO 11172-3)."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, sampling = data[1] >> 3 & 3, data[1] >> 1 & 3, data[2] >> 4, data[2] >> 2 & 3
    return version != 1 and layer == 1 and rate not in (0, 15) and sampling != 3
