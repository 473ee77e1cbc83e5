"""Downloads: a file-set that others read, pictures with the reader's window, a film, permission asked first."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.viewer.download.dialog import DownloadDialog
from clients.viewer.download.feature import OPEN, DownloadFeature
from clients.viewer.download.job import Cancelled, Job
from clients.viewer.download.packing import fetch_export, pack_files
from clients.viewer.window import ViewerWindow
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from shared.contract.exchange import ExportFile, ExportView, GetExport, NotePictures, Packing, StartExport
from shared.imaging.lut import Window
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study, write_series


def test_a_packed_zip_is_a_file_set_that_dcmtk_reads(tmp_path: Path) -> None:
    files = [*write_series(tmp_path / "a", 3), *write_series(tmp_path / "b", 2, series="2")]
    broken = tmp_path / "broken.dcm"
    broken.write_bytes(b"\0" * 128 + b"DICM" + b"nonsense")

    assert pack_files([*files, broken], tmp_path / "out.zip", Job()) == 5

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        archive.extractall(tmp_path / "set")
    places = sorted(path.relative_to(tmp_path / "set").as_posix() for path in (tmp_path / "set").rglob("IM*"))
    assert places[0] == "DICOM/PA000001/ST000001/SE000001/IM000001" and len(places) == 5
    assert (tmp_path / "set" / places[0]).read_bytes() == files[0].read_bytes()
    if shutil.which("dcmdump"):
        text = subprocess.run(
            ["dcmdump", "+P", "ReferencedFileID", str(tmp_path / "set" / "DICOMDIR")],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
        assert text.count("IM00000") == 5


def test_a_cancelled_or_failed_download_leaves_nothing(tmp_path: Path) -> None:
    files = write_series(tmp_path / "a", 3)
    job = Job(lambda done, _total: job.cancel() if done == 1 else None)

    with pytest.raises(Cancelled):
        pack_files(files, tmp_path / "out.zip", job)
    with pytest.raises(ValueError, match="没有可以下载"):
        pack_files([tmp_path / "none.dcm"], tmp_path / "out.zip", Job())

    assert [path.name for path in tmp_path.iterdir()] == ["a"]


CONTENT = b"zip" * 1000


def an_export(state: str, **changes: Any) -> ExportView:
    view = ExportView(
        id=7, job_id=1, state=state, title="", packing=Packing.MEDIA, objects=5, bytes=len(CONTENT), created_by="",
        created_at=datetime.now(UTC), kept_until=None, sentence="", warnings=(),
        files=(ExportFile(name="a.zip", size_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()),),
    )  # fmt: skip
    return msgspec.structs.replace(view, **changes)


def test_the_server_packs_and_its_pieces_are_proved(tmp_path: Path) -> None:
    asked: list[Any] = []

    def call(request: Any) -> ExportView:
        asked.append(request)
        return an_export("running" if isinstance(request, StartExport) else "done")

    def fetch(_kind: str, name: str, piece: int) -> bytes:
        assert name == "7/0"
        return CONTENT[(piece - 1) * 1000 : piece * 1000]

    order = StartExport(study_uids=("1.2",))
    assert fetch_export(call, fetch, order, tmp_path / "a.zip", Job()) == 5
    assert (tmp_path / "a.zip").read_bytes() == CONTENT
    assert [type(one).__name__ for one in asked] == ["StartExport", "GetExport", "DropExport"]

    with pytest.raises(ValueError, match="损坏"):
        fetch_export(call, lambda *_: b"x" * 3000, order, tmp_path / "b.zip", Job())
    with pytest.raises(ValueError, match="不完整"):
        fetch_export(call, lambda *_: b"", order, tmp_path / "b.zip", Job())
    with pytest.raises(ValueError, match="磁盘已满"):
        fetch_export(lambda _r: an_export("failed", sentence="磁盘已满"), fetch, order, tmp_path / "b.zip", Job())
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]
    assert any(isinstance(one, GetExport) for one in asked)


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    write_series(tmp_path / "ct", 6)
    window = ViewerWindow()
    window.resize(1366, 768)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_files([tmp_path / "ct"])
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def dialog_of(window: ViewerWindow, form: str, scope: str) -> tuple[DownloadFeature, DownloadDialog]:
    feature = next(feature for feature in window.features if isinstance(feature, DownloadFeature))
    window.perform(OPEN)
    assert feature.dialog is not None
    feature.dialog.form.setCurrentIndex(feature.dialog.form.findData(form))
    feature.dialog.scope.setCurrentIndex(feature.dialog.scope.findData(scope))
    return feature, feature.dialog


def finished(qtbot: QtBot, dialog: DownloadDialog) -> str:
    qtbot.waitUntil(lambda: not dialog.working and bool(dialog.message.text()), timeout=30_000)
    return dialog.message.text()


def test_pictures_carry_the_window_of_the_viewport(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    feature, dialog = dialog_of(window, "png", "series")
    window.session.active_viewport.voi = Window(40, 1000)
    feature.begin(tmp_path / "png")
    assert "6" in finished(qtbot, dialog)

    names = sorted(path.name for path in (tmp_path / "png").iterdir())
    assert names == [f"00{n}.png" for n in range(1, 7)]
    picture = cv2.imread(str(tmp_path / "png" / "003.png"), cv2.IMREAD_UNCHANGED)
    assert picture is not None and picture.shape == (64, 64, 3)
    # 40 HU in the middle of the window (PS3.3 C.11.2.1.2.1), air below its lower edge
    assert picture[32, 32].tolist() == [128] * 3 and picture[32, 2].tolist() == [0] * 3

    dialog.form.setCurrentIndex(dialog.form.findData("jpg"))
    dialog.scope.setCurrentIndex(0)
    feature.begin(tmp_path / "one.jpg")
    finished(qtbot, dialog)
    one = cv2.imread(str(tmp_path / "one.jpg"))
    assert one is not None and abs(int(one[32, 32, 0]) - 128) <= 3


def test_a_film_plays_every_image(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    feature, dialog = dialog_of(window, "mp4", "series")
    feature.begin(tmp_path / "film.mp4")
    told = finished(qtbot, dialog)
    if "不能编码" in told:
        pytest.skip("this build of OpenCV encodes no MP4")

    film = cv2.VideoCapture(str(tmp_path / "film.mp4"))
    frames = []
    while (read := film.read())[0]:
        frames.append(read[1])
    film.release()
    assert len(frames) == 6 and frames[0].shape == (256, 256, 3)
    assert np.abs(frames[0][128, 128].astype(int) - 128).max() < 12
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["film.mp4"]

    dialog.scope.setCurrentIndex(2)
    feature.begin(tmp_path / "two.mp4")
    assert "一个序列" in dialog.message.text()


def test_files_of_this_machine_are_packed_here(window: ViewerWindow, qtbot: QtBot, tmp_path: Path) -> None:
    feature, dialog = dialog_of(window, "dicom", "study")
    assert not dialog.anonymise.isEnabled()
    feature.begin(tmp_path / "all.zip")
    finished(qtbot, dialog)
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert len(archive.namelist()) == 7 and "DICOMDIR" in archive.namelist()

    feature.begin(tmp_path / "no" / "such" / "folder.zip")
    qtbot.waitUntil(lambda: "无法写入" in dialog.message.text(), timeout=30_000)


class Guarded(MemorySource):
    """A server that may refuse."""

    refusal = ""

    def call(self, request: Any) -> None:
        if not isinstance(request, NotePictures):  # other features ask this server too
            raise RpcError(ErrorBody(code=ErrorCode.NOT_FOUND, message=""))
        self.noted = request
        if self.refusal:
            raise RpcError(ErrorBody(code=ErrorCode.PERMISSION_MISSING, message=self.refusal))


def test_pictures_of_the_server_need_its_permission_and_are_noted(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    source = Guarded(a_study(a_series(4)))
    window = ViewerWindow(source)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)
    feature, dialog = dialog_of(window, "png", "series")
    source.refusal = "没有导出影像的权限"
    feature.begin(tmp_path / "png")
    assert finished(qtbot, dialog) == "没有导出影像的权限" and not (tmp_path / "png").exists()

    source.refusal = ""
    feature.begin(tmp_path / "png")
    qtbot.waitUntil(lambda: "4" in dialog.message.text(), timeout=30_000)
    assert (source.noted.study_uid, source.noted.kind, source.noted.count) == (a_study().study_uid, "png", 4)
    window.close()
    window.deleteLater()
