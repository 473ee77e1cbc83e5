"""Hanging with a real server: headers before the images, protocols that roam with the account, trials."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QElapsedTimer, QEventLoop
from PySide6.QtWidgets import QApplication

from clients.viewer.hanging import builtin
from clients.viewer.hanging.engine import fits, place
from clients.viewer.hanging.keeping import Server, learn
from clients.viewer.hanging.live import situation_of
from clients.viewer.hanging.showing import try_on_server
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.study import stacks_of
from clients.viewer.window import ViewerWindow
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from tests.clients.viewer.hanging.hanging_builders import write_mammograms
from tests.clients.viewer.viewer_builders import ROOT, write_series
from tests.server_process import start_server

pytestmark = pytest.mark.skipif(shutil.which("dcmsend") is None, reason="dcmtk is not installed")


CHESTS = {30: ("20260302", "P7", "胸部平扫"), 31: ("20250301", "P7", "胸部平扫"), 32: ("20240228", "P7", "胸部平扫"),
          33: ("20251101", "P7", "头颅平扫"), 34: ("20251101", "P8", "胸部平扫")}  # fmt: skip
"""By the last number of the study: day, patient, description. 30 is read; 31 is the prior to compare it with."""


def write_chests(folder: Path) -> None:
    for number, (day, patient, description) in CHESTS.items():
        part = "HEAD" if description.startswith("头") else "CHEST"
        uid = f"{ROOT}.{number}"
        write_series(
            folder, 2, series=str(number), StudyInstanceUID=uid, StudyDate=day, PatientID=patient,
            StudyDescription=description, BodyPartExamined=part,
        )  # fmt: skip


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdoptedLine]:
    """A signed-in viewer's line to a server with four mammograms, a chest and its priors."""
    folder = tmp_path_factory.mktemp("hanging-server")
    write_mammograms(folder / "files", "LMLO", "RCC", "LCC", "RMLO")
    write_chests(folder / "files")
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
                studies = [client.call(GetStudy(study_uid=f"{ROOT}.{n}")).row for n in (9, *CHESTS)]
                if sum(row.instance_count for row in studies) == 4 + 2 * len(CHESTS):
                    break
            except RpcError:
                assert time.monotonic() < deadline, "the images were not indexed"
            time.sleep(0.05)
        assert client.session is not None
        line = AdoptedLine(str(running.connection), client.session)
        yield line
        line.close()
        client.close()
    finally:
        running.stop()


@pytest.fixture
def source(line: AdoptedLine) -> Iterator[ServerStudies]:
    source = ServerStudies(line)
    yield source
    source.stop()
    source.close()


def test_views_are_known_before_any_image_has_come(source: ServerStudies) -> None:
    study = source.study(f"{ROOT}.9")
    texts = learn(source, study)
    assert {one["ImageLaterality"] + one["ViewPosition"] for one in texts.values()} == {"RCC", "LCC", "RMLO", "LMLO"}
    situation, places = situation_of((study,), stacks_of(study), texts)
    protocol = fits(builtin.protocols(), situation)[0].protocol
    placed = place(protocol, protocol.steps[0].cells, situation)
    shown = [texts[one.candidate.sop_instance_uid] for one in placed if one.candidate is not None]
    assert [one["ImageLaterality"] + one["ViewPosition"] for one in shown] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert len(places) == 4


def test_protocols_roam_and_are_tried_on_what_is_there(source: ServerStudies) -> None:
    server = Server(source)
    protocol = next(one for one in builtin.protocols() if one.name == "乳腺钼靶")
    (tried,) = try_on_server(protocol, server)
    assert tried.outcomes == ("ok",) * 4
    kept = server.save(_own(protocol), 0)
    assert [one.protocol for one in server.listed()] == [_own(protocol)]
    server.delete(kept)
    assert server.listed() == []


@pytest.mark.parametrize("is_on", [True, False])
def test_a_prior_is_fetched_and_hangs_beside_the_study(
    source: ServerStudies, qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_on: bool
) -> None:
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path))
    monkeypatch.setattr("clients.viewer.hanging.feature.AUTOMATIC_AT_FIRST", True)
    window = ViewerWindow(source)
    window.resize(1366, 768)
    window.show()
    try:
        if not is_on:
            window.perform("hanging.priors")
        window.open_study(f"{ROOT}.30")
        expected = [f"{ROOT}.30", f"{ROOT}.31"] if is_on else [f"{ROOT}.30"]
        wait(lambda: len(window.session.studies) == len(expected) and window.is_settled())
        cells = [window.session.viewports[n].stack for n in range(window.session.layout.cells)]
        assert list(dict.fromkeys(stack.study.study_uid for stack in cells if stack is not None)) == expected
    finally:
        window.close()


def wait(holds: Callable[[], bool]) -> None:
    clock = QElapsedTimer()
    clock.start()
    while not holds():
        assert clock.elapsed() < 20_000
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)


def _own(protocol: builtin.Protocol) -> builtin.Protocol:
    import msgspec

    return msgspec.structs.replace(protocol, level="user")
