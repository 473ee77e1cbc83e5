"""The report page without a screen: what the doctor would have seen, and that no text is ever lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from clients.diagnosis.ports import HandedOut, NoViewer
from clients.diagnosis.report.presenter import ReportPresenter
from clients.diagnosis.report.presenting.base import AUTOSAVE_S, HEARTBEAT_S, RETRY_S
from clients.diagnosis.report.state import ReportPageState, Trouble, joined, missing_fields, with_content
from clients.kit.connection import LineState
from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.viewer_link import KeyImage, MeasurementDrawn, ViewerFailed
from shared.contract.base import Changed
from shared.contract.report_paper import CopyOutcome, TellCopy
from shared.contract.reporting import ApproveReport, RenewLock, ReportContent, SaveReport, SubmitReport
from shared.domain.report_choices import choices_of
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState
from tests.clients.diagnosis.fake_reading_room import FULL, ME, ReadingRoom, a_picture, a_template

S, A = ReportState, ReportAction


class FakeLater:
    """Time that tests let pass."""

    def __init__(self) -> None:
        self.now = 0.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, work: Callable[[], None]) -> Callable[[], None]:
        entry = (self.now + seconds, work)
        self._waiting.append(entry)

        def take_back() -> None:
            if entry in self._waiting:
                self._waiting.remove(entry)

        return take_back

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted((entry for entry in self._waiting if entry[0] <= end), key=lambda entry: entry[0]):
            self._waiting.remove(due[0])
            self.now = due[0][0]
            due[0][1]()
        self.now = end

    @property
    def waiting(self) -> int:
        return len(self._waiting)


class Desk:
    """A presenter with everything around it."""

    def __init__(self, folder: Path, room: ReadingRoom | None = None, runner: Any = None) -> None:
        self.room = room or ReadingRoom()
        self.runner = runner or ImmediateRunner()
        self.messages = CollectedMessages()
        self.drafts = DraftStore(folder)
        self.viewer = NoViewer()
        self.later = FakeLater()
        self.states: list[ReportPageState] = []
        self.left = 0
        self.printed: list[bytes] = []
        self.printer: Exception | None = None
        self.presenter = ReportPresenter(
            self.room.line,
            self.runner,
            self.messages,
            self.drafts,
            self.viewer,
            self.later,
            self.states.append,
            self._leave,
            self._print,
        )

    def _print(self, pdf: bytes) -> HandedOut:
        if self.printer is not None:
            raise self.printer
        self.printed.append(pdf)
        return HandedOut(CopyOutcome.PRINTED, "HP")

    def _leave(self) -> None:
        self.left += 1

    @property
    def state(self) -> ReportPageState:
        return self.presenter.state

    def sent(self, kind: type[Any]) -> list[Any]:
        return [call for call in self.room.line.calls if isinstance(call, kind)]

    def trouble(self) -> Trouble | None:
        return None if self.state.obstacle is None else self.state.obstacle.kind


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "drafts")


def written(desk: Desk, **parts: Any) -> Desk:
    """Enter report 1 and type."""
    desk.room.add(1)
    desk.presenter.open(1, A.WRITE)
    if parts:
        desk.presenter.edit(**parts)
    return desk


def test_entering_locks_and_loads_what_stands_around(desk: Desk) -> None:
    desk.room.templates.append(a_template(1))
    written(desk)
    assert desk.state.may_type
    assert desk.room.reports[1].holder == ME
    assert desk.state.history is not None and len(desk.state.history.earlier) == 2
    assert [template.id for template in desk.state.templates] == [1]
    assert desk.viewer.asked == [("follow", ("1.2.826.1",))]


def test_what_is_typed_is_saved_by_itself_and_journaled_before(desk: Desk) -> None:
    written(desk, findings="<p>双肺</p>")
    assert desk.state.is_dirty
    assert desk.drafts.restore("report-1") is not None
    desk.presenter.edit(findings="<p>双肺清晰</p>")
    assert desk.sent(SaveReport) == []
    desk.later.pass_time(AUTOSAVE_S)
    assert [save.content.findings for save in desk.sent(SaveReport)] == ["<p>双肺清晰</p>"]
    assert desk.sent(SaveReport)[0].is_automatic
    assert not desk.state.is_dirty
    assert desk.drafts.restore("report-1") is None


def test_saving_by_hand_keeps_a_version(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.presenter.save()
    assert not desk.sent(SaveReport)[0].is_automatic
    assert [message.text for message in desk.messages.said] == ["已保存"]


def test_strokes_during_a_save_are_saved_after_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, runner=HeldRunner())
    desk.room.add(1)
    desk.presenter.open(1, A.WRITE)
    for _ in range(3):
        desk.runner.release()
    desk.presenter.edit(findings="<p>a</p>")
    desk.presenter.save()
    desk.presenter.edit(findings="<p>ab</p>")
    desk.runner.release()
    assert desk.state.is_dirty
    assert desk.state.content.findings == "<p>ab</p>"
    desk.later.pass_time(AUTOSAVE_S)
    desk.runner.release()
    assert desk.room.reports[1].content.findings == "<p>ab</p>"
    assert not desk.state.is_dirty


def test_without_a_line_the_text_waits_and_is_saved_when_it_is_back(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.room.line.set_line(LineState.OFFLINE)
    desk.later.pass_time(AUTOSAVE_S)
    assert desk.state.is_waiting and desk.state.is_dirty
    desk.later.pass_time(RETRY_S)
    assert desk.state.is_dirty
    desk.room.line.set_line(LineState.ONLINE)
    desk.later.pass_time(RETRY_S)
    assert not desk.state.is_dirty
    assert not desk.state.is_waiting
    assert desk.room.reports[1].content.findings == "<p>a</p>"


def test_after_a_crash_the_draft_comes_back(tmp_path: Path) -> None:
    first = written(Desk(tmp_path), findings="<p>未保存</p>")
    first.drafts.close()
    second = Desk(tmp_path, room=first.room)
    second.presenter.open(1, A.WRITE)
    assert second.state.content.findings == "<p>未保存</p>"
    assert second.trouble() is Trouble.RESTORED
    second.later.pass_time(AUTOSAVE_S)
    assert second.room.reports[1].content.findings == "<p>未保存</p>"
    assert second.trouble() is None


def test_a_draft_of_an_older_version_is_shown_beside_the_saved_one(tmp_path: Path) -> None:
    first = written(Desk(tmp_path), findings="<p>草稿</p>")
    first.drafts.close()
    first.room.save_elsewhere(1, FULL)
    second = Desk(tmp_path, room=first.room)
    second.presenter.open(1, A.WRITE)
    assert second.trouble() is Trouble.STALE
    assert second.state.obstacle is not None and second.state.obstacle.other == FULL
    assert second.state.content.findings == "<p>草稿</p>"


def test_a_stale_save_shows_both_and_mine_can_win(desk: Desk) -> None:
    written(desk, findings="<p>我的</p>")
    desk.room.save_elsewhere(1, FULL)
    desk.presenter.save()
    assert desk.trouble() is Trouble.STALE
    assert desk.state.content.findings == "<p>我的</p>"
    assert desk.state.obstacle is not None and desk.state.obstacle.other == FULL
    desk.presenter.take_mine()
    assert desk.room.reports[1].content.findings == "<p>我的</p>"
    assert desk.trouble() is None


def test_of_two_versions_the_servers_can_win_and_mine_comes_back_by_undo(desk: Desk) -> None:
    written(desk, findings="<p>我的</p>")
    desk.room.save_elsewhere(1, FULL)
    desk.presenter.save()
    desk.presenter.take_theirs()
    assert desk.state.content == FULL
    assert not desk.state.is_dirty
    desk.messages.undo_offers[-1][1]()
    assert desk.state.content.findings == "<p>我的</p>"


def test_a_lost_lock_keeps_the_text_and_says_who(desk: Desk) -> None:
    written(desk, findings="<p>我的</p>")
    report = desk.room.reports[1]
    report.holder = "王医生"
    desk.presenter.save()
    assert desk.trouble() is Trouble.LOCK_LOST
    assert desk.state.obstacle is not None and desk.state.obstacle.who == "王医生"
    assert desk.state.content.findings == "<p>我的</p>"
    assert not desk.state.may_type
    assert desk.drafts.restore("report-1") is not None
    assert desk.later.waiting == 0


def test_a_lock_freed_by_notice_is_noticed_at_once_and_can_be_taken_again(desk: Desk) -> None:
    written(desk, findings="<p>我的</p>")
    report = desk.room.reports[1]
    report.holder, report.unlocked_by = "", "王医生"
    desk.presenter.heard(Changed("report", 1, report.row.version))
    assert desk.trouble() is Trouble.LOCK_LOST
    assert desk.state.obstacle is not None and desk.state.obstacle.who == "王医生"
    desk.presenter.enter_here()
    assert desk.state.may_type
    assert desk.state.content.findings == "<p>我的</p>"
    desk.later.pass_time(AUTOSAVE_S)
    assert report.content.findings == "<p>我的</p>"


def test_entering_again_after_somebody_saved_shows_both(desk: Desk) -> None:
    written(desk, findings="<p>我的</p>")
    report = desk.room.reports[1]
    report.holder = "王医生"
    desk.presenter.save()
    desk.room.save_elsewhere(1, FULL)
    report.holder = ""
    desk.presenter.look_again()
    desk.presenter.enter_here()
    assert desk.trouble() is Trouble.STALE
    assert desk.state.content.findings == "<p>我的</p>"
    desk.presenter.take_theirs()
    assert desk.state.content == FULL


def test_the_heartbeat_beats_while_the_report_is_mine(desk: Desk) -> None:
    from shared.contract.reporting import RenewLock

    written(desk)
    desk.later.pass_time(3 * HEARTBEAT_S)
    assert len(desk.sent(RenewLock)) == 4
    desk.presenter.leave()
    desk.later.pass_time(3 * HEARTBEAT_S)
    assert len(desk.sent(RenewLock)) == 4


def test_a_heartbeat_says_how_long_nobody_typed(desk: Desk) -> None:
    written(desk)
    desk.later.pass_time(HEARTBEAT_S * 3)
    desk.presenter.edit(findings="<p>又写</p>")
    desk.later.pass_time(HEARTBEAT_S)
    assert [call.idle_seconds for call in desk.sent(RenewLock)] == [0, 60, 120, 180, 0]


def test_a_report_held_by_another_is_opened_to_read(desk: Desk) -> None:
    desk.room.add(1, FULL, holder="王医生", state=S.WRITING)
    desk.presenter.open(1, A.WRITE)
    assert desk.trouble() is Trouble.HELD
    assert desk.state.content == FULL
    assert not desk.state.may_type
    desk.presenter.unlock()
    assert desk.room.reports[1].holder == ""
    desk.presenter.enter_here()
    assert desk.state.may_type


def test_leaving_saves_first_and_going_to_the_next_too(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.room.add(2)
    desk.presenter.open(2, A.WRITE)
    assert desk.room.reports[1].content.findings == "<p>a</p>"
    assert desk.state.report is not None and desk.state.report.row.id == 2
    desk.presenter.edit(findings="<p>b</p>")
    desk.presenter.leave()
    assert desk.room.reports[2].content.findings == "<p>b</p>"
    assert desk.left == 1


def test_submission_says_what_is_missing_at_the_field(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.presenter.submit()
    assert set(desk.state.problems) == {"impression", "critical_value"}
    assert desk.sent(SubmitReport) == []
    desk.presenter.edit(impression="<p>b</p>")
    assert set(desk.state.problems) == {"critical_value"}


def test_hp_is_missing_only_where_it_is_asked() -> None:
    assert missing_fields(FULL, choices_of("")) == ()
    assert missing_fields(FULL, choices_of("", hp_required=True)) == ("hp",)
    assert missing_fields(with_content(FULL, hp=HpResult.NEGATIVE), choices_of("", hp_required=True)) == ()
    assert missing_fields(ReportContent(findings="<p> </p>"), choices_of("")) == (
        "findings",
        "impression",
        "critical_value",
    )


def test_submitting_hands_the_report_in_and_makes_it_read_only(desk: Desk) -> None:
    written(desk, findings=FULL.findings, impression=FULL.impression, critical_value=CriticalValue.NO)
    desk.presenter.submit()
    assert desk.room.reports[1].row.state is S.SUBMITTED
    assert not desk.state.may_type
    assert desk.drafts.restore("report-1") is None
    assert desk.messages.said[-1].text == "报告已提交，等待审核"


def missing(desk: Desk, count: int) -> None:
    report = desk.room.reports[1]
    report.row = msgspec.structs.replace(
        report.row, missing_images=count, completeness="short" if count else "complete"
    )


def test_submitting_a_short_study_asks_and_names_how_many_are_missing(desk: Desk) -> None:
    written(desk, findings=FULL.findings, impression=FULL.impression, critical_value=CriticalValue.NO)
    missing(desk, 3)
    desk.presenter.look_again()
    desk.presenter.submit()
    assert desk.trouble() is Trouble.SHORT
    assert desk.state.obstacle is not None
    assert desk.state.obstacle.missing == 3
    assert desk.sent(SubmitReport) == []
    desk.presenter.submit_short()
    assert desk.sent(SubmitReport)[-1].missing_acknowledged
    assert desk.room.reports[1].row.state is S.SUBMITTED


def test_images_that_went_missing_meanwhile_are_asked_about_by_the_server(desk: Desk) -> None:
    written(desk, findings=FULL.findings, impression=FULL.impression, critical_value=CriticalValue.NO)
    missing(desk, 5)
    desk.presenter.submit()
    assert desk.trouble() is Trouble.SHORT
    assert desk.state.obstacle is not None
    assert desk.state.obstacle.missing == 5
    missing(desk, 4)
    desk.presenter.look_again()
    desk.presenter.submit_short()  # the doctor said yes to five: four is another number
    assert desk.trouble() is Trouble.SHORT
    desk.presenter.submit_short()
    assert desk.room.reports[1].row.state is S.SUBMITTED


def test_a_doubt_needs_a_reason(desk: Desk) -> None:
    desk.room.doubts = "左右侧不一致。"
    written(desk, findings=FULL.findings, impression=FULL.impression, critical_value=CriticalValue.NO)
    desk.presenter.submit()
    assert desk.trouble() is Trouble.DOUBT
    assert desk.state.may_type
    desk.presenter.overrule("已核对")
    assert desk.sent(SubmitReport)[-1].overrule_reason == "已核对"
    assert desk.room.reports[1].row.state is S.SUBMITTED
    assert desk.trouble() is None


def test_the_auditor_corrects_approves_and_prints_in_one_step(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.SUBMITTED)
    desk.presenter.open(1, A.AUDIT)
    assert desk.state.is_auditing
    desk.presenter.edit(impression="<p>改</p>")
    desk.presenter.approve(and_print=True)
    report = desk.room.reports[1]
    assert report.content.impression == "<p>改</p>"
    assert report.row.state is S.PRINTED
    assert desk.printed == [b"%PDF-1.4 fake"]
    assert desk.sent(TellCopy) == [TellCopy(copy_id=7, outcome=CopyOutcome.PRINTED, printer="HP")]


def test_the_print_log_hears_that_no_paper_came(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.APPROVED)
    desk.printer = OSError("disk full")
    desk.presenter.open(1, None)
    desk.presenter.print_report()
    assert desk.sent(TellCopy) == [TellCopy(copy_id=7, outcome=CopyOutcome.FAILED, reason="disk full")]


def test_a_doubt_of_the_auditor_needs_a_reason_and_prints_as_wanted(desk: Desk) -> None:
    desk.room.doubts = "文中有危急值，但“危急值”选择为“否”。"
    desk.room.add(1, FULL, state=S.SUBMITTED)
    desk.presenter.open(1, A.AUDIT)
    desk.presenter.approve(and_print=True)
    assert desk.trouble() is Trouble.DOUBT
    assert desk.state.obstacle is not None and desk.state.obstacle.is_approval
    assert desk.state.may_type
    desk.presenter.overrule("已核对")
    assert desk.sent(ApproveReport)[-1].overrule_reason == "已核对"
    assert desk.sent(SubmitReport) == []
    assert desk.room.reports[1].row.state is S.PRINTED
    assert desk.printed == [b"%PDF-1.4 fake"]


def test_a_return_needs_a_reason_and_saves_the_auditors_text(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.SUBMITTED)
    desk.presenter.open(1, A.AUDIT)
    desk.presenter.edit(impression="<p>改</p>")
    desk.presenter.reject("  ")
    assert "reason" in desk.state.problems
    desk.presenter.reject("请补充")
    report = desk.room.reports[1]
    assert report.content.impression == "<p>改</p>"
    assert report.row.state is S.WRITING
    desk.presenter.open(1, A.WRITE)
    assert desk.state.returned_reason == "请补充"


def test_giving_up_asks_first(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.presenter.ask_give_up()
    assert desk.trouble() is Trouble.GIVE_UP
    desk.presenter.give_up()
    assert desk.room.reports[1].row.state is S.AWAITING
    assert desk.state.content == ReportContent()
    assert desk.drafts.restore("report-1") is None


def test_templates_replace_or_follow_and_can_be_taken_back(desk: Desk) -> None:
    written(desk, findings="<p>原文</p>")
    template = a_template(1)
    desk.presenter.use_template(template, is_replacing=False)
    assert desk.state.content.findings == "<p>原文</p><p>双肺纹理走行自然。</p>"
    desk.messages.undo_offers[-1][1]()
    assert desk.state.content.findings == "<p>原文</p>"
    desk.presenter.use_template(template, is_replacing=True)
    assert desk.state.content.findings == template.findings
    assert desk.state.content.impression == template.impression
    assert joined("甲", "乙") == "<p>甲</p><p>乙</p>"


def test_templates_do_nothing_while_reading(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.APPROVED)
    desk.presenter.open(1, None)
    desk.presenter.use_template(a_template(1), is_replacing=True)
    assert desk.state.content == FULL


def test_own_templates_are_saved_deleted_and_brought_back(desk: Desk) -> None:
    written(desk, findings="<p>a</p>", impression="<p>b</p>")
    desk.presenter.save_as_template("我的", "知识库")
    saved = desk.room.templates[-1]
    assert (saved.name, saved.findings, saved.exam_type) == ("我的", "<p>a</p>", "CT")
    desk.presenter.delete_template(saved)
    assert desk.room.templates == []
    desk.messages.undo_offers[-1][1]()
    assert desk.room.templates[-1].name == "我的"


def test_key_images_come_from_the_viewer_and_go_with_undo(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    event = KeyImage("1.2", "1.2.3", "1.2.3.4", 6, a_picture(), ("12.3 mm",))
    desk.presenter.viewer_sent(event)
    image = desk.room.reports[1].images[0]
    assert (image.frame, image.caption) == (7, "12.3 mm")
    assert desk.state.pictures[image.document_id] == event.png
    assert desk.state.content.findings == "<p>a</p>", "a picture must not touch the text"
    desk.presenter.remove_key_image(image.id)
    assert desk.room.reports[1].images == []
    desk.messages.undo_offers[-1][1]()
    assert len(desk.room.reports[1].images) == 1


def test_key_images_are_refused_while_reading(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.APPROVED)
    desk.presenter.open(1, None)
    desk.presenter.viewer_sent(KeyImage("1", "2", "3", 0, a_picture(), ()))
    assert desk.room.reports[1].images == []
    assert "进入报告" in desk.messages.said[-1].text


def test_measurements_are_offered_and_kept_when_used(desk: Desk) -> None:
    written(desk)
    desk.presenter.viewer_sent(MeasurementDrawn("长度 12.3 mm", 12.3, "mm", "1.2.3.4"))
    desk.presenter.viewer_sent(MeasurementDrawn("长度 12.3 mm", 12.3, "mm", "1.2.3.4"))
    assert len(desk.state.offered) == 1
    desk.presenter.insert_measurement(desk.state.offered[0])
    assert [m.value for m in desk.room.reports[1].measurements] == [12.3]
    assert desk.state.offered == ()
    desk.presenter.viewer_sent(ViewerFailed("影像打不开"))
    assert desk.messages.said[-1].text == "影像打不开"


def test_comparing_opens_both(desk: Desk) -> None:
    written(desk)
    assert desk.state.history is not None
    desk.presenter.compare(desk.state.history.earlier[:1])
    assert desk.viewer.asked[-2:] == [("open", ("1.2.826.1",)), ("compare", ("1.2.3.901",))]


def test_preview_saves_first_and_shows_the_paper(desk: Desk) -> None:
    written(desk, findings="<p>a</p>")
    desk.presenter.preview()
    assert desk.room.reports[1].content.findings == "<p>a</p>"
    assert desk.state.preview == b"%PDF-1.4 fake"
    desk.presenter.close_preview()
    assert desk.state.preview is None


def test_somebody_elses_change_shows_while_i_only_read(desk: Desk) -> None:
    desk.room.add(1, FULL, holder="王医生", state=S.WRITING)
    desk.presenter.open(1, None)
    newer = with_content(FULL, findings="<p>新</p>")
    desk.room.save_elsewhere(1, newer)
    desk.presenter.heard(Changed("report", 1, 2))
    assert desk.state.content == newer
    desk.presenter.heard(Changed("report", 2, 2))
    assert desk.state.content == newer


def test_printing_from_the_list_begins_with_the_preview(desk: Desk) -> None:
    desk.room.add(1, FULL, state=S.APPROVED)
    desk.presenter.open(1, A.PRINT)
    assert desk.state.preview == b"%PDF-1.4 fake"
    assert desk.room.reports[1].row.state is S.APPROVED
    desk.presenter.print_report()
    assert desk.room.reports[1].row.state is S.PRINTED
