"""Says what text bytes really are when the Specific Character Set (0008,0005) is wrong; knows no data sets.

Devices in China send GBK or UTF-8 under no label, under ISO_IR 100 or under each other's label, and gateways encode
twice. Each reading that the bytes allow is judged by how likely its text is; the declared one has the benefit of the
doubt, so that a German or French name in Latin-1 stays what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

UTF8: Final = "ISO_IR 192"
GB18030: Final = "GB18030"
LATIN1: Final = "ISO_IR 100"
KOREAN: Final = "\\ISO 2022 IR 149"
TWICE_UTF8: Final = "ISO_IR 192 twice"
TWICE_GB: Final = "GB18030 in ISO_IR 192"
"""Readings besides the declared one; the two last are no defined terms but repairs."""

DOUBTED: Final = frozenset(
    {"", "ISO_IR 6", "ISO 2022 IR 6", "ISO_IR 100", "ISO 2022 IR 100", "ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 58"}
)
"""Labels that are often wrong. Others (Cyrillic, Greek, Japanese, Korean …) are set by people who need them."""

SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严"
    "牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫庄辛管祝左涂谷祁时舒耿牟卜肖詹关苗凌费纪靳盛童欧甄项曲成游"
    "阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚"
    "廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟"
    "栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺欧司上诸东皇尉公令宇长慕鲜闾"
)
_KOREAN_SURNAMES: Final = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국어은편용"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What the bytes are: a reading (a defined term or a repair above), and the text under it."""

    reading: str
    text: str


def examine(value: bytes, declared: str) -> Finding | None:
    """The true reading of a value whose label is wrong, else None. Never raises.

    `declared` is the value of (0008,0005), several values joined by backslashes. Bytes with escape sequences are what
    they say they are.
    """
    if value.isascii() or b"\x1b" in value:
        return None
    label = declared.rsplit("\\", maxsplit=1)[-1].strip()
    if label not in DOUBTED:
        return None
    return _examined(bytes(value), label)


def examine_all(values: Sequence[bytes], declared: str) -> str | None:
    """The reading that the texts of one data set have together, if the label is wrong; all speak, not each alone."""
    joined = b"\n".join(dict.fromkeys(value for value in values if not value.isascii() and b"\x1b" not in value))
    if not joined:
        return None
    found = examine(joined[:4096] if len(joined) > 4096 else joined, declared)
    return found.reading if found else None


def read_as(value: bytes, reading: str) -> str | None:
    """The text of a value under a reading of `examine`; None when the bytes do not allow it."""
    return _READERS[reading](value) if reading in _READERS else None


def note_of(declared: str, reading: str) -> str:
    """What to tell a person, in Chinese; empty when there is nothing."""
    if not reading:
        return ""
    label = declared.strip("\\ ") or "未声明"
    shown = {
        UTF8: "UTF-8",
        GB18030: "GB18030",
        LATIN1: "Latin-1",
        KOREAN: "EUC-KR（韩文）",
        TWICE_UTF8: "重复编码的 UTF-8",
        TWICE_GB: "被当作 Latin-1 转成 UTF-8 的 GB18030",
    }[reading]
    return f"字符集标注为 {label}，实际为 {shown}，已按实际显示；原始数据未改动。"


@lru_cache(maxsize=8192)
def _examined(value: bytes, label: str) -> Finding | None:
    if label == UTF8:
        return _examined_utf8(value)
    own = _own_reading(label)
    readings: list[tuple[float, str, str]] = []
    for reading in (own, GB18030, UTF8, KOREAN, LATIN1):
        if any(reading == there for _, there, _ in readings):
            continue
        text = read_as(value, reading)
        if text is not None:
            readings.append((_likelihood(reading, text, value), reading, text))
    if not readings:
        return None
    favour = _FAVOUR.get(label, 0.0)
    best = max(readings, key=lambda one: one[0] + (favour if one[1] == own else 0.0))
    if best[1] == own or (own == GB18030 and best[1] not in (UTF8,)):
        return None
    if own == GB18030 and not any(character >= "\u0800" for character in best[2]):
        return None  # two bytes for each character in both: by chance, and the label says which
    wide = [character for character in best[2] if character >= "\u0800"]
    if own == GB18030 and len(wide) == 1 and not _is_common(wide[0]):
        return None  # one character that Chinese text has not: by chance too
    if label in ("", "ISO_IR 6", "ISO 2022 IR 6") and best[1] == LATIN1:
        return None if not _is_plausible_latin(best[2]) else Finding(LATIN1, best[2])
    if label == "ISO 2022 IR 58" and best[1] in (LATIN1, KOREAN):
        return Finding(GB18030, gb) if (gb := read_as(value, GB18030)) is not None else None
    if best[1] == UTF8:
        twice = _examined_utf8(value)
        if twice is not None and twice.reading in (TWICE_UTF8, TWICE_GB):
            return twice
    return Finding(best[1], best[2])


def _own_reading(label: str) -> str:
    if label in ("GB18030", "GBK"):
        return GB18030
    return LATIN1 if "100" in label else ""


_FAVOUR: Final = {"ISO_IR 100": 1.0, "ISO 2022 IR 100": 1.0, "GB18030": 1.5, "GBK": 1.5}


def _examined_utf8(value: bytes) -> Finding | None:
    """Labelled UTF-8: other bytes, or encoded twice."""
    text = _strict(value, "utf_8")
    if text is None:
        whole = _strict(_without_cut_end(value), "utf_8")
        if whole is not None and not whole.isascii():
            return None  # a name cut in the middle of a character
        return _examined(value, "")
    inner = _latin_bytes(text)
    if inner is None or inner.isascii():
        if text.isascii() or any(character >= "\u0800" for character in text) or _is_one_script(text):
            return None
        chinese = _strict(value, "gb18030")  # two bytes for each character, as in UTF-8 by chance
        if chinese and _likelihood(GB18030, chinese, value) > _likelihood(UTF8, text, value) + 1.5:
            return Finding(GB18030, chinese)
        return None
    again, chinese = _strict(inner, "utf_8"), _strict(inner, "gb18030")
    if again is not None and (
        chinese is None or _likelihood(UTF8, again, inner) + 1.0 >= _likelihood(GB18030, chinese, inner)
    ):
        return Finding(TWICE_UTF8, again)
    if chinese is not None:
        as_gb, as_latin = _likelihood(GB18030, chinese, inner), _likelihood(LATIN1, text, inner)
        if as_gb > as_latin + 1.0 and sum(map(_is_cjk, chinese)) > 1:  # one may be two accented letters
            return Finding(TWICE_GB, chinese)
    return None


_SCRIPTS: Final = re.compile(
    "[\u00c0-\u017f]+|[\u0386-\u03ce]+|[\u0401-\u0491]+|[\u05d0-\u05ea]+|[\u0621-\u0652]+"  # Latin to Arabic
)


def _is_one_script(text: str) -> bool:
    """All letters beyond ASCII are everyday ones of one alphabet: Chinese bytes read as UTF-8 are not so by chance."""
    return _SCRIPTS.fullmatch("".join(character for character in text if character > "\x7f")) is not None


def _latin_bytes(text: str) -> bytes | None:
    """The bytes of which a text of Latin letters may have been made; None for other texts."""
    for codec in ("latin_1", "cp1252"):
        try:
            return text.encode(codec)
        except UnicodeEncodeError:
            continue
    out = bytearray()
    for character in text:  # cp1252 with the five codes that it lacks, as gateways write it
        try:
            out += character.encode("cp1252")
        except UnicodeEncodeError:
            if ord(character) > 0xFF:
                return None
            out.append(ord(character))
    return bytes(out)


def _strict(value: bytes, codec: str) -> str | None:
    try:
        return value.decode(codec)
    except UnicodeDecodeError:
        return None


def _without_cut_end(value: bytes) -> bytes:
    """Without the first bytes of a UTF-8 character at the end of a component, where a device cut it at a length."""
    return re.sub(rb"(?:[\xc2-\xdf]|[\xe0-\xef][\x80-\xbf]?|[\xf0-\xf4][\x80-\xbf]{0,2})(?=[\^=\\\n]|\Z)", b"", value)


def _twice(value: bytes, codec: str) -> str | None:
    text = _strict(value, "utf_8")
    inner = _latin_bytes(text) if text is not None else None
    return _strict(inner, codec) if inner is not None else None


_READERS: Final[dict[str, Callable[[bytes], str | None]]] = {
    UTF8: lambda value: _strict(value, "utf_8"),
    GB18030: lambda value: _strict(value, "gb18030"),
    LATIN1: lambda value: _strict(value, "latin_1"),
    KOREAN: lambda value: _strict(value, "euc_kr"),
    TWICE_UTF8: lambda value: _twice(value, "utf_8"),
    TWICE_GB: lambda value: _twice(value, "gb18030"),
}


# how likely a text is


def _likelihood(reading: str, text: str, value: bytes) -> float:
    """A figure that compares readings of the same bytes: above zero is likely, below unlikely."""
    if reading == LATIN1:
        return _latin_likelihood(value)
    total = 0.0
    for group in _GROUPS.split(text):
        for position, piece in enumerate(group.split("^")):
            if not piece.isascii():
                total += _piece_likelihood(piece, korean=reading == KOREAN, is_first=not position)
    if reading == UTF8:
        # bytes that are no UTF-8 seldom look like it: one chance in four for two bytes, in thirty for three
        total += sum(0.5 if character < "\u0800" else 1.2 for character in text if character > "\x7f")
    if reading == KOREAN:
        total -= 0.5
    return total


_GROUPS: Final = re.compile(r"[=\\\n]+")
_RUNS: Final = re.compile(r"[^\x00-\x7f]+")


def _piece_likelihood(piece: str, *, korean: bool, is_first: bool) -> float:
    """One name component or text; the first component of a name begins with the family name."""
    total = 0.0
    for run in _RUNS.finditer(piece):
        letters = run.group()
        total += sum(map(_character_likelihood, letters))
        before, after = piece[: run.start()][-1:], piece[run.end() :][:1]
        if len(letters) == 1 and _is_cjk(letters):
            # a single Chinese character between the letters of a word is an accented letter with its neighbour
            if before.isalpha() and after.isalpha():
                total -= 4.0
            elif before.islower() or after.islower():
                total -= 2.5
        elif before.islower() and _is_cjk(letters[0]):
            total -= 2.0
        elif after.islower() and _is_cjk(letters[-1]):
            total -= 1.5
        if korean:
            total -= 1.5 * sum(map(_is_cjk, letters))  # people write hangul; hanja come with a right label
        if is_first and not before.strip(" "):
            if letters[0] in (_KOREAN_SURNAMES if korean else SURNAMES):
                total += 1.5 if len(letters) <= 4 else 0.3
            elif not korean and letters[0] in _KOREAN_SURNAMES:
                total += 1.0
        if (before.isalpha() or after.isalpha()) and all("\u00c0" <= c <= "\u024f" for c in letters):
            total += 0.8
    return total


@lru_cache(maxsize=30_000)
def _character_likelihood(character: str) -> float:
    code = ord(character)
    if 0x4E00 <= code <= 0x9FFF:
        try:
            lead = character.encode("gb2312")[0]
        except UnicodeEncodeError:
            return -1.0  # beyond GB 2312: seldom even in names
        return 1.0 if lead <= 0xD7 else 0.0
    if 0xAC00 <= code <= 0xD7A3:
        return 0.9
    if 0x3041 <= code <= 0x30FF:
        return 0.3
    if 0xFF01 <= code <= 0xFF5E or 0x3001 <= code <= 0x3017 or character in "“”‘’—…·×±≥≤":
        return 0.4
    if 0x00C0 <= code <= 0x017F and code not in (0xD7, 0xF7):
        return 0.1
    if 0x3400 <= code <= 0x4DBF or 0x20000 <= code <= 0x323AF:
        return -1.0
    if 0x0370 <= code <= 0x06FF:
        return -0.3
    return -2.0


def _latin_likelihood(value: bytes) -> float:
    """Latin-1: accented letters stand alone between letters, two together are rare, more than two do not happen."""
    total = 0.0
    for run in re.finditer(rb"[\x80-\xff]+", value):
        letters = run.group()
        before, after = value[: run.start()][-1:], value[run.end() :][:1]
        near = before.isalpha() or after.isalpha()
        odd = sum(1 for code in letters if code < 0xC0 or code in (0xD7, 0xF7))
        total -= 1.5 * odd if near else 2.5 * odd
        if len(letters) == 1:
            total += 1.5 if near else -0.5
        elif len(letters) == 2:
            total += 0.8 if before.isalpha() and after.isalpha() else 0.0 if near else -1.5
            if before.islower() and letters[0] < 0xDF:  # a capital within a word
                total -= 0.8
        else:
            total -= 1.0 * len(letters)
    return total


def _is_plausible_latin(text: str) -> bool:
    """Nearly all letters are ASCII or accented ones within words."""
    return _latin_likelihood(text.encode("latin_1")) > 0


def _is_common(character: str) -> bool:
    """Whether GB 2312 has it: what Chinese texts are written with, but for rare names."""
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _is_cjk(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or "\U00020000" <= character <= "\U000323af"
