"""Left and right: against what was asked for, between findings and impression, and against anatomy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.anatomy import BOTH, SIDED, opposite, organs_in, word_of
from server.reporting.checker.clauses import Clause, Mention, asserted, clauses
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_NO_SUCH_LOBE = re.compile(
    r"左肺?(?:侧)?中叶|左肺中叶|右肺?(?:上叶)?舌(?:叶|段)|左肺水平裂|左侧水平裂|left middle lobe|right lingula",
    re.IGNORECASE,
)
_FORMER = re.compile(r"前片|前次|上次|原|既往|对侧|健侧|prior|previous|contralateral", re.IGNORECASE)
_NORMAL = re.compile(r"未见|正常|清晰|对称|光整|良好|无(?!回声)|unremarkable|normal|clear", re.IGNORECASE)
_STRUCTURAL = re.compile(
    r"见|密度|信号|影(?!像)|灶|突出|增厚|增宽|狭窄|变窄|肿胀|增生|退变|损伤|水肿|中断|塌陷|吸收|破坏|强化|术后|假体|内固定|留置|缺如|切除|萎缩|钙化"
)
_TRUNK = frozenset({"脊柱", "脑室", "硬膜"})


def sides(subject: Subject) -> Iterator[Alarm]:
    """Every doubt about a side; each is told once."""
    for match in _NO_SUCH_LOBE.finditer(subject.both):
        yield Alarm(AlarmKind.SIDE, match[0], f"解剖上没有“{match[0]}”，请核对左右侧或肺叶。")
    asked = list(_against_request(subject))
    yield from asked
    if not asked:
        yield from _against_findings(subject)


def _against_request(subject: Subject) -> Iterator[Alarm]:
    """The exam is of one side, the report speaks of the same part on the other."""
    if len(subject.side) != 1:
        return
    (side,) = subject.side
    other = opposite(side)
    part = organs_in(subject.body_part) & SIDED
    for name, text in (("影像所见", subject.findings), ("诊断意见", subject.impression)):
        spoken = [clause for clause in clauses(text) if clause.own_sides and not _FORMER.search(clause.text)]
        about = [clause for clause in spoken if not part or _is_of_part(clause, part, subject.body_part)]
        wrong = [clause for clause in about if clause.own_sides == {other}]
        right = [clause for clause in about if side in clause.own_sides]
        if not wrong or (right and not part):
            continue
        if right and part and not any(_names_part(clause, subject.body_part, part) for clause in wrong):
            continue
        words = wrong[0].text
        yield Alarm(
            AlarmKind.SIDE,
            words,
            f"申请的检查部位在{word_of(side)}侧，{name}却写“{words}”（{word_of(other)}侧），请核对。",
        )


def _is_of_part(clause: Clause, part: frozenset[str], body_part: str) -> bool:
    return bool(clause.organs & part) or body_part in clause.text or not clause.organs


def _names_part(clause: Clause, body_part: str, part: frozenset[str]) -> bool:
    return (bool(body_part) and body_part in clause.text) or bool(organs_in(clause.text) & part)


def _against_findings(subject: Subject) -> Iterator[Alarm]:
    """A lesion of the impression is on a side where the findings have none."""
    there = [mention for mention in asserted(subject.findings) if not _FORMER.search(mention.words)]
    told: set[int] = set()
    for mention in asserted(subject.impression):
        if len(mention.sides) != 1 or mention.sentence in told or _FORMER.search(mention.words):
            continue
        (side,) = mention.sides
        candidates = [one for one in there if one.sides and _alike(one, mention)]
        places = frozenset[str]().union(*(one.sides for one in candidates))
        if not candidates:
            places = _abnormal_sides(subject.findings, mention.organs)
        if places and side not in places:
            told.add(mention.sentence)
            yield Alarm(
                AlarmKind.SIDE,
                mention.words,
                f"诊断意见写{word_of(side)}侧，影像所见描述的病变在{word_of(opposite(side))}侧，请核对。",
            )
    if told:
        return
    for clause in clauses(subject.impression):
        if len(clause.own_sides) != 1 or _NORMAL.search(clause.text) or _FORMER.search(clause.text):
            continue
        (side,) = clause.own_sides
        places = _abnormal_sides(subject.findings, clause.organs)
        if places == {opposite(side)}:
            yield Alarm(
                AlarmKind.SIDE,
                clause.text,
                f"诊断意见写{word_of(side)}侧，影像所见描述的异常在{word_of(opposite(side))}侧，请核对。",
            )
            return
    yield from _both_told_of_one(subject)


def _both_told_of_one(subject: Subject) -> Iterator[Alarm]:
    for mention in asserted(subject.impression):
        if mention.sides != BOTH:
            continue
        alike = [
            one
            for one in asserted(subject.findings)
            if one.lesion == mention.lesion and one.organs & mention.organs and one.sides
        ]
        places = frozenset[str]().union(*(one.sides for one in alike))
        denied = {
            side
            for clause in clauses(subject.findings)
            if clause.organs & mention.organs and _NORMAL.search(clause.text)
            for side in clause.own_sides
        }
        if len(places) == 1 and denied - places:
            (only,) = places
            yield Alarm(AlarmKind.SIDE, mention.words, f"诊断意见写双侧，影像所见只描述了{word_of(only)}侧，请核对。")
            return


def _alike(found: Mention, told: Mention) -> bool:
    if found.lesion != told.lesion and not {found.lesion, told.lesion} <= {"结节", "肿块", "囊肿"}:
        return False
    if not found.organs or not told.organs:
        return True
    return bool(found.organs & told.organs)


def _abnormal_sides(findings: str, organs: frozenset[str]) -> frozenset[str]:
    """The sides of what the findings call abnormal in these organs (or anywhere, when none is named)."""
    sided = organs & SIDED - _TRUNK
    found: set[str] = set()
    for clause in clauses(findings):
        if not clause.sides or (clause.sides == BOTH and not clause.own_sides):
            continue
        if sided and not clause.organs & sided:
            continue
        if _STRUCTURAL.search(_without_denied(clause.text)) and not _FORMER.search(clause.text):
            found |= clause.sides
    return frozenset(found)


def _without_denied(text: str) -> str:
    return re.sub(r"(?:未见|无(?!回声)|未发现|不(?:大|宽|厚|窄)|no ).*", "", text)
