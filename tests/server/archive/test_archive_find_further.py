"""Queries beyond the plain keys: any part of a name, moments, time zones, details, budgets."""

from __future__ import annotations

from datetime import UTC, date, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from sqlalchemy import event

from server.archive import find as finding
from server.archive.find import BudgetSpent, FindOptions, find, ignores_keys
from server.archive.name_index import infixes_of
from server.archive.query_matching import in_zone, matches_wildcards
from server.archive.rules import search_key
from server.kernel.database import Database
from shared.contract.archive import ListStudies
from tests.server.archive.archive_house import House, an_object

NAME, PATIENT, STUDY, DATE, TIME, ZONE = 0x00100010, 0x00100020, 0x0020000D, 0x00080020, 0x00080030, 0x00080201
BEIJING = timezone(timedelta(hours=8))

PEOPLE = {
    "P1": "Zhang^Xiaoming=张^小明",
    "P2": "Ouyang^Mingyue=欧阳^明月",
    "P3": "Shan^Tianfang=单^田芳",
    "P4": "Li^Ming=李^明",
    "P5": "Smith^John Paul",
    "P6": "王小明",
}


def a_coded(code: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "99MINGJING", "胸部CT"
    return item


def a_request(number: str, undefined: bool) -> Dataset:
    item = Dataset()
    item.RequestedProcedureID, item.ScheduledProcedureStepID = f"R{number}", f"S{number}"
    item.is_undefined_length_sequence_item = undefined
    return item


@pytest.fixture(scope="module")
def filled(shared_house: House) -> House:
    """Six patients on six days, at hours that grow; what is optional is given by the odd ones."""
    for number, (patient, name) in enumerate(PEOPLE.items(), 1):
        more: dict[str, Any] = {}
        if number % 2:
            more = {
                "ProcedureCodeSequence": [a_coded(f"C{number}")],
                "RequestAttributesSequence": [a_request(str(number), number == 3)],
                "OperatorsName": "Zhao^Qian=赵^谦",
                "PerformedProcedureStepStartDate": f"202601{number:02d}",
                "PatientWeight": "70",
                "AdmittingDiagnosesDescription": "肺结节",
                "TimezoneOffsetFromUTC": "+0900",
            }
        made = an_object(
            PatientID=patient,
            PatientName=name,
            StudyDate=f"202601{number:02d}",
            StudyTime=f"{3 * number:02d}3000",
            ReferringPhysicianName="Sun^Wen=孙^文" if number % 2 else "",
            **more,
        )
        if "RequestAttributesSequence" in made and number == 3:
            made["RequestAttributesSequence"].is_undefined_length = True
        shared_house.send(made)
    assert shared_house.indexer.wait_until_idle()
    return shared_house


def patients(database: Database, keys: dict[int, Any], level: str = "STUDY", **options: Any) -> str:
    found = find(database, level, {PATIENT: "", **keys}, options=FindOptions(zone=BEIJING, **options))
    return " ".join(sorted(str(answer[PATIENT]) for answer in found))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("*明", "P1 P4 P6"),
        ("*明*", "P1 P2 P4 P6"),
        ("*小明", "P1 P6"),
        ("*小*", "P1 P6"),
        ("*阳明*", "P2"),
        ("*阳^明*", "P2"),
        ("?小明", "P6"),
        ("*田芳", "P3"),
        ("*ing", "P1 P4 P6"),
        ("*ming*", "P1 P2 P4 P6"),
        ("*n^t*", "P3"),
        ("*john p*", "P5"),
        ("*猫*", ""),
        ("*^*明*", "P1 P2 P4"),
        ("Shan*=*田*", "P3"),
    ],
)
def test_names_are_found_by_any_part(filled: House, name: str, expected: str) -> None:
    assert patients(filled.database, {NAME: name}) == expected
    assert patients(filled.database, {NAME: name}, "PATIENT") == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zhangxiaoming", "P1"),
        ("zhang xiao", "P1"),
        ("zxm", "P1"),
        ("oymy", "P2"),
        ("xiaoming", "P1 P6"),
        ("wxm", "P6"),
        ("stf", "P3"),
        ("小明", "P1 P6"),
        ("明", "P1 P2 P4 P6"),
        ("欧阳", "P2"),
        ("sjp", "P5"),
        ("paul", "P5"),
        ("shantian", "P3"),
        ("xyz", ""),
    ],
)
def test_fuzzy_names_by_pinyin_initials_and_parts(filled: House, name: str, expected: str) -> None:
    assert patients(filled.database, {NAME: name}, fuzzy_names=True) == expected
    rows = filled.service.list_studies(ListStudies(name=name)).rows
    assert " ".join(sorted(row.patient_id for row in rows)) == expected


def test_names_that_are_too_many_for_the_index_are_found_all_the_same(
    filled: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.archive.query_names._MANY_NAMES", 0)
    monkeypatch.setattr("server.archive.find._FEW", 0)
    assert patients(filled.database, {NAME: "*明*"}) == "P1 P2 P4 P6"
    assert patients(filled.database, {NAME: "明"}, fuzzy_names=True) == "P1 P2 P4 P6"
    assert patients(filled.database, {NAME: "zhang*"}) == "P1"
    assert patients(filled.database, {PATIENT: "P*", NAME: "*明"}) == "P1 P4 P6"


@pytest.mark.parametrize(
    ("dates", "times", "apart", "together"),
    [
        ("20260102-20260104", "0800-1100", "P3", "P3"),
        ("20260102-20260105", "0500-1400", "P2 P3 P4", "P2 P3 P4"),
        ("20260101-20260103", "0300-0400", "P1", "P1 P2"),
        ("20260103-", "0930-", "P3 P4 P5 P6", "P3 P4 P5 P6"),
        ("-20260102", "-0500", "P1", "P1"),
        ("20260105", "12-16", "P5", "P5"),
    ],
)
def test_ranges_of_date_and_time_may_be_one_range(
    filled: House, dates: str, times: str, apart: str, together: str
) -> None:
    assert patients(filled.database, {DATE: dates, TIME: times}) == apart
    assert patients(filled.database, {DATE: dates, TIME: times}, combined_datetime=True) == together


def test_a_query_in_another_zone_is_answered_in_that_zone(filled: House) -> None:
    # P1 was at 03:30 in +0900, P2 at 06:30 of the hospital, which is +0800
    asked = {DATE: "", TIME: "", ZONE: "+0000"}
    (first,) = find(filled.database, "STUDY", {**asked, PATIENT: "P1"}, options=FindOptions(zone=BEIJING))
    assert (first[DATE], first[TIME], first[ZONE]) == ("20251231", "183000", "+0000")
    (second,) = find(filled.database, "STUDY", {**asked, PATIENT: "P2"}, options=FindOptions(zone=BEIJING))
    assert (second[DATE], second[TIME]) == ("20260101", "223000")
    assert patients(filled.database, {DATE: "20260101", ZONE: "+0000"}) == "P2"
    assert patients(filled.database, {DATE: "20251231", ZONE: "+0000"}) == "P1"
    assert patients(filled.database, {DATE: "20260101", TIME: "2200-2300", ZONE: "+0000"}) == "P2"
    assert patients(filled.database, {DATE: "20260101"}) == "P1"


@pytest.mark.parametrize(
    ("date_", "time_", "expected"),
    [
        ("20260101", "0030", ("20251231", "1630")),
        ("20260101", "003000.123", ("20251231", "163000.123")),
        ("20260101", "", ("20260101", "")),
        ("nonsense", "0030", ("nonsense", "0030")),
        ("00010101", "000000", ("00010101", "000000")),
    ],
)
def test_moments_move_between_zones_with_their_precision(date_: str, time_: str, expected: tuple[str, str]) -> None:
    assert in_zone(date_, time_, BEIJING, UTC) == expected


def test_optional_attributes_and_sequences_are_given_and_compared(filled: House) -> None:
    keys = {PATIENT: "P3", 0x00081032: [{}], 0x00101030: "", 0x00081080: "", 0x00080090: "", 0x00080056: ""}
    (answer,) = find(filled.database, "STUDY", keys)
    assert answer[0x00081032] == [{0x00080100: "C3", 0x00080102: "99MINGJING", 0x00080104: "胸部CT"}]
    assert (answer[0x00101030], answer[0x00081080], answer[0x00080090]) == ("70", "肺结节", "Sun^Wen=孙^文")
    assert answer[0x00080056] == "ONLINE"
    series = {PATIENT: "", 0x00400275: [{0x00401001: "R3", 0x00400009: ""}], 0x00081070: "", 0x00400244: "20260103"}
    (answer,) = find(filled.database, "SERIES", {STUDY: "", **series})
    assert answer[0x00400275] == [{0x00400009: "S3", 0x00401001: "R3"}]
    assert (answer[PATIENT], answer[0x00081070]) == ("P3", "Zhao^Qian=赵^谦")
    assert patients(filled.database, {0x00081032: [{0x00080100: "C?"}]}) == "P1 P3 P5"
    assert patients(filled.database, {0x00081032: [{0x00080100: "C9"}]}) == ""
    assert patients(filled.database, {0x00081080: "*结节"}) == "P1 P3 P5"
    assert patients(filled.database, {0x00080090: "sun*"}) == "P1 P3 P5"
    assert patients(filled.database, {0x00080090: "*=孙*"}) == "P1 P3 P5"


@pytest.mark.parametrize(
    ("level", "keys", "expected"),
    [
        ("STUDY", {PATIENT: "P1", NAME: "Z*", DATE: "20260101-", 0x00080061: "CT", 0x00101030: "70"}, False),
        ("STUDY", {0x00101060: "", 0x00080060: "*", 0x00091001: b""}, False),
        ("STUDY", {0x00101060: "Li^Hua"}, True),  # Patient's Mother's Birth Name
        ("STUDY", {0x00080060: "CT"}, True),  # Modality belongs to a lower level
        ("SERIES", {0x00080060: "CT"}, False),
        ("IMAGE", {0x00280010: "512", 0x00200013: "1"}, False),
        ("STUDY", {0x00081110: [{0x00081155: "1.2.3"}]}, True),
        ("STUDY", {0x00081110: [{0x00081155: ""}]}, False),
        ("STUDY", {0x00090010: "ACME", 0x00091001: ""}, False),
        ("STUDY", {0x00090010: "ACME", 0x00091001: "x"}, True),
        ("PATIENT", {PATIENT: "P1"}, False),
        ("PATIENT", {DATE: "20260101"}, True),
    ],
)
def test_keys_that_are_not_compared_are_told(filled: House, level: str, keys: dict[int, Any], expected: bool) -> None:
    assert ignores_keys(filled.database, level, keys) is expected


@pytest.mark.parametrize(("value", "expected"), [("CT", 6), ("ct", 0), ("C?", 6), ("c*", 0), ("MR\\CT", 6), ("C", 0)])
def test_modalities_in_study_are_compared_with_their_case(filled: House, value: str, expected: int) -> None:
    assert len(list(find(filled.database, "STUDY", {0x00080061: value}))) == expected


def test_counts_of_the_patient_are_given_at_study_level_too(filled: House) -> None:
    (answer,) = find(filled.database, "STUDY", {PATIENT: "P1", 0x00201200: "", 0x00201204: ""})
    assert (answer[0x00201200], answer[0x00201204]) == (1, 1)


def test_series_and_images_are_found_without_their_study(filled: House) -> None:
    assert patients(filled.database, {NAME: "*明", 0x00080060: "CT"}, "SERIES") == "P1 P4 P6"
    assert patients(filled.database, {DATE: "20260102-20260103"}, "IMAGE") == "P2 P3"
    assert len(patients(filled.database, {}, "IMAGE").split()) == 6


def test_a_query_for_everything_ends_with_a_word(filled: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MAX_UNKEYED", 4)
    found = []
    with pytest.raises(BudgetSpent, match="More than 4"):
        for answer in find(filled.database, "STUDY", {PATIENT: ""}):
            found.append(answer[PATIENT])
    assert found == ["P6", "P5", "P4", "P3"]
    assert len(list(find(filled.database, "STUDY", {PATIENT: "", 0x00081030: "*"}, limit=4))) == 4


def test_a_query_that_no_index_serves_stops_at_its_budget(filled: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_FIRST_WINDOW", 2)
    monkeypatch.setattr(finding, "_LARGEST_WINDOW", 2)
    assert patients(filled.database, {0x00081030: "*nothing has this*"}) == ""
    monkeypatch.setattr(finding, "MAX_EXAMINED", 4)
    with pytest.raises(BudgetSpent, match="newest 4"):
        patients(filled.database, {0x00081030: "*nothing has this*"})
    monkeypatch.undo()
    monkeypatch.setattr(finding, "_FIRST_WINDOW", 2)
    newest = [str(a[PATIENT]) for a in find(filled.database, "STUDY", {PATIENT: "", 0x00081030: "*"})]
    assert newest == ["P6", "P5", "P4", "P3", "P2", "P1"]  # over the borders of windows


def test_every_window_is_walked_by_the_index(database: Database) -> None:
    """No query of the walk may sort or scan the table of studies."""
    plans: list[str] = []
    if not database.is_sqlite:
        pytest.skip("the words of SQLite's plans are looked at")

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "FROM studies" in statement and not statement.startswith("EXPLAIN"):
            raw = connection.connection.cursor()
            plans.extend(row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))

    event.listen(database.engine, "before_cursor_execute", explain)
    for keys in (
        {PATIENT: "P1"},
        {0x00080050: "A1*"},
        {DATE: "20260101-20260105", 0x00080061: "CT"},
        {0x00081030: "*x*"},
        {NAME: "zhang*"},
        {NAME: "*明*"},
        {},
    ):
        list(find(database, "STUDY", keys))
    event.remove(database.engine, "before_cursor_execute", explain)
    assert plans
    assert not [plan for plan in plans if plan.startswith("SCAN studies") and "INDEX" not in plan]
    assert not [plan for plan in plans if "TEMP B-TREE FOR ORDER BY" in plan]


def test_the_archive_is_searched_by_days_and_completeness(filled: House) -> None:
    def found(**parts: Any) -> str:
        return " ".join(row.patient_id for row in filled.service.list_studies(ListStudies(**parts)).rows)

    assert found(study_from=date(2026, 1, 3), study_to=date(2026, 1, 4)) == "P4 P3"
    assert found(study_to=date(2026, 1, 1)) == "P1"
    assert found(study_from=date(2026, 1, 6)) == "P6"
    assert found(completeness="unknown", limit=2) == "P6 P5"
    assert found(completeness="short") == ""
    assert found(patient_id="P2", modality="CT") == "P2"


@given(st.text("张王小明欧阳 ^abc", min_size=1, max_size=12), st.integers(0, 11), st.integers(1, 4))
def test_every_part_of_a_name_is_an_infix_or_begins_one(name: str, start: int, length: int) -> None:
    key = search_key(name)
    whole = key.replace("^", "").replace(" ", "")
    part = whole[start : start + length]
    if part:
        assert any(infix.startswith(part) for infix in infixes_of(key))
        assert matches_wildcards(f"*{part}*", whole)
