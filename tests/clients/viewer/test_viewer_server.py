"""Studies from a real server over real sockets: the index's facts, the frames, lines that break."""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from clients.kit.viewer_link import AllLoaded, FirstImage, ViewerEvent, ViewerLink
from clients.viewer import server_studies
from clients.viewer.cache import DiskCache
from clients.viewer.loading import Arrived, SourceFailed, StudyLoader
from clients.viewer.pixels import PixelStore
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.study import FrameKey, stacks_of
from shared.contract.archive import GetStudy
from shared.contract.errors import EnvironmentTrouble, ErrorBody, ErrorCode, RpcError
from shared.imaging.codecs import decode_frame
from shared.rpc.bulk import BulkClient
from shared.rpc.client import RpcClient
from tests.clients.viewer.test_viewer_loading import until
from tests.clients.viewer.viewer_builders import ROOT, an_image, pixels_of, write_series
from tests.server_process import ServerProcess, start_server

HOUSE = Path(__file__).resolve().parents[3]
STUDY = f"{ROOT}.9"

pytestmark = pytest.mark.skipif(shutil.which("dcmsend") is None, reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("viewer-server")
    write_series(folder / "files", 24)
    write_series(folder / "files", 6, series="2", NumberOfFrames=1)
    running = start_server(folder / "data")
    try:
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(folder / "files")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        yield running
    finally:
        running.stop()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[RpcClient]:
    client = server.client()
    deadline = time.monotonic() + 60
    while True:
        try:
            if client.call(GetStudy(study_uid=STUDY)).row.instance_count == 30:
                break
        except RpcError:
            assert time.monotonic() < deadline, "the images were not indexed"
        time.sleep(0.05)
    yield client
    client.close()


@pytest.fixture
def source(server: ServerProcess, client: RpcClient) -> Iterator[ServerStudies]:
    assert client.session is not None
    line = AdoptedLine(str(server.connection), client.session)
    source = ServerStudies(line)
    yield source
    source.stop()
    source.close()
    line.close()


def test_a_study_as_the_index_knows_it(source: ServerStudies) -> None:
    study = source.study(STUDY)
    stacks = stacks_of(study)
    image = stacks[0].image(3)

    assert study.patient_name == "Zhang^San=张^三" and study.study_date == "20260302"
    assert [len(stack) for stack in stacks] == [24, 6]
    assert image.frames[0].modality.intercept == -1024 and image.frames[0].modality.unit == "HU"
    assert image.frames[0].spacing.row_mm == 0.5 and image.frames[0].voi[0].centre == 40  # type: ignore[union-attr]
    assert stacks[0].order.spacing_mm == pytest.approx(2.0) and stacks[0].order.is_volume


def test_frames_are_those_that_were_sent(source: ServerStudies) -> None:
    stack = stacks_of(source.study(STUDY))[0]
    seen = 0
    for arrived in source.frames(stack.frames):
        assert not arrived.error
        index = stack.index_of(arrived.key)
        assert index is not None
        image = arrived.header or stack.image(index)
        frame = decode_frame(arrived.data, image.pixel_format, image.transfer_syntax)
        np.testing.assert_array_equal(frame, pixels_of(an_image(image.instance_number - 1, side=64)))
        assert image.texts.get("InstitutionName") == "第一医院"
        seen += 1
    assert seen == 24


def test_two_workers_use_the_prepared_connections_and_fetch_one_whole_object(
    server: ServerProcess, client: RpcClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.session is not None
    opened: list[BulkClient] = []
    fetched: list[str] = []
    open_bulk, fetch = AdoptedLine.open_bulk, BulkClient.fetch
    monkeypatch.setattr(AdoptedLine, "open_bulk", lambda line: opened.append(open_bulk(line)) or opened[-1])
    monkeypatch.setattr(BulkClient, "fetch", lambda bulk, item, uid: fetched.append(item) or fetch(bulk, item, uid))
    line = AdoptedLine(str(server.connection), client.session)
    source = ServerStudies(line)
    stack = stacks_of(source.study(STUDY))[0]
    assert len(opened) == 2, "before anybody asked for a frame"

    begin = threading.Barrier(2)

    def work(keys: Sequence[FrameKey]) -> list[Arrived]:
        begin.wait(30)
        return list(source.frames(keys))

    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(work, (stack.frames[:12], stack.frames[12:])))
    source.stop()
    source.close()
    line.close()
    assert {one.key for half in halves for one in half} == set(stack.frames)
    assert not any(one.error for half in halves for one in half)
    assert len(opened) == 2 and fetched == ["object"]


class LineWithoutBulk:
    """Describes studies and delivers no image; ``version`` replaces what the server says of its bytes."""

    def __init__(self, line: AdoptedLine, version: str = "") -> None:
        self._line = line
        self._version = version

    def call(self, request: Any) -> Any:
        view = self._line.call(request)
        if not self._version:
            return view
        return msgspec.structs.replace(
            view,
            series=tuple(
                msgspec.structs.replace(
                    one,
                    instances=tuple(msgspec.structs.replace(i, version=self._version) for i in one.instances),
                )
                for one in view.series
            ),
        )

    def open_bulk(self) -> BulkClient:
        raise EnvironmentTrouble(ErrorBody(code=ErrorCode.OFFLINE, message="线路中断。"))


def test_what_was_seen_or_prepared_comes_from_the_disk(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    """Also after a restart, but never without the server's word that it is still the same."""
    assert client.session is not None
    line = AdoptedLine(str(server.connection), client.session)
    first = DiskCache("server", folder=tmp_path, key=bytes(32), spare_bytes=0)
    source = ServerStudies(line, first)
    assert source.prepare(STUDY, lambda: True) and first.settle()
    source.stop()
    source.close()
    first.close()

    again = DiskCache("server", folder=tmp_path, key=bytes(32), spare_bytes=0)
    offline = ServerStudies(LineWithoutBulk(line), again)
    stack = stacks_of(offline.study(STUDY))[0]
    for arrived in offline.frames(stack.frames):
        image = arrived.header or stack.image(0)
        frame = decode_frame(arrived.data, image.pixel_format, image.transfer_syntax)
        np.testing.assert_array_equal(frame, pixels_of(an_image(image.instance_number - 1, side=64)))
        assert image.texts.get("InstitutionName") == "第一医院"

    changed = ServerStudies(LineWithoutBulk(line, version="corrected"), again)
    with pytest.raises(SourceFailed):
        list(changed.frames(stacks_of(changed.study(STUDY))[0].frames))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()], "what the server no longer names is deleted"
    line.close()
    again.close()


def test_what_comes_slowly_is_kept_as_it_comes(
    source: ServerStudies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_studies, "QUICK_S", 0.0)
    cache = DiskCache("server", folder=tmp_path, key=bytes(32), spare_bytes=0)
    caching = ServerStudies(source._line, cache)
    stacks = stacks_of(caching.study(STUDY))
    for stack in stacks:
        assert not any(arrived.error for arrived in caching.frames(stack.frames))
    assert cache.settle()

    offline = ServerStudies(LineWithoutBulk(source._line), cache)  # type: ignore[arg-type]
    offline.study(STUDY)
    for stack in stacks:
        assert len(list(offline.frames(stack.frames))) == len(stack)
    with pytest.raises(SourceFailed):
        caching.study("1.2.3.4")
    caching.stop()
    caching.close()
    cache.close()


def test_what_came_quickly_is_kept_afterwards_from_its_pixels(
    source: ServerStudies, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it comes nothing is sealed and written; afterwards nothing is fetched a second time."""
    monkeypatch.setattr(server_studies, "QUICK_S", 60.0)
    cache = DiskCache("server", folder=tmp_path, key=bytes(32), spare_bytes=0)
    caching = ServerStudies(source._line, cache)
    store = PixelStore()
    loader = StudyLoader(caching, store, lambda *_: None, lambda _sentence: None)
    stacks = stacks_of(caching.study(STUDY))
    for stack in stacks:
        loader.want(stack)
    until(lambda: loader.waiting == 0)
    assert cache.settle()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) == 2 * len(stacks), "of each series the header and the image that came with it"

    fetched: list[object] = []
    monkeypatch.setattr(BulkClient, "stream", lambda _client, wanted: iter(fetched.extend(wanted) or ()))
    loader.prepare([STUDY])
    until(lambda: not loader._next_studies and not loader._preparing)
    assert cache.settle() and fetched == []
    loader.close()

    offline = ServerStudies(LineWithoutBulk(source._line), cache)  # type: ignore[arg-type]
    offline.study(STUDY)
    for stack in stacks:
        kept = list(offline.frames(stack.frames))
        assert len(kept) == len(stack)
        for arrived in kept:
            number = stack.image(stack.frames.index(arrived.key)).instance_number
            np.testing.assert_array_equal(
                np.frombuffer(arrived.data, "<u2").reshape(64, 64), pixels_of(an_image(number - 1, side=64))
            )
    cache.close()


def test_what_came_quickly_and_was_closed_is_fetched_again_when_it_is_to_be_kept(
    source: ServerStudies, tmp_path: Path
) -> None:
    cache = DiskCache("server", folder=tmp_path, key=bytes(32), spare_bytes=0)
    caching = ServerStudies(source._line, cache)
    stacks = stacks_of(caching.study(STUDY))
    for stack in stacks:
        assert not any(arrived.error for arrived in caching.frames(stack.frames))

    assert caching.prepare(STUDY, lambda: True, lambda _key: None) and cache.settle()

    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 30 + len(stacks)
    caching.stop()
    caching.close()
    cache.close()


def test_an_unknown_study_is_a_sentence(source: ServerStudies) -> None:
    with pytest.raises(SourceFailed):
        source.study("1.2.3.4")


def test_the_viewer_of_a_workstation_shows_it(
    server: ServerProcess, client: RpcClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the order to the picture, in a process of its own; closing the viewer leaves the session alone."""
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    heard: queue.Queue[ViewerEvent] = queue.Queue()
    link = ViewerLink(server=str(server.connection), session=client.session, on_event=heard.put, folder=HOUSE)
    try:
        link.open([STUDY])
        found: dict[type[ViewerEvent], ViewerEvent] = {}
        deadline = time.monotonic() + 90
        while AllLoaded not in found:
            event = heard.get(timeout=max(0.1, deadline - time.monotonic()))
            found[type(event)] = event
        first, loaded = found[FirstImage], found[AllLoaded]
        assert isinstance(first, FirstImage) and first.after_ms < 60_000
        assert isinstance(loaded, AllLoaded) and loaded.frames == 30
        assert link.capture(timeout_s=60).startswith(b"\x89PNG")
    finally:
        link.close()

    assert client.call(GetStudy(study_uid=STUDY)).row.study_uid == STUDY


def test_the_viewer_alone_logs_in_and_takes_a_picture(server: ServerProcess, client: RpcClient, tmp_path: Path) -> None:
    picture = tmp_path / "shot.png"
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(HOUSE))
    program = [sys.executable, "-m", "clients.viewer", "--connect", str(server.connection), "--user", "admin"]
    program += ["--password-file", str(server.data / "secrets" / "admin-password")]
    program += ["--study", STUDY, "--shot", str(picture), "--size", "1024x700"]
    ended = subprocess.run(program, capture_output=True, timeout=120, env=environment, cwd=HOUSE, check=False)

    assert ended.returncode == 0, ended.stderr.decode()
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_wrong_password_is_a_sentence(server: ServerProcess, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("no")
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", PYTHONPATH=str(HOUSE))
    program = [sys.executable, "-m", "clients.viewer", "--connect", str(server.connection), "--user", "nobody"]
    ended = subprocess.run(
        [*program, "--password-file", str(wrong), "--study", STUDY],
        capture_output=True, timeout=120, env=environment, cwd=HOUSE, check=False,
    )  # fmt: skip

    assert ended.returncode == 2 and ended.stderr.startswith(b"mingjing viewer:") and b"Traceback" not in ended.stderr


def test_pictures_of_a_study_of_the_server_are_those_of_its_files(
    server: ServerProcess, client: RpcClient, tmp_path: Path
) -> None:
    from mingjing.render import main

    write_series(tmp_path / "files", 24)
    out = [tmp_path / "server.npy", tmp_path / "files.npy"]
    words = ["--view", "plane", "--origin", "-6,1,4", "--row", "1,0,0", "--column", "0,0,1", "--spacing", "0.3"]
    words += ["--size", "60,90", "--series", "1"]
    assert main([STUDY, *words, "--out", str(out[0]), "--data", str(server.data)]) == 0
    assert main([str(tmp_path / "files"), *words, "--out", str(out[1])]) == 0
    np.testing.assert_array_equal(np.load(out[0]), np.load(out[1]))
