"""Cycles end in the GUI thread's own turns: the young often, everything seldom."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from clients.kit.garbage import GuiGarbage, keep_what_is_here


class Knot:
    """Holds itself."""

    def __init__(self) -> None:
        self.own = self


class Clock:
    """Stands still until a test moves it."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def collector(qtbot: QtBot) -> Any:
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count()
    parent, clock = QObject(), Clock()
    made = GuiGarbage(parent, clock)
    made._timer.stop()
    yield made, clock
    if not was_frozen:
        gc.unfreeze()
    if was_enabled:
        gc.enable()


def test_young_cycles_end_before_there_are_many(collector: Any) -> None:
    made, _clock = collector
    gc.collect()
    first = weakref.ref(Knot())
    assert first() is not None
    for _ in range(gc.get_threshold()[0] + 1):
        Knot()
    made.collect_what_is_due()
    assert first() is None
    assert made._timer.interval() <= 50


def test_everything_is_looked_at_once_a_minute_at_most(collector: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made, clock = collector
    calls: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "get_count", lambda: (0, 99, 99))
    monkeypatch.setattr(gc, "collect", lambda *generation: calls.append(generation))
    made.collect_what_is_due()
    clock.now += 61.0
    made.collect_what_is_due()
    made.collect_what_is_due()
    clock.now += 61.0
    made.collect_what_is_due()
    assert calls == [(1,), (), (1,), ()]


def test_what_outlived_the_youngest_rounds_is_looked_at_before_it_is_much(
    collector: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _clock = collector
    calls: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "collect", lambda *generation: calls.append(generation))
    for rounds in (1, 3):
        monkeypatch.setattr(gc, "get_count", lambda rounds=rounds: (701, rounds, 0))
        made.collect_what_is_due()

    assert calls == [(0,), (1,)] and made._timer.interval() <= 10


def test_what_is_kept_is_not_looked_at_again(collector: Any) -> None:
    gc.collect()
    mine = [Knot() for _ in range(1000)]
    keep_what_is_here()

    assert len(gc.get_objects(0)) < 1000, "the thousand knots are no longer young"
    assert len(mine) == 1000
