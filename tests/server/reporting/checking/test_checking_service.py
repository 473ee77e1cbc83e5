"""Alarms of a text being written, what becomes of them, switches and words of the house."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from server.kernel.errors import Refusal
from server.reporting import second_reading
from server.reporting.checking.service import CheckingService
from shared.contract.checking import (
    AlarmKind,
    AlarmView,
    CheckText,
    DismissAlarm,
    DismissReason,
    GetCheckerUse,
    KindUse,
    NoteAlarms,
    SaveCheckerSwitches,
    SaveCheckerWord,
)
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import FULL, LI, World, changed

SLIPS = "<p>左肺上叶见结节，大小约  mm，边缘【选择】。</p>"


class CheckedWorld(World):
    """The reporting world with its checker on screen."""

    checking: CheckingService

    def alarms(
        self, report_id: int, findings: str = SLIPS, impression: str = "<p>左肺上叶结节。</p>"
    ) -> set[AlarmKind]:
        return {alarm.kind for alarm in self.views(report_id, findings, impression)}

    def views(
        self, report_id: int, findings: str = SLIPS, impression: str = "<p>左肺结节。</p>"
    ) -> tuple[AlarmView, ...]:
        with self.database.read() as uow:
            return self.checking.check(
                uow, LI, CheckText(report_id=report_id, findings=findings, impression=impression)
            )

    def note(self, report_id: int, alarms: tuple[AlarmView, ...]) -> None:
        with self.database.write() as uow:
            self.checking.note(uow, LI, NoteAlarms(report_id=report_id, alarms=alarms))

    def use(self) -> dict[AlarmKind, KindUse]:
        with self.database.read() as uow:
            return {one.kind: one for one in self.checking.use(uow, GetCheckerUse())}


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CheckedWorld]:
    with a_database(request.param, tmp_path) as database:
        world = CheckedWorld(database)
        world.checking = CheckingService(world.time, second_reading.subject_of_texts)
        world.reports.follow(world.checking.stepped)
        yield world


def test_alarms_have_their_places_in_the_plain_text(world: CheckedWorld) -> None:
    report_id = world.a_report()
    remnant = next(one for one in world.views(report_id) if one.kind is AlarmKind.TEMPLATE)
    assert (remnant.field, "左肺上叶见结节，大小约  mm，边缘【选择】。"[remnant.start : remnant.end]) == (
        "findings",
        "【选择】",
    )


def test_an_empty_page_is_no_alarm_while_it_is_written(world: CheckedWorld) -> None:
    assert world.alarms(world.a_report(), "", "") == set()


def test_what_is_shown_and_gone_counts_as_corrected_once(world: CheckedWorld) -> None:
    report_id = world.a_report()
    alarms = world.views(report_id)
    world.note(report_id, alarms)
    world.note(report_id, alarms)
    assert world.use()[AlarmKind.TEMPLATE].shown == world.use()[AlarmKind.TEMPLATE].still_open == 1
    world.note(report_id, ())
    world.note(report_id, ())
    assert world.use()[AlarmKind.TEMPLATE].corrected == 1
    world.note(report_id, alarms)  # undone again
    assert (world.use()[AlarmKind.TEMPLATE].corrected, world.use()[AlarmKind.TEMPLATE].still_open) == (0, 1)


def test_what_is_set_aside_stays_away_and_is_not_asked_at_submitting(world: CheckedWorld) -> None:
    report_id = world.a_report()
    content = changed(
        FULL, findings="<p>左肺上叶见磨玻璃影，边缘【选择】。</p>", impression="<p>左肺上叶磨玻璃影。</p>"
    )
    (alarm,) = world.views(report_id, content.findings, content.impression)
    with world.database.write() as uow:
        world.checking.dismiss(
            uow,
            LI,
            DismissAlarm(report_id=report_id, kind=alarm.kind, text=alarm.text, reason=DismissReason.KNOWN),
        )
    assert world.alarms(report_id, content.findings, content.impression) == set()
    used = world.use()[AlarmKind.TEMPLATE]
    assert (used.dismissed, used.reasons, used.doctors) == (1, {"known": 1}, {LI.name: 1})


def test_another_reason_needs_words(world: CheckedWorld) -> None:
    report_id = world.a_report()
    request = DismissAlarm(report_id=report_id, kind=AlarmKind.TYPO, text="某词", reason=DismissReason.OTHER, note=" ")
    with pytest.raises(Refusal, match="理由"), world.database.write() as uow:
        world.checking.dismiss(uow, LI, request)


def test_a_kind_is_off_for_one_exam_type_or_for_all(world: CheckedWorld) -> None:
    report_id = world.a_report()
    assert AlarmKind.TEMPLATE in world.alarms(report_id)
    for exam_type, there in (("US", True), ("", False)):
        with world.database.write() as uow:
            world.checking.save_switches(
                uow, SaveCheckerSwitches(exam_type=exam_type, off=(AlarmKind.TEMPLATE, AlarmKind.TYPO))
            )
        assert (AlarmKind.TEMPLATE in world.alarms(report_id)) is there
    with world.database.read() as uow:
        assert [one.exam_type for one in world.checking.switches(uow)] == ["", "US"]


def test_words_of_the_house_are_right_and_slips_of_the_house_are_found(world: CheckedWorld) -> None:
    report_id = world.a_report()
    slip = "<p>左肺纵膈窗清晰，见肺野甲。</p>"
    assert AlarmKind.TYPO in world.alarms(report_id, slip, "<p>胸部未见异常。</p>")
    with world.database.write() as uow:
        world.checking.save_word(uow, LI, SaveCheckerWord(word="纵膈窗"))
        assert world.checking.add_words(uow, LI, "肺野甲 肺野\n\n纵膈窗\n") == 1
    found = world.views(report_id, slip, "<p>胸部未见异常。</p>")
    assert [alarm.text for alarm in found if alarm.kind is AlarmKind.TYPO] == ["肺野甲"]
    with world.database.write() as uow:
        (word, _) = world.checking.words(uow)
        world.checking.remove_word(uow, word.id)
        assert len(world.checking.words(uow)) == 1


@pytest.mark.parametrize("lines", ["一 二 三", "有<标签>", "长" * 41])
def test_lines_that_are_no_words_are_refused(world: CheckedWorld, lines: str) -> None:
    with pytest.raises(Refusal, match="第 1 行"), world.database.write() as uow:
        world.checking.add_words(uow, LI, lines)


def test_the_same_word_twice_is_refused(world: CheckedWorld) -> None:
    with world.database.write() as uow:
        world.checking.save_word(uow, LI, SaveCheckerWord(word="某词"))
    with pytest.raises(Refusal, match="已有"), world.database.write() as uow:
        world.checking.save_word(uow, LI, SaveCheckerWord(word="某词", right="别词"))


def test_what_is_open_when_a_report_is_submitted_was_overruled(world: CheckedWorld) -> None:
    from server.reporting.ports import ReportStep
    from shared.domain.states import ReportAction, ReportState

    report_id = world.a_report()
    world.note(report_id, world.views(report_id))
    step = ReportStep(report_id, 1, ReportAction.SUBMIT, ReportState.SUBMITTED, ReportState.SUBMITTED)
    with world.database.write() as uow:
        world.checking.stepped(uow, LI, step)
    assert world.use()[AlarmKind.TEMPLATE].overruled == 1
