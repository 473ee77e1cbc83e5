"""The pure rules of routing: when a rule wants a study, and what becomes of attributes."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from server.archive.routing import rules
from server.archive.routing.rules import StudyFacts
from shared.contract.routing import Conditions, Moment, Operation, TagRule

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 4, 23, 30, tzinfo=ZONE)  # a Wednesday
FACTS = StudyFacts(
    senders=frozenset({"CT1"}),
    modalities=frozenset({"CT", "SR"}),
    body_parts=frozenset({"CHEST"}),
    descriptions=frozenset({"胸部平扫", "Lung 1.0"}),
    institutions=frozenset({"人民医院东院"}),
    stations=frozenset({"CT-A"}),
    patient_id="P1",
    changed_at=NOW - timedelta(seconds=60),
    is_complete=False,
    is_matched=False,
    is_reported=False,
)


@pytest.mark.parametrize(
    ("field", "fitting", "other"),
    [
        ("sender_aes", "ct*", "MR*"),
        ("modalities", "CT", "MR"),
        ("body_parts", "ch?st", "HEAD"),
        ("descriptions", "胸部*", "腹部*"),
        ("institutions", "*东院", "*西院"),
        ("stations", "CT-?", "CT"),
        ("patient_ids", "P*", "Q*"),
    ],
)
def test_each_list_of_patterns_must_fit(field: str, fitting: str, other: str) -> None:
    assert rules.objection(Conditions(**{field: (fitting,)}), FACTS) == ""
    assert rules.objection(Conditions(**{field: (other,)}), FACTS) != ""
    assert rules.objection(Conditions(**{field: (other, fitting)}), FACTS) == ""


def test_without_conditions_everything_fits() -> None:
    assert rules.objection(Conditions(), FACTS) == ""


def test_all_stated_conditions_must_hold() -> None:
    assert rules.objection(Conditions(sender_aes=("CT1",), modalities=("MR",)), FACTS) == "设备类型不符。"


@pytest.mark.parametrize("moment", Moment)
@pytest.mark.parametrize("holds", [False, True])
def test_each_moment_waits_for_its_own_fact(moment: Moment, holds: bool) -> None:
    facts = FACTS
    if holds:
        facts = StudyFacts(
            **{**{name: getattr(FACTS, name) for name in FACTS.__dataclass_fields__}}
            | {"is_complete": True, "is_matched": True, "is_reported": True}
        )
    quiet = 30 if holds else 90
    waits = rules.reason_to_wait(Conditions(moment=moment, quiet_s=quiet), facts, NOW)
    assert (waits == "") is (holds or moment is Moment.ARRIVED)


@pytest.mark.parametrize(
    ("days", "start", "end", "clock", "is_open"),
    [
        ((), "", "", "03:00", True),
        ((), "08:00", "18:00", "08:00", True),
        ((), "08:00", "18:00", "18:00", False),
        ((), "08:00", "18:00", "07:59", False),
        ((), "22:00", "06:00", "22:00", True),
        ((), "22:00", "06:00", "05:59", True),
        ((), "22:00", "06:00", "06:00", False),
        ((), "22:00", "06:00", "12:00", False),
        ((2,), "", "", "12:00", True),
        ((3,), "", "", "12:00", False),
        ((2,), "22:00", "06:00", "23:00", True),
        ((2,), "22:00", "06:00", "05:00", False),  # that night began on Tuesday
        ((1,), "22:00", "06:00", "05:00", True),
        ((1,), "22:00", "06:00", "23:00", False),
        ((0,), "22:00", "06:00", "05:00", False),
    ],
)
def test_days_and_hours(days: tuple[int, ...], start: str, end: str, clock: str, is_open: bool) -> None:
    now = NOW.replace(hour=int(clock[:2]), minute=int(clock[3:]))
    assert rules.is_open(Conditions(weekdays=days, from_time=start, until_time=end), now) is is_open


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sender_aes", ("",)),
        ("modalities", ("x" * 65,)),
        ("stations", ("a",) * 101),
        ("quiet_s", -1),
        ("weekdays", (7,)),
        ("from_time", "8:00"),
        ("until_time", "24:00"),
    ],
)
def test_wrong_conditions_are_named(field: str, value: object) -> None:
    given: dict[str, object] = {"from_time": "08:00", "until_time": "09:00"} if field.endswith("time") else {}
    fault = rules.fault_of(Conditions(**{**given, field: value}))
    assert fault is not None and fault[0] == field


def test_half_a_window_is_refused() -> None:
    assert rules.fault_of(Conditions(from_time="08:00")) is not None
    assert rules.fault_of(Conditions(from_time="08:00", until_time="07:00", weekdays=(0, 6))) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (TagRule(operation=Operation.SET, keyword="InstitutionName", value="总院"), {0x00080080: "总院"}),
        (TagRule(operation=Operation.REMOVE, keyword="PatientID"), {0x00100020: None}),
        (TagRule(operation=Operation.REMOVE, keyword="PatientComments"), {}),
        (TagRule(operation=Operation.COPY, keyword="StudyID", value="AccessionNumber"), {0x00200010: "A1"}),
        (TagRule(operation=Operation.PREFIX, keyword="PatientID", value="X-"), {0x00100020: "X-P1"}),
        (TagRule(operation=Operation.PREFIX, keyword="PatientID", value="P"), {}),
        (TagRule(operation=Operation.PREFIX, keyword="OtherPatientIDs", value="X"), {}),
        (TagRule(operation=Operation.SUFFIX, keyword="0010,0020", value="-2"), {0x00100020: "P1-2"}),
        (TagRule(operation=Operation.REPLACE, keyword="AccessionNumber", value="A", other="B"), {0x00080050: "B1"}),
        (TagRule(operation=Operation.SET, keyword="AccessionNumber", value="x" * 30), {0x00080050: "x" * 16}),
        (TagRule(operation=Operation.REMOVE, keyword="0029,1010"), {}),
    ],
)
def test_operations(change: TagRule, expected: dict[int, str | None]) -> None:
    present = {0x00100020: "P1", 0x00080050: "A1", 0x00080080: "东院"}
    assert rules.fault_of_change(change) is None
    assert rules.applied([change], present) == expected
    assert rules.needed([change]) >= set(expected)


def test_changes_are_made_one_after_the_other() -> None:
    changes = [
        TagRule(operation=Operation.COPY, keyword="OtherPatientIDs", value="PatientID"),
        TagRule(operation=Operation.PREFIX, keyword="PatientID", value="EAST-"),
    ]
    assert rules.applied(changes, {0x00100020: "P1"}) == {0x00101000: "P1", 0x00100020: "EAST-P1"}


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "Rows", "PixelData", "TransferSyntaxUID"])
@pytest.mark.parametrize("operation", Operation)
def test_what_an_object_is_cannot_be_changed(keyword: str, operation: Operation) -> None:
    assert rules.fault_of_change(TagRule(operation=operation, keyword=keyword, value="PatientID")) is not None


@pytest.mark.parametrize(
    "change",
    [
        TagRule(operation=Operation.SET, keyword="NoSuchThing", value="x"),
        TagRule(operation=Operation.SET, keyword="RequestAttributesSequence", value="x"),
        TagRule(operation=Operation.SET, keyword="0029,1010", value="x"),
        TagRule(operation=Operation.SET, keyword="PatientID", value="a\\b"),
        TagRule(operation=Operation.PREFIX, keyword="PatientID"),
        TagRule(operation=Operation.COPY, keyword="PatientID", value="PixelData"),
    ],
)
def test_changes_that_make_no_sense_are_refused(change: TagRule) -> None:
    assert rules.fault_of_change(change) is not None


def test_a_pause_grows_and_ends() -> None:
    pauses = [rules.pause_after(failures) for failures in range(1, 30)]
    assert pauses[:4] == [5, 10, 20, 40] and pauses == sorted(pauses) and max(pauses) == 600


def test_conditions_survive_their_column() -> None:
    conditions = Conditions(sender_aes=("CT*",), moment=Moment.REPORTED, weekdays=(0, 1))
    assert msgspec.convert(msgspec.to_builtins(conditions), Conditions) == conditions
