"""Answers read as they were meant, and run nothing."""

from __future__ import annotations

from yixian.web.prose import clauses, prose, whole


def test_paragraphs_lists_and_bold():
    assert prose("先看这里\n再看这里\n\n**怎样办**\n1. 去窗口\n2. 交材料\n- 带身份证") == (
        "<p>先看这里<br>再看这里</p>\n<p><strong>怎样办</strong></p>\n<ol><li>去窗口</li><li>交材料</li></ol>\n<ul><li>带身份证</li></ul>"
    )


def test_nothing_written_becomes_markup():
    assert prose("<script>x</script> **<b>**\n# <i>") == (
        "<p>&lt;script&gt;x&lt;/script&gt; <strong>&lt;b&gt;</strong></p>\n<p><strong>&lt;i&gt;</strong></p>"
    )


def test_a_number_in_a_sentence_starts_no_list():
    assert prose("2026.11.22 答复") == "<p>2026.11.22 答复</p>"


def test_a_full_width_mark_brings_its_own_space():
    assert prose("**费用：** 免费") == "<p><strong>费用：</strong>免费</p>"
    assert prose("**Free** of charge") == "<p><strong>Free</strong> of charge</p>"


def test_a_line_ends_between_clauses_not_inside_them():
    assert clauses("这是紧急情况，请马上拨打") == '<span class="whole">这是紧急情况，</span><span class="whole">请马上拨打</span>'
    assert clauses("<b>？") == "&lt;b&gt;？"
    assert clauses("Thank you, we have it") == "Thank you, we have it"
    assert whole("<i>") == '<span class="whole">&lt;i&gt;</span>'
