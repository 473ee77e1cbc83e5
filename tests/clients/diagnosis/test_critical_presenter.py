"""What the screens of critical values do, over the real use cases on a small database; no window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clients.diagnosis.critical.presenter import AlarmPresenter, OverviewPresenter, PanelPresenter
from clients.diagnosis.critical.state import Which
from clients.diagnosis.critical.words import line_words, waited_words
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from server.critical.figures import Figures
from server.critical.rpc import CriticalRpc
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from shared.contract.base import Changed
from shared.contract.critical import CriticalHit
from shared.contract.errors import error_for
from shared.domain.critical import Escalation, LoopAction, LoopState, Means
from tests.databases import a_database
from tests.server.critical.critical_world import LI, WARD, ZHAO, CriticalWorld

NOTICE = Changed(entity="critical", id=1, version=1)


class Line:
    """The line of one account to the handlers of the area."""

    def __init__(self, world: CriticalWorld, caller: Caller) -> None:
        self._world = world
        self._caller = caller
        self._handlers = collect(CriticalRpc(world.critical, world.reading, Figures(world.time)))
        self.is_down = False

    def call(self, request: Any) -> Any:
        if self.is_down:
            raise OSError("no line")
        with self._world.database.write() as uow:
            try:
                return self._handlers[request.method].call(request, self._caller, uow)
            except Refusal as refusal:
                raise error_for(refusal.body) from None


@pytest.fixture
def world(tmp_path: Path) -> Iterator[CriticalWorld]:
    with a_database("sqlite", tmp_path) as database:
        yield CriticalWorld(database)


def an_overview(world: CriticalWorld, caller: Caller) -> tuple[OverviewPresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = OverviewPresenter(Line(world, caller), ImmediateRunner(), messages, lambda _report_id: None)
    presenter.refresh()
    return presenter, messages


def test_the_overview_filters_selects_and_steps(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    presenter, messages = an_overview(world, LI)
    assert [row.id for row in presenter.state.rows] == [loop.id] and presenter.state.mine == 1
    presenter.select(presenter.state.rows[0])
    presenter.step(LoopAction.NOTIFY, {"name": "王护士", "means": Means.PHONE, "read_back": False, "note": ""})
    assert presenter.state.details is not None and presenter.state.details.loop.state is LoopState.NOTIFIED
    presenter.step(LoopAction.RECORD, {"name": "王护士", "means": Means.PHONE, "read_back": False, "note": ""})
    assert set(presenter.state.problems) == {"read_back"} and not presenter.state.is_busy
    presenter.step(LoopAction.RECORD, {"name": "王护士", "means": Means.PHONE, "read_back": True, "note": "已处理"})
    assert presenter.state.rows == () and presenter.state.problems == {}
    presenter.filter(which=Which.ALL)
    assert [row.state for row in presenter.state.rows] == [LoopState.ACKNOWLEDGED]
    presenter.filter(patient="nobody")
    assert presenter.state.rows == ()
    assert len(messages.said) == 2


def test_somebody_elses_step_is_told_and_the_present_state_is_shown(world: CriticalWorld) -> None:
    world.a_loop()
    mine, messages = an_overview(world, LI)
    ward, _ = an_overview(world, WARD)
    for presenter in (mine, ward):
        presenter.select(presenter.state.rows[0])
    ward.step(LoopAction.ACKNOWLEDGE, {"note": ""})
    mine.step(LoopAction.CANCEL, {"reason": "误报"})
    assert len(messages.errors) == 1
    assert mine.state.details is not None and mine.state.details.loop.state is LoopState.ACKNOWLEDGED
    mine.heard(NOTICE)
    assert mine.state.rows == ()


def test_a_lost_line_leaves_the_old_rows_and_an_error(world: CriticalWorld) -> None:
    world.a_loop()
    presenter, _ = an_overview(world, LI)
    presenter._caller.is_down = True  # type: ignore[attr-defined]
    presenter.refresh()
    assert presenter.state.rows and presenter.state.error is not None and not presenter.state.is_loading


def a_panel(world: CriticalWorld, report_id: int) -> tuple[PanelPresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = PanelPresenter(Line(world, LI), ImmediateRunner(), messages)
    presenter.show_report(report_id, "CT", "呼吸科", may_report=True)
    return presenter, messages


def test_the_panel_reads_the_text_and_reports_what_it_states(world: CriticalWorld) -> None:
    report_id = world.a_report()
    presenter, messages = a_panel(world, report_id)
    assert presenter.state.choices and presenter.state.hits == ()
    presenter.text_changed("<p>右侧胸腔积气。</p>", "<p>右侧张力性气胸。</p>")
    (hit,) = presenter.state.hits
    assert isinstance(hit, CriticalHit) and not presenter.state.is_reported(hit)
    presenter.report({"code": hit.code, "name": hit.name, "finding": ""})
    assert set(presenter.state.problems) == {"finding"}
    presenter.report({"code": hit.code, "name": hit.name, "finding": hit.sentence})
    assert presenter.state.is_reported(hit) and presenter.state.details is not None
    assert [loop.name for loop in presenter.state.loops] == ["张力性气胸"]
    presenter.report({"code": hit.code, "name": hit.name, "finding": hit.sentence})
    assert len(messages.errors) == 1  # the same again: the server says so
    presenter.text_changed("", "")
    assert presenter.state.hits == ()
    other = world.a_report()
    presenter.show_report(other, "CT", "", may_report=True)
    assert presenter.state.loops == () and presenter.state.details is None
    presenter.found(report_id, (hit,))  # an answer about the report before
    assert presenter.state.hits == ()


def an_alarm(world: CriticalWorld, caller: Caller) -> AlarmPresenter:
    rights = frozenset(one.value for one in caller.permissions)
    return AlarmPresenter(
        Line(world, caller), ImmediateRunner(), CollectedMessages(), permissions=rights, user_id=caller.user_id
    )


def test_the_alarm_is_for_those_who_must_act(world: CriticalWorld) -> None:
    mine, colleague, ward = (an_alarm(world, caller) for caller in (LI, ZHAO, WARD))
    clerk = an_alarm(world, replace(LI, permissions=frozenset()))
    everybody = (mine, colleague, ward, clerk)
    world.a_loop()
    for alarm in everybody:
        alarm.heard(NOTICE)
    assert [alarm.state.open for alarm in everybody] == [1, 0, 1, 0]
    assert [alarm.state.rings for alarm in everybody] == [1, 0, 1, 0]
    mine.heard(NOTICE)
    assert mine.state.rings == 1  # nothing new
    world.clock.pass_time(minutes=11)
    world.look()
    for alarm in everybody:
        alarm.heard(NOTICE)
    assert [alarm.state.overdue for alarm in everybody] == [1, 1, 1, 0]
    assert [alarm.state.rings for alarm in everybody] == [2, 1, 2, 0]  # a level was called
    overview, _ = an_overview(world, WARD)
    overview.select(overview.state.rows[0])
    overview.step(LoopAction.ACKNOWLEDGE, {"note": ""})
    for alarm in everybody:
        alarm.heard(NOTICE)
    assert [alarm.state.first for alarm in everybody] == [None] * 4


def test_words_of_waiting_and_of_the_log(world: CriticalWorld) -> None:
    loop = world.a_loop().loop
    world.clock.pass_time(minutes=12)
    world.look()
    found = world.details(loop.id)
    assert waited_words(found.loop, world.clock.now()) == "已 12 分钟"
    assert found.loop.escalation is Escalation.WARD
    texts = [line_words(line)[1] for line in found.lines]
    assert texts[0].startswith("上报") and texts[-1].startswith("升级")
