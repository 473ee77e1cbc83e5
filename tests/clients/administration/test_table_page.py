"""Table pages: the presenter's states with a fake line, and the real window."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.people import PEERS
from clients.administration.table.presenter import TablePresenter
from clients.administration.tabs import TabbedPage
from clients.administration.tasks import TASKS
from clients.kit.app import Workstation
from clients.kit.connection import FakeConnection
from clients.kit.login import SignedIn
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.translations import register_catalogue
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.jobs import CancelJob, JobList, JobView, ListJobs, RetryJob
from shared.contract.organisation import ListPeers, PeerView, RemovePeer, SavePeer
from shared.domain.permissions import Permission

_NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def a_job(number: int, **changes: Any) -> JobView:
    values: dict[str, Any] = {
        "id": number,
        "kind": "forward",
        "title": "PACS2",
        "state": "running",
        "attempts": 1,
        "not_before": _NOW,
        "progress_done": 3,
        "progress_total": 10,
        "sentence": "3 of 10 objects sent",
        "created_by": "admin",
        "created_at": _NOW,
        "started_at": _NOW,
        "finished_at": None,
    }
    return JobView(**{**values, **changes})


class Server:
    """Answers as the server does, out of its own memory."""

    def __init__(self) -> None:
        self.peers: dict[str, PeerView] = {}
        self.jobs = [a_job(2), a_job(1, state="failed", sentence="The peer does not answer.")]
        self.refusal: Exception | None = None
        self.line = FakeConnection(
            replies={
                ListPeers: lambda _q: tuple(self.peers.values()),
                SavePeer: self._save_peer,
                RemovePeer: lambda c: (self.peers.pop(c.ae_title), Nothing())[1],
                ListJobs: lambda _q: JobList(total=len(self.jobs), rows=tuple(self.jobs), counts={}),
                CancelJob: lambda c: self._set_job(c.job_id, "cancelled"),
                RetryJob: lambda c: self._set_job(c.job_id, "waiting"),
            },
            permissions=tuple(Permission),
        )

    def _save_peer(self, command: SavePeer) -> PeerView:
        if self.refusal is not None:
            raise self.refusal
        fields = {name: getattr(command, name) for name in PeerView.__struct_fields__}
        self.peers[command.ae_title] = PeerView(**fields)
        return self.peers[command.ae_title]

    def _set_job(self, job_id: int, state: str) -> JobView:
        self.jobs = [a_job(j.id, state=state if j.id == job_id else j.state, sentence=j.sentence) for j in self.jobs]
        return next(j for j in self.jobs if j.id == job_id)


@pytest.fixture
def server() -> Server:
    return Server()


def a_presenter(server: Server, spec: Any) -> tuple[TablePresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = TablePresenter(spec, server.line, ImmediateRunner(), messages)
    presenter.refresh()
    return presenter, messages


_PEER = {
    "ae_title": "CT1",
    "host": "10.0.0.7",
    "port": 104,
    "description": "一号机",
    "rights": ("may_store", "may_query"),
    "tls": False,
    "ascii_names": True,
    "character_set": "GB18030",
    "transfer_syntaxes": ("1.2.840.10008.1.2.5",),
}


def test_a_peer_is_added_changed_removed_and_put_back(server: Server) -> None:
    presenter, messages = a_presenter(server, PEERS)
    presenter.start_new()
    presenter.save(_PEER)
    assert server.peers["CT1"].host == "10.0.0.7"
    assert (presenter.state.selected, presenter.state.is_new) == ("CT1", False)
    presenter.save({**_PEER, "host": "10.0.0.8"})
    assert server.peers["CT1"].host == "10.0.0.8"
    presenter.remove()
    assert not server.peers
    assert presenter.state.row is None
    messages.undo_offers[0][1]()
    assert server.peers["CT1"].host == "10.0.0.8"


def test_a_refusal_stands_at_its_field_and_the_typed_stays(server: Server) -> None:
    presenter, _ = a_presenter(server, PEERS)
    presenter.start_new()
    server.refusal = error_for(ErrorBody(code=ErrorCode.INVALID, message="AE 名称含有不允许的字符。", field="ae_title"))
    presenter.save(_PEER)
    assert presenter.state.is_new
    assert not presenter.state.is_busy
    assert presenter.state.problems == {"ae_title": "AE 名称含有不允许的字符。"}


def test_actions_follow_the_state_of_the_row(server: Server) -> None:
    presenter, _ = a_presenter(server, TASKS)
    presenter.select(2)
    presenter.start("retry")  # a running task cannot be tried again
    assert server.jobs[0].state == "running"
    presenter.start("cancel")
    assert server.jobs[0].state == "cancelled"
    assert presenter.state.row.state == "cancelled"
    presenter.start("retry")
    assert server.jobs[0].state == "waiting"


def test_the_search_leaves_what_contains_the_text(server: Server) -> None:
    presenter, _ = a_presenter(server, TASKS)
    presenter.find("ANSWER")
    assert [row.id for row in presenter.shown_rows()] == [1]


def test_a_list_that_cannot_be_loaded_keeps_its_rows_and_says_why(server: Server) -> None:
    presenter, _ = a_presenter(server, TASKS)
    server.line.replies = {ListJobs: _offline}
    presenter.refresh()
    assert len(presenter.state.rows) == 2
    assert presenter.state.trouble


def _offline(_query: ListJobs) -> JobList:
    raise error_for(ErrorBody(code=ErrorCode.OFFLINE, message="offline"))


def test_a_peer_is_entered_with_the_keyboard_in_the_real_window(server: Server, qtbot: QtBot) -> None:
    register_catalogue(texts.ENTRIES)
    window = Workstation(TITLE, make_pages(), lambda _address: server.line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(server.line, server.line.login("admin", "secret")))
    tabbed = shell.go_to("system")
    assert isinstance(tabbed, TabbedPage)
    page = tabbed.table("peers")
    qtbot.mouseClick(page.new_button, Qt.MouseButton.LeftButton)
    assert page.form is not None
    for key, text in (("ae_title", "CT1"), ("host", "10.0.0.7"), ("port", "104")):
        qtbot.keyClicks(page.form.rows[key].editor.focus_target, text)
    qtbot.mouseClick(page.save_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "CT1" in server.peers, timeout=30_000)
    assert server.peers["CT1"].port == 104
    qtbot.waitUntil(lambda: page.presenter.state.row is not None, timeout=30_000)
