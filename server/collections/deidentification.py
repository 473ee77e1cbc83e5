"""Takes out of a text what names the patient, the staff or the day; and finds what is left of the patient. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

PATIENT, STAFF, DAY, NUMBER, PLACE = "患者", "某医生", "某日", "＊", "某地"

_MONTHS = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:19|20)\d{2}"
_NOT_A_DAY = r"(?!\s*(?:肋|椎|组|区|段|[×xX*]|mm|cm|\d))"  # the tenth to twelfth rib, 12.10.8 mm
_DAYS = re.compile(
    rf"(?<!\d){_YEAR}\s*[-/.年]\s*\d{{1,2}}\s*[-/.月]\s*\d{{1,2}}\s*[日号]?(?:\s*\d{{1,2}}[:：]\d{{2}}(?:[:：]\d{{2}})?)?"
    rf"|(?<!\d){_YEAR}\s*年\s*\d{{1,2}}\s*月|(?<![\d.]){_YEAR}[-/.](?:1[0-2]|0?[1-9])(?![\d.])"
    r"|(?<!\d)\d{1,2}\s*月\s*\d{1,2}\s*[日号]"
    r"|[〇零○一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月(?:[一二三四五六七八九十廿]{1,3}[日号])?"
    rf"|(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
    rf"|(?<![\d/])\d{{1,2}}[/.-]\d{{1,2}}[/.-]{_YEAR}(?!\d)"
    rf"|(?<![\d.第])\d{{2}}([/.-])(?:1[0-2]|0?[1-9])\1(?:[12]\d|3[01]|0?[1-9])(?![\d.]){_NOT_A_DAY}"
    rf"|(?<![a-z\d])\d{{1,2}}[\s-]*{_MONTHS}[\s,-]*{_YEAR}|(?<![a-z]){_MONTHS}\s*\d{{1,2}},?\s*{_YEAR}",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<!\d)\d{6}\s?\d{8}\s?\d{3}[\dXx](?!\d)")  # of identity; its middle looks like a day
_NUMBERS = re.compile(
    r"(?<![\dA-Za-z])(?:0\d{2,3}[\s-]\d{7,8}|1[3-9]\d(?:[\s-]?\d{4}){2}"  # telephone
    r"|[A-Za-z]{0,4}\d{7,}|\d{4,}[A-Za-z]{1,4}\d{3,})(?![\dA-Za-z])"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
)
_CALLED = re.compile(
    r"((?:(?:住院|门诊|急诊|病历|病案|就诊|登记|检查|影像|放射|病理|床位?|就诊卡|医保卡?|社保卡?|体检|条码|CT|MRI?|DR|CR|US|B超|超声|PET|ECT)"
    r"\s*(?:号码?|编号|流水号|ID|No\.)|QQ号?|微信号?|电话|手机号?)\s*[:：]?\s*)"
    r"([A-Za-z]{0,12}[-_\d]*\d{2,}[-_\dA-Za-z]*)(?!\s*(?:mm|cm|HU|ml|次|个|层|期|%|\.))",
    re.IGNORECASE,
)
_SIGNED = re.compile(
    r"((?:签名|签字|家属|联系人|姓名|(?:审核|报告|诊断|主治|申请|阅片|经治|手术|送检|住院)?(?:医师|医生))\s*[:：]\s*)[一-鿿·]{2,4}"
)
_PLACES = re.compile(
    r"(?:[一-鿿]{2,7}?(?:省|自治区))?[一-鿿]{2,6}?市[一-鿿]{1,8}?(?:区|县|镇|乡|街道|路|街|村)(?:[一-鿿\d-]{0,20}?(?:号|室|栋|幢|弄))*"
)
_OLDEST = 89
"""Years up to which an age may be told (45 CFR 164.514(b)(2)(i)(C))."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What must not be in a teaching file: names of the patient (as written), names of staff, numbers."""

    names: tuple[str, ...]
    staff: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


def clean(text: str, identity: Identity) -> str:
    """Return the text without names, days, numbers and addresses; medical sizes and counts stay, and so do years."""
    for name in _long_first(identity.names):
        text = _pattern(name).sub(PATIENT, text)
        if _HAN.fullmatch(name):
            text = _addressed(name).sub(PATIENT, text)
    for name in _long_first(identity.staff):
        text = _pattern(name).sub(STAFF, text)
    for number in _long_first(identity.numbers):
        text = re.sub(re.escape(number), NUMBER, text, flags=re.IGNORECASE)
    text = _CARD.sub(NUMBER, _PLACES.sub(PLACE, _SIGNED.sub(rf"\g<1>{NUMBER}", text)))
    return _NUMBERS.sub(NUMBER, _DAYS.sub(DAY, _CALLED.sub(rf"\g<1>{NUMBER}", text)))


def leftover(text: str, identity: Identity) -> str:
    """Return a name or number of the patient that the text still holds, empty when there is none."""
    low = text.casefold()
    for name in _long_first(identity.names):
        if found := _pattern(name).search(text):
            return found.group()
    for number in _long_first(identity.numbers):
        if number.casefold() in low:
            return number
    found = _CARD.search(text) or _NUMBERS.search(text)
    return found.group() if found else ""


def told_age(age: str) -> str:
    """Return an age that may be told: years up to 89, above them "90岁以上"."""
    years = age[:-1] if age.endswith("岁") else ""
    return "90岁以上" if years.isdigit() and int(years) > _OLDEST else age


def _long_first(words: Iterable[str]) -> list[str]:
    """Words of two letters or more; a shorter one would take half the text with it."""
    return sorted({word.strip() for word in words if len(word.strip()) >= 2}, key=len, reverse=True)


_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003ffff·]{2,}")
_DOUBLE_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
    "端木",
)
_TONES = str.maketrans(
    {
        sign: f"[{sign}{signs}]"
        for sign, signs in zip("aeiouv", ("āáǎà", "ēéěè", "īíǐì", "ōóǒò", "ūúǔùü", "ǖǘǚǜü"), strict=True)
    }
)


def _pattern(name: str) -> re.Pattern[str]:
    """Find a name however it is spaced: 张 三, ZHANG  San, Zhang, San; with the tones of pinyin; family name last."""
    if _HAN.fullmatch(name):
        return re.compile(r"\s*".join(map(re.escape, name)))
    words = [re.escape(word.lower()).translate(_TONES) for word in re.split(r"[\s^,.'·-]+", name) if word]
    between = r"[\s^,.'·_-]*"
    orders = [between.join(words)] + ([between.join([*words[1:], words[0]])] if len(words) > 1 else [])
    return re.compile(rf"(?<![a-z])(?:{'|'.join(orders)})(?![a-z])", re.IGNORECASE)


def _addressed(name: str) -> re.Pattern[str]:
    """Find a patient called by the family name only: 张某, 张先生."""
    family = name[:2] if name.startswith(_DOUBLE_SURNAMES) else name[0]
    return re.compile(rf"(?:患者|病人)?{re.escape(family)}(?:某某?|先生|女士|小姐|大爷|阿姨)")
