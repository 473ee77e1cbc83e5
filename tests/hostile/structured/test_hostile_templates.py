"""Files that want to break or to trick the import of templates: refused with a sentence, or made harmless."""

from __future__ import annotations

import random
import time

import pytest

from server.structured.mrrt.reading import LARGEST, MrrtError, read_mrrt
from server.structured.mrrt.writing import write_mrrt
from shared.domain.structured_checking import mistakes
from tests.server.structured.mrrt_samples import PROFILE

REFUSED = {
    "empty": b"",
    "no fields": b"<html><body><p></p></body></html>",
    "ten megabytes": PROFILE + b" " * (10 << 20),
    "just too large": b"<p>" * (LARGEST // 3 + 1),
    "binary": b"\x89PNG\r\n\x1a\n\0\0\0",
    "utf-16": "<html>".encode("utf-16"),
    "wrong charset": b'<meta charset="utf-8"><input value="\xff\xfe">',
    "deep": b"<div>" * 5000 + b"<input>",
    "many elements": b"<b></b>" * 60_000 + b"<input>",
    "pdf": b"%PDF-1.7 \0",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_template_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(MrrtError) as caught:
        read_mrrt(REFUSED[name])
    assert str(caught.value).endswith("。")


HARMLESS = {
    "script": b"<script>alert(1)</script>",
    "script in svg": b"<svg><script>alert(1)</script></svg>",
    "event": b'<img src=x onerror="alert(1)">',
    "frame": b'<iframe src="http://evil.example/"></iframe>',
    "style": b"<style>@import url(http://evil.example/)</style>",
    "form": b'<form action="http://evil.example/"><button>go</button></form>',
    "javascript link": b'<a href="javascript:alert(1)">x</a>',
    "object": b'<object data="http://evil.example/x.swf"></object>',
    "password": b'<input type="password" name="p">',
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_could_run_is_gone_from_what_we_give_out(name: str) -> None:
    imported = read_mrrt(PROFILE.replace(b"<body>", b"<body>" + HARMLESS[name]))
    written = write_mrrt(imported.template).decode().lower()
    for words in (
        "alert(",
        "evil.example",
        "onerror",
        "javascript:",
        "<iframe",
        "<svg",
        "<object",
        "<style",
        "password",
    ):
        assert words not in written, (name, words)
    assert written.count("<script") == 1 and 'type="text/xml"' in written
    if name not in ("javascript link",):
        assert imported.unknown


def test_entities_are_not_expanded() -> None:
    bomb = (
        b'<!DOCTYPE html [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    text = PROFILE.replace(b"<!DOCTYPE html>", bomb).replace(b"The ostiomeatal", b"&b;&f;The ostiomeatal")
    prose = read_mrrt(text).template.sections[0].prose
    assert "root:" not in prose and "aaaaaaaaaa" not in prose and "The ostiomeatal" in prose


def test_entities_in_the_xml_are_not_expanded_either() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY x "boom">]>'
    text = PROFILE.replace(b"<template_attributes>", bomb + b"<template_attributes>").replace(b"ACTIVE", b"&x;")
    assert "boom" not in str(read_mrrt(text).template)


def test_attributes_cannot_leave_their_quotes() -> None:
    text = PROFILE.replace(b'content="An ENT house"', b"content='\"><script>alert(1)</script>'")
    written = write_mrrt(read_mrrt(text).template).decode()
    assert "<script>alert" not in written and written.count("<script") == 1


def test_keys_of_strangers_become_ours_and_never_collide() -> None:
    body = b"".join(
        b'<input id="%s" type="text">' % name for name in (b"A", b"a", b"\xe4\xb8\xad", b"1", b"prior", b"a_2", b"a b")
    )
    template = read_mrrt(b"<title>x</title><section>" + body + b"</section>").template
    keys = [field.key for _section, field in template.fields()]
    assert len(set(keys)) == 7 and mistakes(template) == ()


def test_damaged_files_are_read_or_refused_and_never_take_long() -> None:
    """Three hundred files with bytes changed, cut or doubled."""
    chance = random.Random(5)
    started = time.monotonic()
    for _round in range(300):
        data = bytearray(PROFILE)
        for _change in range(chance.randint(1, 30)):
            at = chance.randrange(len(data))
            kind = chance.randrange(3)
            if kind == 0:
                data[at] = chance.choice(b"<>\"'&/=!-a0 ")
            elif kind == 1:
                del data[at : at + chance.randint(1, 60)]
            else:
                data[at:at] = data[max(0, at - 40) : at]
        try:
            imported = read_mrrt(bytes(data))
        except MrrtError as error:
            assert str(error).endswith("。")
            continue
        again = read_mrrt(write_mrrt(imported.template)).template
        assert again == imported.template
    assert time.monotonic() - started < 60


def test_a_slow_expression_is_no_way_in() -> None:
    """Attributes that provoke backtracking are read at once."""
    nasty = b"<input " + b'a="' * 20_000 + b">" + b"&" * 50_000
    try:
        read_mrrt(nasty)
    except MrrtError as error:
        assert str(error).endswith("。")
