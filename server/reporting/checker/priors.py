"""Comparisons with earlier reports: whether the numbers and the amounts bear out what the words say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.reporting.checker.clauses import Mention, asserted, clauses, mentions, sentences
from server.reporting.checker.comparisons import COMPARES, NEW, THE_REST, Claim, claims_in, said_of
from server.reporting.checker.courses import against_quotes, growth, listed_as_new, values_change
from server.reporting.checker.measures import Measure, measures_in, percents_in
from server.reporting.checker.places import apart, places_in
from server.reporting.checker.subject import Alarm, AlarmKind, Subject

_WELL = re.compile(r"未见(?:明显)?异常|正常|无异常|normal|unremarkable", re.IGNORECASE)
_AMOUNTS = (
    re.compile(r"少量|微量|少许|small|trace"),
    re.compile(r"中量|中等量|moderate"),
    re.compile(r"大量|large|massive"),
)
_MEASURED = frozenset(
    "结节 肿块 息肉 囊肿 动脉瘤 结石 出血 积液 淋巴结肿大 息肉 椎间盘 扩张 炎症 梗死 转移 肿瘤 斑块".split()
)
_MASSES = {"息肉", "结节", "肿块", "囊肿", "转移", "肿瘤", "斑块", "淋巴结肿大", "动脉瘤", "扩张"}
_ABOUT_SAME_MM, _ABOUT_SAME = 1.5, 0.15
_LEAP = 3.0


# Who was treated or comes for a control has been seen before, here or elsewhere.
_FOLLOWS_UP = re.compile(
    r"(?:治疗|化疗|放疗|介入|引流|消融|栓塞|移植|修复|置换|切除|根治|成形|Miles)[^，。；]{0,2}(?:术)?(?:后|中)|术后|外院|与\d{4}年"
)


def priors(subject: Subject) -> Iterator[Alarm]:
    """Doubts about what the text says of change."""
    compares = COMPARES.search(subject.both)
    none_before = re.fullmatch(
        r"[^。；]{0,12}(?:无既往|首次|初次|无前片|无旧片|未提供|无对照|暂无|无影像)[^。；]{0,16}[。；]?",
        subject.prior.strip(),
    )
    if (not subject.prior.strip() and _FOLLOWS_UP.search(subject.both)) and not none_before:
        return
    if not subject.prior.strip() or none_before:
        if compares and not re.search(r"无(?:前片|既往|旧片)|未(?:提供|见)(?:前片|旧片)|no prior", subject.both):
            words = _sentence_of(subject.both, compares.start())
            yield Alarm(AlarmKind.PRIOR, words, f"“{words}”与既往检查作了比较，但没有既往报告，请核对。")
        return
    told = False
    for check in (
        _quoted,
        _changes,
        _only_one,
        _each_side,
        _fractions,
        against_quotes,
        values_change,
        _new_yet_same,
        growth,
        listed_as_new,
        _shares,
        _against_each_other,
        _less_of_nothing,
        _amounts,
        _new_ones,
    ):
        for alarm in check(subject):
            told = True
            yield alarm
        if told:
            return
    if not compares:
        yield from _leaps(subject)


def _quoted(subject: Subject) -> Iterator[Alarm]:
    """A size quoted from the earlier report that is not in it."""
    there = [number for one in measures_in(subject.prior) for number in one.numbers]
    for text in (subject.findings, subject.impression):
        for one in measures_in(text):
            if (
                one.is_former
                and not re.search(rf"(?:增大|缩小|增加|减少|增长|增厚)了?约?\s*{re.escape(one.words)}", text)
                and any(_comparable(each, one) and _shares_a_name(each, one) for each in measures_in(subject.prior))
                and not all(any(abs(a - b) < 0.051 for b in there) for a in one.numbers)
            ):
                yield Alarm(AlarmKind.PRIOR, one.words, f"引用的既往测量值“{one.words}”与既往报告不符，请核对。")
        shares = percents_in(subject.prior)[0]
        for share in percents_in(text)[1]:
            if shares and not any(abs(share - other) < 0.051 for other in shares):
                yield Alarm(AlarmKind.PRIOR, f"{share:g}%", f"引用的既往数值“{share:g}%”与既往报告不符，请核对。")


def _comparable(one: Measure, other: Measure) -> bool:
    """Whether two measures may be of one lesion."""
    if (
        one.lesions
        and other.lesions
        and not one.lesions & other.lesions
        and not (one.lesions | other.lesions) <= _MASSES
    ):
        return False
    if "淋巴结肿大" in one.lesions ^ other.lesions:
        return False
    return not (one.organs and other.organs and not one.organs & other.organs)


def _each_side(subject: Subject) -> Iterator[Alarm]:
    """Both sides, each with one measure of a kind then and now, and both went the other way."""
    for claim in claims_in(subject.impression):
        pairs = []
        for side in ("left", "right"):
            before = [one for one in measures_in(subject.prior) if one.sides == {side} and not one.is_former]
            now = [one for one in measures_in(subject.findings) if one.sides == {side} and not one.is_former]
            kinds = {one.kind for one in before} & {one.kind for one in now}
            if len(before) == len(now) == len(kinds) == 1 and _comparable(before[0], now[0]):
                pairs.append((before[0].mm, now[0].mm))
        if len(pairs) == 2 and all(_is_untrue(claim.said, before, now) for before, now in pairs):
            what = {"larger": "增大", "smaller": "缩小", "same": "无明显变化"}[claim.said]
            why = f"文中说较前{what}，但既往为 {pairs[0][0]:g} mm，本次为 {pairs[0][1]:g} mm，请核对。"
            yield Alarm(AlarmKind.PRIOR, claim.words, why)
            return


_FRACTION = re.compile(r"(?:压缩|变扁|狭窄|减低|降低|塌陷)[^，。；\d]{0,6}([1-4])\s*/\s*([2-5])")


def _fractions(subject: Subject) -> Iterator[Alarm]:
    """ "As before" of a vertebra that was pressed by a third and is by two thirds."""
    before = {float(one[1]) / float(one[2]) for one in _FRACTION.finditer(subject.prior)}
    now = {float(one[1]) / float(one[2]) for one in _FRACTION.finditer(subject.findings)}
    if len(before) != 1 or len(now) != 1:
        return
    then, today = before.pop(), now.pop()
    for claim in claims_in(subject.impression):
        same = claim.said == "same" and abs(then - today) > 0.15
        if re.search(r"压缩|骨折|变扁|狭窄|塌陷|楔形", claim.text) and (
            same or (claim.said == "larger" and today < then) or (claim.said == "smaller" and today > then)
        ):
            why = f"既往约 {then:.0%}，本次约 {today:.0%}，文中却写“{claim.words}”，请核对。"
            yield Alarm(AlarmKind.PRIOR, claim.words, why)
            return


def _unsaid_claims(impression: str) -> list[Claim]:
    """ "Its volume has shrunk", without a word of what it is compared with."""
    return [
        Claim(one.text, said, frozenset(), one.organs, one.sides, one.places, impression, one.sentence)
        for one in clauses(impression)
        if (match := re.match(r"(?:体积|范围|大小|病灶|直径)(?:明显|略|稍)?(增大|缩小|无变化)$", one.text))
        for said in ({"增大": "larger", "缩小": "smaller", "无变化": "same"}[match[1]],)
    ]


def _shares_a_name(one: Measure, other: Measure) -> bool:
    same_organ = bool(one.organs & other.organs) or not (one.organs and other.organs)
    named = one.lesions & other.lesions or one.organs & other.organs or one.places & other.places
    return one.kind == other.kind and same_organ and bool(named)


def _at_the_place_of(before: Measure, one: Measure) -> bool:
    if one.organs & before.organs:
        return True
    return not one.organs and bool(one.places) and one.places == before.places and one.sides == before.sides


def _only_one(subject: Subject) -> Iterator[Alarm]:
    """Where each report has but one lesion with two measures, and one word of change, these three belong together."""
    before = [one for one in measures_in(subject.prior) if len(one.numbers) > 1 and not one.is_former]
    now = [one for one in measures_in(subject.findings) if len(one.numbers) > 1 and not one.is_former]
    if len(measures_in(subject.prior)) == 1:
        before = list(measures_in(subject.prior))
        near = [one for one in measures_in(subject.findings) if not one.is_former and _at_the_place_of(before[0], one)]
        now = now if len(now) == 1 else [one for one in near if one.kind == before[0].kind]
    claims = claims_in(subject.impression) or _unsaid_claims(subject.impression)
    if len(before) != 1 or len(now) != 1 or len(claims) != 1 or not _comparable(before[0], now[0]):
        return
    if len(now[0].numbers) != len(before[0].numbers) and claims[0].said == "same":
        return
    (claim,) = claims
    if "淋巴结" in claim.words or re.search(r"积液|密度|信号|代谢|强化|水肿|骨痂|总和", claim.words):
        return
    if _IS_GONE.search(claim.words) and not now[0].lesions & claim.lesions:
        return
    small = claim.said == "larger" and now[0].mm <= before[0].mm + 0.5
    large = claim.said == "smaller" and now[0].mm >= before[0].mm
    if small or large or (claim.said == "same" and _is_untrue("same", before[0].mm, now[0].mm)):
        what = {"larger": "增大", "smaller": "缩小", "same": "无明显变化"}[claim.said]
        why = f"文中说较前{what}，但既往为 {before[0].mm:g} mm，本次为 {now[0].mm:g} mm，请核对。"
        yield Alarm(AlarmKind.PRIOR, claim.words, why)


def _changes(subject: Subject) -> Iterator[Alarm]:
    """ "Larger", "smaller" or "unchanged" against the two numbers."""
    for text in (subject.findings, subject.impression):
        for claim in claims_in(text):
            pairs = _pairs(claim, text, subject)
            if pairs and all(_is_untrue(claim.said, before, now) for before, now in pairs):
                before, now = pairs[0]
                what = {"larger": "增大", "smaller": "缩小", "same": "无明显变化"}[claim.said]
                yield Alarm(
                    AlarmKind.PRIOR,
                    claim.words,
                    f"文中说较前{what}，但既往为 {before:g} mm，本次为 {now:g} mm，请核对。",
                )
                return


def _shares(subject: Subject) -> Iterator[Alarm]:
    """ "Better" although the share of the lung that is compressed, or the narrowing, has grown."""
    before, now = percents_in(subject.prior)[0], percents_in(subject.findings)[0]
    if len(set(before)) != 1 or len(set(now)) != 1 or "EF" in subject.findings or "射血" in subject.findings:
        return
    for claim in claims_in(subject.impression) + claims_in(subject.findings):
        if not claim.lesions & {"气胸", "狭窄"} or not _is_untrue(claim.said, before[0], now[0]):
            continue
        what = {"larger": "加重", "smaller": "好转", "same": "无明显变化"}[claim.said]
        why = f"文中说较前{what}，但既往为 {before[0]:g}%，本次为 {now[0]:g}%，请核对。"
        yield Alarm(AlarmKind.PRIOR, claim.words, why)
        return


def _is_untrue(said: str, before: float, now: float) -> bool:
    if said == "same":
        return abs(now - before) > max(_ABOUT_SAME_MM, _ABOUT_SAME * before)
    return now <= before if said == "larger" else now >= before


def _just_before(one: Measure, text: str) -> str:
    match = re.search(rf"(?<![\d.×xX*]){re.escape(one.words)}", text)
    return text[: match.start()][-10:] if match else ""


_IS_GONE = re.compile(r"原[^，。；]{0,12}(?:消失|吸收)|(?:基本|完全|已|大部分?)(?:吸收|消失)")


def _own_sizes(claim: Claim, text: str) -> list[Measure] | None:
    """The sizes in a claim's sentence that may be of what it speaks of; None where it does not speak of a size."""
    if re.search(r"骨痂|血流", claim.words) or "总和" in sentences(text)[claim.sentence]:
        return None
    own = [one for one in measures_in(text) if one.sentence == claim.sentence and _is_about(one, claim, loose=True)]
    if _IS_GONE.search(claim.words):
        # the sizes beside it are of what came in its place
        own = [one for one in own if one.words in claim.words or one.lesions & claim.lesions]
    if "水肿" in claim.words:
        return [one for one in own if "水肿" in _just_before(one, text)] or None
    if not claim.lesions:  # "the cavity is smaller, at its edge a nodule of 18 mm": that is the nodule's
        own = [one for one in own if not one.lesions or text.find(one.words) < text.find(claim.words)]
    return own


# "The signal of the clivus is uneven, as before" tells no size.
_OF_SIGNAL = re.compile(r"(?:信号|密度|骨质|回声)[^，。；]{0,6}(?:改变|不均|欠均|增高|减低|异常)")


def _pairs(claim: Claim, text: str, subject: Subject) -> list[tuple[float, float]]:
    """Sizes (mm) before and now of what a claim is about; none when it is not clear which they are."""
    own = _own_sizes(claim, text)
    if own is None:
        return []
    if (
        claim.said == "same"
        and not (claim.lesions or claim.organs)
        and _OF_SIGNAL.search(sentences(text)[claim.sentence])
    ):
        return []
    if text is subject.findings or (_IS_GONE.search(claim.words) and not own):
        measures = own
        if not any(not one.is_former for one in own):
            return []
        measures = _last_lesion(own, claim, text)
    else:
        measures = _of(subject.findings, claim)
        now_here = [one for one in own if not one.is_former]
        if now_here:
            measures = [one for one in measures if one.is_former] + now_here
    if "范围" in claim.words and "范围" in subject.findings and len(measures_in(subject.findings)) > 1:
        # the extent, not the cavity beside it
        measures = [one for one in measures if one.is_former or "范围" in _just_before(one, subject.findings)]
    quoted = [one for one in own if one.is_former]
    quoted_there = [one for one in measures if one.is_former]
    now = [one for one in measures if not one.is_former]
    pairs = []
    if "均" in claim.words and text is subject.impression:
        quoted_there = [one for one in measures_in(subject.findings) if one.is_former]
        now = [one for one in measures_in(subject.findings) if not one.is_former]
    for one in now:
        beside = [other for other in quoted_there if other.sentence == one.sentence and other.kind == one.kind]
        if (beside and text is not subject.impression) or len(beside) == 1:
            pairs.append((beside[-1].mm, one.mm))
    if pairs:
        return pairs
    former = quoted or _of(subject.prior, claim)
    kinds = {one.kind for one in former} & {one.kind for one in now}
    if "size" in kinds:
        kinds = {"size"}  # the whole, not its solid part or its wall
    if not kinds and len(former) == 1 and len({one.kind for one in now}) == 1:
        kinds = {one.kind for one in now}
        former_sizes = {former[0].mm}
    else:
        former_sizes = {one.mm for one in former if one.kind in kinds}
    now_sizes = {one.mm for one in now if one.kind in kinds}
    if len(former_sizes) != 1 or len(now_sizes) != 1:
        return []
    return [(former_sizes.pop(), now_sizes.pop())]


def _last_lesion(own: list[Measure], claim: Claim, text: str) -> list[Measure]:
    """Of several sizes before "unchanged" the last: the organ's own was told before its lesion's."""
    before = text[: text.find(claim.words) + len(claim.words)]
    now = [one for one in own if not one.is_former and one.kind == "size" and one.words in before]
    # the lesion, not the duct beside it
    if lesions := [one for one in now if not re.search(r"管|壁|隔", _just_before(one, text))]:
        own = [one for one in own if one not in now or one in lesions]
        now = lesions
    if len({one.mm for one in now}) < 2 or "均" in claim.words or re.search(r"分别|其中|[较最]大", claim.words):
        return own
    return [one for one in own if one.is_former or one is now[-1]]


def _is_about(one: Measure, claim: Claim, loose: bool = False) -> bool:
    if claim.organs and one.organs and not claim.organs & one.organs:
        return False
    if claim.sides and one.sides and not claim.sides & one.sides:
        return False
    if apart(claim.places, one.places):
        return False
    return True if loose else bool(claim.organs & one.organs or not claim.organs or _is_its_lesion(one, claim))


def _is_its_lesion(one: Measure, claim: Claim) -> bool:
    return bool(claim.lesions & one.lesions) or bool(claim.lesions & _MASSES and one.lesions & _MASSES)


def _of(text: str, claim: Claim) -> list[Measure]:
    """The measures of a claim's lesion; of its organ when none is of the lesion."""
    rest = {number for number, sentence in enumerate(sentences(text)) if THE_REST.match(sentence)}
    about = [one for one in measures_in(text) if _is_about(one, claim) and one.sentence not in rest]
    if len(claim.sides) == 1 and any(one.sides == claim.sides for one in about):
        about = [one for one in about if one.sides == claim.sides]
    return [one for one in about if _is_its_lesion(one, claim)] or [
        one for one in about if not one.lesions or not claim.lesions
    ]


_DATE = re.compile(r"[（(]?(?:19|20)\d\d[-./年]\d{1,2}(?:[-./月]\d{1,2}日?)?[）)]?")


def _against_each_other(subject: Subject) -> Iterator[Alarm]:
    """Findings that say "smaller" and an impression that says "larger" of the same thing."""
    there = claims_in(subject.findings)
    for claim in claims_in(subject.impression):
        same = [one for one in there if _is_same_thing(one, claim)]
        against = [one for one in same if {one.said, claim.said} == {"larger", "smaller"}]
        if not against and re.search(r"明显|显著|一半|\d", _DATE.sub("", claim.words)) and claim.said != "same":
            against = [one for one in same if one.said == "same"]
        if against and len({one.said for one in same}) == 1:
            yield Alarm(
                AlarmKind.PRIOR,
                claim.words,
                f"诊断意见写“{claim.words}”，影像所见却写“{against[0].words}”，变化的方向相反，请核对。",
            )
            return


def _is_same_thing(one: Claim, other: Claim) -> bool:
    if one.organs and other.organs and not one.organs & other.organs:
        return False
    if one.sides and other.sides and not one.sides & other.sides:
        return False
    if apart(one.places, other.places):
        return False
    return not one.lesions or not other.lesions or bool(one.lesions & other.lesions) or bool(one.organs & other.organs)


def _amounts(subject: Subject) -> Iterator[Alarm]:
    """ "More fluid" although it was much and is little now."""
    for claim in claims_in(subject.impression) + claims_in(subject.findings):
        if "积液" not in claim.lesions and "气胸" not in claim.lesions:
            continue
        before = _amount(subject.prior, claim)
        now = _amount(subject.impression, claim) or _amount(subject.findings, claim)
        if before and now and ((claim.said == "larger" and now < before) or (claim.said == "smaller" and now > before)):
            yield Alarm(AlarmKind.PRIOR, claim.words, f"“{claim.words}”与两次检查所写的量不符，请核对。")
            return


_LESS = re.compile(
    r"(骨痂|积液|积气|气胸|水肿|渗出|血肿|胸水|腹水)[^，。；]{0,4}(?:较|比)[^，。；]{0,14}(?:减少|缩小|吸收|好转|减轻|变薄|变小)"
)


def _less_of_nothing(subject: Subject) -> Iterator[Alarm]:
    """ "Less callus than before" where the earlier report saw none."""
    for match in _LESS.finditer(subject.impression):
        name = match[1]
        denied = re.search(rf"(?:未见|无)[^，。；]{{0,6}}{name}", subject.prior)
        if denied and subject.prior.count(name) == 1:
            why = f"“{match[0]}”，但既往报告写“{denied[0]}”，请核对。"
            yield Alarm(AlarmKind.PRIOR, match[0], why)
            return


def _amount(text: str, claim: Claim) -> int:
    """1 little, 2 middling, 3 much; 0 when the text does not say, or says several."""
    found = set()
    for one in asserted(text):
        if one.lesion not in claim.lesions or (claim.organs and one.organs and not claim.organs & one.organs):
            continue
        found |= {rank for rank, pattern in enumerate(_AMOUNTS, 1) if pattern.search(one.words)}
    return found.pop() if len(found) == 1 else 0


def _alike(one: Mention, other: Mention) -> bool:
    return (
        (one.lesion == other.lesion or {one.lesion, other.lesion} <= {"结节", "肿块", "囊肿", "转移"})
        and bool(not one.organs or not other.organs or one.organs & other.organs)
        and bool(not one.sides or not other.sides or one.sides & other.sides)
        and not apart(one.places, other.places)
    )


def _new_yet_same(subject: Subject) -> Iterator[Alarm]:
    """The findings call a lesion of a place new, the impression calls the one there unchanged."""
    new = [one for one in clauses(subject.findings) if NEW.search(one.text) and not re.search(r"未见|无", one.text)]
    for claim in claims_in(subject.impression):
        for one in new:
            if (
                claim.said == "same"
                and one.places
                and one.places & claim.places
                and not (one.sides and claim.sides and not one.sides & claim.sides)
            ):
                why = f"影像所见写“{one.text}”，诊断意见却写“{claim.words}”，请核对。"
                yield Alarm(AlarmKind.PRIOR, claim.words, why)
                return


def _new_ones(subject: Subject) -> Iterator[Alarm]:
    """ "New" although the earlier report has it; "as before" although that report denies it or is all normal."""
    before = mentions(subject.prior)
    well = bool(_WELL.search(subject.prior)) and not asserted(subject.prior) and not measures_in(subject.prior)
    for text in (subject.findings, subject.impression):
        for one in asserted(text):
            same = [other for other in before if _alike(one, other)]
            there = [other for other in same if not other.is_denied]
            # "pneumonia, treated for two weeks" names no place where the new one was
            known = [
                other
                for other in there
                if not (
                    one.places and not other.places and (other.is_history or not other.organs or "多发" in other.words)
                )
            ]
            sentence = sentences(text)[one.sentence]
            said = asserted(sentence)
            called = one.words
            if len({other.lesion for other in said}) == 1 and not any(NEW.search(other.words) for other in said):
                called = sentence
            new = NEW.search(called)
            if new and known:
                part = next(part for part in re.split(r"[，,、]", called) if NEW.search(part))
                place = places_in(part) or places_in(
                    "".join(sorted(one.organs)) + part
                )  # "S5" of the liver named before
                known = [other for other in known if not apart(place, other.places)]
                if part not in one.words and re.search(r"[影灶]|结节|病变|强化", part):
                    known = []  # what is new has a name of its own
            if new and known and not re.search(r"(?:未见|无|没有)[^，。]{0,3}$|\bno\s*$", called[: new.start()]):
                yield Alarm(AlarmKind.PRIOR, called, f"“{called}”写为新发，但既往报告已有“{known[0].words}”，请核对。")
                return
            compared = (
                one.lesion in _MEASURED | {"骨折", "积水", "气胸"} and COMPARES.search(sentence) and said_of(sentence)
            )
            if compared and not there and (same or well) and not NEW.search(sentence):
                yield Alarm(AlarmKind.PRIOR, sentence, f"“{sentence}”与前次作了比较，但既往报告没有该病变，请核对。")
                return


def _leaps(subject: Subject) -> Iterator[Alarm]:
    """A size three times what it was, or a third of it, without a word about it."""
    before = [one for one in measures_in(subject.prior) if one.lesions & _MEASURED and one.organs]
    for one in measures_in(subject.findings):
        if not one.lesions & _MEASURED or not one.organs:
            continue
        same = {
            other.mm
            for other in before
            if other.kind == one.kind
            and other.organs & one.organs
            and other.sides == one.sides
            and other.lesions & one.lesions
            and not apart(one.places, other.places)
        }
        if len(same) == 1 and not max(same) / _LEAP < one.mm < max(same) * _LEAP:
            yield Alarm(
                AlarmKind.PRIOR, one.words, f"本次 {one.mm:g} mm 与既往 {max(same):g} mm 相差悬殊而未作说明，请核对。"
            )
            return


def _sentence_of(text: str, place: int) -> str:
    start = max(text.rfind(mark, 0, place) for mark in "。；;\n") + 1
    ends = [end for mark in "。；;\n" if (end := text.find(mark, place)) >= 0]
    return text[start : min(ends, default=len(text))].strip()
