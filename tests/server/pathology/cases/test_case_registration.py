"""Libraries, numbers, registration, appointments, transfer and deletion of cases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest

from server.kernel.errors import Refusal
from server.pathology.cases.numbers import check_rule, format_number
from shared.contract import pathology as contract
from shared.contract import pathology_technique as technique
from shared.contract import pathology_trail as trail
from shared.contract.errors import ErrorCode
from shared.contract.exams import ItemEntry, PatientEntry, RequesterEntry, SubmitApplication
from shared.domain.pathology import (
    BlockAction,
    CaseAction,
    CaseFlag,
    CaseState,
    ChargeKind,
    DatePart,
    DoctorRole,
    FetchBy,
    LibraryKind,
    ObjectKind,
    ResetPeriod,
    Station,
)
from shared.domain.states import Sex
from tests.server.pathology.pathology_world import (
    ADMIN,
    ARCHIVIST,
    AUDITOR,
    BOSS,
    CHIEF,
    CLERK,
    TECHNICIAN,
    PathologyWorld,
)


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        (contract.NumberingRule(), "2600123"),
        (
            contract.NumberingRule(prefix="F", date_part=DatePart.YYMMDD, serial_width=3, reset=ResetPeriod.DAY),
            "F260302123",
        ),
        (contract.NumberingRule(prefix="K", date_part=DatePart.NONE, serial_width=2, reset=ResetPeriod.NEVER), "K123"),
        (contract.NumberingRule(date_part=DatePart.YYYYMM, serial_width=4, reset=ResetPeriod.MONTH), "2026030123"),
    ],
)
def test_numbers_follow_the_rule_of_the_library(rule: contract.NumberingRule, number: str) -> None:
    check_rule(rule)
    assert format_number(rule, date(2026, 3, 2), 123) == number


@pytest.mark.parametrize(
    "rule",
    [
        contract.NumberingRule(date_part=DatePart.NONE, reset=ResetPeriod.YEAR),
        contract.NumberingRule(date_part=DatePart.YYMM, reset=ResetPeriod.DAY),
        contract.NumberingRule(prefix="a"),
        contract.NumberingRule(serial_width=0),
    ],
)
def test_a_rule_that_would_repeat_numbers_is_refused(rule: contract.NumberingRule) -> None:
    with pytest.raises(Refusal):
        check_rule(rule)


def test_the_first_five_libraries_number_each_for_itself(world: PathologyWorld) -> None:
    assert list(world.libraries) == ["常规", "冰冻", "细胞学", "液基细胞学", "肾穿"]
    assert world.register().case.number == "2600001"
    assert world.register("冰冻").case.number == "F2600001"
    assert world.register().case.number == "2600002"
    world.clock.present = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)  # already next year in the hospital
    assert world.register().case.number == "2700001"


def test_a_typed_number_is_passed_over_and_never_given_twice(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    assert world.register(number="2600002").case.number == "2600002"
    shown = world.ask(CLERK, contract.NextNumber(library_id=world.libraries["常规"]))
    assert shown.number == "2600001"
    assert [world.register().case.number for _ in range(2)] == ["2600001", "2600003"]
    with pytest.raises(Refusal) as refused:
        world.register(number=" 2600003 ")
    assert refused.value.body.code is ErrorCode.DUPLICATE
    answer = world.ask(CLERK, contract.CheckNumber(number="2600003"))
    assert not answer.is_free and answer.existing_id and "已经登记" in answer.message
    gaps = world.ask(CLERK, contract.FindGaps(first="2600001", last="2600006"))
    assert [gap.number for gap in gaps] == ["2600004", "2600005", "2600006"]


def test_two_stations_at_once_never_get_one_number(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind

    def register(place: int) -> str:
        try:
            return world.register(name=f"病人{place}", number="2600005" if place % 5 == 0 else "").case.number
        except Refusal as refusal:
            assert refusal.body.code is ErrorCode.DUPLICATE
            return ""

    with ThreadPoolExecutor(4) as stations:
        numbers = [number for number in stations.map(register, range(30)) if number]
    assert len(numbers) == len(set(numbers)) >= 24
    listed = world.ask(CLERK, contract.ListCases(limit=100)).rows
    assert sorted(row.number for row in listed) == sorted(numbers)


def test_an_appointment_gets_its_number_when_it_is_executed(world: PathologyWorld) -> None:
    booked = world.ask(
        CLERK,
        contract.BookCase(library_id=world.libraries["常规"], entry=contract.CaseEntry(patient_name="李四")),
    )
    assert (booked.case.state, booked.case.number, booked.case.code) == (CaseState.APPOINTED, "", "")
    assert world.ask(CLERK, contract.CountLists()).bookings == 1
    assert world.ask(CLERK, contract.ListCases()).rows == ()
    waiting = contract.CaseFilter(states=(CaseState.APPOINTED,))
    assert len(world.ask(CLERK, contract.ListCases(filter=waiting)).rows) == 1
    report = world.ask(CLERK, contract.ExecuteBookings(case_ids=(booked.case.id, 999)))
    assert [(line.number, line.is_done) for line in report.lines] == [("2600001", True), ("", False)]
    again = world.ask(CLERK, contract.ExecuteBookings(case_ids=(booked.case.id,)))
    assert not again.lines[0].is_done
    counts = world.ask(CLERK, contract.CountLists())
    assert (counts.bookings, counts.states[CaseState.REGISTERED]) == (0, 1)


def test_a_failed_registration_uses_no_number_and_leaves_nothing(world: PathologyWorld) -> None:
    bad = contract.RegisterCase(
        library_id=world.libraries["常规"],
        entry=contract.CaseEntry(patient_name="张三"),
        specimens=(technique.SpecimenEntry(name=""),),
    )
    with pytest.raises(Refusal, match="标本名称"):
        world.ask(CLERK, bad)
    assert world.ask(CLERK, contract.ListCases()).rows == ()
    assert world.register().case.number == "2600001"


def test_the_page_is_saved_by_version_and_found_by_everything_in_it(world: PathologyWorld) -> None:
    case = world.register(age="45岁", inpatient_number="ZY001").case
    changed = contract.CaseEntry(patient_name="欧阳锋", age="46岁", is_urgent=True, outpatient_number="MZ9")
    saved = world.ask(CLERK, contract.SaveCase(case_id=case.id, version=case.version, entry=changed))
    assert saved.flags == (CaseFlag.URGENT,) and saved.received_at == case.received_at
    with pytest.raises(Refusal) as refused:
        world.ask(CLERK, contract.SaveCase(case_id=case.id, version=case.version, entry=changed))
    assert refused.value.body.code is ErrorCode.CONFLICT
    for text in ("欧阳", "阳锋", "锋", "oyf", "ouyang", "mz9", "ＭＺ9"):
        found = world.ask(CLERK, contract.ListCases(filter=contract.CaseFilter(text=text)))
        assert [row.id for row in found.rows] == [case.id], text
    for text in ("张三", "zy001", "y9"):
        assert not world.ask(CLERK, contract.ListCases(filter=contract.CaseFilter(text=text))).rows


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (contract.CaseEntry(patient_name=" "), "entry.patient_name"),
        (contract.CaseEntry(patient_name="张", age="老"), "entry.age"),
        (contract.CaseEntry(patient_name="张" * 121), "entry.patient_name"),
        (contract.CaseEntry(patient_name="张", received_at=datetime(2027, 1, 1, tzinfo=UTC)), "entry.received_at"),
    ],
)
def test_a_wrong_entry_is_named(world: PathologyWorld, entry: contract.CaseEntry, field: str) -> None:
    with pytest.raises(Refusal) as refused:
        world.ask(CLERK, contract.RegisterCase(library_id=world.libraries["常规"], entry=entry))
    assert refused.value.body.field == field


def test_a_transferred_case_is_found_by_both_numbers_and_its_labels(world: PathologyWorld) -> None:
    case = world.grossed("A")
    before = world.details(case.case_id).case
    moved = world.ask(
        ADMIN,
        contract.TransferCase(case_id=case.case_id, version=before.version, library_id=world.libraries["肾穿"]),
    )
    assert (moved.number, moved.former_numbers) == ("K2600001", (case.number,))
    for number in ("K2600001", case.number):
        assert world.ask(CLERK, contract.OpenCase(number=number)).case.id == case.case_id
    scanned = world.ask(TECHNICIAN, trail.Scan(code=case.blocks[0].code, station=Station.PREPARATION))
    assert scanned.found is not None and scanned.found.case_number == "K2600001"
    with pytest.raises(Refusal, match="曾用于"):
        world.register(number=case.number)
    blocks = world.ask(ADMIN, technique.AddBlocks(case_id=case.case_id, rows=(technique.BlockEntry(),))).blocks
    assert [block.label for block in blocks] == [f"{case.number}-A", "K2600001-B"]


def test_deletion_wants_its_password_back_and_leaves_a_gap(world: PathologyWorld) -> None:
    case = world.ask(
        CLERK,
        contract.RegisterCase(library_id=world.libraries["常规"], entry=contract.CaseEntry(patient_name="张三")),
    ).case
    challenge = world.ask(ADMIN, contract.BeginDeletion(case_id=case.id))
    wrong = contract.DeleteCase(case_id=case.id, version=case.version, password="??????")
    with pytest.raises(Refusal) as refused:
        world.ask(ADMIN, wrong)
    assert refused.value.body.code is ErrorCode.WRONG_PASSWORD
    with pytest.raises(Refusal):  # of somebody else
        world.ask(BOSS, contract.DeleteCase(case_id=case.id, version=case.version, password=challenge.password))
    world.clock.forward(minutes=11)
    right = contract.DeleteCase(case_id=case.id, version=case.version, password=challenge.password.lower())
    with pytest.raises(Refusal, match="过期"):
        world.ask(ADMIN, right)
    challenge = world.ask(ADMIN, contract.BeginDeletion(case_id=case.id))
    world.ask(
        ADMIN,
        contract.DeleteCase(case_id=case.id, version=case.version, password=challenge.password, reason="重复登记"),
    )
    with pytest.raises(Refusal):
        world.details(case.id)
    assert not world.ask(CLERK, contract.ListCases()).rows
    [gap] = world.ask(CLERK, contract.FindGaps(first=case.number, last=case.number))
    assert gap == contract.NumberGap(number=case.number, was_deleted=True, is_free=True)
    deleted = contract.CaseFilter(states=(CaseState.DELETED,))
    assert len(world.ask(CLERK, contract.ListCases(filter=deleted)).rows) == 1
    assert world.register(number=case.number).case.id != case.id
    with pytest.raises(AssertionError, match="may not"):
        world.ask(CLERK, contract.BeginDeletion(case_id=case.id))


def test_the_number_of_a_deleted_case_with_blocks_is_kept_back(world: PathologyWorld) -> None:
    case = world.embedded("A")
    version = world.details(case.case_id).case.version
    challenge = world.ask(ADMIN, contract.BeginDeletion(case_id=case.case_id))
    world.ask(ADMIN, contract.DeleteCase(case_id=case.case_id, version=version, password=challenge.password))
    [gap] = world.ask(CLERK, contract.FindGaps(first=case.number, last=case.number))
    assert not gap.is_free
    with pytest.raises(Refusal, match="已有蜡块"):
        world.register(number=case.number)
    result = world.ask(TECHNICIAN, trail.Scan(code=case.blocks[0].code, station=Station.PREPARATION))
    assert result.found is None
    again = world.ask(TECHNICIAN, technique.EmbedBlocks(block_ids=(case.blocks[0].id,)))
    assert not again.lines[0].is_done


def test_a_case_with_material_on_loan_is_not_deleted(world: PathologyWorld) -> None:
    case = world.cut("A")
    block = case.blocks[0].id
    world.write(lambda uow: world.technique.step_block(uow, ARCHIVIST, block, BlockAction.ARCHIVE))
    world.write(lambda uow: world.technique.step_block(uow, ARCHIVIST, block, BlockAction.LEND))
    with pytest.raises(Refusal, match="借出"):
        world.ask(ADMIN, contract.BeginDeletion(case_id=case.case_id))


def test_other_rooms_step_a_case_to_its_end_and_back(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    case = world.cut("A")
    for caller, action, state in (
        (CHIEF, CaseAction.SAVE_FIRST, CaseState.FIRST),
        (CHIEF, CaseAction.SAVE_CHIEF, CaseState.CHIEF),
        (AUDITOR, CaseAction.SAVE_SECOND, CaseState.SECOND),
        (AUDITOR, CaseAction.AUDIT, CaseState.AUDITED),
        (AUDITOR, CaseAction.PRINT, CaseState.PRINTED),
        (AUDITOR, CaseAction.SEND, CaseState.SENT),
        (AUDITOR, CaseAction.PRINT, CaseState.SENT),
        (AUDITOR, CaseAction.REOPEN, CaseState.SECOND),
    ):
        facts = world.write(lambda uow, c=caller, a=action: world.cases.step(uow, c, case.case_id, a))
        assert facts.state is state
    with pytest.raises(Refusal) as refused:
        world.write(lambda uow: world.cases.step(uow, CLERK, case.case_id, CaseAction.AUDIT))
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING
    events = world.ask(ADMIN, trail.GetTrail(kind=ObjectKind.CASE, object_id=case.case_id)).events
    assert [event.after for event in events if event.action == "send"] == ["sent"]


def test_an_audited_case_is_locked(world: PathologyWorld) -> None:
    case = world.cut("A")
    for caller, action in ((CHIEF, CaseAction.SAVE_CHIEF), (AUDITOR, CaseAction.AUDIT)):
        world.write(lambda uow, c=caller, a=action: world.cases.step(uow, c, case.case_id, a))
    details = world.details(case.case_id)
    assert CaseFlag.LOCKED in details.case.flags and CaseAction.EDIT not in details.case.allowed
    with pytest.raises(Refusal, match="取消审核"):
        world.ask(
            CLERK,
            contract.SaveCase(case_id=case.case_id, version=details.case.version, entry=details.case.entry),
        )
    with pytest.raises(Refusal, match="取消审核"):
        world.ask(ADMIN, technique.AddBlocks(case_id=case.case_id, rows=(technique.BlockEntry(),)))


def test_flags_and_doctors_stand_in_lists_and_counters(world: PathologyWorld) -> None:
    case, other = world.register().case, world.register(name="李四", is_urgent=True).case

    def mark(uow: object) -> None:
        world.cases.set_flag(uow, CHIEF, case.id, CaseFlag.REGROSSING, note="补取切缘")  # type: ignore[arg-type]
        world.cases.set_flag(uow, CHIEF, case.id, CaseFlag.DELAYED, note="等待免疫组化")  # type: ignore[arg-type]
        world.cases.show_doctor(uow, case.id, DoctorRole.CHIEF, "主诊")  # type: ignore[arg-type]

    world.write(mark)
    world.write(mark)  # once more changes nothing
    [row] = world.ask(CLERK, contract.ListCases(filter=contract.CaseFilter(flags=(CaseFlag.DELAYED,)))).rows
    assert (row.id, row.delay_reason, row.chief_doctor) == (case.id, "等待免疫组化", "主诊")
    counts = world.ask(CLERK, contract.CountLists())
    assert (counts.flags[CaseFlag.REGROSSING], counts.flags[CaseFlag.URGENT]) == (1, 1)
    world.write(lambda uow: world.cases.set_flag(uow, CHIEF, case.id, CaseFlag.DELAYED, False))
    assert world.ask(CLERK, contract.CountLists()).flags[CaseFlag.DELAYED] == 0
    assert world.details(other.id).case.flags == (CaseFlag.URGENT,)


def test_pages_and_neighbours_follow_each_other(world_of_kind: PathologyWorld) -> None:
    world = world_of_kind
    made = []
    for place in range(7):
        made.append(world.register("常规" if place % 2 else "肾穿", name=f"病人{place}").case.id)
        if place % 3:  # some at one moment
            world.clock.forward(seconds=1)
    expected = list(reversed(made))
    seen: list[int] = []
    cursor = ""
    while True:
        page = world.ask(CLERK, contract.ListCases(cursor=cursor, limit=2))
        seen += [row.id for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert seen == expected
    for place, one in enumerate(expected):
        found = world.ask(CLERK, contract.GetNeighbours(case_id=one))
        before = expected[place - 1] if place else 0
        after = expected[place + 1] if place + 1 < len(expected) else 0
        assert (found.previous_id, found.next_id) == (before, after)
    only = contract.CaseFilter(library_ids=(world.libraries["肾穿"],), states=(CaseState.REGISTERED,))
    assert [row.id for row in world.ask(CLERK, contract.ListCases(filter=only)).rows] == expected[::2]
    with pytest.raises(Refusal):
        world.ask(CLERK, contract.ListCases(cursor="x"))


def test_the_hospital_fills_the_page(world: PathologyWorld) -> None:
    patient = PatientEntry(
        name="赵六", sex=Sex.FEMALE, birth_date=date(1980, 5, 1), card_number="C77", inpatient_number="ZY8"
    )
    submit = SubmitApplication(
        patient=patient,
        exam_type="CT",
        items=(ItemEntry(code="P1", name="胃镜活检", body_part="胃", price_fen=10000),),
        requester=RequesterEntry(department="消化科", doctor="周医生", his_number="SQ100"),
    )
    world.write(world.organisation.seed_defaults)
    world.write(lambda uow: world.applications.submit(uow, CLERK, submit))
    [found] = world.ask(CLERK, contract.FetchPatient(by=FetchBy.APPLICATION, number="SQ100"))
    assert (found.entry.patient_name, found.entry.age, found.entry.department) == ("赵六", "45岁", "消化科")
    [found] = world.ask(CLERK, contract.FetchPatient(by=FetchBy.OUTPATIENT, number="C77"))
    with pytest.raises(Refusal, match="没有") as refused:
        world.ask(CLERK, contract.FetchPatient(by=FetchBy.INPATIENT, number="C77"))
    assert refused.value.body.code is ErrorCode.NOT_FOUND
    case = world.register(name="赵六", application_number="SQ100").case
    stranger = world.register(name="钱七", application_number="SQ100").case
    report = world.ask(CLERK, contract.FetchIntoCases(case_ids=(case.id, stranger.id)))
    assert [line.is_done for line in report.lines] == [True, False] and "不一致" in report.lines[1].message
    assert world.details(case.id).case.entry.sending_doctor == "周医生"


def test_libraries_are_added_renamed_and_kept_apart(world: PathologyWorld) -> None:
    entry = contract.LibraryEntry(name="会诊", rule=contract.NumberingRule(prefix="H"))
    made = world.ask(BOSS, contract.AddLibrary(entry=entry))
    with pytest.raises(Refusal) as refused:
        world.ask(BOSS, contract.AddLibrary(entry=entry))
    assert refused.value.body.code is ErrorCode.DUPLICATE
    renamed = contract.LibraryEntry(name="院外会诊", rule=contract.NumberingRule(prefix="H"), is_active=False)
    saved = world.ask(BOSS, contract.SaveLibrary(library_id=made.id, version=made.version, entry=renamed))
    assert saved.entry.name == "院外会诊"
    assert made.id not in [view.id for view in world.ask(CLERK, contract.ListLibraries())]
    with pytest.raises(Refusal):
        world.ask(CLERK, contract.NextNumber(library_id=made.id))
    world.register()
    routine = world.ask(CLERK, contract.ListLibraries())[0]
    turned = contract.LibraryEntry(name="常规", kind=LibraryKind.CYTOLOGY)
    with pytest.raises(Refusal, match="不能更改类型"):
        world.ask(BOSS, contract.SaveLibrary(library_id=routine.id, version=routine.version, entry=turned))


def test_charges_are_summed_and_those_of_orders_stay(world: PathologyWorld) -> None:
    case = world.register().case
    line = contract.ChargeLine(name="活检", quantity=2, price_fen=5000)
    view = world.ask(BOSS, contract.SaveCharges(case_id=case.id, version=1, lines=(line,)))
    assert (view.total_fen, view.unpaid_fen) == (10000, 10000)
    of_order = contract.ChargeLine(kind=ChargeKind.EXAM, name="Ki-67", price_fen=12000, order_id=3)
    world.write(lambda uow: world.core.charges.add(uow, TECHNICIAN, case.id, [of_order]))
    view = world.ask(CLERK, contract.GetCharges(case_id=case.id))
    view = world.ask(CLERK, contract.SaveCharges(case_id=case.id, version=view.version, lines=()))
    assert [one.name for one in view.lines] == ["Ki-67"] and view.total_fen == 12000


def test_charges_are_marked_as_paid_by_line_and_by_order(world: PathologyWorld) -> None:
    first, second = world.register().case.id, world.register().case.id
    by_hand = contract.ChargeLine(name="活检", price_fen=5000)
    view = world.ask(CLERK, contract.SaveCharges(case_id=first, version=1, lines=(by_hand,)))
    of_order = contract.ChargeLine(kind=ChargeKind.SPECIAL, name="Ki-67", price_fen=12000, order_id=3)
    world.write(lambda uow: world.core.charges.add(uow, TECHNICIAN, second, [of_order]))
    both = contract.SettleCharges(charge_ids=(view.lines[0].id,), order_ids=(3,))
    assert world.ask(CLERK, both) == 2
    assert world.ask(CLERK, both) == 0  # they are paid already
    paid = [world.ask(CLERK, contract.GetCharges(case_id=one)) for one in (first, second)]
    assert [one.unpaid_fen for one in paid] == [0, 0]
    assert paid[0].version > view.version  # who has the old lines open saves none of them
    assert world.ask(CLERK, contract.SettleCharges(order_ids=(3,), is_paid=False)) == 1
    assert world.ask(CLERK, contract.GetCharges(case_id=second)).unpaid_fen == 12000
    with pytest.raises(Refusal):
        world.ask(CLERK, contract.SettleCharges(order_ids=(3, 4)))
    with pytest.raises(Refusal):
        world.ask(CLERK, contract.SettleCharges())
