"""From pinyin with tones to the symbols of the neural voice; plain tables, knows no model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

LETTERS = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4", "H": "ei2 chi5",
    "I": "ai4", "J": "zhei4", "K": "kei4", "L": "ai2 ou5", "M": "ai2 mu5", "N": "en1", "O": "ou1", "P": "pi4",
    "Q": "kiu1", "R": "a4 er5", "S": "ai2 si5", "T": "ti4", "U": "you4", "V": "wei1", "W": "da2 bu5 liu5",
    "X": "ai2 ke5 si5", "Y": "wai1", "Z": "zei4",
}  # fmt: skip
"""Latin letters as Mandarin speakers name them (CT is xi1 ti4)."""

_SYLLABLE = re.compile(r"([a-zê]+)([1-5])")
_INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")
_RARE = {
    "lvan": "luan",
    "lve": "lve",
    "nve": "nve",
    "hm": "hen",
    "hng": "heng",
    "m": "mu",
    "n": "en",
    "ng": "en",
    "ê": "ei",
}
_WITHOUT_INITIAL = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iou", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "yong": "iong", "yo": "iou", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn", "yai": "ai",
    "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "uei", "wan": "uan", "wen": "uen", "wang": "uang",
    "weng": "ueng", "wong": "ueng",
}  # fmt: skip
_SHORTENED = {"iu": "iou", "ui": "uei", "un": "uen", "ue": "ve"}
_AFTER_JQX = {"u": "v", "ue": "ve", "uan": "van", "un": "vn"}


def initial_and_final(syllable: str) -> tuple[str, str]:
    """Split a syllable without its tone: zhuang → zh uang; without initial the first is "^". ü is v.

    The finals are written in full (liu → l iou), zhi and zi have finals of their own (iii, ii).
    """
    syllable = _RARE.get(syllable, syllable)
    if syllable in _WITHOUT_INITIAL:
        return "^", _WITHOUT_INITIAL[syllable]
    initial = next((start for start in _INITIALS if syllable.startswith(start)), "")
    final = syllable[len(initial) :]
    if not initial:
        return "^", final
    if final == "i" and initial in ("zh", "ch", "sh", "r"):
        return initial, "iii"
    if final == "i" and initial in ("z", "c", "s"):
        return initial, "ii"
    if initial in ("j", "q", "x"):
        return initial, _AFTER_JQX.get(final, _SHORTENED.get(final, final))
    return initial, _SHORTENED.get(final, final)


def syllables_of(pinyin: str) -> Iterator[tuple[str, str]]:
    """Syllable and tone of "A yi1 jian3cha2"; letters are read by their Mandarin names, anything else is left out."""
    for token in pinyin.split():
        if token.isascii() and token.isalpha():
            for letter in token.upper():
                yield from _SYLLABLE.findall(LETTERS[letter])
        else:
            yield from _SYLLABLE.findall(token)


def symbol_ids(pinyin: str, ids: Mapping[str, int]) -> Sequence[int]:
    """The model's numbers for a phrase, with silence at both ends; empty if nothing of it can be spoken."""
    spoken: list[int] = []
    for syllable, tone in syllables_of(pinyin):
        initial, final = initial_and_final(syllable)
        if initial in ids and final + tone in ids:
            spoken += [ids[initial], ids[final + tone], ids["#0"]]
    if not spoken:
        return ()
    return (ids["sil"], *spoken[:-1], ids["sil"])
