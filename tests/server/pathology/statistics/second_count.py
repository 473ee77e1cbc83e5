"""Every statistic counted again over plain records: loops and dictionaries, nothing of the server's counting."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.domain.pathology_statistics import GroupBy, Measure, Subject
from tests.server.pathology.statistics.records import Record

ZONE = ZoneInfo("Asia/Shanghai")
M = Measure
Hit = tuple[Measure, datetime, dict[GroupBy, Any], float]
"""What counts, when, under which keys, how much."""
AGES = (
    (M.AGE_0, 0, 15),
    (M.AGE_15, 15, 30),
    (M.AGE_30, 30, 45),
    (M.AGE_45, 45, 60),
    (M.AGE_60, 60, 75),
    (M.AGE_75, 75, 200),
)
PHRASES = ("未见癌", "未见转移")
POSITIVE = ("癌", "转移", "HSIL")


def day_of(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def age_of(record: Record) -> Measure:
    years = record.case["age_years"]
    if years is None:
        return M.AGE_UNKNOWN
    return next(measure for measure, low, high in AGES if low <= years < high)


def period(moment: datetime, group_by: GroupBy) -> str:
    day = day_of(moment)
    if group_by is GroupBy.WEEK:
        return (day - timedelta(days=day.weekday())).isoformat()
    return day.isoformat()[: {GroupBy.DAY: 10, GroupBy.MONTH: 7, GroupBy.YEAR: 4}[group_by]]


def is_positive(text: str) -> bool:
    for phrase in PHRASES:
        text = text.replace(phrase, "")
    return any(word in text for word in POSITIVE)


def _living(things: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return (one for one in things if one["state"] != "deleted")


def _distribution(record: Record) -> Iterator[Hit]:
    at = record.case["received_at"]
    sex = {"M": M.MALE, "F": M.FEMALE}.get(record.case["sex"], M.SEX_OTHER)
    for measure in (M.CASES, sex, age_of(record)):
        yield measure, at, {}, 1


def _slide_quality(record: Record) -> Iterator[Hit]:
    for one in _living(record.slides):
        keys = {GroupBy.PERSON: one["made_by"], GroupBy.STAIN: one["stain"], GroupBy.SOURCE: one["source"]}
        yield M.SLIDES, one["made_at"], keys, 1
        if one["grade"]:
            yield M.GRADED, one["made_at"], keys, 1
            yield Measure(f"grade_{one['grade']}"), one["made_at"], keys, 1


def _department(record: Record) -> Iterator[Hit]:
    yield M.CASES, record.case["received_at"], {}, 1
    for one in record.specimens:
        if one["state"] != "rejected":
            yield M.SPECIMENS, one["registered_at"], {}, 1
    for one in _living(record.blocks):
        yield M.BLOCKS, one["grossed_at"], {}, 1
    for one in _living(record.slides):
        yield M.SLIDES, one["made_at"], {}, 1
    for one in _living(record.orders):
        yield (M.TECHNICAL if one["kind"] == "recut" else M.SPECIAL), one["placed_at"], {}, 1
    if record.frozen and record.frozen["reported_at"]:
        yield M.FROZEN, record.frozen["received_at"], {}, 1
    if record.report:
        yield M.REPORTS, record.report["audited_at"], {}, 1


def _staff(record: Record) -> Iterator[Hit]:
    def by(name: str) -> dict[GroupBy, Any]:
        return {GroupBy.PERSON: name}

    yield M.REGISTERED, record.case["registered_at"], by(record.case["registered_by"]), 1
    for one in _living(record.blocks):
        yield M.GROSSED, one["grossed_at"], by(one["grosser"]), 1
        if one["embedded_at"]:
            yield M.EMBEDDED, one["embedded_at"], by(one["embedded_by"]), 1
            yield M.SECTIONED, one["sectioned_at"], by(one["sectioned_by"]), 1
    for one in _living(record.slides):
        yield M.MADE, one["made_at"], by(one["made_by"]), 1
    for one in _living(record.orders):
        if one["executed_at"]:
            yield M.EXECUTED, one["executed_at"], by(one["executed_by"]), 1
    for one in record.opinions:
        if not one["is_draft"]:
            yield Measure(one["kind"]), one["created_at"], by(one["doctor"]), 1
    if record.report:
        yield M.AUDITED, record.report["audited_at"], by(record.report["auditor"]), 1


def _agreement(record: Record) -> Iterator[Hit]:
    def judged(result: str, at: datetime, pair: str) -> Iterator[Hit]:
        keys = {GroupBy.PAIR: pair, GroupBy.PERSON: record.case["chief_doctor"]}
        known = {"agrees": M.AGREES, "partly": M.PARTLY, "disagrees": M.DISAGREES}.get(result)
        yield known or M.OPEN, at, keys, 1
        if known:
            yield M.COMPARED, at, keys, 1

    if record.frozen and record.frozen["reported_at"]:
        yield from judged(record.frozen["concordance"], record.frozen["received_at"], "frozen")
    if record.comparison:
        yield from judged(record.comparison["result"], record.comparison["judged_at"], "cytology")
    first = [one for one in record.opinions if one["kind"] == "first" and not one["is_draft"]]
    if first and record.report:
        same = first[-1]["diagnosis"].strip() == record.report["diagnosis"].strip()
        yield from judged("agrees" if same else "", record.report["audited_at"], "first")


def _senders(record: Record) -> Iterator[Hit]:
    at = record.case["received_at"]
    yield M.CASES, at, {}, 1
    for measure, things in (
        (M.SPECIMENS, [one for one in record.specimens if one["state"] != "rejected"]),
        (M.BLOCKS, list(_living(record.blocks))),
        (M.SLIDES, list(_living(record.slides))),
        (M.REPORTS, [record.report] if record.report else []),
    ):
        if things:
            yield measure, at, {}, len(things)


def _positive(record: Record) -> Iterator[Hit]:
    if record.report:
        keys = {GroupBy.PERSON: record.case["chief_doctor"]}
        found = M.POSITIVE if is_positive(record.report["diagnosis"]) else M.NEGATIVE
        for measure in (M.REPORTS, found):
            yield measure, record.report["audited_at"], keys, 1


def _charges(record: Record) -> Iterator[Hit]:
    for one in record.charges:
        keys = {GroupBy.CHARGE_KIND: one["kind"], GroupBy.ITEM: one["name"], GroupBy.PERSON: one["by"]}
        money = one["quantity"] * one["price_fen"]
        yield M.QUANTITY, one["at"], keys, one["quantity"]
        yield M.AMOUNT, one["at"], keys, money
        yield (M.PAID if one["is_paid"] else M.UNPAID), one["at"], keys, money


def _preparation(record: Record) -> Iterator[Hit]:
    kinds = {
        "recut": M.RECUTS,
        "immuno": M.IMMUNO,
        "special_stain": M.STAINS,
        "molecular": M.MOLECULAR,
        "smear": M.SMEARS,
    }
    for one in _living(record.blocks):
        keys = {GroupBy.SOURCE: one["source"]}
        yield M.BLOCKS, one["grossed_at"], keys, 1
        yield M.PIECES, one["grossed_at"], keys, one["pieces"]
        if one["embedded_at"]:
            for measure in (M.VERIFIED, M.EMBEDDED, M.SECTIONED):
                yield measure, one["grossed_at"], keys, 1
    for one in _living(record.slides):
        keys = {GroupBy.SOURCE: one["source"]}
        yield M.SLIDES, one["made_at"], keys, 1
        if one["source"] in kinds:
            yield kinds[one["source"]], one["made_at"], keys, 1
        if one["handed_over_at"]:
            yield M.HANDED_OVER, one["made_at"], keys, 1


HITS: dict[Subject, Callable[[Record], Iterator[Hit]]] = {
    Subject.DISTRIBUTION: _distribution,
    Subject.SLIDE_QUALITY: _slide_quality,
    Subject.DEPARTMENT: _department,
    Subject.STAFF: _staff,
    Subject.AGREEMENT: _agreement,
    Subject.SOURCES: _senders,
    Subject.POSITIVE: _positive,
    Subject.CHARGES: _charges,
    Subject.PREPARATION: _preparation,
}


def key_of(record: Record, hit: Hit, group_by: GroupBy) -> str:
    if group_by in (GroupBy.DAY, GroupBy.WEEK, GroupBy.MONTH, GroupBy.YEAR):
        return period(hit[1], group_by)
    if group_by in hit[2]:
        return str(hit[2][group_by])
    if group_by is GroupBy.AGE:
        return age_of(record).value
    if group_by is GroupBy.DISEASE:
        for system in ("icd10", "icdo-m"):
            for one in record.codes:
                if one[0] == system:
                    return f"{one[1]} {one[2]}"
        return ""
    column = {
        GroupBy.LIBRARY: "library_id",
        GroupBy.SEX: "sex",
        GroupBy.UNIT: "sending_unit",
        GroupBy.DEPARTMENT: "department",
        GroupBy.SENDER: "sending_doctor",
        GroupBy.SPECIMEN_TYPE: "specimen_type",
    }.get(group_by)
    return "" if column is None else str(record.case[column])


def hits_of(records: list[Record], subject: Subject, first: date, last: date) -> Iterator[tuple[Record, Hit]]:
    for record in records:
        if record.is_counted:
            for hit in HITS[subject](record):
                if first <= day_of(hit[1]) <= last:
                    yield record, hit


def count_again(
    records: list[Record], subject: Subject, group_by: GroupBy, first: date, last: date
) -> dict[str, dict[Measure, float]]:
    """Sums by key, then by measure; cases of charges are counted once."""
    found: dict[str, dict[Measure, float]] = defaultdict(lambda: defaultdict(float))
    charged: dict[str, set[int]] = defaultdict(set)
    for record, hit in hits_of(records, subject, first, last):
        key = key_of(record, hit, group_by)
        found[key][hit[0]] += hit[3]
        charged[key].add(record.case["id"])
    if subject is Subject.CHARGES:
        for key, cases in charged.items():
            found[key][M.CASES] = len(cases)
    return found
