"""The tumour register: which tumours are reported, and the file counted a second way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date

import pytest

from server.kernel.errors import Refusal
from server.pathology.statistics.register import is_reported, is_reported_icd10
from shared.contract.pathology_statistics import ExportTumours, SheetFormat
from tests.databases import KINDS, a_database
from tests.server.pathology.statistics.records import Record, StatisticsHouse
from tests.server.pathology.statistics.second_count import day_of

FIRST, LAST = date(2026, 1, 10), date(2026, 4, 20)


@pytest.fixture(scope="module", params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StatisticsHouse]:
    with a_database(request.param, tmp_path_factory.mktemp("register")) as database:
        made = StatisticsHouse(database)
        made.fill(180, seed=23)
        yield made


@pytest.mark.parametrize(
    ("morphology", "topography", "is_taken"),
    [
        *(("8140/3", "C16.3", True), ("8500/2", "C50.9", True), ("8140/6", "C77.9", True), ("8000/9", "", True)),
        *(("8211/0", "C18.7", False), ("8936/1", "C16.9", False), ("9530/0", "C70.0", True), ("9380/1", "C71.9", True)),
        *(("8272/0", "C75.1", True), ("8272/0", "C75.0", False), ("", "C71.9", False)),
    ],
)
def test_behaviour_and_place_decide(morphology: str, topography: str, is_taken: bool) -> None:
    assert is_reported(morphology, topography) is is_taken


@pytest.mark.parametrize(
    ("code", "is_taken"),
    [
        *(("C20", True), ("C97", True), ("D05.1", True), ("D09.9", True), ("D32.0", True), ("D45", True)),
        *(("D12.6", False), ("D34", False), ("K29.4", False), ("D44", False), ("", False)),
    ],
)
def test_without_a_morphology_icd10_decides(code: str, is_taken: bool) -> None:
    assert is_reported_icd10(code) is is_taken


def _is_due(record: Record) -> bool:
    report = record.report
    if not record.is_counted or report is None or report["state"] == "writing" or report["audited_at"] is None:
        return False
    codes = {code for _system, code, _meaning in record.codes}
    return FIRST <= day_of(report["audited_at"]) <= LAST and bool(codes & {"8140/3", "C16.9"})


def test_the_file_holds_every_tumour_of_the_days_once(house: StatisticsHouse) -> None:
    sheet = house.ask(ExportTumours(first=FIRST, last=LAST, format=SheetFormat.CSV))
    assert sheet.file_name == "肿瘤登记_2026-01-10_2026-04-20.csv"
    headings, *lines = csv.reader(io.StringIO(sheet.content.decode("utf-8-sig")))
    due = {record.case["number"]: record for record in house.records if _is_due(record)}
    assert len(due) > 10
    assert sorted(line[0] for line in lines) == sorted(due)
    for line in lines:
        shown, record = dict(zip(headings, line, strict=True)), due[line[0]]
        assert record.report is not None
        assert shown["姓名"] == record.case["patient_name"]
        assert shown["病理诊断"] == record.report["diagnosis"]
        assert shown["诊断日期"] == day_of(record.report["audited_at"]).isoformat()
        morphologies = [code for system, code, _meaning in record.codes if system == "icdo-m"]
        assert shown["形态学编码"] == "".join(morphologies)
        assert shown["行为"] == ("恶性，原发" if morphologies else "")
        assert shown["诊断依据"][0] in "57"


def test_a_workbook_in_english_and_days_without_tumours(house: StatisticsHouse) -> None:
    sheet = house.ask(ExportTumours(first=FIRST, last=LAST, language="en"))
    assert sheet.file_name.startswith("Tumour_register_") and sheet.content.startswith(b"PK")
    with pytest.raises(Refusal, match="没有需要登记的肿瘤"):
        house.ask(ExportTumours(first=date(2020, 1, 1), last=date(2020, 1, 2)))
    with pytest.raises(Refusal):
        house.ask(ExportTumours(first=LAST, last=FIRST))
