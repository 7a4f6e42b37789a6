"""Files as telephones make them, and as those make them who want to do harm."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

SECRET = b"Ann Harbour, 4 Mole Street"


def photo(size: tuple[int, int] = (400, 300), form: str = "JPEG", *, turned: int = 1, at: tuple[float, float] | None = None) -> bytes:
    """A photograph, red in its upper left corner; `turned`: EXIF orientation; `at`: latitude and longitude that the camera writes."""
    picture = Image.new("RGB", size, "white")
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 4, size[1] // 4), fill="red")
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x013B] = SECRET.decode()
    if at:
        exif.get_ifd(0x8825).update(_gps(*at))
    out = io.BytesIO()
    picture.save(out, form, exif=exif)
    return out.getvalue()


def _gps(latitude: float, longitude: float) -> dict[int, Any]:
    def parts(value: float) -> tuple[float, float, float]:
        degrees, rest = divmod(abs(value), 1)
        minutes, rest = divmod(rest * 60, 1)
        return degrees, minutes, round(rest * 60, 4)

    return {1: "N" if latitude >= 0 else "S", 2: parts(latitude), 3: "E" if longitude >= 0 else "W", 4: parts(longitude)}


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that unfolds to `side` squared pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes(side // 8 + 1) * 64, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def wav(seconds: float = 0.1) -> bytes:
    """Silence, with a chunk that tells who spoke."""
    samples = bytes(int(8000 * seconds) * 2)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    parts = b"".join(
        name + len(body).to_bytes(4, "little") + body + bytes(len(body) & 1)
        for name, body in ((b"fmt ", form), (b"LIST", b"INFOIART" + SECRET), (b"data", samples))
    )
    return b"RIFF" + (4 + len(parts)).to_bytes(4, "little") + b"WAVE" + parts


def box(name: bytes, body: bytes) -> bytes:
    return (8 + len(body)).to_bytes(4) + name + body


def m4a(kind: bytes = b"soun") -> bytes:
    """An MP4 as a telephone records it, with the place in `udta`."""
    handler = box(b"hdlr", bytes(8) + kind + bytes(12))
    told = box(b"udta", box(b"\xa9xyz", SECRET))
    return box(b"ftyp", b"M4A \0\0\0\0M4A mp42isom") + box(b"moov", box(b"trak", box(b"mdia", handler)) + told) + box(b"mdat", bytes(500))


def webm(codec: bytes = b"A_OPUS") -> bytes:
    return b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04" + codec + bytes(300)


def mp3() -> bytes:
    return b"ID3\x03\0\0" + bytes([0, 0, 0, len(SECRET)]) + SECRET + b"\xff\xfb\x90\x00" + bytes(800) + b"TAG" + SECRET.ljust(125, b"\0")
