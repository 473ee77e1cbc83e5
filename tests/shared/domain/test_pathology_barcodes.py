"""Payloads of pathology's barcodes: what they say, and that no damage turns one into another."""

from __future__ import annotations

import random

import pytest

from shared.domain.pathology import ObjectKind
from shared.domain.pathology_barcodes import (
    BadCode,
    block_number,
    check_character,
    make_code,
    read_code,
    slide_number,
    specimen_number,
)

_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-/."
_SEED = 20261122


def test_the_example_of_the_requirements() -> None:
    block = block_number("2400123", "A")
    slide = slide_number(block, 1)
    assert (block, slide, specimen_number("2400123", 2)) == ("2400123-A", "2400123-A-01", "2400123/2")
    code = make_code(ObjectKind.SLIDE, slide)
    assert code == "2400123-A-01.S" + check_character(slide + "S") and len(code) == 15
    assert read_code(code.lower() + "\r\n").number == slide
    assert read_code("２４００１２３－Ａ").number == block  # an input method in full width
    assert read_code(code).kind is ObjectKind.SLIDE and read_code(slide).kind is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "6901234567892.",
        "2400123.C",
        "2400123.XK",
        "http://example.org",
        "2400123-A-01",
        "x" * 65,
        "张三",
        "2400123-ABCDE",
    ],
)
def test_strange_texts_are_refused_with_a_sentence(text: str) -> None:
    if text == "2400123-A-01":
        assert read_code(text).kind is None
        return
    with pytest.raises(BadCode, match=r"。$"):
        read_code(text)


def test_a_number_of_another_kind_makes_no_code() -> None:
    for kind, number in ((ObjectKind.BLOCK, "2400123"), (ObjectKind.CASE, "24-1"), (ObjectKind.SLIDE, "24-A-1")):
        with pytest.raises(ValueError, match="is no number"):
            make_code(kind, number)


def test_no_single_fault_turns_a_code_into_another() -> None:
    chance = random.Random(_SEED)
    for _ in range(400):
        case = f"{chance.randrange(20, 30)}{chance.randrange(100000):05d}"
        block = block_number(case, chance.choice("ABCDE") + chance.choice(["", "1", "B"]))
        kind, number = chance.choice(
            [
                (ObjectKind.CASE, case),
                (ObjectKind.SPECIMEN, specimen_number(case, chance.randrange(1, 30))),
                (ObjectKind.BLOCK, block),
                (ObjectKind.SLIDE, slide_number(block, chance.randrange(1, 40))),
            ]
        )
        code = make_code(kind, number)
        for damaged in _faults(code, chance):
            try:
                read = read_code(damaged)
            except BadCode:
                continue
            assert read.kind is None, f"{code} read as {read} from {damaged}"


def _faults(code: str, chance: random.Random) -> set[str]:
    found = {code[:at] + chance.choice(_CHARACTERS) + code[at + 1 :] for at in range(len(code)) for _ in range(4)}
    found |= {code[:at] + code[at + 1] + code[at] + code[at + 2 :] for at in range(len(code) - 1)}
    return found - {code}
