"""The 13 quality indicators: counted against a second count and by hand, entered, opened; pairs; rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from server.exams.scheduling.tables import CalendarRow
from server.kernel.errors import Refusal
from server.pathology.reports.tables import FrozenSection
from server.pathology.statistics.rules import deadline, is_weekday
from shared.contract import pathology_statistics as contract
from shared.contract.errors import ErrorCode
from shared.domain.pathology_indicators import ENTERED, INDICATORS, Indicator
from shared.domain.pathology_reports import Concordance
from shared.domain.pathology_statistics import Pair
from tests.databases import KINDS, a_database
from tests.server.pathology.pathology_world import ADMIN, AUDITOR, BOSS, CHIEF
from tests.server.pathology.statistics.records import Record, StatisticsHouse
from tests.server.pathology.statistics.second_count import day_of

HOLIDAY = (date(2026, 2, 16), date(2026, 2, 23))  # 春节
MADE_UP = date(2026, 2, 28)  # a Saturday that is worked
COUNTED = [one for one in Indicator if one not in ENTERED]


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsHouse]:
    with a_database(request.param, tmp_path_factory.mktemp("indicators")) as database:
        made = StatisticsHouse(database)
        made.fill(220, seed=23)
        with database.write() as uow:
            for first, last, kind in ((*HOLIDAY, "closed"), (MADE_UP, MADE_UP, "working")):
                uow.session.add(
                    CalendarRow(
                        version=1,
                        first_day=first,
                        last_day=last,
                        kind=kind,
                        room_id=None,
                        note="",
                        as_weekday=0,
                        from_minute=0,
                        to_minute=1440,
                        is_holiday=True,
                    )
                )
        yield made


def _works(day: date) -> bool:
    return day == MADE_UP or (day.weekday() < 5 and not HOLIDAY[0] <= day <= HOLIDAY[1])


def _in_time(record: Record, days: int) -> bool:
    assert record.report is not None
    day, left = day_of(record.case["received_at"]), days
    while left:
        day += timedelta(days=1)
        left -= _works(day)
    return day_of(record.report["audited_at"]) <= day


def _facts(house: StatisticsHouse, indicator: Indicator) -> Iterator[tuple[datetime, int, bool]]:
    """When, which case, whether good: by loops over the plain records."""
    frozen = sorted(
        (one.frozen["received_at"], one.frozen["reported_at"], one.case["id"])
        for one in house.records
        if one.is_counted and one.frozen and one.frozen["reported_at"]
    )
    if indicator is Indicator.FROZEN_TIME:
        for place, (received, reported, case_id) in enumerate(frozen):
            queued = any(before[1] > received for before in frozen[:place])
            yield received, case_id, reported - received <= timedelta(minutes=45 if queued else 30)
    for record in house.records:
        case = record.case
        if not record.is_counted:
            continue
        for one in record.specimens:
            if indicator is Indicator.FIXATION and one["state"] != "rejected" and case["library"] in ("常规", "肾穿"):
                quick = one["removed_at"] and one["fixed_at"] - one["removed_at"] <= timedelta(hours=1)
                good = one["fixative"] in ("10%中性福尔马林", "NBF")
                yield one["registered_at"], case["id"], bool(quick and good)
        for one in record.slides:
            if one["grade"] and one["state"] != "deleted":
                immuno = one["source"] == "immuno"
                wanted = immuno if indicator is Indicator.IMMUNO else not immuno and one["stain"] == "HE"
                if indicator in (Indicator.IMMUNO, Indicator.SECTIONS) and wanted:
                    yield one["made_at"], case["id"], one["grade"] in "ab"
        if record.report and indicator is Indicator.TISSUE_TIME and case["library"] in ("常规", "肾穿"):
            small = "活检" in case["specimen_type"] or "黏膜" in case["specimen_name"]
            yield record.report["audited_at"], case["id"], _in_time(record, 3 if small else 5)
        if record.report and indicator is Indicator.CYTOLOGY_TIME and case["library"] in ("细胞学", "液基细胞学"):
            yield record.report["audited_at"], case["id"], _in_time(record, 2)
        for which, thing in (
            (Indicator.CYTOLOGY_AGREEMENT, record.comparison),
            (Indicator.FROZEN_AGREEMENT, record.frozen),
        ):
            result = thing and thing.get("result", thing.get("concordance"))
            if indicator is which and result in ("agrees", "partly", "disagrees"):
                assert thing is not None
                yield thing.get("judged_at", thing.get("received_at")), case["id"], result == "agrees"


@pytest.mark.parametrize("indicator", COUNTED)
def test_an_indicator_says_what_a_second_count_says_and_opens_its_cases(
    house: StatisticsHouse, indicator: Indicator
) -> None:
    views = house.ask(contract.GetIndicators(last="2026-06", months=8))
    view = next(one for one in views if one.indicator is indicator)
    facts = list(_facts(house, indicator))
    for month in view.months:
        own = [fact for fact in facts if f"{day_of(fact[0]):%Y-%m}" == month.month]
        good = [fact for fact in own if fact[2]]
        assert (month.numerator, month.denominator) == (len(good), len(own)), month.month
        assert month.value == (round(100 * len(good) / len(own), 1) if own else None)
        for more, wanted in (({}, own), ({"only_numerator": True}, good)):
            which = contract.IndicatorOf(indicator=indicator, month=month.month, **more)
            page = house.ask(contract.ListCases(which=which, limit=500))
            assert {line.case_id for line in page.lines} == {fact[1] for fact in wanted}
        missed = contract.IndicatorOf(indicator=indicator, month=month.month, only_missed=True)
        page = house.ask(contract.ListCases(which=missed, limit=500))
        assert {line.case_id for line in page.lines} == {fact[1] for fact in own if not fact[2]}
    assert view.whole.denominator == sum(month.denominator for month in view.months) > 0
    assert 0 < view.whole.numerator < view.whole.denominator


def test_all_thirteen_have_name_definition_numerator_and_denominator_in_both_languages() -> None:
    assert len(Indicator) == len(INDICATORS) == 13
    assert all(word.zh and word.en for words in INDICATORS.values() for word in words)


@pytest.mark.parametrize(
    ("received", "days", "last"),
    [
        (date(2026, 3, 2), 5, date(2026, 3, 9)),  # Monday: to Monday
        (date(2026, 3, 6), 3, date(2026, 3, 11)),  # Friday: the weekend does not count
        (date(2026, 3, 7), 2, date(2026, 3, 10)),  # Saturday
    ],
)
def test_working_days_count_from_the_day_after(received: date, days: int, last: date) -> None:
    assert deadline(received, days, is_weekday) == last


def test_a_calendar_without_working_days_ends() -> None:
    assert deadline(date(2026, 1, 1), 5, lambda _day: False) > date(2027, 1, 1)


def test_figures_that_people_enter_are_kept_with_their_version(house: StatisticsHouse) -> None:
    enter = {"indicator": Indicator.DOCTORS, "month": "2026-03"}
    first = house.ask(contract.EnterIndicator(**enter, numerator=9, denominator=600, note="含进修"), ADMIN)
    assert (first.value, first.version, first.entered_by) == (1.5, 1, ADMIN.name)
    with pytest.raises(Refusal) as caught:
        house.ask(contract.EnterIndicator(**enter, numerator=10, denominator=600), ADMIN)
    assert caught.value.body.code is ErrorCode.CONFLICT
    house.ask(contract.EnterIndicator(**enter, numerator=12, denominator=600, version=1), ADMIN)
    view = house.ask(contract.GetIndicators(last="2026-04", months=3))[0]
    assert [one.value for one in view.months] == [None, 2.0, None]
    assert view.whole.value == 2.0


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"indicator": Indicator.FIXATION}, "indicator"),
        ({"month": "2026-13"}, "month"),
        ({"numerator": 7}, "numerator"),
        ({"numerator": -1}, "numerator"),
    ],
)
def test_figures_that_cannot_be_are_refused(house: StatisticsHouse, more: dict[str, Any], field: str) -> None:
    values = {"indicator": Indicator.MOLECULAR_INTERNAL, "month": "2026-03", "numerator": 5, "denominator": 6, **more}
    with pytest.raises(Refusal) as caught:
        house.ask(contract.EnterIndicator(**values), ADMIN)
    assert caught.value.body.field == field


def test_indicators_go_onto_paper_and_into_a_sheet(house: StatisticsHouse) -> None:
    from io import BytesIO

    from openpyxl import load_workbook

    pypdf = pytest.importorskip("pypdf")
    house.ask(contract.DrawIndicators(month="2026-03"), BOSS)
    words = "".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(house.documents.kept[-1][1])).pages)
    assert "术中快速病理诊断及时率" in words.replace("\n", "")
    sheet = house.ask(contract.ExportIndicators(last="2026-03", months=2), BOSS)
    rows = list(load_workbook(BytesIO(sheet.content)).active.values)  # type: ignore[union-attr]
    assert len(rows) == 1 + 2 * 13


def test_rules_change_what_is_positive_and_in_time(house: StatisticsHouse) -> None:
    rules = house.ask(contract.GetRules())
    before = house.ask(contract.GetIndicators(last="2026-04", months=4))
    import msgspec

    lenient = msgspec.structs.replace(rules, tissue_days=60, small_days=30)
    kept = house.ask(contract.SaveRules(rules=lenient), ADMIN)
    after = house.ask(contract.GetIndicators(last="2026-04", months=4))
    place = list(Indicator).index(Indicator.TISSUE_TIME)
    assert after[place].whole.numerator > before[place].whole.numerator
    with pytest.raises(Refusal):
        house.ask(contract.SaveRules(rules=msgspec.structs.replace(kept, positive_words=())), ADMIN)
    with pytest.raises(Refusal) as caught:
        house.ask(contract.SaveRules(rules=rules), ADMIN)
    assert caught.value.body.code is ErrorCode.CONFLICT
    house.ask(contract.SaveRules(rules=msgspec.structs.replace(rules, version=kept.version)), ADMIN)


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────


def test_first_and_final_opinions_are_paired_and_judged(house: StatisticsHouse) -> None:
    ask = contract.ListPairs(pair=Pair.FIRST, first=date(2025, 12, 30), last=date(2026, 6, 1))
    pairs = house.ask(ask, CHIEF)
    expected = {
        record.case["id"]: record.report["diagnosis"] == firsts[-1]["diagnosis"]
        for record in house.records
        if record.is_counted
        and record.report
        and (firsts := [one for one in record.opinions if one["kind"] == "first" and not one["is_draft"]])
    }
    assert {one.case_id: one.is_automatic for one in pairs} == expected
    different = next(one for one in pairs if one.result is None)
    judge = contract.JudgePair(
        pair=Pair.FIRST,
        case_id=different.case_id,
        other_id=different.case_id,
        result=Concordance.PARTLY,
        note="分级不同",
    )
    house.ask(judge, AUDITOR)
    now = {one.case_id: one for one in house.ask(ask, CHIEF)}[different.case_id]
    assert (now.result, now.note, now.judged_by) == (Concordance.PARTLY, "分级不同", AUDITOR.name)


def test_a_frozen_pair_shows_its_judgement_and_is_judged_elsewhere(house: StatisticsHouse) -> None:
    pairs = house.ask(contract.ListPairs(pair=Pair.FROZEN, first=date(2025, 12, 30), last=date(2026, 6, 1)), CHIEF)
    with house.database.read() as uow:
        rows = {one.case_id: one.concordance for one in uow.session.query(FrozenSection)}
    assert {one.case_id: one.result.value if one.result else "" for one in pairs} == {
        one.case_id: rows[one.case_id] for one in pairs
    }
    judge = contract.JudgePair(
        pair=Pair.FROZEN, case_id=pairs[0].case_id, other_id=pairs[0].case_id, result=Concordance.AGREES
    )
    with pytest.raises(Refusal) as caught:
        house.ask(judge, AUDITOR)
    assert caught.value.body.field == "pair"


def test_cytology_is_paired_with_the_first_histology_of_the_patient_within_half_a_year(tmp_path: Any) -> None:
    with a_database("sqlite", tmp_path) as database:
        house = StatisticsHouse(database)
        house.fill(40, seed=3)
        start = datetime(2026, 1, 5, tzinfo=UTC)
        moves = {
            1: ("细胞学", 0, "P9"),
            2: ("常规", 30, "P9"),
            3: ("常规", 60, "P9"),
            4: ("细胞学", 0, "P8"),
            5: ("常规", 200, "P8"),
        }
        from server.pathology.cases.tables import CaseRow
        from server.pathology.reports.tables import Report

        with database.write() as uow:
            reported = sorted(one.case_id for one in uow.session.query(Report))
            chosen = [one for one in reported if uow.session.get_one(CaseRow, one).state != "deleted"][:5]
            for row in uow.session.query(CaseRow):
                row.patient_name, row.hospital_patient_id = f"人{row.id}", ""
            for place, case_id in enumerate(chosen, 1):
                library, days, patient = moves[place]
                row = uow.session.get_one(CaseRow, case_id)
                row.library_id, row.patient_name = house.world.libraries[library], "赵"
                row.received_at, row.hospital_patient_id = start + timedelta(days=days), patient
        pairs = house.ask(contract.ListPairs(pair=Pair.CYTOLOGY, first=date(2026, 1, 1), last=date(2026, 1, 31)), CHIEF)
        assert [(one.case_id, one.other_id) for one in pairs] == [(chosen[0], chosen[1])]
