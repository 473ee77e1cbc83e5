"""The page of whole slides over a server's answers in memory, and over a real server with a real file."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from clients.kit.running import HeldRunner, ImmediateRunner
from clients.pathology.slides.presenter import SlidesPresenter, SlidesState
from clients.pathology.slides.tab import SlidesTab
from clients.pathology.slides.uploading import upload
from shared.contract import pathology as cases
from shared.contract import pathology_technique as technique
from shared.contract.base import Changed
from shared.contract.pathology_slides import ListSlideImages, SlideImageState, SlideImageView
from shared.rpc.client import RpcClient
from tests.clients.pathology.desk_fakes import a_desk
from tests.server.pathology.slides.slide_files import write_svs
from tests.server_process import ServerProcess, start_server


def an_image(number: int, **changes: Any) -> SlideImageView:
    told: dict[str, Any] = {
        "id": number, "case_id": 1, "slide_id": None, "slide_number": "2600001-A-01", "done": 0, "of": 0,
        "state": SlideImageState.READY, "sentence": "", "file_name": "a.svs", "study_uid": f"1.2.{number}",
        "series_uid": "1.3", "columns": 40000, "rows": 30000, "mpp": 0.25, "objective": 40.0, "vendor": "aperio",
        "stain": "HE", "imported_by": "王", "imported_at": datetime(2026, 11, 22, tzinfo=UTC),
    }  # fmt: skip
    return SlideImageView(**{**told, **changes})


class Server:
    """A connection that lists images."""

    def __init__(self) -> None:
        self.images: tuple[SlideImageView, ...] = ()
        self.listeners: list[Any] = []

    def call(self, request: Any) -> Any:
        assert isinstance(request, ListSlideImages)
        return tuple(one for one in self.images if one.case_id == request.case_id)


def a_presenter(tmp_path: Path, runner: Any = None) -> tuple[SlidesPresenter, Server, list[SlidesState], list[str]]:
    desk, _ = a_desk(tmp_path)
    server, seen, opened = Server(), [], []
    desk.place.connection = server  # type: ignore[assignment]
    desk.place.runner = runner or ImmediateRunner()
    desk.place.on_notice = server.listeners.append  # type: ignore[method-assign]
    return SlidesPresenter(desk, seen.append, opened.append), server, seen, opened


def test_notices_of_the_open_case_bring_the_newest_state(tmp_path: Path) -> None:
    presenter, server, seen, opened = a_presenter(tmp_path)
    server.images = (an_image(1, state=SlideImageState.CONVERTING, done=3, of=10),)
    presenter.show(1)
    assert seen[-1].images[0].state is SlideImageState.CONVERTING
    presenter.open(seen[-1].images[0])
    server.images = (an_image(1),)
    server.listeners[0](Changed("pathology_slides", 2, 0))
    assert seen[-1].images[0].state is SlideImageState.CONVERTING, "another case"
    server.listeners[0](Changed("pathology_slides", 1, 0))
    assert seen[-1].images[0].state is SlideImageState.READY
    presenter.open(seen[-1].images[0])
    assert opened == ["1.2.1"], "only what is ready opens"


def test_an_answer_for_a_case_that_was_left_is_ignored(tmp_path: Path) -> None:
    runner = HeldRunner()
    presenter, server, seen, _ = a_presenter(tmp_path, runner)
    server.images = (an_image(1), an_image(2, case_id=2))
    presenter.show(1)
    presenter.show(2)
    runner.release()
    assert [one.case_id for one in seen[-1].images] == [2]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    presenter, _, seen, _ = a_presenter(tmp_path)
    presenter.show(1)
    presenter.send(tmp_path / "none.svs", None)
    assert not seen[-1].sending
    assert "none.svs" in str(presenter._desk.place.messages.__dict__)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    running = start_server(tmp_path_factory.mktemp("slides-tab") / "data")
    try:
        yield running
    finally:
        running.stop()


def test_a_slide_is_imported_on_the_page(server: ServerProcess, qtbot: QtBot, tmp_path: Path) -> None:
    client: RpcClient = server.client()
    library = client.call(cases.ListLibraries())[0]
    entry = cases.CaseEntry(patient_name="李兰")
    specimens = (technique.SpecimenEntry(name="胃窦"),)
    case = client.call(cases.RegisterCase(library_id=library.id, entry=entry, specimens=specimens))
    desk, _ = a_desk(tmp_path)
    desk.place.connection = SimpleNamespace(call=client.call, address=str(server.connection))  # type: ignore[assignment]
    desk.place.may = lambda _right: True  # type: ignore[method-assign]
    opened: list[str] = []
    try:
        tab = SlidesTab(desk)
        qtbot.addWidget(tab)
        tab._open_viewer = opened.append  # type: ignore[method-assign]
        tab.presenter._open_viewer = opened.append
        tab.presenter.show(case.case.id)
        write_svs(tmp_path / "a.svs")
        tab.send(tmp_path / "a.svs")
        deadline = time.monotonic() + 60
        while tab.presenter.state.images[0].state is not SlideImageState.READY:
            assert time.monotonic() < deadline, tab.presenter.state
            time.sleep(0.1)
            tab.presenter.reload()
        assert tab.list.total == 1
        tab.list.activated.emit(tab.presenter.state.images[0])
        assert opened == [tab.presenter.state.images[0].study_uid]
    finally:
        client.close()


def test_an_upload_goes_on_where_it_ended(server: ServerProcess, tmp_path: Path) -> None:
    (tmp_path / "big.svs").write_bytes(bytes(range(256)) * 20_000)
    client = server.client()
    sent: list[int] = []

    def cut(done: int, _of: int) -> None:
        if done:
            raise ConnectionResetError

    try:
        with pytest.raises(ConnectionResetError):
            upload(tmp_path / "big.svs", client.call, cut)
        assert upload(tmp_path / "big.svs", client.call, lambda done, _of: sent.append(done)) > 0
        assert next(done for done in sent if done) == 2 << 20, "the first chunk was not sent again"
    finally:
        client.close()
