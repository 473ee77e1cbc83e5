"""Finds critical values in a report's text: what is stated now, not what is denied, old, or only feared.

A keyword of the library is found as it stands. `A+B` asks for both in one sentence, `A..B` for B soon after A in one
clause, `A>=30%` for a number (in %, mm, cm, ml) soon after A, and `A!B` for A in a sentence without B.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.domain.critical import CriticalLevel
from shared.domain.rich_text import plain

_MOST_HITS = 20
_GAP = 10  # characters between the parts of "A..B", and between a word and its number
_SENTENCE = re.compile(r"[^。；;！？!?\n\r]+")
_CLAUSE = re.compile(r"[^，,：:]+")
_PARTS = re.compile(r"[、/]|以及|及|和|与|或")
_ENUMERATION = re.compile(r"^\s*(?:\d{1,2}|[（(]\d{1,2}[）)])\s*[.．、)）]\s*")

# Words in which 无, 未, 不 deny nothing; the blanks keep every place where it was.
_IDIOMS = re.compile(
    r"无明显诱因|无诱因|无名|无创|无症状|无痛|未明|未分化|不全|不规则|不均|不等|不清|不稳|不齐|不典型|不良|不张|不畅|不通"
)
_POSSIBLE = re.compile(
    r"(?:不|未|未能|不能|无法|难以|尚不能|尚未)(?:完全)?(?:除外|排除)|考虑|可能|疑似|可疑|怀疑|倾向|警惕|待排|待除外|"
    r"疑|[?？]"
)
_DOUBLE = re.compile(r"(?:不|未|未能|不能|无法|难以|尚不能|尚未)(?:完全)?(?:除外|排除)")
_DENIES = re.compile(
    r"未见|未示|未发现|未显示|未提示|未探及|未触及|未及|未合并|未伴|未出现|未发生|未观察到|没有|并无|不伴|不考虑|不支持|"
    r"不符合|不存在|除外|排除|否认|无|未"
)
_TURNS = re.compile(r"但|然而|而(?!且)|仍见|可见|另见|并见|却|同时见|现见|提示|伴(?!有?或)")
_DENIED_AFTER = re.compile(
    r"^(?:的)?(?:征象|征|表现|改变|影|可能性?)?(?:均|亦|目前|已|可|暂|基本|完全)*"
    r"(?:未见|阴性|[（(][-－—]+[）)]|消失|不明显|不大|不支持|除外|排除|不存在|没有|不考虑)"
)
_SETTLED_AFTER = re.compile(
    r"^[^，,。；;、]{0,12}?(?:术后|恢复期|吸收(?:期|(?!期?不|期?欠))|软化灶|后遗|愈合|复张|好转|减少|缩小|消退|缓解|机化|治疗后|引流后|介入后|"
    r"栓塞术|修补术|清除术|支架|置入后|相仿|相似|变化不大|变化不明显|无明显变化|未见明显变化|无显著变化|同前)"
)
_FOLLOWED_UP = re.compile(r"复查[，,][^。；;]{0,16}(?:吸收(?!不|欠)|好转|软化|消失)")
_COMPARED = re.compile(r"相仿|相似|变化不大|无明显变化|未见明显变化|无显著变化|同前")
_WORSE_NEXT = re.compile(r"[，,]\s*较前[^，,]{0,8}(?:增|加重|进展|扩大)")
_OLD_BEFORE = re.compile(r"陈旧|既往|曾患|曾有|曾因|慢性期|病史|后遗|原有|预防|史")
_ELSEWHERE = re.compile(r"临床诊断|临床怀疑|临床疑|临床提示|主诉|现病史|病史|既往|外院|申请单|患者因|入院诊断|检查目的")
_ADVICE = re.compile(r"建议|请结合|必要时|进一步|以便|以除外|以排除|复查|注意")
_WORSE = re.compile(
    r"(?:较前|较旧片|较原片|与前.{0,6}比)?[^，,。；;未无]{0,6}(?:增多|增大|增宽|扩大|进展|加重|新发|新出现|再发|再出血|复发|破裂)"
)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*(?:[-~～—至到]\s*(\d+(?:\.\d+)?))?\s*(%|％|mm|cm|ml|毫米|厘米|毫升)", re.I)
_UNITS = {"%": ("%", 1.0), "％": ("%", 1.0), "mm": ("mm", 1.0), "毫米": ("mm", 1.0), "cm": ("mm", 10.0)}
_UNITS |= {"厘米": ("mm", 10.0), "ml": ("ml", 1.0), "毫升": ("ml", 1.0)}
_LIMIT = re.compile(r"^(.+?)(?:>=|≥|>|＞)(\d+(?:\.\d+)?)(%|mm|cm|ml)$")


@dataclass(frozen=True, slots=True)
class Watched:
    """An entry of the library as the detector needs it."""

    code: str
    name: str
    name_en: str
    level: CriticalLevel
    minutes: int
    criterion: str
    exam_types: tuple[str, ...]
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """A critical value stated in `text[start:end]` of a field."""

    entry: Watched
    field: str
    start: int
    end: int
    words: str
    sentence: str
    is_suspected: bool

    @property
    def why(self) -> str:
        """One sentence for the doctor."""
        where = "诊断意见" if self.field == "impression" else "影像所见"
        doubt = "（疑似）" if self.is_suspected else ""
        return f"{where}写到“{_shortened(self.sentence)}”，属于危急值“{self.entry.name}”{doubt}。"


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    is_suspected: bool


def detect(entries: Iterable[Watched], exam_type: str, findings: str, impression: str) -> list[Hit]:
    """Return at most one hit for each entry, those of the impression first; texts may be rich or plain."""
    fits = [one for one in entries if not one.exam_types or not exam_type or exam_type in one.exam_types]
    hits: list[Hit] = []
    seen: set[str] = set()
    for field, text in (("impression", plain(impression)), ("findings", plain(findings))):
        found: list[Hit] = []
        for match in _SENTENCE.finditer(text):
            found.extend(_in_sentence(fits, field, match.group(), match.start()))
        found.sort(key=lambda hit: hit.is_suspected)  # a plain statement tells more than a suspicion
        for hit in found:
            if hit.entry.code not in seen:
                seen.add(hit.entry.code)
                hits.append(hit)
    return hits[:_MOST_HITS]


def _in_sentence(entries: Sequence[Watched], field: str, sentence: str, at: int) -> Iterator[Hit]:
    for entry in entries:
        for keyword in entry.keywords:
            found = _stated(sentence, keyword)
            if found is not None:
                words = sentence[found.start : found.end]
                clean = _ENUMERATION.sub("", sentence).strip()
                yield Hit(entry, field, at + found.start, at + found.end, words, clean, found.is_suspected)
                break


def _stated(sentence: str, keyword: str) -> _Found | None:
    """Where a keyword is stated as true now, or perhaps true."""
    keyword, _, unless = keyword.partition("!")
    if unless and unless in sentence:
        return None
    found = []
    for part in keyword.split("+"):
        one = _part_stated(sentence, part)
        if one is None:
            return None
        found.append(one)
    start, end = min(one.start for one in found), max(one.end for one in found)
    return _Found(start, end, any(one.is_suspected for one in found))


def _part_stated(sentence: str, part: str) -> _Found | None:
    best = None
    for start, end in _places(sentence, part):
        is_suspected = _standing(sentence, start, end)
        if is_suspected is None:
            continue
        if not is_suspected:
            return _Found(start, end, is_suspected=False)
        best = best or _Found(start, end, is_suspected=True)
    return best


def _places(sentence: str, part: str) -> Iterator[tuple[int, int]]:
    pattern, limit, unit = _compiled(part)
    for match in pattern.finditer(sentence):
        if limit is None:
            yield match.span()
            continue
        rest = sentence[match.end() : match.end() + _GAP + 14]
        number = _NUMBER.search(rest)
        if number is None or number.start() > _GAP or re.search(r"[，,]", rest[: number.start()]):
            continue
        kind, factor = _UNITS[number[3].lower()]
        if kind == unit and float(number[2] or number[1]) * factor >= limit:
            yield match.start(), match.end() + number.end()


@lru_cache(maxsize=4096)
def _compiled(part: str) -> tuple[re.Pattern[str], float | None, str]:
    limit = _LIMIT.match(part)
    if limit is not None:
        kind, factor = _UNITS[limit[3]]
        return re.compile(re.escape(limit[1]), re.I), float(limit[2]) * factor, kind
    gap = rf"[^，,。；;、]{{0,{_GAP}}}?"
    return re.compile(gap.join(re.escape(word) for word in part.split("..")), re.I), None, ""


def _standing(sentence: str, start: int, end: int) -> bool | None:
    """Whether what stands there is only suspected; None when it is denied, old, advice or somebody else's word."""
    first, last = _clause_around(sentence, start, end)
    before = _blanked(sentence[first:start])
    after = sentence[end:last]
    if _is_denied(before, sentence[start:end], after):
        return None
    around = sentence[first:start] + "　" + after  # 破裂 in the keyword itself says nothing of a change
    if not _WORSE.search(around) and not _WORSE_NEXT.match(sentence[last:]):
        segment = _last_part(before)
        if _OLD_BEFORE.search(segment) or _SETTLED_AFTER.match(after) or _FOLLOWED_UP.match(sentence, end):
            return None
        follows = sentence[last : last + 20]
        if re.match(r"[，,]\s*(?:较前|与前|同前)", follows) and (
            _COMPARED.search(follows) or re.search(r"吸收(?!不|欠)|好转|减少|缩小|消退", follows)
        ):
            return None
    if _ELSEWHERE.search(sentence[max(0, first - 8) : start]):
        return None
    advice = _ADVICE.search(before)
    if advice is not None and not _POSSIBLE.search(before[advice.start() :]):
        return None
    return bool(_POSSIBLE.search(sentence[first:start]) or _POSSIBLE.search(after[:8]))


def _clause_around(sentence: str, start: int, end: int) -> tuple[int, int]:
    first, last = 0, len(sentence)
    for clause in _CLAUSE.finditer(sentence):
        if clause.end() <= start:
            continue
        if clause.start() <= start:
            first = clause.start()
        if clause.end() >= end:
            last = clause.end()
            break
    return first, last


def _blanked(before: str) -> str:
    before = _IDIOMS.sub(lambda found: "　" * len(found.group()), before)
    return _DOUBLE.sub(lambda found: "疑" + "　" * (len(found.group()) - 1), before)


def _is_denied(before: str, words: str, after: str) -> bool:
    denials = list(_DENIES.finditer(before))
    if denials and not _TURNS.search(before[denials[-1].end() :]):
        return True
    inside = _blanked(words)
    return bool(re.search(r"未|无|没有", inside)) or bool(_DENIED_AFTER.match(after))


def _last_part(before: str) -> str:
    return _PARTS.split(before)[-1]


def _shortened(sentence: str) -> str:
    return sentence if len(sentence) <= 60 else sentence[:59] + "…"
