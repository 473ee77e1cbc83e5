"""How an announcement is read: names by the surname rules, numbers digit by digit, words in pinyin; knows no voice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from clients.kit.voice.voices import SpokenLanguage
from shared.dicomkit import names

DIGITS_ZH = ("ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3")
DIGITS_CHARACTERS = "零一二三四五六七八九"
YAO = "yao1"

_NAME_OPENS, _NAME_CLOSES = "\u2068", "\u2069"  # isolates: a reader of the text sees nothing of them
_MARKED = re.compile(f"{_NAME_OPENS}([^{_NAME_OPENS}{_NAME_CLOSES}]*){_NAME_CLOSES}")

PAUSE_COMMA_MS = 220
PAUSE_STOP_MS = 450
PAUSE_NAME_MS = 160

# The name stands between 请 (with or without a ticket number) and 到: our own templates and the server's.
_NAME_ZH = re.compile(
    r"请\s*(?:(?:[A-Za-z]*[-\d]+\s*号?)|(?:[A-Za-z]*[零〇一二三四五六七八九幺]+\s*号))?[，,\s]*(?P<name>[^，,。；;\d]{1,20}?)[，,\s]*到(?=[，,\s]*\S)"
)
_CALLED = re.compile(r"请[^,]*号,(?P<name>[^,。;]{1,60}),到")
_RUNS = re.compile(
    r"(?P<digit>\d+)|(?P<letters>[A-Za-z]+)|(?P<chinese>[\u3400-\u9fff\U00020000-\U0003ffff]+)|(?P<other>.)"
)
_PUNCTUATION = re.compile(r"([，、,：:]|[。；！？;!?])")


def as_name(name: str) -> str:
    """The name marked as one, so that it is read by the rules of names wherever it stands in a sentence."""
    bare = name.replace(_NAME_OPENS, "").replace(_NAME_CLOSES, "")
    return f"{_NAME_OPENS}{bare}{_NAME_CLOSES}" if bare else ""


def name_in(sentence: str) -> str:
    """The name in a call as the server words it (请A零一二号，张三，到CT一室检查。); empty if there is none."""
    found = _CALLED.match(unicodedata.normalize("NFKC", sentence))
    return found.group("name").strip() if found is not None else ""


@dataclass(frozen=True)
class Part:
    """A stretch in one language and the pause after it: Chinese as pinyin with tones ("jian3cha2 shi4"), else words."""

    text: str
    language: SpokenLanguage
    pause_ms: int = 0


def spoken_parts(text: str, language: SpokenLanguage, *, one_as_yao: bool = False) -> tuple[Part, ...]:
    """Break `text` into parts a voice can speak. Masked names (张*明) are read with 某; `one_as_yao` reads 1 as yāo."""
    text = without_stars(unicodedata.normalize("NFKC", text))
    if language == "en":
        return tuple(_english_parts(_MARKED.sub(r"\1", text), one_as_yao))
    return tuple(_chinese_parts(text, one_as_yao))


def without_stars(text: str) -> str:
    """Stars in a Chinese name become 某 (张*明 → 张某明); other stars are dropped."""
    text = re.sub(r"(?<=[\u3400-\u9fff])\*+", "某", text)
    return text.replace("*", "")


def plain_spoken(text: str, language: SpokenLanguage, *, one_as_yao: bool = False) -> str:
    """The text for a voice that reads Chinese itself (SAPI, WinRT): stars replaced, numbers spelt digit by digit."""
    text = without_stars(unicodedata.normalize("NFKC", text))
    text = _MARKED.sub(lambda match: sounded_name(match.group(1)) if language == "zh" else match.group(1), text)
    if language == "en":
        return re.sub(r"\d+", lambda match: " ".join(match.group()), text)
    digits = DIGITS_CHARACTERS.replace("一", "幺") if one_as_yao else DIGITS_CHARACTERS
    return re.sub(r"\d", lambda match: digits[int(match.group())], text)


SAME_SOUND = {
    "shan4": "善", "qiu2": "球", "zeng1": "增", "xie4": "谢", "ou1": "欧", "zha1": "渣", "piao2": "瓢", "ge3": "葛",
    "ren2": "人", "hua4": "画", "yan1": "烟", "zhai2": "宅", "bai3": "百", "yue4": "月", "yun4": "韵", "chong2": "虫",
    "bi4": "必", "gou1": "沟", "shao4": "绍", "miao4": "妙", "chao2": "潮", "pang2": "旁", "po2": "婆", "na1": "那",
    "wei4": "位", "yu4": "玉", "he4": "贺", "wei3": "伟", "che1": "车", "qin2": "琴", "xi1": "西", "nai4": "耐",
    "du1": "都", "mu4": "木", "ning4": "宁", "ying1": "英", "guo1": "郭", "yao1": "腰", "ha3": "哈", "zang4": "葬",
    "she2": "蛇", "sa4": "萨", "kan4": "看", "mi4": "蜜", "zhan1": "詹", "kuo4": "阔", "tong2": "同", "xing2": "形",
    "fou1": "否", "zhang3": "掌", "mo4": "墨", "qi2": "奇", "chan2": "蝉", "ju1": "居", "zhai4": "债", "bo2": "博",
}  # fmt: skip
"""Syllable → a character that every voice reads so."""


def sounded_name(name: str) -> str:
    """A name for a voice that reads characters by itself: those it would read wrongly give way to their homophones.

    单田芳 → 善田芳. A character stays where its usual reading is right or no homophone is known.
    """
    compact = "".join(name.split())
    read = names.syllables(compact)
    if len(read) != len(compact):
        return name
    usual = [names.word_syllables(character)[:1] for character in compact]
    return "".join(
        character if usual[place] == (wanted,) else SAME_SOUND.get(wanted, character)
        for place, (character, wanted) in enumerate(zip(compact, read, strict=True))
    )


def _chinese_parts(text: str, one_as_yao: bool) -> Iterator[Part]:
    pieces = _MARKED.split(text)
    for index, piece in enumerate(pieces):
        if index % 2 == 0:
            yield from _with_unmarked_names(piece, one_as_yao) if len(pieces) == 1 else _phrases(piece, one_as_yao)
        elif names.is_chinese(piece):
            yield Part(name_pinyin(piece), "zh", PAUSE_NAME_MS)
        else:
            yield from _phrases(piece, one_as_yao)


def _with_unmarked_names(text: str, one_as_yao: bool) -> Iterator[Part]:
    position = 0
    for match in _NAME_ZH.finditer(text):
        start, end = match.span("name")
        if not names.is_chinese(match.group("name")):
            continue
        yield from _phrases(text[position:start], one_as_yao)
        yield Part(name_pinyin(match.group("name")), "zh", PAUSE_NAME_MS)
        position = end
    yield from _phrases(text[position:], one_as_yao)


def _phrases(text: str, one_as_yao: bool) -> Iterator[Part]:
    pieces = _PUNCTUATION.split(text)
    for index in range(0, len(pieces), 2):
        mark = pieces[index + 1] if index + 1 < len(pieces) else ""
        pause = 0 if not mark else PAUSE_COMMA_MS if mark in "，、,：:" else PAUSE_STOP_MS
        spoken = words_pinyin(pieces[index], one_as_yao=one_as_yao)
        if spoken:
            yield Part(spoken, "zh", pause)


def _english_parts(text: str, one_as_yao: bool) -> Iterator[Part]:
    chinese = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff·]+")
    position = 0
    for match in chinese.finditer(text):
        yield from _english_phrase(text[position : match.start()])
        following = text[match.end() : match.end() + 1]
        # A word that ends like a room (室, 号) is no name.
        is_room = match.group()[-1] in "室号台区层楼诊"
        read = words_pinyin(match.group(), one_as_yao=one_as_yao) if is_room else name_pinyin(match.group())
        yield Part(read, "zh", PAUSE_COMMA_MS if following in ",." else PAUSE_NAME_MS)
        position = match.end()
    yield from _english_phrase(text[position:])


def _english_phrase(text: str) -> Iterator[Part]:
    spelt = re.sub(r"(?<=\d)(?=\d)|(?<=[A-Z])(?=\d)", " ", text)
    spelt = re.sub(r"\b[A-Z]{2,}\b", lambda match: " ".join(match.group()), spelt)
    pieces = _PUNCTUATION.split(spelt)
    for index in range(0, len(pieces), 2):
        mark = pieces[index + 1] if index + 1 < len(pieces) else ""
        pause = 0 if not mark else PAUSE_COMMA_MS if mark in ",:，、：" else PAUSE_STOP_MS
        phrase = pieces[index].strip(" .")
        if phrase:
            yield Part(phrase, "en", pause)


def name_pinyin(name: str) -> str:
    """A person's name syllable by syllable, with third-tone sandhi: 李小勇 → "li3 xiao2 yong3"."""
    name = "".join(name.split())
    family, given = names.split_chinese(name)
    read = list(names.syllables(name))
    if not given:
        return " ".join(sandhi(read))
    first = sandhi(read[: len(family)])
    rest = sandhi(read[len(family) :])
    if first[-1].endswith("3") and rest[0].endswith("3"):
        first[-1] = first[-1][:-1] + "2"
    return " ".join([*first, *rest])


def words_pinyin(text: str, *, one_as_yao: bool = False) -> str:
    """Running Chinese text with letters and digits: "CT一室检查" → "C T yi1 shi4 jian3cha2"."""
    tokens: list[str] = []
    for match in _RUNS.finditer(text):
        if match.group("digit"):
            tokens += [YAO if digit == "1" and one_as_yao else DIGITS_ZH[int(digit)] for digit in match.group()]
        elif match.group("letters"):
            letters = match.group()
            tokens += list(letters) if letters.isupper() else [letters]
        elif match.group("chinese"):
            tokens += ["".join(sandhi(list(word))) for word in _words(match.group())]
    return " ".join(tokens)


# Words of hall announcements that are spoken in one breath; everything else is read syllable by syllable.
_WORDS = frozenset(
    "检查 检查室 诊室 登记 登记台 窗口 候诊 候诊区 等候 准备 报告 领取 打印 超声 核磁 造影 放射 放射科 护士 护士站 "
    "前台 大厅 请到 就诊 家属 患者 医生 介入 骨密度 钼靶 胃肠 内镜 心电图 病理 抽血 取号 过号 下一位".split()
)
_LONGEST_WORD = max(map(len, _WORDS))


def _words(chinese: str) -> list[tuple[str, ...]]:
    """The syllables of a run of Chinese, grouped into words by longest match."""
    syllables = names.word_syllables(chinese)
    if len(syllables) != len(chinese):  # a character without a reading: keep what there is, ungrouped
        return [(syllable,) for syllable in syllables if syllable.isascii()]
    grouped: list[tuple[str, ...]] = []
    position = 0
    while position < len(chinese):
        length = next(
            (n for n in range(_LONGEST_WORD, 1, -1) if chinese[position : position + n] in _WORDS),
            1,
        )
        grouped.append(tuple(s for s in syllables[position : position + length] if s.isascii()))
        position += length
    return [word for word in grouped if word]


def sandhi(syllables: list[str]) -> list[str]:
    """Third tone before third tone becomes second, within one word."""
    changed = list(syllables)
    for index in range(len(changed) - 1):
        if changed[index].endswith("3") and syllables[index + 1].endswith("3"):
            changed[index] = changed[index][:-1] + "2"
    return changed
