"""Left and right: against what was asked for, between findings and impression, and against anatomy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from server.reporting.checker.anatomy import BOTH, SIDED, opposite, organs_in, sides_in, word_of
from server.reporting.checker.bearings import devices, same_one_before, stations, worse_side
from server.reporting.checker.clauses import Clause, asserted, clauses
from server.reporting.checker.grounds import appears, positive
from server.reporting.checker.kinship import close
from server.reporting.checker.places import apart, of_kind
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_NO_SUCH_LOBE = re.compile(
    r"左肺?(?:侧)?中叶|左肺中叶|右肺?(?:上叶)?舌(?:叶|段)|左肺水平裂|左侧水平裂|left middle lobe|right lingula",
    re.IGNORECASE,
)
_FORMER = re.compile(r"前片|前次|上次|原|既往|对侧|健侧|prior|previous|contralateral", re.IGNORECASE)
_NORMAL = re.compile(r"未见|正常|清晰|对称|光整|良好|无(?!回声)|unremarkable|normal|clear", re.IGNORECASE)
_STRUCTURAL = re.compile(
    r"见|密度|信号|(?<!显)影(?!像)|灶|突出|增厚|增宽|狭窄|变窄|肿胀|增生|退变|损伤|水肿|中断|塌陷|吸收|破坏|强化|假体|内固定|留置|萎缩|积[液水气血]|扩张|骨折|脱位|结节|肿块|斑块|血栓|炎|低回声|无回声|断裂|消失|变钝|变尖|变扁|变薄|变小|缩小|迂曲|充填|反流|异常|受限|欠[清规均]|显示不清|浅淡|闭塞|纤细|瘤|癌|肿大|出血|梗死|坏死|结石|囊肿|钙化"
)
_OPERATED = re.compile(r"切除|缺如|全切|摘除|置换|根治")
_GONE = re.compile(r"术后|缺如|切除|全切|摘除|吸收|消失|消散|术区|残[端余]|移植")
_DENIES = re.compile(
    r"未见|未及|未发现|未探及|无(?!回声|肺纹理)|不(?:大|宽|厚|窄|粗)|\bno\b|without|正常|unremarkable|normal",
    re.IGNORECASE,
)
_ADVISES = re.compile(r"^(?:建议|请|随访|必要时|定期)|recommend|follow", re.IGNORECASE)
_NO_FLOW = re.compile(r"(?:未见|未探及|未测及|无)(?:明显)?(?:血流(?:信号)?(?:充盈|显示)?$|显影|充盈$)|不显影")
# What the one side does for the other, or both do of themselves, is no lesion of a side.
_OF_THE_BODY = re.compile(r"代偿|生理性|哺乳期|发育期")
_VAGUE = re.compile(r"欠清|不清|浅淡|纤细")
_WELL_ALONE = re.compile(r"圆滑|光滑|光整|完整|正常|对称|清晰|通畅|连续|未见|无(?!回声)")
# "Necrosis of both heads, stage III on the right, II on the left": the stage of a side is no lesion of its own.
_ONLY_A_GRADE = re.compile(
    r"[左右]侧?(?:较?[轻重]|为[著重主甚]|明显|较明显|[轻中重]度)?(?:ARCO|Graf|K-?L|Kellgren)?\s*(?:[ⅠⅡⅢⅣⅤ]|[IV]{1,3}|\d)?\s*[期级型度类分]?$"
)
_WITH = re.compile(r"伴有?|合并|继发")
_SOUND = re.compile(r"通畅|良好|清晰|完整|连续|对称|光滑|光整|如常|正常")
_LIMBS = frozenset("肩 肘 腕 手 髋 膝 踝 足 肱骨 尺桡骨 股骨 胫腓骨 关节 静脉".split())
_LEANS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("鼻中隔", re.compile(r"鼻中[隔膈][^，。；]{0,4}?(?:向|偏)?([左右])")),
    ("气管", re.compile(r"气管[^，。；]{0,5}?([左右])侧?[^，。；]{0,2}(?:移|偏)|气管[^，。；]{0,4}向([左右])")),
    ("纵隔", re.compile(r"纵隔[^，。；]{0,5}?([左右])侧?[^，。；]{0,2}(?:移|偏)|纵隔[^，。；]{0,4}向([左右])")),
    ("中线", re.compile(r"中线(?:结构)?[^，。；]{0,4}?([左右])侧?[^，。；]{0,3}(?:移|偏)")),
    ("椎间盘", re.compile(r"偏(?:向)?([左右])|([左右])(?:后|侧)型|([左右])(?:后|侧)突出|向([左右])侧?(?:后方?)?突出")),
    ("脊柱", re.compile(r"([左右])侧?(?:凸|弯|胸弯|腰弯|胸腰弯)|向([左右])侧?(?:凸|侧弯)|凸(?:面|侧)?[向朝]([左右])")),
)
_LEFT_APPENDIX = re.compile(r"左(?:侧)?下腹[^。]{0,24}(?:阑尾|管状|盲端)|左侧阑尾")
_UNSAID = re.compile(r"反位|右位|镜像")
_TRUNK = frozenset({"脊柱", "脑室", "硬膜"})


def sides(subject: Subject) -> Iterator[Alarm]:
    """Every doubt about a side; each is told once."""
    for match in () if _UNSAID.search(subject.both) else _NO_SUCH_LOBE.finditer(subject.both):
        yield Alarm(AlarmKind.SIDE, match[0], f"解剖上没有“{match[0]}”，请核对左右侧或肺叶。")
    for match in () if _UNSAID.search(subject.both) else _LEFT_APPENDIX.finditer(subject.findings):
        if "阑尾" in subject.both:
            yield Alarm(AlarmKind.SIDE, match[0][:3], "阑尾在右下腹，这里写左下腹，请核对左右侧。")
    asked = list(_against_request(subject))
    yield from asked
    if not asked:
        yield from _against_findings(subject)


def _against_request(subject: Subject) -> Iterator[Alarm]:
    """The exam is of one side, the report speaks of the same part on the other."""
    if len(subject.side) != 1:
        return
    (side,) = subject.side
    if sides_in(subject.body_part) == {opposite(side)}:
        yield Alarm(
            AlarmKind.SIDE,
            subject.body_part,
            f"申请的检查部位写“{subject.body_part}”，侧别却是{word_of(side)}，请核对。",
        )
        return
    other = opposite(side)
    if _compares_both(subject, side):
        return
    part = organs_in(subject.body_part) & SIDED
    for name, text in (("影像所见", subject.findings), ("诊断意见", subject.impression)):
        spoken = [
            clause
            for clause in clauses(text)
            if clause.own_sides
            and not _FORMER.search(clause.text)
            and not _GONE.search(clause.text)
            and not re.search(r"未(?:摄|检|扫|做|查|行|包)", clause.text)
        ]
        about = [clause for clause in spoken if not part or _is_of_part(clause, part, subject.body_part)]
        wrong = [clause for clause in about if clause.own_sides == {other}]
        right = [clause for clause in about if side in clause.own_sides]
        gone = [clause for clause in clauses(text) if side in clause.own_sides and _GONE.search(clause.text)]
        limb = part & _LIMBS or organs_in(subject.body_part) & _LIMBS
        if limb and right:
            wrong += [
                clause
                for clause in spoken
                if clause.own_sides == {other} and clause.organs & _LIMBS and not _GONE.search(clause.text)
            ]
        elif not wrong or (right and not part):
            continue
        if right and name == "影像所见":
            wrong = [
                clause
                for clause in wrong
                if positive(clause.text)
                and (not _WELL_ALONE.search(clause.text) or _STRUCTURAL.search(_without_denied(clause.text)))
            ]
        if gone or any(_STRUCTURAL.search(_without_denied(clause.text)) for clause in right):
            # That the other side is sound is said for comparison.
            wrong = [clause for clause in wrong if _STRUCTURAL.search(_without_denied(clause.text))]
        if not wrong:
            continue
        if right and part and not limb and not any(_names_part(clause, subject.body_part, part) for clause in wrong):
            continue
        words = wrong[0].text
        yield Alarm(
            AlarmKind.SIDE,
            words,
            f"申请的检查部位在{word_of(side)}侧，{name}却写“{words}”（{word_of(other)}侧），请核对。",
        )


def _compares_both(subject: Subject, side: str) -> bool:
    """Whether findings and impression each speak of both sides, so that the other side is meant."""
    return all(
        {frozenset({side}), frozenset({opposite(side)})} <= {one.own_sides for one in clauses(text)}
        for text in (subject.findings, subject.impression)
    )


def _is_of_part(clause: Clause, part: frozenset[str], body_part: str) -> bool:
    near = bool(part & _LIMBS) and close(clause.organs, part)
    return bool(clause.organs & part) or near or body_part in clause.text or not clause.organs


def _names_part(clause: Clause, body_part: str, part: frozenset[str]) -> bool:
    return (bool(body_part) and body_part in clause.text) or bool(organs_in(clause.text) & part)


def _against_findings(subject: Subject) -> Iterator[Alarm]:
    """A lesion (or an operation) of the impression is on a side where the findings have none, but on the other."""
    told = False
    misplaced = {one.sentence for one in clauses(subject.impression) if _of_another_segment(one, subject.findings)}
    for clause in _told(subject.impression):
        if _DENIES.search(clause.text) and not asserted(clause.text):
            continue
        if _OF_THE_BODY.search(clause.text) or (_SOUND.search(clause.text) and not _STRUCTURAL.search(clause.text)):
            continue
        if re.search(r"RADS", clause.text) and not asserted(clause.text):
            continue
        if len(clause.sides) != 1 or _ADVISES.search(clause.text) or _UNSAID.search(clause.text):
            continue
        if _ONLY_A_GRADE.match(clause.text) or clause.sentence in misplaced:
            continue
        (side,) = clause.sides
        if _OPERATED.search(clause.text):
            places = _operated_sides(subject.findings, clause)
        elif (
            _GONE.search(clause.text)
            or _FORMER.search(clause.text)
            or not _without_denied(clause.text).strip()
            or (not clause.own_sides and not asserted(clause.text))
        ):
            continue
        else:
            places = _lesion_sides(subject.findings, clause)
        if (
            places == {opposite(side)}
            and not _is_misplaced(subject, clause, side)
            and not appears(subject, clause.organs, side, clause.places)
        ):
            told = True
            yield Alarm(
                AlarmKind.SIDE,
                clause.text,
                f"诊断意见写{word_of(side)}侧，影像所见描述的异常在{word_of(opposite(side))}侧，请核对。",
            )
            break
    if not told:
        yield from devices(subject)
        yield from worse_side(subject)
        yield from stations(subject)
        yield from same_one_before(subject)
        yield from _leaning(subject)
        yield from _both_told_of_one(subject)
        yield from _twice_the_same_side(subject)


def _of_another_segment(told: Clause, findings: str) -> bool:
    """Whether a lesion of the liver is told of a numbered segment that the findings lack: the place is wrong."""
    here = of_kind(told.places, "肝段")
    there = frozenset[str]().union(*(of_kind(one.places, "肝段") for one in clauses(findings)))
    return bool(here and there and not here & there)


def _told(impression: str) -> Iterator[Clause]:
    """The clauses of an impression; "a stone on the left with a wide kidney on the right" is two."""
    for clause in clauses(impression):
        if len(clause.own_sides) == 2 and "双" not in clause.text and (parts := _WITH.split(clause.text)):
            yield from (one for part in parts for one in clauses(part))
        else:
            yield clause


def _is_misplaced(subject: Subject, told: Clause, side: str) -> bool:
    """Whether the side has such a lesion at another place, and what the other side has is told: the place is wrong."""
    lesions = {one.lesion for one in asserted(told.text)}
    here = [
        one
        for one in asserted(subject.findings)
        if one.sides == {side} and one.organs & told.organs and _kin({one.lesion}, lesions)
    ]
    there = [
        one
        for one in asserted(subject.findings)
        if one.sides == {opposite(side)} and one.organs & told.organs and not apart(one.places, told.places)
    ]
    return any(apart(one.places, told.places) for one in here) and any(
        one.sides == {opposite(side)} and one.organs & told.organs and not apart(one.places, other.places)
        for one in clauses(subject.impression)
        for other in there
    )


def _operated_sides(findings: str, told: Clause) -> frozenset[str]:
    return frozenset[str]().union(
        *(one.sides for one in clauses(findings) if one.organs & told.organs and _OPERATED.search(one.text))
    )


def _lesion_sides(findings: str, told: Clause) -> frozenset[str]:
    """The sides on which the findings have what an impression's clause tells: by its lesion, else by its place."""
    organs = told.organs & SIDED - _TRUNK
    lesions = {one.lesion for one in asserted(told.text)}
    near: list[tuple[Clause, set[str]]] = []
    by_clause: dict[tuple[int, str], set[str]] = {}
    for one in asserted(findings):
        by_clause.setdefault((one.sentence, one.words), set()).add(one.lesion)

    def by_clause_of(clause: Clause) -> set[str]:
        return by_clause.get((clause.sentence, clause.text), set())

    for clause in clauses(findings):
        if not clause.sides or apart(_but_liver(told), _but_liver(clause)):
            continue
        if not _shares(told, clause, organs) and (told.organs or not _kin(by_clause_of(clause), lesions)):
            continue
        if _GONE.search(clause.text) or not _shows(clause.text):
            continue
        near.append((clause, by_clause_of(clause)))
    (side,) = told.sides
    if any(
        not one.organs and one.sides == {side} and _shows(one.text) and not one.own_sides for one in clauses(findings)
    ):
        return BOTH  # "right: …": what is told there without an organ may be what is meant
    alike = [clause for clause, own in near if _kin(own, lesions)]
    if alike:
        # What the findings describe without a name ("an echo-free area", "hardly seen") may be what is named here.
        unnamed = [
            clause
            for clause, own in near
            if not own and len(clause.own_sides) == 1 and (organs or _VAGUE.search(clause.text))
        ]
        return frozenset[str]().union(*(clause.sides for clause in (*alike, *unnamed)))
    single = [clause for clause, own in near if len(clause.sides) == 1 and (clause.own_sides or own)]
    return frozenset[str]().union(*(clause.sides for clause in single)) if single else frozenset()


def _but_liver(clause: Clause) -> frozenset[tuple[str, str]]:
    """The places of a clause; the lobes of the liver are sides."""
    return frozenset(one for one in clause.places if one[0] not in {"肝叶", "肝段"})


def _shares(told: Clause, clause: Clause, organs: frozenset[str]) -> bool:
    if organs:
        kinds = {kind for kind, _ in told.places} & {kind for kind, _ in clause.places} - {"肝叶", "肝段"}
        return bool(clause.organs & organs) and all(
            of_kind(told.places, one) & of_kind(clause.places, one) for one in kinds
        )
    if not told.organs:
        return not clause.organs
    return bool(told.places & clause.places) and not told.organs & (SIDED - _TRUNK)


def _kin(one: set[str], other: set[str]) -> bool:
    alike = {"结节", "肿块", "囊肿", "肿瘤"}
    return bool(one & other) or bool(one & alike and other & alike)


def _leaning(subject: Subject) -> Iterator[Alarm]:
    """Which way the septum, the midline, a disc or the spine leans."""
    for name, pattern in _LEANS:
        there = [
            clause
            for clause in (_named(one, name) for one in clauses(subject.findings))
            if pattern.search(clause.text) and _speaks(clause, name)
        ]
        for clause in clauses(subject.impression):
            match = pattern.search(clause.text)
            if not match or not _speaks(clause, name):
                continue
            found = {
                next(side for side in each.groups() if side)
                for one in there
                if not apart(one.places, clause.places)
                for each in pattern.finditer(one.text)
            }
            said = next(side for side in match.groups() if side)
            if found and said not in found:
                yield Alarm(AlarmKind.SIDE, clause.text, f"诊断意见写偏{said}，影像所见写的是另一侧，请核对。")
                return


def _named(clause: Clause, name: str) -> Clause:
    """A clause that goes on about the septum, with its name."""
    goes_on = name == "鼻中隔" and bool(re.match(r"[稍略轻明度显]{0,2}向?[左右]侧?偏", clause.text))
    goes_on = goes_on and name in clause.organs and name not in clause.text
    return replace(clause, text=f"{name}{clause.text}") if goes_on else clause


def _speaks(clause: Clause, name: str) -> bool:
    if name == "椎间盘":
        return "脊柱" in clause.organs
    leans = "脊柱" in clause.organs and re.search(r"凸(?:面|侧)?[向朝]", clause.text)
    return name != "脊柱" or bool(leans or re.search(r"椎|脊|胸|腰", clause.text))


def _twice_the_same_side(subject: Subject) -> Iterator[Alarm]:
    """A part of one side is ill and then well, and the other side is never named."""
    if subject.side:
        return
    parts = [one for one in clauses(subject.findings) if len(one.own_sides) == 1]
    for well in parts:
        if not re.search(r"完整|良好|气化良好|未见异常|形态正常|信号正常|未见骨折|清晰$|锐利$", well.text):
            continue
        if re.search(r"[灶影]|浓聚|结节|肿块", well.text):
            continue
        name = re.search(r"[左右]侧?(?:(肺)(?=野?清晰$)|([一-鿿]{2}))", well.text)
        if not name or not well.organs & SIDED or _GONE.search(well.text):
            continue
        part = name[1] or name[2]
        same = [one for one in parts if part in one.text and one is not well]
        ill = [one for one in same if _STRUCTURAL.search(_without_denied(one.text)) and one.own_sides == well.own_sides]
        if ill and not any(one.own_sides != well.own_sides for one in same) and ill[0].sentence <= well.sentence:
            yield Alarm(AlarmKind.SIDE, well.text, f"“{ill[0].text}”与“{well.text}”写的是同一侧，请核对左右侧。")
            return


def _both_told_of_one(subject: Subject) -> Iterator[Alarm]:
    for told in clauses(subject.impression):
        noun = told.text[-2:]
        if (
            "双" in told.text
            and not _DENIES.search(told.text)
            and noun.isalpha()
            and (one := re.search(rf"[左右]侧?[^，。；左右]{{0,8}}(?:未见|无)[^，。；]{{0,3}}{noun}", subject.findings))
            and (not organs_in(one[0]) or bool(organs_in(one[0]) & told.organs))
        ):
            yield Alarm(AlarmKind.SIDE, told.text, f"诊断意见写“{told.text}”，影像所见却写“{one[0]}”，请核对。")
            return
    for mention in asserted(subject.impression):
        if mention.sides != BOTH or re.search(r"双[^，。；]*[左右]", mention.words):
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
            if appears(subject, mention.organs, opposite(only)):
                return
            yield Alarm(AlarmKind.SIDE, mention.words, f"诊断意见写双侧，影像所见只描述了{word_of(only)}侧，请核对。")
            return


def _shows(text: str) -> bool:
    """Whether a clause shows something: "the signal of the femoral head is normal" does not."""
    if _NO_FLOW.search(text):
        return True
    if "卵泡" in text:
        return False
    shown = _without_denied(text)
    return bool(_STRUCTURAL.search(shown if shown == text else re.sub(r"信号|密度", "", shown)))


def _without_denied(text: str) -> str:
    return _DENIES.split(text, maxsplit=1)[0]
