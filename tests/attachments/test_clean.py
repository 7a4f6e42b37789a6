"""What is kept of a file: the picture, the sound, and nothing else."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.attachments.files import SECRET, bomb, m4a, mp3, photo, wav, webm

from yixian.attachments import service
from yixian.attachments.model import Kind, Position, Unfit
from yixian.attachments.serving import answer

MOST = 10_000_000


def opened(body: bytes) -> Image.Image:
    return Image.open(io.BytesIO(body))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_kept_without_where_when_and_whose_and_its_place_is_told_once(form: str) -> None:
    sent = photo(form=form, at=(23.099722, 113.271944))
    assert SECRET in sent
    kept = service.clean(sent + b"<script>alert(1)</script>", MOST)
    assert kept.position == Position(23.099722, 113.271944)
    assert (kept.kind, kept.media_type, kept.width, kept.height) == (Kind.PHOTO, "image/jpeg", 400, 300)
    for body in (kept.body, kept.thumbnail or b""):
        assert SECRET not in body and b"script" not in body and b"Exif" not in body
        assert not opened(body).getexif()
    assert max(opened(kept.thumbnail or b"").size) == 320


@pytest.mark.parametrize(
    ("at", "found"),
    [((-33.5, -70.25), Position(-33.5, -70.25)), ((0.0, 0.0), None), ((95.0, 10.0), None), (None, None)],
    ids=["south-west", "nowhere", "nonsense", "not told"],
)
def test_the_position_is_the_cameras_or_none(at: tuple[float, float] | None, found: Position | None) -> None:
    assert service.clean(photo(at=at), MOST).position == found


def test_a_photograph_that_was_taken_sideways_stands_upright() -> None:
    kept = service.clean(photo((400, 300), turned=6), MOST)
    assert (kept.width, kept.height) == (300, 400)
    red, green, _ = opened(kept.body).getpixel((290, 10))  # type: ignore[misc]
    assert red > 200 > green, "turned clockwise, the upper left corner is the upper right one"


def test_a_large_photograph_is_made_as_large_as_a_page_can_show() -> None:
    kept = service.clean(photo((6000, 4000)), MOST)
    assert (kept.width, kept.height) == (2560, 1707)


def test_what_is_transparent_is_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (0, 0, 0, 0)).save(out, "PNG")
    assert opened(service.clean(out.getvalue(), MOST).body).getpixel((10, 10)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", "是空的"),
        (bomb(), "尺寸太大"),
        (photo()[:500], "打不开"),
        (b"\xff\xd8\xff\xe0" + bytes(3000), "打不开"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 100, "打不开"),
        (b"RIFF\x10\0\0\0WEBPVP8 " + bytes(30), "打不开"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "只能上传"),
        (b"<!doctype html><script>alert(1)</script>", "只能上传"),
        (b"MZ\x90\0" + bytes(200), "只能上传"),
        (b"GIF89a" + bytes(200), "只能上传"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200), "HEIC"),
        (m4a(b"vide"), "录像"),
        (webm(b"V_VP9"), "录像"),
        (m4a()[:60], "没有录完整"),
        (b"RIFF\x10\0\0\0WAVE" + bytes(30), "没有录完整"),
        (b"%PDF-1.7" + bytes(MOST), "不能超过 10 MB"),
    ],
    ids=["empty", "bomb", "cut", "no jpeg", "no png", "no webp", "svg", "html", "exe", "gif", "heic", "film", "film 2", "cut sound",
         "no wav", "large"],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_what_to_do(sent: bytes, sentence: str) -> None:
    with pytest.raises(Unfit, match=sentence):
        service.clean(sent, MOST)


@pytest.mark.parametrize(
    ("sent", "media_type"),
    [(wav(), "audio/wav"), (m4a(), "audio/mp4"), (mp3(), "audio/mpeg"), (webm(), "audio/webm"), (b"OggS" + bytes(200), "audio/ogg")],
    ids=["wav", "m4a", "mp3", "webm", "ogg"],
)
def test_a_recording_is_known_by_its_content_and_kept_without_what_is_told_beside_the_sound(sent: bytes, media_type: str) -> None:
    kept = service.clean(sent, MOST)
    assert (kept.kind, kept.media_type) == (Kind.VOICE, media_type)
    assert SECRET not in kept.body


def test_the_sound_of_a_recording_stays_where_it_was() -> None:
    sent = m4a()
    kept = service.clean(sent, MOST)
    assert len(kept.body) == len(sent) and kept.body[-508:] == sent[-508:]


@given(st.binary(max_size=400), st.sampled_from([photo(), photo(form="PNG"), photo(form="WEBP"), wav(), m4a(), mp3(), webm()]), st.data())
def test_no_bytes_make_it_fail_otherwise_than_with_a_sentence(noise: bytes, good: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(good)))
    for sent in (noise, good[:12] + noise, good[:at] + noise + good[at + len(noise) :]):
        try:
            kept = service.clean(sent, MOST)
        except Unfit as unfit:
            assert str(unfit)
        else:
            assert kept.body


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("路灯.jpg", "路灯.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\Ann\\lamp.PNG", "lamp.jpg"),
        ("photo\u202egpj.exe", "photo gpj.jpg"),
        ('a"b\r\nX: y.jpg', "a b X y.jpg"),
        ("", "照片.jpg"),
        ("...", "照片.jpg"),
        ("x" * 500 + ".jpg", "x" * 116 + ".jpg"),
    ],
)
def test_a_name_is_made_safe_and_says_what_the_file_is(name: str, kept: str) -> None:
    assert service.safe_name(name, Kind.PHOTO, "image/jpeg") == kept


def test_a_file_is_given_out_so_that_nothing_in_it_runs_and_players_may_ask_for_parts() -> None:
    content = service.Content('雨".jpg', Kind.PHOTO, "image/jpeg", b"0123456789")
    whole = answer(content).headers
    assert whole["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert whole["Cache-Control"].startswith("private")
    assert "\"file\"; filename*=UTF-8''%E9%9B%A8%22.jpg" in whole["Content-Disposition"]
    assert answer(service.Content("a.pdf", Kind.DOCUMENT, "application/pdf", b"%")).headers["Content-Disposition"].startswith("attachment")
    asked = {a: answer(content, a) for a in ("bytes=2-4", "bytes=7-", "bytes=-3", "bytes=10-", "bytes=5-99", "bytes=-0", "lines=1-2")}
    told = {a: (r.status_code or 200, r.content, r.headers.get("Content-Range")) for a, r in asked.items()}
    assert told["bytes=2-4"] == (206, b"234", "bytes 2-4/10")
    assert told["bytes=7-"] == told["bytes=-3"] == (206, b"789", "bytes 7-9/10")
    assert told["bytes=5-99"] == (206, b"56789", "bytes 5-9/10")
    assert told["bytes=10-"] == told["bytes=-0"] == (416, b"", "bytes */10")
    assert told["lines=1-2"][:2] == (200, b"0123456789")
