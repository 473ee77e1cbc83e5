"""Left and right by the words themselves: the impression's phrase found again in the findings, on the other side.

This needs no list of organs: "left vocal cord polyp" and findings whose right vocal cord bears the lesion while the left
is smooth are enough. It is asked after the checks that know anatomy.
"""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from server.reporting.checker.anatomy import LEFT, RIGHT, lesions_in, opposite, organs_in, word_of
from server.reporting.checker.clauses import headings, sentences
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

# Directions, not places.
_NOT_A_PLACE = re.compile(
    r"左右|室间隔[-—–、与和]?右室|[左右]室插入|[左右](?:冠|回旋支|前降支|主干)|[左右]侧?(?:移|偏|倾|弯|凸)|[向偏往自由从][左右]侧?|[左右]优势|[左右]束支|胃[左右]|前[左右]|[左右]前斜|[左右]位|脑?对侧|leftward|rightward|to the (?:left|right)",
    re.IGNORECASE,
)
_SIDE = re.compile(r"双侧?|两侧?|左|右|\bleft\b|\bright\b|\bbilateral\b|\bboth\b", re.IGNORECASE)
_PART = re.compile(r"[^，,；;。：:\n]+")
_FORMER = re.compile(r"前片|前次|上次|原(?!发)|既往|对侧|健侧|病史|prior|previous|contralateral", re.IGNORECASE)
_DENIED = re.compile(
    r"未见|未及|未发现|未探及|未显示|未示|无(?!回声|肺纹理|名)|不(?:大|宽|厚|窄|粗|高)(?!$)|\bno\b|without|\bnot\b",
    re.IGNORECASE,
)
_WELL = re.compile(
    r"未见|未及|未探及|正常|清晰|清楚|对称|光整|光滑|良好|通畅|完整|连续|居中|不大|不厚|不宽|均匀|锐利|如常|(?<!不)(?<!未)(?:全程|完全)显影|弥散入盆腔|无(?:明显|扩张|狭窄|增|异常|积|肿)|通畅|unremarkable|normal|clear|\bno\b",
    re.IGNORECASE,
)
_ILL = re.compile(
    r"(?<![未不])见(?!异常|(?:造影剂|对比剂)[^，。；]{0,4}(?:弥散|涂[布抹]|溢|通过|充盈))|增[大厚粗宽高多强]|减[低少]|缩小|变[窄钝浅扁薄尖]|肿|积[液水气血]|炎|感染|退变|损伤|水肿|受损|坏死|纤细|受限|出血|梗[死塞]|扩张|结[节石]|骨折|狭窄|囊|(?<!显)影(?!像)|灶|异常|中断|断裂|撕裂|斑块|钙化|缺如|术后|萎缩|不连|破坏|充盈缺损|欠[清规]|显示不清|浅淡|[无低高]回声|\d\s*(?:mm|cm|HU)",
)
_SOUND_NAME = re.compile(
    r"[左右]侧?([一-鿿]{2,8}?)(?:未见(?:明显)?异常|正常|清晰|完整|光滑|通畅|形态正常|(?:气化)?良好)"
)
_GONE = re.compile(r"切除|缺如|术后|移植|摘除")
_BETTER = re.compile(r"吸收|消失|消散|愈合")
_SIZES = re.compile(r"\d+(?:\.\d+)?\s*(?:mm|cm)")
_ADVISES = re.compile(r"^\s*(?:建议|请|随访|必要时|定期|参考)|recommend|follow", re.IGNORECASE)
_LIVER_SEGMENT = re.compile(r"(?<![A-Za-z/])S[1-8](?!\d)")
_UNSAID = re.compile(r"反位|右位心|镜[面像]")
# Heads that say nothing of which part is meant.
_NO_PART = re.compile(
    r"^$|^[、，及和与]|[多见可叶上下中前后内外为的]|结节|病变|病灶|占位|肿块|囊肿|积液|少量|部分|微小|陈旧"
)
_DEGREES = re.compile(r"轻度|中度|重度|极重度|少量|微量|中量|大量|完全|部分")
_WORD = re.compile(r"[A-Za-z]{3,}|[A-Za-z]+\d+(?:[/-]\d+)?|[一-鿿]+")
# Pairs of characters that stand in any sentence.
_SHORT = frozenset("壁肾肺乳肝眼耳房室肩膝髋踝腕肘手足")
_COMMON = frozenset(
    "可见 考虑 可能 改变 明显 轻度 中度 重度 少量 大量 局部 多发 单发 术后 术后改 后改 变大 建议 结合 临床 请结 复查 随访 伴有 合并 大小 约为 范围 左侧 右侧 双侧 形成 病变 异常 未见 the and with for 程度 性改 征象 表现 较前"
    " 之上 及右 及左 侧壁 上段 中段 下段 近段 远段 上叶 中叶 下叶 上部 下部".split()
)


@dataclass(frozen=True, slots=True)
class _Span:
    """Words between two mentions of a side."""

    side: str  # left, right or both
    text: str
    words: frozenset[str]
    is_ill: bool
    head: str
    lesions: frozenset[str]
    organs: frozenset[str]


def echoes(subject: Subject) -> Iterator[Alarm]:
    """The first phrase of the impression whose words the findings have on the other side only."""
    if _UNSAID.search(subject.both):
        return
    found = _spans(subject.findings)
    for well, ill in _twice(found):
        yield Alarm(AlarmKind.SIDE, well.text, f"“{ill.text}”与“{well.text}”写的是同一侧，请核对左右侧。")
        return
    said = _spans(subject.impression)
    for told in said:
        if told.side == "both" or _ADVISES.search(told.text) or not told.words:
            continue
        segments = set(_LIVER_SEGMENT.findall(told.text))
        if "肝" in told.organs and segments and not segments & set(_LIVER_SEGMENT.findall(subject.findings)):
            continue  # it is the segment that is wrong
        same = [one for one in found if one.side in (told.side, "both")]
        core = re.sub(r"^.*?[左右]侧?", "", told.text.split("，")[0])
        if len(core) >= 4 and any(core in one.text for one in same):
            continue
        words = [one.text for one in found if one.side == opposite(told.side) and len(core) >= 4 and core in one.text]
        if words and not any(core in one.text for one in same) and not _WELL.search(core):
            yield _alarm(told, words[0])
            return
        other = [one for one in found if one.side == opposite(told.side) and one.is_ill]
        # What another phrase of the impression tells of that side is told already: this one then has no ground at all.
        other = [
            one
            for one in other
            if not any(each.side == one.side and _likeness(each, one) > _likeness(told, one) for each in said)
        ]
        if not other:
            continue
        here = max((_likeness(told, one) for one in same if one.is_ill), default=0)
        there, best = max(((_likeness(told, one), one) for one in other), key=lambda pair: pair[0])
        counterpart = any(each.side == opposite(told.side) and each.head == told.head for each in said)
        if _BETTER.search(told.text) and there < 4:
            continue
        if _names_both(best.text, subject.findings):
            continue
        if _is_elsewhere(told, here, there, best, same) and (there >= 2 or not counterpart):
            yield _alarm(told, best.text)
            return


def _names_both(text: str, findings: str) -> bool:
    """Whether the words stand in a clause that names both sides ("the left vein is pressed by the right artery")."""
    return any(
        text.split("，", maxsplit=1)[0] in part and "左" in part and "右" in part and re.search(r"受|被|与|向", part)
        for part in _PART.findall(findings)
    )


def _alarm(told: _Span, found: str) -> Alarm:
    other = word_of(opposite(told.side))
    return Alarm(
        AlarmKind.SIDE,
        told.text,
        f"诊断意见写{word_of(told.side)}侧，影像所见描述的异常在{other}侧（“{found}”），请核对。",
    )


def _twice(found: tuple[_Span, ...]) -> Iterator[tuple[_Span, _Span]]:
    """A part of one side that is sound and ill, while the other side's is never named."""
    for well in found:
        match = None if well.is_ill or well.side == "both" else _SOUND_NAME.match(well.text)
        if not match:
            continue
        name = match[1]
        same = [
            one for one in found if one is not well and one.side != "both" and re.match(rf"[左右]侧?{name}", one.text)
        ]
        ill = [one for one in same if one.is_ill and one.side == well.side]
        if ill and all(one.side == well.side for one in same):
            yield well, ill[0]


def _is_elsewhere(told: _Span, here: int, there: int, best: _Span, same: list[_Span]) -> bool:
    if there >= 2 and here == 0:
        return True
    if there >= 4 and there >= 3 * here:
        return True
    degrees = set(_DEGREES.findall(told.text))
    mine = [one for one in same if one.is_ill and one.head == told.head and _DEGREES.search(one.text)]
    if degrees and mine and best.head == told.head:
        return bool(degrees & set(_DEGREES.findall(best.text))) and not any(
            degrees & set(_DEGREES.findall(one.text)) for one in mine
        )
    numbers = set(_SIZES.findall(told.text))
    own = {number for one in same for number in _SIZES.findall(one.text)}
    if numbers & set(_SIZES.findall(best.text)) and own and not numbers & own:
        return True
    if (
        not (told.is_ill or told.lesions)
        or _GONE.search(told.text)
        or any(one.is_ill and one.head == told.head for one in same)
    ):
        return False
    if (
        not any(one.head == told.head for one in same)
        and best.head == told.head
        and not _NO_PART.search(told.head)
        and here == 0
        and (not told.organs or not best.organs or told.organs & best.organs)
    ):
        return True
    # The same part is sound on the named side and ill on the other.
    sound = any(one.head == told.head and not one.is_ill for one in same)
    return here == 0 and sound and best.head == told.head


def _likeness(told: _Span, one: _Span) -> int:
    alike = len(told.words & one.words) + len(told.lesions & one.lesions)
    return 0 if alike < 4 and told.organs and one.organs and not told.organs & one.organs else alike


@lru_cache(maxsize=4096)
def _spans(text: str) -> tuple[_Span, ...]:
    found: list[_Span] = []
    for sentence, above in zip(sentences(text), headings(text), strict=True):
        # "right: …; the carotid bifurcation …": what follows under a heading is of its side.
        side = "both" if len(above.sides) == 2 else next(iter(above.sides), "")
        head, run = sentence[:2] if side else "", []
        for part in _PART.findall(sentence):
            if _FORMER.search(part):
                continue
            plain = _NOT_A_PLACE.sub(lambda match: "□" * len(match[0]), part)
            marks = list(_SIDE.finditer(plain))
            if not marks:
                if side:
                    run.append(part.strip())
                continue
            if side and run:
                found.append(_span(side, head, run))
            kinds = [_side_of(mark[0]) for mark in marks]
            if len(set(kinds)) > 1 and len(marks) > 1 and "、" in plain and _joined(plain, marks):
                kinds = ["both"] * len(marks)
            for place, mark in enumerate(marks):
                end = marks[place + 1].start() if place + 1 < len(marks) else len(plain)
                before = plain[: mark.start()] if place == 0 else ""
                side = kinds[place]
                head = re.sub(r"^侧", "", plain[mark.end() : end])
                head = head[: 1 if head[:1] in _SHORT else 2]
                run = [f"{before}{part[mark.start() : end]}".strip(" 、及和并")]
                if place + 1 < len(marks):
                    shared = part[marks[-1].start() :].strip()
                    if _LISTED.search(plain[mark.end() : end]) and kinds[place + 1] != side and "见" in shared:
                        run.append(shared)  # "the right middle and the left lower lobe show …"
                    found.append(_span(side, head, run))
        if side and run:
            found.append(_span(side, head, run))
    return tuple(found)


_LISTED = re.compile(r"^侧?[^见示呈可，]{1,12}(?:及|和|与|、|以及)$")


def _joined(plain: str, marks: list[re.Match[str]]) -> bool:
    """Whether 左、右 stand side by side and share what follows."""
    return any(
        re.fullmatch(r"侧?\s*[、及和与]\s*", plain[one.end() : other.start()])
        for one, other in itertools.pairwise(marks)
    )


def _span(side: str, head: str, run: list[str]) -> _Span:
    text = "，".join(run)
    shown = "，".join(_DENIED.split(part, maxsplit=1)[0] for part in run if not _is_well(part))
    bare = _SIDE.sub(" ", shown).replace("侧", " ")
    return _Span(
        side,
        text,
        _words(bare),
        any(_ILL.search(_DENIED.split(part, maxsplit=1)[0]) and not _is_well(part) for part in run)
        or bool(lesions_in(shown)),
        head,
        frozenset(name for name, _, _ in lesions_in(shown)),
        organs_in(text),
    )


def _is_well(part: str) -> bool:
    return bool(_WELL.search(part)) and not _ILL.search(_DENIED.split(part, maxsplit=1)[0])


def _side_of(word: str) -> str:
    word = word.lower()
    return LEFT if word in {"左", "left"} else RIGHT if word in {"右", "right"} else "both"


def _words(text: str) -> frozenset[str]:
    found: set[str] = set()
    for match in _WORD.findall(text):
        if match.isascii():
            found.add(match.lower())
        else:
            found |= {match[place : place + 2] for place in range(len(match) - 1)}
    return frozenset(found - _COMMON)
