"""The tag browser: the tree of a data set, and the panel that follows the shown image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.viewer.tags.feature import OPEN, TagsFeature
from clients.viewer.tags.model import LONGEST, differences, found, tree_of, values_of, walk
from clients.viewer.tags.panel import TagsPanel
from clients.viewer.window import ViewerWindow
from shared.imaging.frames import Part10
from tests.clients.viewer.viewer_builders import write_series


def a_dataset() -> Dataset:
    ds, item = Dataset(), Dataset()
    ds.PatientName, ds.ImageType = "Zhang^San=张^三", ["ORIGINAL", "PRIMARY"]
    ds.add_new(0x00190010, "LO", "VENDOR")
    ds.add_new(0x00191002, "UN", b"\x01\x02" * 20)
    ds.ImageComments = "y" * 1000
    item.CodeMeaning, item.CodeValue = "Chest", "T-D3000"
    ds.AnatomicRegionSequence = [item, Dataset()]
    return ds


def test_the_tree_holds_sequences_private_elements_and_shortened_values() -> None:
    nodes = {node.tag: node for node in tree_of(a_dataset())}

    assert nodes["(0010,0010)"].value == "Zhang^San=张^三"
    assert nodes["(0008,0008)"].value == "ORIGINAL\\PRIMARY"
    assert nodes["(0019,1002)"].is_private and nodes["(0019,1002)"].value.endswith("… [40]")
    assert len(nodes["(0020,4000)"].value) == LONGEST
    sequence = nodes["(0008,2218)"]
    assert sequence.value == "2" and [child.name for child in sequence.children] == ["1", "2"]
    assert "Chest" in [node.value for node in walk(sequence.children)]


@pytest.mark.parametrize("wanted", ["chest", "Code Meaning", "0008,0104", "00080104", "(0008, 0104)"])
def test_search_finds_tag_name_and_value_within_sequences(wanted: str) -> None:
    kept = found(tree_of(a_dataset()), wanted)

    assert [node.tag for node in kept] == ["(0008,2218)"]
    assert [node.tag for node in walk(kept) if node.tag] == ["(0008,2218)", "(0008,0104)"]
    assert found(tree_of(a_dataset()), "no such thing") == []


def test_differences_name_what_is_new_or_changed() -> None:
    one, two = a_dataset(), a_dataset()
    two.InstanceNumber = 2
    two.AnatomicRegionSequence[0].CodeMeaning = "Abdomen"

    assert differences(tree_of(two), values_of(tree_of(one))) == {"/00200013", "/00082218/0/00080104"}


def test_a_real_file_is_read_whole() -> None:
    path = get_testdata_file("CT_small.dcm")
    assert path is not None
    nodes = tree_of(Part10.open(Path(str(path))).header)

    assert {"(0002,0010)", "(0008,0018)", "(0043,104E)"} <= {node.tag for node in nodes}
    assert all(not node.value.startswith("?") for node in walk(nodes))


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    write_series(tmp_path / "ct", 5)
    window = ViewerWindow()
    window.resize(1366, 768)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_files([tmp_path / "ct"])
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def first(panel: TagsPanel) -> QTreeWidgetItem:
    item = panel.tree.topLevelItem(0)
    assert item is not None
    return item


def test_the_panel_follows_the_image_marks_differences_and_copies(window: ViewerWindow, qtbot: QtBot) -> None:
    feature = next(feature for feature in window.features if isinstance(feature, TagsFeature))
    window.perform(OPEN)
    panel = feature.panel
    assert panel is not None
    panel.search.setText("Instance Number")
    qtbot.waitUntil(lambda: panel.tree.topLevelItemCount() == 1, timeout=30_000)
    assert first(panel).text(2) == "1"

    window.session.active_viewport.index = 3
    qtbot.waitUntil(lambda: first(panel).text(2) == "4", timeout=30_000)
    plain = first(panel).foreground(2).color()
    panel.differ.setChecked(True)
    qtbot.waitUntil(lambda: first(panel).foreground(2).color() != plain, timeout=30_000)
    first(panel).setSelected(True)
    panel.copy()
    assert QGuiApplication.clipboard().text() == "(0020,0013)\tIS\tInstance Number\t4"

    window.perform(OPEN)
    assert window.side.isHidden() and feature.panel is None
