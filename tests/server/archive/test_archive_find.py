"""Queries at every level by PS3.4 C.2.2.2, on both databases."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.archive.find import UnanswerableQuery, find, matches_wildcards
from server.kernel.database import Database
from tests.server.archive.archive_house import House, a_series, an_object

NAME, PATIENT, STUDY, SERIES, IMAGE = 0x00100010, 0x00100020, 0x0020000D, 0x0020000E, 0x00080018
DATE, TIME, ACCESSION, MODALITIES = 0x00080020, 0x00080030, 0x00080050, 0x00080061

PEOPLE = {
    "P1": "Zhang^San=张^三",
    "P2": "ZHANG^SI=张^四",
    "P3": "Li^Lei=李^雷",
    "P4": "Ouyang^Feng=欧阳^锋",
    "P5": "王五",
    "P6": "MÜLLER^Jürgen",
    "P7": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "P8": "100%^Under_score",
}


@pytest.fixture(scope="module")
def filled(shared_house: House) -> House:
    """Eight patients with a study each, on eight days."""
    house = shared_house
    for number, (patient, name) in enumerate(PEOPLE.items(), 1):
        house.send(
            an_object(
                PatientID=patient,
                PatientName=name,
                AccessionNumber=f"A{number:03d}",
                StudyDate=f"202601{number:02d}",
                StudyTime=f"{8 + number:02d}3000.500",
                StudyDescription="Head CT" if number % 2 else "head ct",
            )
        )
    assert house.indexer.wait_until_idle()
    return house


def patients(database: Database, level: str = "STUDY", **more: Any) -> list[str]:
    return sorted(
        str(answer[PATIENT]) for answer in find(database, level, {PATIENT: "", **more.pop("keys", {})}, **more)
    )


def by(filled: House, tag: int, value: str, level: str = "STUDY") -> str:
    return " ".join(patients(filled.database, level, keys={tag: value}))


@pytest.mark.parametrize(
    ("tag", "value", "expected"),
    [
        (PATIENT, "P3", "P3"),
        (PATIENT, "p3", ""),
        (PATIENT, "P?", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (PATIENT, "*3", "P3"),
        (PATIENT, "P1\\P2", "P1 P2"),
        (ACCESSION, "A004", "P4"),
        (ACCESSION, "A00*", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (ACCESSION, "a00*", ""),
        (ACCESSION, "A%", ""),
        (DATE, "20260103", "P3"),
        (DATE, "20260103-20260105", "P3 P4 P5"),
        (DATE, "20260107-", "P7 P8"),
        (DATE, "-20260102", "P1 P2"),
        (DATE, "2026.01.03", "P3"),
        (TIME, "1000-1130", "P2 P3"),
        (TIME, "113000.500", "P3"),
        (TIME, "11", "P3"),
        (MODALITIES, "CT", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (MODALITIES, "MR", ""),
        (MODALITIES, "MR\\CT", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (0x00081030, "Head*", "P1 P3 P5 P7"),
        (0x00081030, "*ct", "P2 P4 P6 P8"),
        (0x00081030, "Head CT", "P1 P3 P5 P7"),
        (NAME, "Zhang^San", "P1"),
        (NAME, "ZHANG*", "P1 P2"),
        (NAME, "zhang^s*", "P1 P2"),
        (NAME, "zhang", ""),
        (NAME, "*LEI", "P3"),
        (NAME, "l?^lei", "P3"),
        (NAME, "张*", "P1 P2"),
        (NAME, "张三", "P1"),
        (NAME, "张^三", "P1"),
        (NAME, "欧阳锋", "P4"),
        (NAME, "欧阳*", "P4"),
        (NAME, "*三", "P1"),
        (NAME, "王五", "P5"),
        (NAME, "王^五", "P5"),
        (NAME, "王*", "P5"),
        (NAME, "wang^wu", "P5"),
        (NAME, "WANG*", "P5"),
        (NAME, "王五=", "P5"),
        (NAME, "王*=王五", "P5"),
        (NAME, "Zhang*=张^四", "P2"),
        (NAME, "*=李*", "P3"),
        (NAME, "=李^雷", "P3"),
        (NAME, "==やまだ*", "P7"),
        (NAME, "やまだ*", "P7"),
        (NAME, "muller*", "P6"),
        (NAME, "Müller^JÜRGEN", "P6"),
        (NAME, "100%*", "P8"),
        (NAME, "1%*", ""),
        (NAME, "*under_score", "P8"),
        (NAME, "*underXscore", ""),
        (NAME, "*", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (NAME, "", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (0x00201208, "1", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (0x00080090, "", "P1 P2 P3 P4 P5 P6 P7 P8"),
        (0x00099999, "unknown to us", "P1 P2 P3 P4 P5 P6 P7 P8"),
    ],
)
def test_matching_at_study_level(filled: House, tag: int, value: str, expected: str) -> None:
    assert by(filled, tag, value) == expected


@pytest.mark.parametrize(
    ("tag", "value", "expected"), [(NAME, "张*", "P1 P2"), (PATIENT, "P3", "P3"), (NAME, "*lei", "P3")]
)
def test_matching_at_patient_level(filled: House, tag: int, value: str, expected: str) -> None:
    assert by(filled, tag, value, "PATIENT") == expected


def test_patient_level_counts_are_derived(house: House) -> None:
    for accession in ("A1", "A2"):
        for slice_ in a_series(3, accession=accession):
            house.send(slice_)
    assert house.indexer.wait_until_idle()
    (answer,) = find(house.database, "PATIENT", {PATIENT: "P0000001", 0x00201200: "", 0x00201202: "", 0x00201204: ""})
    assert answer == {PATIENT: "P0000001", 0x00201200: 2, 0x00201202: 2, 0x00201204: 6}


def test_study_level_answers_what_was_asked_and_the_unique_key(filled: House) -> None:
    keys = {PATIENT: "P1", NAME: "", DATE: "", MODALITIES: "", 0x00201206: "", 0x00201208: "", 0x00080062: ""}
    (answer,) = find(filled.database, "STUDY", keys)
    assert str(answer.pop(STUDY)).startswith("2.25.")
    assert answer == {
        PATIENT: "P1",
        NAME: "Zhang^San=张^三",
        DATE: "20260101",
        MODALITIES: "CT",
        0x00201206: 1,
        0x00201208: 1,
        0x00080062: "1.2.840.10008.5.1.4.1.1.2",
    }


def test_series_and_image_levels(house: House) -> None:
    slices = a_series(4)
    for slice_ in slices:
        house.send(slice_)
    house.send(an_object(Modality="MR", SeriesDescription="other"))
    assert house.indexer.wait_until_idle()
    study, series = str(slices[0].StudyInstanceUID), str(slices[0].SeriesInstanceUID)
    (answer,) = find(house.database, "SERIES", {STUDY: study, 0x00080060: "CT", 0x0008103E: "", 0x00201209: ""})
    assert (answer[SERIES], answer[0x0008103E], answer[0x00201209]) == (series, "胸部 1.0mm", 4)
    found = list(
        find(house.database, "IMAGE", {STUDY: study, SERIES: series, 0x00200013: "", 0x00280010: "", 0x00200032: ""})
    )
    assert [answer[0x00200013] for answer in found] == [1, 2, 3, 4]
    assert [answer[IMAGE] for answer in found] == [slice_.SOPInstanceUID for slice_ in slices]
    assert found[3][0x00280010] == 16
    assert found[3][0x00200032] == "\\".join(map(str, slices[3].ImagePositionPatient))
    uids = "\\".join(str(slice_.SOPInstanceUID) for slice_ in slices[1:3])
    assert len(list(find(house.database, "IMAGE", {IMAGE: uids}))) == 2
    assert list(find(house.database, "SERIES", {STUDY: study, 0x00080060: "US"})) == []


@given(st.text("ab*?", max_size=12), st.text("ab*?", max_size=12))
def test_wildcards_are_those_of_the_standard(pattern: str, text: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in pattern)
    assert matches_wildcards(pattern, text) == (re.fullmatch(expression, text) is not None)


def test_a_pattern_made_to_take_for_ever_does_not() -> None:
    assert not matches_wildcards("*a" * 400 + "*b", "a" * 1000)


def test_a_limit_ends_the_answers(filled: House) -> None:
    assert len(patients(filled.database, limit=3)) == 3


def test_newest_studies_come_first(filled: House) -> None:
    assert [answer[DATE] for answer in find(filled.database, "STUDY", {DATE: ""}, limit=2)] == ["20260108", "20260107"]


def test_closing_gives_the_connection_back(filled: House) -> None:
    for _ in range(100):  # more often than the pool has connections
        answers = find(filled.database, "STUDY", {PATIENT: ""})
        next(answers)
        answers.close()


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        ("WORLD", {}),
        ("STUDY", {DATE: "yesterday"}),
        ("STUDY", {DATE: "20260101-tomorrow"}),
        ("STUDY", {NAME: "x" * 1001}),
        ("STUDY", {STUDY: "\\".join(f"1.{number}" for number in range(3000))}),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_sentence(filled: House, level: str, keys: dict[int, str]) -> None:
    with pytest.raises(UnanswerableQuery, match=r"\.$"):
        list(find(filled.database, level, keys))


@pytest.mark.parametrize(
    "value", ["'; DROP TABLE studies; --", "\\\\\\", "%", "_", "/", "*" * 500, "?" * 300, "[a-z]", "\x00"]
)
def test_hostile_values_find_nothing_and_break_nothing(filled: House, value: str) -> None:
    for tag in (NAME, PATIENT, ACCESSION, MODALITIES, 0x00081030):
        list(find(filled.database, "STUDY", {tag: value}))
    assert len(patients(filled.database)) == 8
