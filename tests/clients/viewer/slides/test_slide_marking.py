"""Drawing on a slide of a real server: kept with its author, corrected, withdrawn, refused to others."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from typing import cast

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from clients.viewer.objects.page import DocumentPage
from clients.viewer.objects.slide_view import SlideView
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.slides.marking import SlideMarking
from clients.viewer.window import ViewerWindow
from shared.contract.archive import GetStudy
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.pathology_slides import AddAnnotation, ListAnnotations, MarkKind, SlideMark, WithdrawAnnotation
from shared.dicomkit.headers import PatientFacts, SeriesFacts, StudyFacts
from shared.dicomkit.visible_light import SpecimenFacts
from shared.dicomkit.whole_slide import LevelFacts, SlideCommon, write_level
from tests.clients.viewer.viewer_builders import ROOT
from tests.server_process import ServerProcess, start_server

STUDY, SERIES = f"{ROOT}.90", f"{ROOT}.91"
SIDE, TILE = 1024, 256


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("slides")
    common = SlideCommon(
        PatientFacts("P9", "Li^Lan=李^兰"), StudyFacts(STUDY), SpecimenFacts("2400123-A-01", f"{ROOT}.92"),
        made_at=datetime(2026, 3, 2, 9), profile=b"", mpp=(0.5, 0.5), series=SeriesFacts(SERIES),
    )  # fmt: skip

    def tile(number: int) -> bytes:
        out = BytesIO()
        Image.new("RGB", (TILE, TILE), (220, 150 + 4 * number, 200)).save(out, "JPEG")
        return out.getvalue()

    level = LevelFacts("VOLUME", (SIDE, SIDE), (TILE, TILE))
    write_level(common, level, (tile(n) for n in range((SIDE // TILE) ** 2)), folder / "files" / "slide.dcm")
    running = start_server(folder / "data")
    try:
        send = ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(folder / "files")]
        subprocess.run(send, check=True, capture_output=True, timeout=120)
        client = running.client()
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.call(GetStudy(study_uid=STUDY)).row.instance_count == 1:
                    break
            except RpcError:
                assert time.monotonic() < deadline, "the slide was not indexed"
            time.sleep(0.05)
        client.close()
        yield running
    finally:
        running.stop()


@pytest.fixture
def marking(server: ServerProcess, qtbot: QtBot) -> Iterator[SlideMarking]:
    client = server.client()
    assert client.session is not None
    line = AdoptedLine(str(server.connection), client.session)
    window = ViewerWindow(ServerStudies(line))
    window.resize(1366, 768)
    window.show()
    window.open_study(STUDY)
    qtbot.waitUntil(lambda: window.desk.stage.key == "document", timeout=30_000)
    page = cast("DocumentPage", window.desk.stage.currentWidget())
    found = page.findChild(SlideMarking)
    assert found is not None
    yield found
    window.close()
    window.deleteLater()
    line.close()
    client.close()


def drag(marking: SlideMarking, *places: tuple[int, int]) -> None:
    view = marking._view
    first, *rest = [QPoint(*place) for place in places]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=first)
    for place in rest:
        QTest.mouseMove(view, place)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=(rest or [first])[-1])


def settled(marking: SlideMarking) -> Callable[[], bool]:
    return lambda: all(one.kept is not None for one in marking.marks.drawn)


def press(marking: SlideMarking, tool: str) -> None:
    button = marking.tools.findChild(QPushButton, f"slide.tool.{tool}")
    assert button is not None
    button.click()


def test_what_is_drawn_is_kept_corrected_and_withdrawn(
    server: ServerProcess, marking: SlideMarking, qtbot: QtBot
) -> None:
    view = marking._view
    assert isinstance(view, SlideView)
    press(marking, "line")
    drag(marking, (200, 300), (250, 320), (300, 300))
    qtbot.waitUntil(lambda: len(marking.marks.drawn) == 1 and settled(marking)(), timeout=30_000)
    press(marking, "polygon")
    drag(marking, (400, 300), (460, 300), (460, 360), (400, 360))
    qtbot.waitUntil(lambda: len(marking.marks.drawn) == 2 and settled(marking)(), timeout=30_000)
    length = 100 / view.scale * view.devicePixelRatioF() * 0.5
    assert f"{length:.1f} µm" in marking.panel.list.item(0).text()

    marking.panel.list.setCurrentRow(1)
    marking.panel.text.setText("癌巢")
    QTest.keyClick(marking.panel.text, Qt.Key.Key_Return)
    qtbot.waitUntil(
        lambda: settled(marking)() and [one.mark.text for one in marking.marks.drawn] == ["", "癌巢"], timeout=30_000
    )

    client = server.client()
    try:
        everything = client.call(ListAnnotations(series_uid=SERIES, history=True))
        assert [(one.mark.text, one.ended_at is None) for one in everything] == [
            ("", True),
            ("", False),
            ("癌巢", True),
        ]
        assert everything[2].replaces == everything[1].id and everything[1].ended_by == everything[1].author
    finally:
        client.close()

    marking.marks.choose(1)
    marking.panel.remove.click()
    qtbot.waitUntil(lambda: len(marking.marks.drawn) == 1, timeout=30_000)
    marking.panel.history.setChecked(True)
    qtbot.waitUntil(lambda: marking.panel.list.count() == 3, timeout=30_000)


def test_a_click_draws_nothing_and_escape_gives_up(marking: SlideMarking) -> None:
    before = len(marking.marks.drawn)
    press(marking, "rectangle")
    drag(marking, (500, 500))
    QTest.mousePress(marking._view, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    QTest.mouseMove(marking._view, QPoint(350, 350))
    QTest.keyClick(marking._view, Qt.Key.Key_Escape)
    QTest.mouseRelease(marking._view, Qt.MouseButton.LeftButton, pos=QPoint(350, 350))
    assert len(marking.marks.drawn) == before


def test_bad_drawings_and_others_drawings_are_refused(server: ServerProcess) -> None:
    client = server.client()
    try:
        good = SlideMark(kind=MarkKind.LINE, points=((1, 1), (2, 2)))
        for bad in (
            SlideMark(kind=MarkKind.LINE, points=((1, 1),)),
            SlideMark(kind=MarkKind.POLYGON, points=((1, 1), (2, 2))),
            SlideMark(kind=MarkKind.LINE, points=((1, 1), (1e12, 2))),
            SlideMark(kind=MarkKind.LINE, points=((1, 1), (2, 2)), colour="red"),
        ):
            with pytest.raises(RpcError) as refused:
                client.call(AddAnnotation(series_uid=SERIES, mark=bad))
            assert refused.value.code is ErrorCode.INVALID
        with pytest.raises(RpcError) as refused:
            client.call(AddAnnotation(series_uid="1.2.3.4", mark=good))
        assert refused.value.code is ErrorCode.NOT_FOUND
        mine = client.call(AddAnnotation(series_uid=SERIES, mark=good))
        client.call(WithdrawAnnotation(annotation_id=mine.id))
        with pytest.raises(RpcError) as refused:
            client.call(AddAnnotation(series_uid=SERIES, mark=good, replaces=mine.id))
        assert refused.value.code is ErrorCode.ILLEGAL_ACTION
    finally:
        client.close()
