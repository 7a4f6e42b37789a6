"""Photographs, made anew: only the picture is left, upright and of a size that a page can show. Pure."""

from __future__ import annotations

import io
import math
from typing import Any, Final

from PIL import Image, ImageOps
from PIL.ExifTags import GPS, IFD

from yixian.attachments.model import Clean, Kind, Position, Unfit

LONGEST_SIDE: Final = 2560
"""Pixels; enough to read a meter or a number plate."""

THUMBNAIL: Final = 320
"""Pixels of the long side."""

MOST_PIXELS: Final = 64_000_000
"""No telephone's picture is larger; what is would cost more memory than one request may."""

FORMATS: Final = ("JPEG", "PNG", "WEBP")

BROKEN: Final = "这张照片打不开，可能已经损坏。请换一张再试。"
TOO_MANY_PIXELS: Final = "这张照片的尺寸太大。请用手机直接拍摄的照片，或截图后再上传。"


def clean(data: bytes) -> Clean:
    """A photograph (JPEG, PNG, WebP) as a JPEG without metadata, with its thumbnail and the position that stood in it.

    Raises:
        Unfit: it is broken, or unfolds to more pixels than one may send.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise Unfit(TOO_MANY_PIXELS)
            position = _position(opened)
            # A JPEG can be read at half or a quarter of its size for a fraction of the work; never below what is kept.
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            picture = _plain(opened)
    except Unfit:
        raise
    except Image.DecompressionBombError as error:
        raise Unfit(TOO_MANY_PIXELS) from error
    except Exception as error:  # whatever a decoder raises on hostile bytes: struct.error, KeyError, OverflowError, SyntaxError …
        raise Unfit(BROKEN) from error
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    small = picture.copy()
    small.thumbnail((THUMBNAIL, THUMBNAIL), Image.Resampling.LANCZOS)
    return Clean(Kind.PHOTO, "image/jpeg", _jpeg(picture, 86), _jpeg(small, 80), picture.width, picture.height, position)


def _plain(opened: Image.Image) -> Image.Image:
    """The first frame, upright, on white where it is transparent; a new image, so that nothing of the file comes along."""
    upright = ImageOps.exif_transpose(opened)
    # A telephone's picture is halved at once: the rest is done at a size that costs little.
    upright.thumbnail((2 * LONGEST_SIDE, 2 * LONGEST_SIDE), Image.Resampling.BOX)
    if upright.mode in ("RGBA", "LA", "PA", "P") or "transparency" in upright.info:
        seen = upright.convert("RGBA")
        flat = Image.new("RGB", seen.size, "white")
        flat.paste(seen, mask=seen.getchannel("A"))
        return flat
    flat = Image.new("RGB", upright.size)
    flat.paste(upright.convert("RGB"))
    return flat


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _position(opened: Image.Image) -> Position | None:
    """Where the camera says it was; None when it does not say, or says nonsense."""
    try:
        written = opened.getexif().get_ifd(IFD.GPSInfo)
        latitude = _degrees(written.get(GPS.GPSLatitude), written.get(GPS.GPSLatitudeRef), "S")
        longitude = _degrees(written.get(GPS.GPSLongitude), written.get(GPS.GPSLongitudeRef), "W")
    except Exception:  # a position that cannot be read is no reason to refuse the photograph
        return None
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180) or latitude == longitude == 0:
        return None
    return Position(round(latitude, 6), round(longitude, 6))


def _degrees(parts: Any, side: Any, negative: str) -> float | None:
    """Degrees of the three rationals that EXIF writes (CIPA DC-008, 4.6.6)."""
    if parts is None:
        return None
    degrees, minutes, seconds = (float(part) for part in parts)
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found):
        return None
    return -found if str(side).strip("\x00 ").upper() == negative else found
