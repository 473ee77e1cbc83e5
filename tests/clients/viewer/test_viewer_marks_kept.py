"""Nothing drawn is lost: journals, a killed viewer, a real server, two readers, a line that breaks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pydicom
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.viewer.marks.feature import MarksFeature
from clients.viewer.marks.journal import Journal
from clients.viewer.marks.keeping import Keeper
from clients.viewer.marks.model import Kind
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.window import ViewerWindow
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from shared.contract.identity import CreateUser
from shared.contract.marks import ListMarks, SaveMarks, StoredMark
from shared.dicomkit.marks import marks_in
from shared.dicomkit.uids import new_uid
from shared.imaging.geometry import PixelPoint as P
from shared.rpc.client import RpcClient
from tests.clients.viewer.viewer_builders import ROOT, write_series
from tests.server_process import ServerProcess, start_server

STUDY = f"{ROOT}.9"
HOUSE = Path(__file__).resolve().parents[3]


# --- the journal -----------------------------------------------------------------------------------------------


def a_mark(n: int = 0) -> StoredMark:
    return StoredMark(
        uid=new_uid(), kind="length", points=((n, 0.0), (9.0, 9.0)), sop_instance_uid="1.2.3", name=f"长度 {n}"
    )


def test_a_journal_gives_back_what_was_recorded(tmp_path: Path) -> None:
    journal, marks = Journal("li", tmp_path), [a_mark(n) for n in range(3)]
    assert journal.read("1.2") is None
    journal.begin("1.2", {})
    assert journal.record("1.2", {marks[0].uid: marks[0]})
    assert not journal.record("1.2", {marks[0].uid: marks[0]})  # nothing changed
    assert journal.record("1.2", {one.uid: one for one in marks})
    assert journal.record("1.2", {one.uid: one for one in marks[1:]})
    assert list((Journal("li", tmp_path).read("1.2") or {}).values()) == marks[1:]
    assert Journal("other", tmp_path).read("1.2") is None


def test_a_journal_after_saving_begins_with_everything(tmp_path: Path) -> None:
    first, second = a_mark(1), a_mark(2)
    journal = Journal("li", tmp_path)
    journal.begin("1.2", {first.uid: first})  # as the server has it
    journal.record("1.2", {first.uid: first, second.uid: second})
    journal.forget("1.2")
    journal.record("1.2", {second.uid: second})
    assert list((Journal("li", tmp_path).read("1.2") or {}).values()) == [second]


def test_a_torn_or_foreign_line_costs_only_itself(tmp_path: Path) -> None:
    journal, marks = Journal("li", tmp_path), [a_mark(n) for n in range(2)]
    journal.begin("1.2", {})
    journal.record("1.2", {marks[0].uid: marks[0]})
    (path,) = (tmp_path / "marks" / "li").glob("*.journal")
    with path.open("ab") as file:
        file.write(b"\ngAAAAABtorn")
    journal.record("1.2", {one.uid: one for one in marks})
    assert set(Journal("li", tmp_path).read("1.2") or {}) == {one.uid for one in marks}
    assert b"1.2.3" not in path.read_bytes()  # nothing readable on a shared desk


def test_a_full_disk_is_told_and_does_not_stop_the_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[OSError] = []
    journal = Journal("li", tmp_path, told.append)
    journal.begin("1.2", {})

    def full(*_args: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    mark = a_mark()
    assert journal.record("1.2", {mark.uid: mark})
    assert told and told[0].errno == 28


def test_strokes_survive_the_sudden_death_of_the_viewer(tmp_path: Path) -> None:
    """A real viewer process draws in a real window and is killed between two strokes."""
    write_series(tmp_path / "files", 3)
    home = tmp_path / "home"
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from PySide6.QtCore import QTimer
        from clients.kit.app import make_application
        from clients.viewer.window import ViewerWindow
        from clients.viewer.marks.model import Kind
        from shared.imaging.geometry import PixelPoint as P

        app = make_application()
        window = ViewerWindow()
        window.show()
        window.open_files([Path(sys.argv[1])])
        drawn = 0

        def stroke():
            global drawn
            key = window.session.active_viewport.key
            keeper = next(f.keeper for f in window.features if hasattr(f, "keeper"))
            if key is None or not keeper.is_ready:
                return
            window.session.marks.draw(Kind.LENGTH, key, (P(1, drawn), P(20, drawn)))
            drawn += 1
            print(drawn, flush=True)

        timer = QTimer()
        timer.timeout.connect(stroke)
        timer.start(5)
        app.exec()
        """
    )
    environment = {**os.environ, "MINGJING_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    viewer = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "files")],
        cwd=HOUSE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert viewer.stdout is not None
    finished = 0
    for line in viewer.stdout:
        finished = int(line)
        if finished >= 12:
            viewer.send_signal(signal.SIGKILL)
            break
    viewer.stdout.close()
    assert viewer.wait(10) == -signal.SIGKILL
    (path,) = (home / "marks").glob("*/*.journal")
    reader = Journal("", home)
    kept = reader.read(STUDY)
    assert kept is not None and path.exists()
    # What it said to have drawn is there; it may have drawn one more before the signal came.
    assert len(kept) >= finished
    assert {mark.points[0][1] for mark in kept.values()} >= set(range(finished))


def test_marks_travel_as_files_to_another_computer(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_series(tmp_path / "files", 3)

    def opened(home: str) -> ViewerWindow:
        monkeypatch.setenv("MINGJING_HOME", str(tmp_path / home))
        window = ViewerWindow()
        window.show()
        with qtbot.waitSignal(window.first_image, timeout=30_000):
            window.open_files([tmp_path / "files"])
        qtbot.waitUntil(lambda: kept(window).keeper.is_ready, timeout=30_000)
        return window

    def kept(window: ViewerWindow) -> MarksFeature:
        return next(feature for feature in window.features if isinstance(feature, MarksFeature))

    here = opened("here")
    key = here.session.active_viewport.key
    assert key is not None
    drawn = here.session.marks.draw(Kind.RECTANGLE, key, (P(4, 4), P(20, 18)))
    kept(here).export(tmp_path / "files" / "marks")
    qtbot.waitUntil(lambda: "2 个文件" in here.banner.text(), timeout=30_000)
    here.close()
    again = opened("here")  # the journal has it: it is one's own
    assert [(mark.uid, mark.foreign) for mark in again.session.marks] == [(drawn.uid, False)]
    again.close()
    there = opened("there")
    (seen,) = there.session.marks
    assert (seen.uid, seen.points, seen.foreign) == (drawn.uid, drawn.points, True)
    there.close()
    for window in (here, again, there):
        window.deleteLater()
    QApplication.processEvents()


# --- with a server -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("marks-server")
    write_series(folder / "files", 6)
    running = start_server(folder / "data")
    try:
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(folder / "files")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        client = running.client()
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.call(GetStudy(study_uid=STUDY)).row.instance_count >= 6:
                    break
            except RpcError:
                assert time.monotonic() < deadline, "the images were not indexed"
            time.sleep(0.05)
        client.close()
        yield running
    finally:
        running.stop()


Opened = Callable[[], tuple[ViewerWindow, Keeper]]


@pytest.fixture
def opened(server: ServerProcess, qtbot: QtBot) -> Iterator[Opened]:
    windows: list[tuple[ViewerWindow, AdoptedLine, RpcClient]] = []

    def open_window() -> tuple[ViewerWindow, Keeper]:
        client = server.client()
        assert client.session is not None
        line = AdoptedLine(str(server.connection), client.session)
        window = ViewerWindow(ServerStudies(line))
        windows.append((window, line, client))
        window.show()
        with qtbot.waitSignal(window.first_image, timeout=30_000):
            window.open_study(STUDY)
        keeper = next(feature.keeper for feature in window.features if isinstance(feature, MarksFeature))
        qtbot.waitUntil(lambda: keeper.is_ready, timeout=30_000)
        return window, keeper

    yield open_window
    for window, line, client in windows:
        window.close()
        window.deleteLater()
        line.close()
        client.close()
    QApplication.processEvents()


def test_marks_come_back_from_the_server_as_they_were_drawn(
    opened: Opened, server: ServerProcess, qtbot: QtBot
) -> None:
    window, keeper = opened()
    book, key = window.session.marks, window.session.active_viewport.key
    assert key is not None
    book.restyle(colour="#f0716b", font_px=20)
    length = book.draw(Kind.LENGTH, key, (P(4, 10), P(24, 10)))
    book.rename(length, "右上肺结节 长径")
    book.draw(Kind.TEXT, key, (P(5, 5),), "随访")
    book.draw(Kind.BRUSH, key, (P(10, 10), P(20, 10), P(20, 20)))
    before = {mark.uid: mark for mark in book}
    keeper.save_all()
    qtbot.waitUntil(lambda: keeper.is_saved, timeout=30_000)

    again, _ = opened()
    after = {mark.uid: mark for mark in again.session.marks}
    assert set(after) == set(before)
    for uid, mark in before.items():
        back = after[uid]
        assert (back.kind, back.key, back.points, back.name, back.text, back.colour, back.font_px, back.made_at) == (
            mark.kind, mark.key, mark.points, mark.name, mark.text, mark.colour, mark.font_px, mark.made_at,
        )  # fmt: skip
        assert not back.foreign
    client = server.client()
    (mine,) = client.call(ListMarks(study_uid=STUDY))
    assert {figure.what for mark in mine.marks for figure in mark.figures} >= {"length", "area", "mean"}
    client.close()


def test_closing_the_window_saves_what_was_just_drawn_and_makes_the_objects(
    opened: Opened, server: ServerProcess, qtbot: QtBot, tmp_path: Path
) -> None:
    window, _ = opened()
    key = window.session.active_viewport.key
    assert key is not None
    drawn = window.session.marks.draw(Kind.ELLIPSE, key, (P(8, 8), P(20, 22)))
    window.close()  # no pause: it is sent at the end

    client = server.client()
    (mine,) = client.call(ListMarks(study_uid=STUDY))
    assert drawn.uid in {mark.uid for mark in mine.marks}
    assert client.session is not None
    line = AdoptedLine(str(server.connection), client.session)
    bulk = line.open_bulk()
    path = tmp_path / "made.dcm"
    deadline, kept = time.monotonic() + 40, set[str]()  # modalities; marks drawn before have objects of their own
    while not {"PR", "SR"} <= kept:
        assert time.monotonic() < deadline, "no objects were made"
        for series in client.call(GetStudy(study_uid=STUDY)).series:
            if series.modality in {"PR", "SR"}:
                path.write_bytes(bytes(bulk.fetch("object", series.instances[-1].sop_instance_uid).data))
                if drawn.uid in {mark.uid for mark in marks_in(pydicom.dcmread(path))}:
                    kept.add(series.modality)
        time.sleep(0.1)
    bulk.close()
    line.close()
    client.close()


def test_two_windows_of_one_reader_do_not_undo_each_other(opened: Opened, qtbot: QtBot) -> None:
    (first, one), (second, other) = opened(), opened()
    key = first.session.active_viewport.key
    assert key is not None
    here = first.session.marks.draw(Kind.LENGTH, key, (P(1, 1), P(9, 9)))
    one.save_all()
    # The other window may already know of it by a notice, or learn it when it saves: either way nothing is lost.
    qtbot.waitUntil(lambda: one.is_saved, timeout=30_000)
    there = second.session.marks.draw(Kind.LENGTH, key, (P(2, 2), P(9, 9)))
    other.save_all()
    qtbot.waitUntil(lambda: other.is_saved, timeout=30_000)
    third, _ = opened()
    assert {here.uid, there.uid} <= {mark.uid for mark in third.session.marks}


def test_another_window_of_the_reader_follows(opened: Opened, qtbot: QtBot) -> None:
    (first, one), (second, _) = opened(), opened()
    key = first.session.active_viewport.key
    assert key is not None
    drawn = first.session.marks.draw(Kind.LENGTH, key, (P(3, 1), P(9, 9)))
    one.save_all()
    book = second.session.marks
    qtbot.waitUntil(lambda: drawn.uid in {mark.uid for mark in book}, timeout=30_000)
    assert not next(mark for mark in book if mark.uid == drawn.uid).foreign
    first.session.undo.undo()
    qtbot.waitUntil(lambda: one.is_saved, timeout=30_000)
    one.save_all()
    qtbot.waitUntil(lambda: drawn.uid not in {mark.uid for mark in book}, timeout=30_000)


def test_what_another_reader_saves_appears_by_itself(opened: Opened, server: ServerProcess, qtbot: QtBot) -> None:
    admin = server.client()
    admin.call(CreateUser(login="lisi", name="李四", password="Lesesaal-2026", roles=("doctor",)))
    admin.close()
    window, _ = opened()
    key = window.session.active_viewport.key
    assert key is not None
    theirs = msgspec.structs.replace(a_mark(3), sop_instance_uid=key.sop_instance_uid)
    other = server.client("lisi", "Lesesaal-2026")
    other.call(SaveMarks(study_uid=STUDY, version=0, marks=(theirs,)))
    book = window.session.marks
    qtbot.waitUntil(lambda: theirs.uid in {mark.uid for mark in book}, timeout=30_000)
    seen = next(mark for mark in book if mark.uid == theirs.uid)
    assert seen.foreign and seen.author == "李四"
    other.call(SaveMarks(study_uid=STUDY, version=1, marks=()))
    qtbot.waitUntil(lambda: theirs.uid not in {mark.uid for mark in book}, timeout=30_000)
    other.close()


def test_what_could_not_be_sent_is_sent_the_next_time(
    opened: Opened, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, keeper = opened()
    key = window.session.active_viewport.key
    assert key is not None

    def broken(self: ServerStudies, _request: object) -> object:
        from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode

        raise EnvironmentTrouble(ErrorBody(code=ErrorCode.TIMEOUT, message="没有回答。"))

    with monkeypatch.context() as patch:
        patch.setattr(ServerStudies, "call", broken)
        drawn = window.session.marks.draw(Kind.ANGLE, key, (P(1, 1), P(9, 9), P(9, 1)))
        keeper.save_all()
        qtbot.waitUntil(lambda: "没有回答" in window.banner.text(), timeout=30_000)
        window.close()
    again, kept = opened()
    assert drawn.uid in {mark.uid for mark in again.session.marks}
    assert "已恢复" in again.banner.text()
    kept.save_all()
    qtbot.waitUntil(lambda: kept.is_saved, timeout=30_000)


def test_shapes_are_measured_on_a_study_of_the_server(
    server: ServerProcess, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mingjing.measure import main

    shapes = tmp_path / "shapes.json"
    shapes.write_text('[{"id": 1, "kind": "length", "points": [[0, 0], [30, 40]], "image": 0}]', encoding="utf-8")
    assert main([STUDY, "--shapes", str(shapes), "--json", "--data", str(server.data)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["length_mm"] == 25 and answer["spacing"] == "patient"
