"""The switches for the cache and for loading all series, by their actions; studies fetched ahead by an order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from clients.viewer.cache import CacheSettings, DiskCache, Item, LoadSettings
from clients.viewer.cache.place import viewer_settings
from clients.viewer.cache.texts import CATALOGUE
from clients.viewer.window import ViewerWindow
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study

ITEM = Item("1.2", "1.2.3", 1, "v1")


class CachingSource(MemorySource):
    """A source with a cache, which notes what it shall prepare."""

    def __init__(self, cache: DiskCache, *studies: object) -> None:
        super().__init__(*studies)  # type: ignore[arg-type]
        self.cache = cache
        self.prepared: list[str] = []

    def prepare(self, study_uid: str, _go_on: object, _have: object) -> bool:
        self.prepared.append(study_uid)
        return True


class Opened:
    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        self.cache = DiskCache("hospital", CacheSettings.read(viewer_settings()), folder=folder, spare_bytes=0)
        study = a_study(a_series(6), a_series(6, series="2"))
        self.study = study.study_uid
        self.source = CachingSource(self.cache, study)
        self.window = ViewerWindow(self.source)
        qtbot.addWidget(self.window)

    def is_on(self, action: str) -> bool:
        return bool(self.window.commands.qt(action).isChecked())


@pytest.fixture
def opened(qtbot: QtBot, tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(qtbot, tmp_path / "cache")
    yield opened
    opened.cache.close()


def test_the_cache_is_switched_off_and_on_at_once_and_stays_so(opened: Opened, tmp_path: Path) -> None:
    assert opened.is_on("cache.enable") and opened.cache.enabled

    opened.window.perform("cache.enable")

    assert not opened.is_on("cache.enable") and not opened.cache.enabled
    assert not CacheSettings.read(viewer_settings()).enabled
    opened.window.perform("cache.enable")
    assert opened.cache.enabled and CacheSettings.read(viewer_settings()).enabled


def test_clearing_deletes_and_says_how_much(opened: Opened, qtbot: QtBot, tmp_path: Path) -> None:
    opened.cache.keep(ITEM, bytes(3_000_000), "")
    assert opened.cache.settle()

    opened.window.perform("cache.clear")

    qtbot.waitUntil(lambda: "3 MB" in opened.window.banner.text(), timeout=30_000)
    assert opened.cache.get(ITEM) is None and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_only_shown_series_are_loaded_when_asked_so(opened: Opened, qtbot: QtBot) -> None:
    opened.window.perform("load.all")
    assert not opened.is_on("load.all") and not LoadSettings.read(viewer_settings()).load_all

    with qtbot.waitSignal(opened.window.all_loaded, timeout=30_000):
        opened.window.open_study(opened.study)

    shown, other = (opened.window.store.of(stack) for stack in opened.window.session.stacks)
    assert shown.loaded == 6 and other.loaded == 1
    opened.window.perform("load.all")
    qtbot.waitUntil(lambda: other.loaded == 6, timeout=30_000)


def test_after_the_open_study_is_complete_what_comes_next_is_prepared(opened: Opened, qtbot: QtBot) -> None:
    opened.source.gate.clear()
    opened.window.open_study(opened.study)
    qtbot.waitUntil(lambda: bool(opened.source.asked), timeout=30_000)
    opened.window.opening.prepare(["1.9", "1.10"])
    assert opened.source.prepared == []

    opened.source.gate.set()
    qtbot.waitUntil(lambda: "1.10" in opened.source.prepared, timeout=30_000)

    assert set(opened.source.prepared) == {opened.study, "1.9", "1.10"}


def test_every_text_has_its_english() -> None:
    from clients.viewer.cache.feature import LoadingFeature

    said = {text for action in LoadingFeature.actions for text in (action.text, action.hint) if text}
    assert said <= set(CATALOGUE)
