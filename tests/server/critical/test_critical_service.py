"""The loop of a critical value: steps, refusals, clocks, roster, what reporting tells and asks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.kernel.errors import Refusal
from server.organisation.tables import CampusRow, DepartmentRow
from shared.contract.critical import (
    AcknowledgeCritical,
    CancelCritical,
    CorrectCritical,
    CriticalSettings,
    NotifyCritical,
    RecordAcknowledgement,
    ReportCritical,
)
from shared.contract.errors import ErrorCode
from shared.domain.critical import Escalation, LoopAction, LoopState, Means
from shared.domain.states import CriticalValue, ReportState
from tests.server.critical.critical_world import LI, WARD, ZHAO, CriticalWorld
from tests.server.reporting.reporting_world import FULL, an_exam, changed

PNEUMO = changed(FULL, findings="<p>右侧胸腔见大量气体，纵隔左移。</p>", impression="<p>右侧张力性气胸。</p>")


def test_a_report_opens_a_loop_with_everything_the_ward_must_hear(world: CriticalWorld) -> None:
    loop = world.a_loop(value="肺压缩 90%").loop
    assert (loop.state, loop.name, loop.value, loop.department) == (
        LoopState.OPEN,
        "张力性气胸",
        "肺压缩 90%",
        "呼吸科",
    )
    assert (loop.patient_name, loop.requesting_doctor, loop.reported_by) == ("张三", "陈医生", "李医生")
    assert loop.due_at - loop.opened_at == (loop.next_escalation_at or loop.opened_at) - loop.opened_at
    assert loop.called == "陈医生"
    assert loop.allowed == (LoopAction.NOTIFY, LoopAction.RECORD, LoopAction.CORRECT, LoopAction.CANCEL)
    assert world.details(loop.id, WARD).loop.allowed == (LoopAction.ACKNOWLEDGE,)


def test_the_ward_acknowledges_with_its_name_and_the_loop_ends(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    world.clock.pass_time(minutes=2)
    with world.database.write() as uow:
        done = world.critical.acknowledge(
            uow, WARD, AcknowledgeCritical(loop_id=loop.id, version=loop.version, note="已请胸外科会诊")
        )
    assert done.loop.state is LoopState.ACKNOWLEDGED
    assert (done.loop.acknowledged_by, done.loop.acknowledged_means) == ("呼吸科护士站", Means.WARD_SCREEN)
    assert done.loop.notified_at == done.loop.acknowledged_at == world.clock.now()
    assert [line.action for line in done.lines] == ["report", "acknowledge"]
    assert done.lines[-1].note == "已请胸外科会诊"
    assert done.loop.next_escalation_at is None


def test_a_phone_call_is_written_down_and_must_be_read_back(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    with world.database.write() as uow:
        told = world.critical.notify(
            uow, LI, NotifyCritical(loop_id=loop.id, version=loop.version, name="王护士", means=Means.PHONE)
        ).loop
    assert (told.state, told.notified_name, told.read_back) == (LoopState.NOTIFIED, "王护士", False)
    request = RecordAcknowledgement(loop_id=loop.id, version=told.version, name="王护士", read_back=False)
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.record(uow, LI, request)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "read_back")
    with world.database.write() as uow:
        done = world.critical.record(
            uow, LI, RecordAcknowledgement(loop_id=loop.id, version=told.version, name="王护士", read_back=True)
        ).loop
    assert (done.state, done.acknowledged_by, done.read_back) == (LoopState.ACKNOWLEDGED, "王护士", True)


def test_radiology_does_not_acknowledge_in_the_wards_place(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.acknowledge(uow, LI, AcknowledgeCritical(loop_id=loop.id, version=loop.version))
    assert refused.value.body.code is ErrorCode.PERMISSION_MISSING
    assert world.details(loop.id).loop.state is LoopState.OPEN


def test_nothing_ends_a_loop_without_a_name_or_a_reason(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    version = loop.version
    for step in (
        lambda uow: world.critical.cancel(uow, LI, CancelCritical(loop_id=loop.id, version=version, reason="  ")),
        lambda uow: world.critical.record(
            uow, LI, RecordAcknowledgement(loop_id=loop.id, version=version, name=" ", read_back=True)
        ),
        lambda uow: world.critical.notify(
            uow, LI, NotifyCritical(loop_id=loop.id, version=version, name="", means=Means.PHONE)
        ),
        lambda uow: world.critical.correct(
            uow, LI, CorrectCritical(loop_id=loop.id, version=version, name="气胸", finding="x", reason="")
        ),
    ):
        with world.database.write() as uow, pytest.raises(Refusal) as refused:
            step(uow)
        assert refused.value.body.code is ErrorCode.INVALID
    assert world.details(loop.id).loop == loop
    assert len(world.details(loop.id).lines) == 1


def test_a_cancelled_loop_stays_readable_with_its_reason(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    with world.database.write() as uow:
        world.critical.cancel(uow, LI, CancelCritical(loop_id=loop.id, version=loop.version, reason="选错患者"))
    kept = world.details(loop.id)
    assert (kept.loop.state, kept.loop.reason) == (LoopState.CANCELLED, "选错患者")
    assert [line.action for line in kept.lines] == ["report", "cancel"]
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.notify(
            uow, LI, NotifyCritical(loop_id=loop.id, version=kept.loop.version, name="王", means=Means.PHONE)
        )
    assert (refused.value.body.code, refused.value.body.state) == (ErrorCode.ILLEGAL_ACTION, "cancelled")


def test_a_correction_of_an_answered_loop_opens_it_again(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    with world.database.write() as uow:
        loop = world.critical.acknowledge(uow, WARD, AcknowledgeCritical(loop_id=loop.id, version=loop.version)).loop
    world.clock.pass_time(minutes=45)
    with world.database.write() as uow:
        again = world.critical.correct(
            uow,
            LI,
            CorrectCritical(
                loop_id=loop.id, version=loop.version, name=loop.name, finding="左侧张力性气胸", reason="侧别写错"
            ),
        )
    assert again.loop.state is LoopState.OPEN
    assert again.loop.acknowledged_at is None and again.loop.notified_at is None
    assert not again.loop.is_overdue
    assert again.lines[-1].action == "reopen"
    assert "右侧张力性气胸，纵隔左移 → 左侧张力性气胸" in again.lines[-1].note and "侧别写错" in again.lines[-1].note
    assert world.look() == 0
    world.clock.pass_time(minutes=11)
    assert world.look() == 1


def test_a_stale_step_is_refused_with_the_present_version(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    request = NotifyCritical(loop_id=loop.id, version=loop.version, name="王护士", means=Means.PHONE)
    with world.database.write() as uow:
        world.critical.notify(uow, LI, request)
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.notify(uow, ZHAO, request)
    assert (refused.value.body.code, refused.value.body.version) == (ErrorCode.CONFLICT, loop.version + 1)


def test_the_same_critical_value_is_not_reported_twice(world: CriticalWorld) -> None:
    report_id = world.a_report()
    first = world.a_loop(report_id).loop
    with pytest.raises(Refusal) as refused:
        world.a_loop(report_id)
    assert (refused.value.body.code, refused.value.body.existing_id) == (ErrorCode.DUPLICATE, first.id)
    assert world.a_loop(report_id, code="CH03", finding="肺动脉栓塞").loop.id != first.id


def test_an_unanswered_loop_climbs_the_levels_at_their_times(world: CriticalWorld) -> None:
    world.on_duty(Escalation.WARD, "钱护士", "呼吸科")
    world.on_duty(Escalation.HEAD, "孙主任", "呼吸科")
    world.on_duty(Escalation.OFFICE, "医务处总值班")
    loop = world.a_loop().loop
    seen = []
    for _minute in range(35):
        world.clock.pass_time(minutes=1)
        if world.look():
            found = world.details(loop.id).loop
            seen.append(
                (round((world.clock.now() - loop.opened_at).total_seconds() / 60), found.escalation, found.called)
            )
    assert seen == [
        (10, Escalation.WARD, "钱护士（8001）"),
        (20, Escalation.HEAD, "孙主任（8001）"),
        (30, Escalation.OFFICE, "医务处总值班（8001）"),
    ]
    last = world.details(loop.id).loop
    assert last.state is LoopState.OPEN and last.is_overdue and last.next_escalation_at is None
    with world.database.write() as uow:
        assert world.critical.escalate(uow, loop.id) is False  # nothing is done twice


def test_being_told_does_not_stop_the_clock_but_an_answer_does(world: CriticalWorld) -> None:
    told, answered = world.a_loop().loop, world.a_loop().loop
    with world.database.write() as uow:
        world.critical.notify(
            uow, LI, NotifyCritical(loop_id=told.id, version=told.version, name="王护士", means=Means.MESSAGE)
        )
        world.critical.acknowledge(uow, WARD, AcknowledgeCritical(loop_id=answered.id, version=answered.version))
    world.clock.pass_time(minutes=60)
    assert world.look() == 1
    assert world.details(told.id).loop.escalation is Escalation.WARD
    assert world.details(answered.id).loop.escalation is Escalation.DOCTOR


def test_a_gap_in_the_roster_calls_the_level_above_at_once(world: CriticalWorld) -> None:
    world.on_duty(Escalation.OFFICE, "医务处总值班")
    loop = world.a_loop().loop
    world.clock.pass_time(minutes=10)
    assert world.look() == 1
    found = world.details(loop.id)
    assert (found.loop.escalation, found.loop.called) == (Escalation.OFFICE, "医务处总值班（8001）")
    assert any("病区值班：值班表中没有人" in line.note for line in found.lines)


def test_without_any_roster_the_levels_are_climbed_all_the_same(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    for level in (Escalation.WARD, Escalation.HEAD, Escalation.OFFICE):
        world.clock.pass_time(minutes=10)
        assert world.look() == 1
        assert world.details(loop.id).loop.escalation is level
    assert "请补充值班表" in world.details(loop.id).lines[-1].note


def test_a_night_shift_belongs_to_the_day_on_which_it_begins(world: CriticalWorld) -> None:
    world.on_duty(Escalation.WARD, "夜班", "呼吸科", begins="18:00", ends="08:00", days=["mon"])
    loop = world.a_loop().loop  # Monday noon
    for hours, name in ((0, ""), (7, "夜班"), (12, "夜班"), (9, "")):
        world.clock.pass_time(hours=hours)
        with world.database.read() as uow:
            found = world.reading.on_duty(uow, loop.department)
        assert "、".join(one.name for one in found) == name


def test_a_job_is_asked_for_in_the_same_transaction(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    assert [(loop_id, delay.total_seconds()) for loop_id, delay in world.planned.jobs] == [(loop.id, 600)]
    world.clock.pass_time(minutes=5)
    with world.database.write() as uow:
        assert world.critical.escalate(uow, loop.id) is False  # too early: asked for again
    assert world.planned.jobs[-1][1].total_seconds() == 300


# ── with reporting ───────────────────────────────────────────────────────────────────────────────────


def submit(world: CriticalWorld, report_id: int, content: object, reason: str = "") -> None:
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        world.reports.submit(uow, LI, report_id, version, content, reason)  # type: ignore[arg-type]


def test_yes_at_submission_opens_the_loop_by_itself(world: CriticalWorld) -> None:
    report_id = world.a_report()
    submit(world, report_id, changed(PNEUMO, critical_value=CriticalValue.YES))
    (loop,) = world.loops().rows
    assert (loop.report_id, loop.name, loop.finding) == (report_id, "张力性气胸", "右侧张力性气胸")
    with world.database.write() as uow:
        version = world.reports.audit(uow, ZHAO, report_id).version
        world.reports.approve(uow, ZHAO, report_id, version, changed(PNEUMO, critical_value=CriticalValue.YES))
    assert world.loops().total == 1  # not a second one at the audit


def test_a_loop_that_was_cancelled_is_not_opened_again_by_submitting(world: CriticalWorld) -> None:
    report_id = world.a_report()
    loop = world.a_loop(report_id).loop
    with world.database.write() as uow:
        world.critical.cancel(uow, LI, CancelCritical(loop_id=loop.id, version=loop.version, reason="重复上报"))
    submit(world, report_id, changed(PNEUMO, critical_value=CriticalValue.YES))
    assert world.loops(states=(LoopState.OPEN,)).total == 0


def test_no_in_spite_of_the_text_needs_a_reason(world: CriticalWorld) -> None:
    report_id = world.a_report()
    with pytest.raises(Refusal, match=r"右侧张力性气胸.*“危急值”选择为“否”") as refused:
        submit(world, report_id, PNEUMO)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, "overrule_reason")
    submit(world, report_id, PNEUMO, "已知，急诊已处理")
    assert world.loops().total == 0


def test_yes_without_any_needs_a_reason(world: CriticalWorld) -> None:
    report_id = world.a_report()
    yes = changed(FULL, critical_value=CriticalValue.YES)
    with pytest.raises(Refusal, match="没有找到危急值的描述"):
        submit(world, report_id, yes)
    submit(world, report_id, yes, "检查中患者晕厥")
    assert [loop.name for loop in world.loops().rows] == ["危急值"]


def test_no_while_a_loop_is_open_needs_a_reason(world: CriticalWorld) -> None:
    report_id = world.a_report()
    world.a_loop(report_id)
    with pytest.raises(Refusal, match="已上报危急值“张力性气胸”"):
        submit(world, report_id, FULL)


def test_a_plain_report_is_not_asked_anything(world: CriticalWorld) -> None:
    submit(world, world.a_report(), FULL)
    submit(world, world.a_report(), changed(PNEUMO, impression="<p>未见气胸。</p>", findings="<p>双肺野清晰。</p>"))


# ── who sees what ────────────────────────────────────────────────────────────────────────────────────


def test_a_ward_account_sees_its_own_departments_only(world: CriticalWorld) -> None:
    mine = world.a_loop().loop
    other = world.a_report(an_exam(2, patient_id=2, name="李四"))
    world.a_loop(other, department="骨科")
    with world.database.write() as uow:
        uow.session.add(CampusRow(id=1, code="C", name="总院", name_en="Main"))
        uow.session.flush()
        uow.session.add(DepartmentRow(id=7, campus_id=1, code="HX", name="呼吸科", name_en="Chest", performs=False))
    nurse = replace(WARD, department_ids=frozenset({7}), room_ids=frozenset())
    found = world.loops(nurse)
    assert [row.id for row in found.rows] == [mine.id]
    assert (found.open, [one.department for one in found.departments]) == (1, ["呼吸科"])
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.acknowledge(uow, nurse, AcknowledgeCritical(loop_id=mine.id + 1, version=1))
    assert refused.value.body.code is ErrorCode.NOT_FOUND
    assert world.loops(replace(WARD, campus_ids=frozenset({9}))).total == 0


def test_the_overview_counts_open_and_overdue_by_department(world: CriticalWorld) -> None:
    first = world.a_loop().loop
    world.a_loop(world.a_report(an_exam(2, patient_id=2, name="李四")), department="骨科")
    world.clock.pass_time(minutes=15)
    world.look()
    with world.database.write() as uow:
        version = world.details(first.id).loop.version
        world.critical.acknowledge(uow, WARD, AcknowledgeCritical(loop_id=first.id, version=version))
    found = world.loops()
    assert (found.total, found.open, found.overdue, found.mine) == (2, 1, 1, 1)
    assert [(one.department, one.open, one.overdue) for one in found.departments] == [("骨科", 1, 1)]
    assert [row.department for row in found.rows] == ["骨科", "呼吸科"]  # open ones first
    assert world.loops(overdue_only=True).total == world.loops(open_only=True, department="骨科").total == 1
    assert world.loops(patient="李四").total == world.loops(patient="A0000002").total == 1
    assert world.loops(mine_only=True).total == 2 and world.loops(ZHAO, mine_only=True).total == 0


def test_time_limits_are_kept_and_hold_for_new_loops(world: CriticalWorld) -> None:
    old = world.a_loop().loop
    with world.database.write() as uow:
        saved = world.critical.limits.save_settings(
            uow, CriticalSettings(ward_minutes=2, head_minutes=4, office_minutes=6)
        )
        assert saved.version == 1
        with pytest.raises(Refusal) as refused:
            world.critical.limits.save_settings(
                uow, CriticalSettings(version=1, ward_minutes=5, head_minutes=4, office_minutes=6)
            )
    assert refused.value.body.field == "settings.head_minutes"
    new = world.a_loop().loop
    world.clock.pass_time(minutes=2)
    world.look()
    assert world.details(new.id).loop.escalation is Escalation.WARD
    assert world.details(old.id).loop.escalation is Escalation.DOCTOR


def test_before_the_report_is_submitted_a_loop_may_open(world: CriticalWorld) -> None:
    for state in (ReportState.AWAITING, ReportState.WRITING, ReportState.APPROVED):
        assert world.a_loop(world.report_in(state)).loop.state is LoopState.OPEN


@pytest.mark.parametrize(
    ("field", "request_"),
    [
        ("code", ReportCritical(report_id=1, code="NONE", finding="x")),
        ("name", ReportCritical(report_id=1, finding="x")),
        ("finding", ReportCritical(report_id=1, code="CH01", finding=" ")),
        ("value", ReportCritical(report_id=1, code="CH01", finding="x", value="9" * 201)),
    ],
)
def test_what_is_missing_is_named(world: CriticalWorld, field: str, request_: ReportCritical) -> None:
    world.a_report()
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.critical.report(uow, LI, request_)
    assert (refused.value.body.code, refused.value.body.field) == (ErrorCode.INVALID, field)
