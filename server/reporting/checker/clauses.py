"""Sentences, clauses and what they assert or deny of which organ on which side, how large."""

# ruff: noqa: E501 a pattern is read as one line
from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from server.reporting.checker.anatomy import SIDED, lesions_in, organs_in, sides_in
from server.reporting.checker.kinship import kin
from server.reporting.checker.places import places_in

_SENTENCE = re.compile(r"[^。；;！!\n]+")
_NUMBERED = re.compile(r"^\s*(?:[(（]?\d{1,2}[)）、.．](?!\d)|[①-⑳]|[一二三四五六七八九十]、)\s*")
_CLAUSE = re.compile(r"(?:[（(][^（()），,]{0,12}[，,][^（()）]{0,24}[)）]|[^，,：:])+")
_ENGLISH_STOP = re.compile(r"(?<=[a-z)])\.\s+(?=[A-Z])|(?<=[a-z)])\.\s*$", re.MULTILINE)
_DENIED = re.compile(
    r"未见|未(?:发现|显示|探及|触及|闻及|提示|及)|没有|无(?!回声|名|强化|痛|功能|症状|创)|不(?:伴|明显|存在|(?=$|扩张|增[厚大宽粗]|肿|狭窄))|否认|排除|除外|\bno\b|\bwithout\b|\bnot\b|negative for|free of|absen",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(r"^[^，,。；;]{0,6}(?:[（(][-－—][)）]|未见|消失|已吸收|阴性|不明显|完全吸收|已?排除)")
_NOT_DENIED = re.compile(
    r"不除外|不能?排除|未能?排除|未除外|不能?除外|无法排除|cannot be excluded|not excluded", re.IGNORECASE
)
_UNSURE = re.compile(
    r"待排|待查|可疑|可能|不除外|不能?排除|未除外|未能?排除|[?？]|possib|suspic|cannot be excluded", re.IGNORECASE
)
_ADVICE = re.compile(r"建议|请结合|必要时|recommend|suggest|follow.?up", re.IGNORECASE)
_HISTORY = re.compile(r"术后|切除|史|治疗后|前片|前次|上次|原|history|status post|s/p|prior|previous", re.IGNORECASE)

# "Right breast: …", "【left knee】…", "Right coronary artery (RCA): …"; a word that finds something makes it a sentence.
_HEADING = re.compile(r"\s*(?:【\s*([^】\n]{1,20}?)\s*】\s*[：:]?|([^，,。；;：:\n【】]{1,24}?)\s*[：:](?!\d))")
_ALONE = re.compile(r"([^，,。；;：:\n【】]{1,6})")
_FINDS = re.compile(
    r"见|未|无|为|示|约|径|较|如下|显示|正常|清晰|值|分[型级期类]|评分|积分|大小|厚|宽|\d\s*(?:mm|cm)|结节|肿块|病灶|斑块|术|型|率|质量|建议|诊断|印象|提示|考虑"
)

# A report of twenty pages has fewer.
_MOST_CLAUSES = 800
_SEGMENT = re.compile(r"S\s?[1-8](?!\d)(?!神经|椎)")
_SECTION = re.compile(r"[左右][内外前后]叶")
# "3 cm from the hilum of the kidney": what is seen there is not the kidney's.
_FAR_FROM = re.compile(r"距(?:离)?[^，。；\d]{1,8}\d+(?:\.\d+)?\s*(?:cm|mm)")
_JOINT = frozenset({"关节"})
_LIVER = frozenset({"肝"})
_LOBE = re.compile(r"[左右][内外前后]?叶|尾状?叶")
_SPINE = frozenset({"脊柱"})
_THE_BODY = re.compile(r"(?:该|其)?椎体(?!序列|前?后?缘|边)")
_PART_OF = re.compile(r"[上中下][段端]|[末远][段端]")

NUMBER = r"\d+(?:\.\d+)?"
_TIMES = r"\s*(?:[×xX*＊✕╳]|乘)\s*"
_MM = r"((?:mm|cm)(?![a-wyzA-WYZ/²³2])|毫米(?!/)|厘米(?!/)|㎜|㎝)?"
_SIZE = re.compile(
    rf"({NUMBER})\s*{_MM}(?:{_TIMES}({NUMBER})\s*{_MM})?(?:{_TIMES}({NUMBER})\s*{_MM})?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a sentence between commas, with the organs and sides that it names or takes from the part before."""

    text: str
    sentence: int
    organs: frozenset[str]
    sides: frozenset[str]
    own_sides: frozenset[str]
    places: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Mention:
    """A lesion as one clause speaks of it; `size_mm` is its largest measure in the same sentence, None without one."""

    lesion: str
    words: str
    organs: frozenset[str]
    sides: frozenset[str]
    is_denied: bool
    is_unsure: bool
    is_history: bool
    sentence: int
    size_mm: float | None
    places: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Size:
    """A length as written, its largest number in mm."""

    words: str
    mm: float
    unit: str
    numbers: tuple[float, ...]


def sentences(text: str) -> list[str]:
    """The sentences of a text without their list numbers."""
    text = _ENGLISH_STOP.sub("。", text)
    return [stripped for part in _SENTENCE.findall(text) if (stripped := _NUMBERED.sub("", part).strip())]


@dataclass(frozen=True, slots=True)
class Heading:
    """What a line or a part of it is said of as a whole."""

    organs: frozenset[str] = frozenset()
    sides: frozenset[str] = frozenset()
    places: frozenset[tuple[str, str]] = frozenset()

    def governs(self, organs: frozenset[str]) -> bool:
        """Whether its side is that of these organs too: of "right lung: … the mediastinum …" it is not."""
        return not self.organs or (bool(organs & SIDED) and kin(self.organs, organs))


_NO_HEADING = Heading()


def headings(text: str) -> list[Heading]:
    """For each of a text's sentences the heading under which it stands; that of none is empty.

    A heading at the start of a line is of the line; of several within one line each reaches to the next.
    """
    found: list[Heading] = []
    for line in _ENGLISH_STOP.sub("。", text).split("\n"):
        parts = [stripped for part in _SENTENCE.findall(line) if (stripped := _NUMBERED.sub("", part).strip())]
        heading = _NO_HEADING
        for place, part in enumerate(parts):
            alone = place == 0 and len(parts) > 1 and len(part) <= 6
            match = _HEADING.match(part) or (_ALONE.fullmatch(part) if alone else None)
            if match:
                name = next(group for group in match.groups() if group)
                if not _FINDS.search(name):
                    heading = Heading(organs_in(name), sides_in(name), places_in(name))
            found.append(heading)
    # One heading alone is the name of the exam.
    return found if len({one for one in found if one != _NO_HEADING}) > 1 else [_NO_HEADING] * len(found)


@lru_cache(maxsize=4096)
def clauses(text: str) -> tuple[Clause, ...]:
    """The clauses of a text; one without an organ of its own goes on about the one before in its sentence."""
    found: list[Clause] = []
    above = headings(text)
    for number, sentence in enumerate(sentences(text)):
        if len(found) > _MOST_CLAUSES:
            break
        heading = above[number]
        organs, sides, places = heading.organs, heading.sides, heading.places
        for part in _CLAUSE.findall(sentence):
            own_organs, own_sides = organs_in(_FAR_FROM.sub("", part)), sides_in(part)
            if (
                not own_organs
                and ("甲状腺" in text or ("峡部" in text and not re.search(r"肝|椎", text)))
                and re.search(r"[左右]侧?叶|峡部", part)
            ):
                own_organs = frozenset({"甲状腺"})
            if not own_organs and "肝" in text and (_SEGMENT.match(part.strip()) or _SECTION.match(part.strip())):
                own_organs = frozenset({"肝"})
            if own_organs == _JOINT and organs:
                # "the femoral head is flat, below the joint's face …": the face is that joint's.
                own_organs = organs
            if own_organs:
                # "the left middle ear …, the scutum of the tympanum is blunt": still the left one's.
                goes_on = own_organs <= organs and len(sides) == 1
                sides = own_sides or (sides if goes_on else heading.sides if heading.governs(own_organs) else own_sides)
                organs = own_organs
            elif own_sides:
                sides = own_sides
            own_places = places_in(part.strip())
            if _SEGMENT.match(part.strip()) and "肝" in text:
                own_places |= places_in(f"肝{part.strip()}")
            if organs == _LIVER and _LOBE.match(part.strip()):
                own_places |= places_in(f"肝{part.strip()}")
            if own_organs == _SPINE and not own_places and _THE_BODY.match(part.strip()):
                own_places = places  # of the vertebra that its sentence named
            if not own_organs and organs and _PART_OF.match(part.strip()):
                own_places |= frozenset[tuple[str, str]]().union(
                    *(places_in(f"{organ}{part.strip()}") for organ in organs)
                )
            places = own_places if own_places or own_organs else places
            own_sides = own_sides or (sides if sides == heading.sides and len(sides) == 1 else own_sides)
            found.append(Clause(part.strip(), number, organs, sides, own_sides, places))
    return tuple(found)


@lru_cache(maxsize=4096)
def mentions(text: str) -> tuple[Mention, ...]:
    """What a text asserts and denies; advice ("to exclude a fracture, repeat …") asserts nothing."""
    found = []
    sizes = {number: _largest(sentence) for number, sentence in enumerate(sentences(text))}
    sentence, said = -1, ""
    for clause in clauses(text):
        if clause.sentence != sentence:
            sentence, said = clause.sentence, ""
        if _ADVICE.search(clause.text):
            continue
        for lesion, start, end in lesions_in(clause.text)[:24]:
            before, after = clause.text[:start], clause.text[end:]
            denied = (
                _last_denial(f"{said} {before}" if clause.text.isascii() else before)
                or bool(re.search(r"未见|未及", clause.text[start:end]))
                or (bool(_DENIED_AFTER.match(after)) and not _NOT_DENIED.search(after))
            )
            found.append(
                Mention(
                    lesion=lesion,
                    words=clause.text,
                    organs=clause.organs,
                    sides=clause.sides,
                    is_denied=denied,
                    is_unsure=bool(_UNSURE.search(clause.text)),
                    is_history=bool(_HISTORY.search(clause.text)),
                    sentence=clause.sentence,
                    size_mm=sizes[clause.sentence],
                    places=clause.places,
                )
            )
        said = f"{said} {clause.text}"
    return tuple(found)


def asserted(text: str) -> list[Mention]:
    """The lesions that a text says are there."""
    return [mention for mention in mentions(text) if not mention.is_denied]


def sizes_in(text: str) -> list[Size]:
    """The lengths in a text that bear a unit; "12×10mm" is one of 12 mm."""
    found = []
    for match in _SIZE.finditer(text):
        numbers = tuple(float(match[group]) for group in (1, 3, 5) if match[group])
        units = [match[group].lower() for group in (2, 4, 6) if match[group]]
        if not units:
            continue
        unit = "cm" if units[-1] in {"cm", "厘米", "㎝"} else "mm"
        found.append(Size(match[0].strip(), max(numbers) * (10 if unit == "cm" else 1), unit, numbers))
    return found


def _largest(sentence: str) -> float | None:
    return max((size.mm for size in sizes_in(sentence)), default=None)


def _last_denial(before: str) -> bool:
    """Whether a denial governs what follows: nothing between asserts again."""
    denials = list(_DENIED.finditer(_NOT_DENIED.sub(lambda match: "□" * len(match[0]), before)))
    if not denials:
        return False
    between = before[denials[-1].end() :]
    return re.search(r"(?<![未不])见|但|而(?!且)|伴(?!随)|可见|\bbut\b|\bwith\b|\b(?:is|are|there)\b", between) is None
