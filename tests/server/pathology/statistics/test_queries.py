"""Combined conditions, the register book, files and papers, saved queries, earlier cases."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from openpyxl import load_workbook

from server.kernel.errors import Refusal
from shared.contract import pathology_statistics as contract
from shared.contract.errors import ErrorCode
from shared.domain.pathology_queries import BOOK_FIELDS, Field, Operator
from shared.domain.pathology_statistics import GroupBy, Subject
from tests.databases import KINDS, a_database
from tests.server.pathology.pathology_world import ADMIN, BOSS, CHIEF, CLERK
from tests.server.pathology.statistics.records import Record, StatisticsHouse
from tests.server.pathology.statistics.second_count import day_of

Op, F = Operator, Field


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsHouse]:
    with a_database(request.param, tmp_path_factory.mktemp("queries")) as database:
        made = StatisticsHouse(database)
        made.fill(180, seed=11)
        yield made


def is_(field: Field, operator: Operator, *values: str) -> contract.Condition:
    return contract.Condition(field=field, operator=operator, values=values)


def _text(key: str) -> Callable[[Record], list[str]]:
    return lambda record: [record.case[key] or ""]


def _diagnosis(record: Record) -> list[str]:
    return [record.report["diagnosis"]] if record.report else []


def _living(things: list[dict[str, Any]], key: str) -> list[str]:
    return [one[key] for one in things if one["state"] != "deleted"]


VALUES: dict[Field, Callable[[Record], list[str]]] = {
    F.NUMBER: _text("number"),
    F.NAME: _text("patient_name"),
    F.DEPARTMENT: _text("department"),
    F.UNIT: _text("sending_unit"),
    F.CLINICAL: _text("clinical_diagnosis"),
    F.SEX: _text("sex"),
    F.STATE: _text("state"),
    F.DIAGNOSIS: _diagnosis,
    F.STAIN: lambda record: _living(record.slides, "stain"),
    F.GRADE: lambda record: _living(record.slides, "grade"),
    F.GROSSER: lambda record: _living(record.blocks, "grosser"),
    F.MARKER: lambda record: _living(record.orders, "marker"),
    F.ORDER: lambda record: _living(record.orders, "kind"),
    F.CODE: lambda record: [word for one in record.codes for word in (one[1], one[2])],
}
_PLAIN: dict[Operator, Callable[[str, tuple[str, ...]], bool]] = {
    Op.IS: lambda text, values: text.lower() == values[0].lower(),
    Op.CONTAINS: lambda text, values: values[0].lower() in text.lower(),
    Op.BEGINS: lambda text, values: text.lower().startswith(values[0].lower()),
    Op.ONE_OF: lambda text, values: text.lower() in [one.lower() for one in values],
    Op.FILLED: lambda text, _values: text != "",
}
_OPPOSITE = {Op.IS_NOT: Op.IS, Op.LACKS: Op.CONTAINS, Op.EMPTY: Op.FILLED}


def meets(record: Record, one: contract.Condition | contract.Group) -> bool:
    """The same question in plain Python."""
    if isinstance(one, contract.Group):
        if not one.parts:
            return True
        join = all if one.joined is contract.Joined.ALL else any
        return join(meets(record, part) for part in one.parts) is not one.is_not
    if one.field is F.AGE:
        years, values = record.case["age_years"], [float(value) for value in one.values]
        low = values[0] if one.operator in (Op.FROM, Op.BETWEEN, Op.IS) else -1
        high = values[-1] if one.operator in (Op.TO, Op.BETWEEN, Op.IS) else 1000
        return years is not None and low <= years < high + 1
    if one.field is F.BLOCKS:
        return len(_living(record.blocks, "state")) >= float(one.values[0])
    if one.field in (F.RECEIVED, F.REPORTED):
        moment = (
            record.case["received_at"] if one.field is F.RECEIVED else record.report and record.report["audited_at"]
        )
        if one.operator in (Op.EMPTY, Op.FILLED):
            return (moment is not None) is (one.operator is Op.FILLED)
        days = [date.fromisoformat(value) for value in one.values]
        low, high = days[0], days[-1]
        if moment is None:
            return False
        return {
            Op.BETWEEN: low <= day_of(moment) <= high,
            Op.IS: day_of(moment) == low,
            Op.FROM: day_of(moment) >= low,
            Op.TO: day_of(moment) <= low,
        }[one.operator]
    positive = _OPPOSITE.get(one.operator, one.operator)
    found = any(_PLAIN[positive](text, one.values) for text in VALUES[one.field](record))
    return found is (positive is one.operator)


def _asks_state(one: contract.Condition | contract.Group) -> bool:
    return any(map(_asks_state, one.parts)) if isinstance(one, contract.Group) else one.field is F.STATE


def expected(house: StatisticsHouse, group: contract.Group) -> set[int]:
    hidden = {"deleted"} if _asks_state(group) else {"deleted", "appointed"}
    return {
        record.case["id"] for record in house.records if record.case["state"] not in hidden and meets(record, group)
    }


def found(house: StatisticsHouse, group: contract.Group, limit: int = 500) -> list[int]:
    ids: list[int] = []
    cursor = ""
    while True:
        which = contract.CasesWhere(condition=group)
        page = house.ask(contract.ListCases(which=which, cursor=cursor, limit=limit))
        ids += [line.case_id for line in page.lines]
        cursor = page.next_cursor
        if not cursor:
            return ids


CONDITIONS = [
    is_(F.NAME, Op.CONTAINS, "五%"),  # a percent sign is no wildcard
    is_(F.NAME, Op.CONTAINS, "o'neil"),
    is_(F.NAME, Op.IS_NOT, "张三"),
    is_(F.CLINICAL, Op.CONTAINS, "%_x"),
    is_(F.CLINICAL, Op.EMPTY),
    is_(F.CLINICAL, Op.LACKS, "癌"),
    is_(F.NUMBER, Op.BEGINS, "t2600"),
    is_(F.UNIT, Op.ONE_OF, "本院", "=hyperlink(1)"),
    is_(F.UNIT, Op.FILLED),
    is_(F.SEX, Op.ONE_OF, "F", "U"),
    is_(F.STATE, Op.IS, "appointed"),
    is_(F.STATE, Op.IS_NOT, "sent"),
    is_(F.AGE, Op.IS, "59"),
    is_(F.AGE, Op.BETWEEN, "15", "59"),
    is_(F.AGE, Op.TO, "14"),
    is_(F.BLOCKS, Op.FROM, "2"),
    is_(F.DIAGNOSIS, Op.CONTAINS, "癌"),
    is_(F.DIAGNOSIS, Op.LACKS, "癌"),
    is_(F.DIAGNOSIS, Op.EMPTY),
    is_(F.DIAGNOSIS, Op.IS_NOT, "HSIL"),
    is_(F.CODE, Op.BEGINS, "c16"),
    is_(F.CODE, Op.CONTAINS, "胃炎"),
    is_(F.CODE, Op.EMPTY),
    is_(F.GROSSER, Op.IS, "李医师"),
    is_(F.STAIN, Op.LACKS, "Ki"),
    is_(F.GRADE, Op.ONE_OF, "c", "d"),
    is_(F.GRADE, Op.IS_NOT, "a"),
    is_(F.MARKER, Op.IS, "er"),
    is_(F.ORDER, Op.IS, "immuno"),
    is_(F.RECEIVED, Op.BETWEEN, "2026-02-01", "2026-02-28"),
    is_(F.RECEIVED, Op.IS, "2026-02-10"),
    is_(F.REPORTED, Op.FROM, "2026-03-01"),
    is_(F.REPORTED, Op.EMPTY),
]


@pytest.mark.parametrize("condition", CONDITIONS, ids=lambda one: f"{one.field.value}-{one.operator.value}")
def test_each_condition_finds_what_plain_python_finds(house: StatisticsHouse, condition: contract.Condition) -> None:
    group = contract.Group(parts=(condition,))
    ids = found(house, group)
    assert set(ids) == expected(house, group)
    assert len(ids) == len(set(ids))


def test_most_conditions_find_some_cases_but_not_all(house: StatisticsHouse) -> None:
    """Guards the test above against data in which nothing is found."""
    sizes = [len(expected(house, contract.Group(parts=(one,)))) for one in CONDITIONS]
    assert sum(0 < size < 150 for size in sizes) >= len(CONDITIONS) - 2


def test_random_trees_of_conditions_find_what_plain_python_finds(house: StatisticsHouse) -> None:
    chance = random.Random(5)

    def tree(depth: int) -> contract.Group:
        parts: list[Any] = [chance.choice(CONDITIONS) for _ in range(chance.randrange(1, 4))]
        if depth < 3:
            parts += [tree(depth + 1) for _ in range(chance.randrange(3))]
        joined = chance.choice(list(contract.Joined))
        return contract.Group(joined=joined, parts=tuple(parts), is_not=chance.random() < 0.3)

    for _ in range(60):
        group = tree(1)
        assert set(found(house, group, limit=chance.randrange(20, 200))) == expected(house, group), group


def test_pages_follow_each_other_newest_first(house: StatisticsHouse) -> None:
    ids = found(house, contract.Group(), limit=7)
    at = {record.case["id"]: record.case["registered_at"] for record in house.records}
    assert [at[one] for one in ids] == sorted((at[one] for one in ids), reverse=True)


@pytest.mark.parametrize(
    ("condition", "field"),
    [
        (is_(F.AGE, Op.FROM, "viele"), "condition.age"),
        (is_(F.RECEIVED, Op.IS, "2026-02-30"), "condition.received"),
        (is_(F.NAME, Op.CONTAINS, " "), "condition.name"),
        (is_(F.NAME, Op.FROM, "a"), "condition.name"),
        (is_(F.SEX, Op.IS, "X"), "condition.sex"),
        (is_(F.LIBRARY, Op.IS, "1; DROP TABLE"), "condition.library"),
        (is_(F.RECEIVED, Op.BETWEEN, "2026-03-01"), "condition.received"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_at_its_field(
    house: StatisticsHouse, condition: contract.Condition, field: str
) -> None:
    with pytest.raises(Refusal) as caught:
        found(house, contract.Group(parts=(condition,)))
    assert caught.value.body.code is ErrorCode.INVALID
    assert caught.value.body.field == field


def test_too_many_and_too_deep_conditions_are_refused(house: StatisticsHouse) -> None:
    many = contract.Group(parts=(CONDITIONS[0],) * (contract.MOST_CONDITIONS + 1))
    deep = contract.Group()
    for _ in range(contract.MOST_DEPTH + 1):
        deep = contract.Group(parts=(deep, CONDITIONS[0]))
    for group in (many, deep):
        with pytest.raises(Refusal):
            found(house, group)


# ── register book, files, papers ─────────────────────────────────────────────────────────────────────

BOOK = contract.BookOf(filter=contract.StatisticsFilter(first=date(2026, 1, 1), last=date(2026, 2, 15)))


def test_the_register_book_holds_the_cases_of_its_days_by_number(house: StatisticsHouse) -> None:
    numbers: list[str] = []
    cursor = ""
    while True:
        page = house.ask(contract.ListCases(which=BOOK, fields=(F.NUMBER, F.DIAGNOSIS), cursor=cursor, limit=13))
        numbers += [line.cells[0] for line in page.lines]
        cursor = page.next_cursor
        if not cursor:
            break
    wanted = sorted(
        record.case["number"]
        for record in house.records
        if record.is_counted and day_of(record.case["registered_at"]) <= date(2026, 2, 15)
    )
    assert numbers == wanted
    assert len(wanted) > 13


@pytest.mark.parametrize("format", list(contract.SheetFormat))
def test_an_exported_list_holds_its_cells_and_no_formula(house: StatisticsHouse, format: contract.SheetFormat) -> None:
    fields = (F.NUMBER, F.UNIT, F.SEX, F.BLOCKS, F.DIAGNOSIS)
    sheet = house.ask(contract.ExportCases(which=BOOK, fields=fields, format=format), ADMIN)
    if format is contract.SheetFormat.CSV:
        rows: list[Any] = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
        assert any(row[1] == "'=HYPERLINK(1)" for row in rows)
    else:
        book = load_workbook(io.BytesIO(sheet.content))
        cells = list(book.active.iter_rows())  # type: ignore[union-attr]
        assert all(cell.data_type != "f" for row in cells for cell in row)
        rows = [[cell.value for cell in row] for row in cells]
        assert any(row[1] == "=HYPERLINK(1)" for row in rows)
        assert all(isinstance(row[3], int) or not row[3] for row in rows[1:])
    assert list(rows[0]) == ["病理号", "送检单位", "性别", "蜡块数", "病理诊断"]
    page = house.ask(contract.ListCases(which=BOOK, fields=fields, limit=500))
    assert len(rows) == page.total + 1
    by_number = {record.case["number"]: record for record in house.records}
    for row in rows[1:]:
        assert int(row[3] or 0) == len(_living(by_number[row[0]].blocks, "state"))


def test_an_exported_table_holds_the_figures(house: StatisticsHouse) -> None:
    wanted = contract.StatisticsFilter(first=date(2026, 1, 1), last=date(2026, 5, 30))
    ask = {"subject": Subject.CHARGES, "group_by": GroupBy.ITEM, "filter": wanted}
    table = house.ask(contract.GetTable(**ask))
    sheet = house.ask(contract.ExportTable(**ask, language="en"))
    rows = list(load_workbook(io.BytesIO(sheet.content)).active.values)  # type: ignore[union-attr]
    assert rows[0] == ("Item", "Cases", "Items", "Amount (yuan)", "Paid (yuan)", "Unpaid (yuan)")
    assert rows[-1][0] == "Total"
    assert rows[1][3] == table.rows[0].values[2] / 100


def test_book_and_table_are_drawn_with_every_line(house: StatisticsHouse) -> None:
    pypdf = pytest.importorskip("pypdf")
    document = house.ask(contract.DrawCases(which=BOOK, fields=BOOK_FIELDS), CLERK)
    assert document.kind == contract.BOOK_PAPER
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(house.documents.kept[-1][1])).pages)
    page = house.ask(contract.ListCases(which=BOOK, limit=500))
    for line in page.lines:
        assert line.cells[0] in words
    assert "登记薄" in words and "明镜医院" in words


def test_an_empty_list_is_not_drawn(house: StatisticsHouse) -> None:
    nobody = contract.CasesWhere(condition=contract.Group(parts=(is_(F.NAME, Op.IS, "无此人"),)))
    with pytest.raises(Refusal) as caught:
        house.ask(contract.DrawCases(which=nobody))
    assert "没有符合条件的病例" in caught.value.body.message


# ── saved queries, choices ───────────────────────────────────────────────────────────────────────────


def test_saved_queries_are_own_or_shared_and_changed_by_their_owner_only(house: StatisticsHouse) -> None:
    group = contract.Group(parts=(CONDITIONS[0], contract.Group(joined=contract.Joined.ANY, parts=(CONDITIONS[1],))))
    mine = house.ask(contract.SaveQuery(query=contract.SavedQuery(name="我的", condition=group)), CHIEF)
    shared = house.ask(
        contract.SaveQuery(query=contract.SavedQuery(name="大家的", condition=group, is_shared=True)), CHIEF
    )
    assert [one.name for one in house.ask(contract.ListQueries(), CHIEF)] == ["大家的", "我的"]
    seen = house.ask(contract.ListQueries(), CLERK)
    assert [(one.name, one.is_mine, one.condition) for one in seen] == [("大家的", False, group)]
    with pytest.raises(Refusal) as caught:
        house.ask(contract.DeleteQuery(query_id=shared.id), CLERK)
    assert caught.value.body.code is ErrorCode.NOT_FOUND
    with pytest.raises(Refusal) as caught:
        house.ask(contract.SaveQuery(query=contract.SavedQuery(name="我的", condition=group)), CHIEF)
    assert caught.value.body.field == "query.name"
    for one in (mine, shared):
        house.ask(contract.DeleteQuery(query_id=one.id), CHIEF)
    assert house.ask(contract.ListQueries(), CHIEF) == ()


def test_choices_offer_values_and_frequent_texts(house: StatisticsHouse) -> None:
    libraries = house.ask(contract.ListChoices(field=F.LIBRARY))
    assert {one.zh for one in libraries} == set(house.world.libraries)
    assert {one.value for one in house.ask(contract.ListChoices(field=F.SEX))} == set("MFOU")
    house.world.clock.present = max(record.case["registered_at"] for record in house.records)
    assert {one.value for one in house.ask(contract.ListChoices(field=F.DEPARTMENT))} == {"普外科", "妇科", "消化科"}
    assert house.ask(contract.ListChoices(field=F.ID_NUMBER)) == ()


# ── earlier pathology ────────────────────────────────────────────────────────────────────────────────


def test_earlier_cases_are_those_of_the_same_name_and_number(house: StatisticsHouse) -> None:
    known = [record for record in house.records if record.is_counted and record.case["hospital_patient_id"]]
    seen = 0
    for record in known:
        key = (record.case["patient_name"], record.case["hospital_patient_id"])
        wanted = {
            other.case["id"]: other.report["diagnosis"] if other.report else ""
            for other in known
            if (other.case["patient_name"], other.case["hospital_patient_id"]) == key and other is not record
        }
        views = house.ask(contract.ListEarlier(case_id=record.case["id"]), BOSS)
        assert {view.case_id: view.diagnosis for view in views} == wanted
        assert [view.received_at for view in views] == sorted((view.received_at for view in views), reverse=True)
        seen += len(wanted)
    assert seen > 5
