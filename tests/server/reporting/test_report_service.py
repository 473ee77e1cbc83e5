"""What doctors experience: locks, versions, returns, give-up, seal, pictures, history."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from server.kernel.errors import Refusal
from server.kernel.outbox import outbox
from server.reporting import rules
from server.reporting.service import ReportService
from server.reporting.settings import ReportingSettings
from server.reporting.tables import KeyImage, Report, ReportText
from server.reporting.worklist import Worklist
from shared.contract.base import Page
from shared.contract.errors import ErrorCode
from shared.contract.reporting import AddKeyImage, AddMeasurement, ReportContent, ReportFilter
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState, Sex
from tests.server.reporting.reporting_world import (
    FULL,
    LI,
    NOON,
    QIAN,
    WANG,
    ZHAO,
    FakeOrganisation,
    World,
    a_png,
    an_exam,
    changed,
)


def test_an_exam_gets_exactly_one_report(world: World) -> None:
    first = world.a_report(an_exam(5))
    with world.database.write() as uow:
        world.reports.ensure_report(uow, 5)
        assert world.reports.report_of(uow, 5) == first
        assert world.reports.get(uow, LI, first).row.state is ReportState.AWAITING
    assert world.exams.moved == [(5, first, ReportState.AWAITING)]


def test_facts_follow_the_exam_without_making_a_save_stale(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.read() as uow:
        before = world.reports.get(uow, LI, report_id)
    exam = world.exams.exams[before.row.exam_id]
    world.exams.exams[before.row.exam_id] = msgspec.structs.replace(
        exam, row=msgspec.structs.replace(exam.row, patient_name="张山")
    )
    with world.database.write() as uow:
        world.reports.exam_changed(uow, before.row.exam_id)
        saved = world.reports.save(uow, LI, report_id, before.version, FULL)
    assert saved.row.patient_name == "张山"


def test_entering_names_the_holder_to_others(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow, pytest.raises(Refusal) as refused:
        world.reports.write(uow, WANG, report_id)
    assert refused.value.body.holder == LI.name
    with world.database.read() as uow:
        row = world.reports.get(uow, WANG, report_id).row
    assert row.locked_by == LI.name
    assert ReportAction.UNLOCK in row.allowed
    assert ReportAction.WRITE not in row.allowed


def test_after_unlocking_the_last_who_entered_is_the_diagnosing_doctor(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        version = world.reports.save(uow, LI, report_id, 2, FULL).version
        unlocked = world.reports.unlock(uow, WANG, report_id)
        assert unlocked.content == FULL
        assert unlocked.unlocked_by == WANG.name
        entered = world.reports.write(uow, WANG, report_id)
        assert entered.row.diagnosing_doctor == WANG.name
        with pytest.raises(Refusal) as lost:
            world.reports.save(uow, LI, report_id, version, changed(FULL, findings="<p>我的</p>"))
    assert lost.value.body.code is ErrorCode.HELD_BY_OTHER
    assert lost.value.body.holder == WANG.name


def test_a_notice_goes_out_when_a_lock_is_freed(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.read() as uow:
        before = len(uow.session.execute(select(outbox.c.id)).all())
    with world.database.write() as uow:
        world.reports.unlock(uow, WANG, report_id)
    with world.database.read() as uow:
        bodies = list(uow.session.scalars(select(outbox.c.body)))[before:]
    assert [msgspec.msgpack.decode(body)["entity"] for body in bodies] == ["report"]


def test_an_idle_lock_is_free_but_its_holder_may_go_on_while_nobody_entered(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    world.clock.pass_time(minutes=31)
    with world.database.write() as uow:
        assert world.reports.get(uow, WANG, report_id).row.locked_by == ""
        saved = world.reports.save(uow, LI, report_id, 2, FULL)
        assert saved.row.is_locked_by_me
    world.clock.pass_time(minutes=31)
    with world.database.write() as uow:
        assert world.reports.write(uow, WANG, report_id).content == FULL


def test_a_doctor_who_touches_nothing_loses_the_lock_although_the_workstation_beats(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    for minutes in (10, 20, 30):
        world.clock.pass_time(minutes=10)
        with world.database.write() as uow:
            world.reports.renew_lock(uow, LI, report_id, minutes * 60)
    world.clock.pass_time(minutes=1)
    with world.database.write() as uow:
        assert world.reports.get(uow, WANG, report_id).row.locked_by == ""
        world.reports.write(uow, WANG, report_id)
    with pytest.raises(Refusal), world.database.write() as uow:
        world.reports.renew_lock(uow, LI, report_id, -5)


def test_the_heartbeat_keeps_the_lock(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    for _ in range(3):
        world.clock.pass_time(minutes=14)
        with world.database.write() as uow:
            world.reports.renew_lock(uow, LI, report_id)
    with world.database.write() as uow:
        with pytest.raises(Refusal):
            world.reports.renew_lock(uow, WANG, report_id)
        assert world.reports.get(uow, WANG, report_id).row.locked_by == LI.name


def test_a_stale_save_is_a_conflict_that_names_the_present_version(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        saved = world.reports.save(uow, LI, report_id, 2, FULL)
        with pytest.raises(Refusal) as refused:
            world.reports.save(uow, LI, report_id, 2, changed(FULL, findings="<p>旧</p>"))
    assert refused.value.body.code is ErrorCode.CONFLICT
    assert refused.value.body.version == saved.version


def test_saves_by_hand_all_stay_and_automatic_ones_replace_each_other(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    version = 2
    with world.database.write() as uow:
        for text, is_automatic in (("a", True), ("ab", True), ("abc", False), ("abcd", True), ("abcde", False)):
            content = changed(FULL, findings=f"<p>{text}</p>")
            version = world.reports.save(uow, LI, report_id, version, content, is_automatic=is_automatic).version
        log = world.reports.log(uow, report_id)
    assert [kept.content.findings for kept in log.versions] == [
        "<p>ab</p>",
        "<p>abc</p>",
        "<p>abcd</p>",
        "<p>abcde</p>",
    ]


def test_saving_the_same_text_again_changes_nothing(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        first = world.reports.save(uow, LI, report_id, 2, FULL)
        again = world.reports.save(uow, LI, report_id, first.version, FULL)
    assert again.version == first.version
    assert again.text_version == first.text_version


@pytest.mark.parametrize(
    ("part", "value", "field"),
    [
        ("findings", "<p> <br></p>", "findings"),
        ("impression", "", "impression"),
        ("critical_value", CriticalValue.UNSET, "critical_value"),
        ("hp", HpResult.UNSET, "hp"),
        ("image_quality", "好", "image_quality"),
    ],
)
def test_submission_names_the_missing_field(world: World, part: str, value: object, field: str) -> None:
    report_id = world.a_report(an_exam(1, exam_type="GI"))
    content = changed(changed(FULL, hp=HpResult.NEGATIVE), **{part: value})
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        with pytest.raises(Refusal) as refused:
            world.reports.submit(uow, LI, report_id, version, content)
    assert refused.value.body.code is ErrorCode.INVALID
    assert refused.value.body.field == field


def test_hp_is_only_asked_where_the_exam_type_has_it(world: World) -> None:
    report_id = world.report_in(ReportState.SUBMITTED)
    with world.database.read() as uow:
        assert not world.reports.get(uow, LI, report_id).hp_required


def test_a_report_on_short_images_needs_the_doctors_word_that_is_logged(world: World) -> None:
    report_id = world.a_report(an_exam(1))
    world.studies.states["1.2.3.1"] = ("short", 7)
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        with pytest.raises(Refusal) as refused:
            world.reports.submit(uow, LI, report_id, version, FULL)
        assert refused.value.body.field == "missing_acknowledged"
        assert "7 幅" in refused.value.body.message
        seen = world.reports.submit(uow, LI, report_id, version, FULL, missing_acknowledged=True)
        assert (seen.row.completeness, seen.row.missing_images) == ("short", 7)
        assert "缺 7 幅" in world.reports.log(uow, report_id).rows[0].note


@pytest.mark.parametrize(
    ("studies", "expected"),
    [
        ([], ("unknown", 0)),
        ([("complete", 0)], ("complete", 0)),
        ([("complete", 0), ("unknown", 0)], ("unknown", 0)),
        ([("complete", 0), ("short", 2), ("short", 3)], ("short", 5)),
    ],
)
def test_studies_of_one_report_stand_together(studies: list[tuple[str, int]], expected: tuple[str, int]) -> None:
    together = rules.images_together(studies)
    assert (together.state, together.missing) == expected


def test_the_list_says_whether_images_are_missing(world: World) -> None:
    world.a_report(an_exam(1))
    world.a_report(an_exam(2))
    world.studies.states["1.2.3.2"] = ("short", 4)
    with world.database.read() as uow:
        rows = world.worklist.page(uow, LI, ReportFilter(), Page()).rows
    assert {row.exam_id: (row.completeness, row.missing_images) for row in rows} == {1: ("unknown", 0), 2: ("short", 4)}


def test_a_doubtful_text_needs_a_reason_that_is_logged(world: World) -> None:
    report_id = world.a_report(an_exam(1, sex=Sex.MALE))
    content = changed(FULL, findings="<p>子宫增大，右肺____结节。</p>")
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
        with pytest.raises(Refusal) as refused:
            world.reports.submit(uow, LI, report_id, version, content)
        assert refused.value.body.field == "overrule_reason"
        assert "子宫" in refused.value.body.message
        assert "____" in refused.value.body.message
        world.reports.submit(uow, LI, report_id, version, content, "两性畸形")
        assert "两性畸形" in world.reports.log(uow, report_id).rows[0].note


def test_a_return_shows_its_reason_until_the_report_is_submitted_again(world: World) -> None:
    report_id = world.report_in(ReportState.AUDITING)
    with world.database.write() as uow:
        version = world.reports.get(uow, ZHAO, report_id).version
        with pytest.raises(Refusal):
            world.reports.reject(uow, ZHAO, report_id, version, " \u200b\x0b")
        returned = world.reports.reject(uow, ZHAO, report_id, version, "请描述纵隔")
        assert returned.row.was_returned
        assert returned.row.state is ReportState.WRITING
        assert returned.row.locked_by == ""
        assert [one.reason for one in returned.returns] == ["请描述纵隔"]
        version = world.reports.write(uow, LI, report_id).version
        again = world.reports.submit(uow, LI, report_id, version, changed(FULL, findings="<p>纵隔居中。</p>"))
    assert not again.row.was_returned
    assert len(again.returns) == 1


def test_the_writers_give_up_clears_the_report_and_keeps_what_was_written(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        version = world.reports.save(uow, LI, report_id, 2, FULL).version
        world.reports.add_key_image(uow, LI, a_key_image(report_id))
        given_up = world.reports.give_up(uow, LI, report_id, version)
        log = world.reports.log(uow, report_id)
    assert given_up.row.state is ReportState.AWAITING
    assert given_up.content == ReportContent()
    assert given_up.row.diagnosing_doctor == ""
    assert given_up.key_images == ()
    assert [kept.content for kept in log.versions] == [FULL, ReportContent()]


def test_the_auditors_give_up_brings_the_submitted_report_back(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        kept = world.reports.add_key_image(uow, LI, a_key_image(report_id, "甲")).key_images[0]
        world.reports.submit(uow, LI, report_id, 2, FULL)
        version = world.reports.audit(uow, ZHAO, report_id).version
        version = world.reports.save(uow, ZHAO, report_id, version, changed(FULL, findings="<p>改</p>")).version
        world.reports.add_key_image(uow, ZHAO, a_key_image(report_id, "乙"))
        world.reports.remove_key_image(uow, ZHAO, report_id, kept.id)
        given_up = world.reports.give_up(uow, ZHAO, report_id, version)
    assert given_up.row.state is ReportState.SUBMITTED
    assert given_up.content == FULL
    assert [image.caption for image in given_up.key_images] == ["甲"]
    assert given_up.row.auditing_doctor == ""


def test_nobody_audits_the_own_report_by_default(world: World) -> None:
    report_id = world.report_in(ReportState.SUBMITTED, writer=ZHAO)
    with world.database.write() as uow:
        assert ReportAction.AUDIT not in world.reports.get(uow, ZHAO, report_id).allowed
        with pytest.raises(Refusal) as refused:
            world.reports.audit(uow, ZHAO, report_id)
        assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION
        assert world.reports.audit(uow, QIAN, report_id).row.state is ReportState.AUDITING


def test_where_own_audit_is_allowed_the_exception_is_logged(world: World) -> None:
    report_id = world.report_in(ReportState.SUBMITTED, writer=ZHAO)
    settings = ReportingSettings(may_audit_own=True)
    reports = ReportService(
        world.exams,
        world.studies,
        FakeOrganisation(),
        world.documents,
        Worklist(world.time, settings),
        world.time,
        settings,
    )
    with world.database.write() as uow:
        reports.audit(uow, ZHAO, report_id)
        assert "例外" in reports.log(uow, report_id).rows[0].note


def test_approval_seals_and_the_code_proves_it(world: World) -> None:
    report_id = world.report_in(ReportState.APPROVED)
    with world.database.read() as uow:
        view = world.reports.get(uow, LI, report_id)
        code = world.reports.verification_code(uow, report_id)
        assert len(view.seal) == 64
        assert code == f"MJ1:{report_id}:{view.seal[:16]}"
        assert "真实有效" in world.reports.verify(uow, code)
        assert "真实有效" in world.reports.verify(uow, f"https://hospital.example/verify/{code}")
        assert "不一致" in world.reports.verify(uow, f"MJ1:{report_id}:{'0' * 16}")
        assert "没有" in world.reports.verify(uow, "MJ1:4711:0123456789abcdef")
        assert "不是" in world.reports.verify(uow, "hello")


@pytest.mark.parametrize("tampering", ["text", "canonical", "picture"])
def test_a_report_changed_behind_the_seal_is_found(world: World, tampering: str) -> None:
    report_id = world.report_in(ReportState.WRITING)
    with world.database.write() as uow:
        world.reports.add_key_image(uow, LI, a_key_image(report_id))
        world.reports.submit(uow, LI, report_id, 2, FULL)
        version = world.reports.audit(uow, ZHAO, report_id).version
        world.reports.approve(uow, ZHAO, report_id, version, FULL)
        code = world.reports.verification_code(uow, report_id)
    with world.database.write() as uow:
        if tampering == "text":
            uow.session.execute(update(ReportText).values(findings="<p>右肺癌。</p>"))
        elif tampering == "canonical":
            uow.session.execute(update(Report).values(sealed=b"{}"))
        else:
            uow.session.execute(update(KeyImage).values(is_removed=True))
    with world.database.read() as uow:
        assert "警告" in world.reports.verify(uow, code)


def test_printing_counts_and_only_approved_reports_print(world: World) -> None:
    report_id = world.report_in(ReportState.APPROVED)
    with world.database.write() as uow:
        assert world.reports.printed(uow, LI, report_id).row.state is ReportState.PRINTED
        assert world.reports.printed(uow, LI, report_id).print_count == 2
    other = world.report_in(ReportState.SUBMITTED)
    with world.database.read() as uow, pytest.raises(Refusal) as refused:
        world.reports.demand_printable(uow, LI, other)
    assert refused.value.body.code is ErrorCode.ILLEGAL_ACTION


def a_key_image(report_id: int, caption: str = "肺窗", png: bytes | None = None) -> AddKeyImage:
    return AddKeyImage(
        report_id=report_id,
        study_uid="1.2.3.1",
        series_uid="1.2.3.1.1",
        instance_uid="1.2.3.1.1.7",
        frame=1,
        caption=caption,
        png=a_png() if png is None else png,
    )


def test_only_whole_png_pictures_of_the_holder_are_kept(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    bad = (b"", b"GIF89a" + b"0" * 60, a_png()[:-4], a_png(9000, 1), a_png() + b"<script>")
    with world.database.write() as uow:
        for png in bad:
            with pytest.raises(Refusal) as refused:
                world.reports.add_key_image(uow, LI, a_key_image(report_id, png=png))
            assert refused.value.body.field == "png"
        with pytest.raises(Refusal) as too_large:
            world.reports.add_key_image(uow, LI, a_key_image(report_id, png=b"0" * (4 * 1024 * 1024 + 1)))
        assert too_large.value.body.code is ErrorCode.TOO_LARGE
        with pytest.raises(Refusal) as held:
            world.reports.add_key_image(uow, WANG, a_key_image(report_id))
        assert held.value.body.code is ErrorCode.HELD_BY_OTHER
        view = world.reports.add_key_image(uow, LI, a_key_image(report_id))
        assert world.documents.kept[view.key_images[0].document_id] == a_png()
        assert view.version == 2, "a picture must not make the text in the editor stale"
        assert world.reports.remove_key_image(uow, LI, report_id, view.key_images[0].id).key_images == ()
        with pytest.raises(Refusal):
            world.reports.remove_key_image(uow, LI, report_id, view.key_images[0].id)


def test_measurements_come_with_the_report(world: World) -> None:
    report_id = world.report_in(ReportState.WRITING)
    request = AddMeasurement(report_id=report_id, instance_uid="1.2", frame=1, label="长\x1c度\u200b", value=12.5)
    with world.database.write() as uow:
        view = world.reports.add_measurement(uow, LI, request)
        with pytest.raises(Refusal):
            world.reports.add_measurement(uow, LI, msgspec.structs.replace(request, value=float("nan")))
    assert [(m.label, m.value, m.unit) for m in view.measurements] == [("长度", 12.5, "mm")]


def test_history_shows_the_patients_exams_and_namesakes_apart(world: World) -> None:
    first = world.a_report(an_exam(1, patient_id=1, finished_at=NOON - timedelta(days=300)))
    world.a_report(an_exam(2, patient_id=1, finished_at=NOON - timedelta(days=20)))
    world.a_report(an_exam(3, patient_id=1))
    world.a_report(an_exam(4, patient_id=9))
    world.a_report(an_exam(5, patient_id=10, name="李四"))
    with world.database.write() as uow:
        world.reports.write(uow, LI, first)
        world.reports.save(uow, LI, first, 2, FULL)
        history = world.reports.history(uow, 3)
    assert [row.exam_id for row in history.earlier] == [2, 1]
    assert history.earlier[1].impression == FULL.impression
    assert [row.exam_id for row in history.namesakes] == [4]


def test_unknown_reports_are_refused_with_a_sentence(world: World) -> None:
    with world.database.write() as uow:
        for call in (
            lambda: world.reports.get(uow, LI, 404),
            lambda: world.reports.write(uow, LI, 404),
            lambda: world.reports.log(uow, 404),
            lambda: world.reports.history(uow, 404),
        ):
            with pytest.raises(Refusal) as refused:
                call()
            assert refused.value.body.code is ErrorCode.NOT_FOUND
