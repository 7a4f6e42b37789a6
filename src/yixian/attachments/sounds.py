"""Recordings: what says where, when and with what they were made is taken out; the sound is left as it is. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from yixian.attachments.model import Clean, Kind, Unfit
from yixian.attachments.recognise import Form

BROKEN: Final = "这段录音打不开，可能没有录完整。请重新录一次。"
FILM: Final = "这是一段录像，目前只收录音和照片。请截取画面拍照上传，或只录声音。"

_HOLDERS: Final = frozenset({b"moov", b"trak", b"mdia"})
_TELLING: Final = frozenset({b"udta", b"meta", b"uuid"})
"""Boxes in which telephones write place, time, owner and device (ISO/IEC 14496-12)."""


def clean(data: bytes, form: Form) -> Clean:
    """A recording without what is told beside the sound.

    Raises:
        Unfit: it is no whole recording, or a film.
    """
    match form:
        case Form.MP4:
            body = _mp4(data)
        case Form.MP3:
            body = _mp3(data)
        case Form.WAV:
            body = _wav(data)
        case Form.WEBM:
            body = _webm(data)
        case _:
            body = data
    if len(body) < 100:
        raise Unfit(BROKEN)
    return Clean(Kind.VOICE, form.value, body)


def _mp3(data: bytes) -> bytes:
    """Without the tags before (ID3v2) and behind (ID3v1) the frames."""
    while data[:3] == b"ID3" and len(data) > 10:
        length = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        data = data[10 + length + (10 if data[5] & 0x10 else 0) :]
    return data[:-128] if data[-128:-125] == b"TAG" else data


def _wav(data: bytes) -> bytes:
    """The form of the samples and the samples; no other chunk."""
    kept = b"".join(data[start:end] + b"\0" * (end - start & 1) for name, start, end in _chunks(data) if name in (b"fmt ", b"data"))
    if b"fmt " not in kept[:4] or b"data" not in kept:
        raise Unfit(BROKEN)
    return b"RIFF" + (4 + len(kept)).to_bytes(4, "little") + b"WAVE" + kept


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    at = 12
    while at + 8 <= len(data):
        # Recorders that were cut off leave a length of all ones: what there is counts.
        end = min(at + 8 + int.from_bytes(data[at + 4 : at + 8], "little"), len(data))
        yield data[at : at + 4], at, end
        at = end + (end - at & 1)


def _mp4(data: bytes) -> bytes:
    """The same boxes in the same places, with those that tell blanked: the sound is found by its place in the file."""
    body = bytearray(data)
    seen: set[bytes] = set()
    _blank(body, 0, len(body), seen, 0)
    if b"vide" in seen:
        raise Unfit(FILM)
    if b"soun" not in seen:
        raise Unfit(BROKEN)
    return bytes(body)


def _blank(body: bytearray, at: int, end: int, seen: set[bytes], depth: int) -> None:
    """Blanks what tells between `at` and `end`; notes what the tracks are (`soun`, `vide`)."""
    while at + 8 <= end:
        size, name, head = int.from_bytes(body[at : at + 4]), bytes(body[at + 4 : at + 8]), 8
        if size == 1 and at + 16 <= end:
            size, head = int.from_bytes(body[at + 8 : at + 16]), 16
        stop = end if size == 0 else at + size
        if stop > end or stop < at + head:
            raise Unfit(BROKEN)
        if name in _TELLING:
            body[at + 4 : at + 8] = b"free"
            body[at + head : stop] = bytes(stop - at - head)
        elif name == b"hdlr":
            seen.add(bytes(body[at + head + 8 : at + head + 12]))
        elif name in _HOLDERS and depth < 4:
            _blank(body, at + head, stop, seen, depth + 1)
        at = stop


def _webm(data: bytes) -> bytes:
    """As it is, when it holds sound alone: browsers write neither place nor owner into it."""
    if any(mark in data[:4096] for mark in (b"V_VP", b"V_AV1", b"V_MPEG")):
        raise Unfit(FILM)
    if b"A_OPUS" not in data[:4096] and b"A_VORBIS" not in data[:4096]:
        raise Unfit(BROKEN)
    return data
