"""The administrator's real windows against the whole server; dcmtk, pydicom and a web client see what they did."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pytestqt.qtbot import QtBot
from server_process import ServerProcess, running_server

from clients.administration import texts
from clients.administration.app import TITLE, make_pages
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.administration.words import JOB_KINDS
from clients.kit.app import Workstation
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.shell import Shell
from clients.kit.translations import register_catalogue
from shared.contract.jobs import ListJobs
from shared.dicomkit.headers import PatientFacts
from shared.dicomkit.synthetic import ct_series

pytestmark = pytest.mark.skipif(shutil.which("findscu") is None, reason="dcmtk is not installed")

WRONG = PatientFacts("P0001", "Li^Si", date(1980, 1, 2), "F")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("hospital")) as running:
        yield running


def tool(name: str, *arguments: str, folder: Path | None = None) -> str:
    """Run a dcmtk tool; returns what it said. Fails unless its status is 0."""
    done = subprocess.run(
        [name, *arguments], capture_output=True, text=True, errors="replace", timeout=60, check=False, cwd=folder
    )
    assert done.returncode == 0, f"{name}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


class Desk:
    """The administrator at the window; every step goes through its forms and buttons, over real sockets."""

    def __init__(self, server: ServerProcess, qtbot: QtBot) -> None:
        register_catalogue(texts.ENTRIES)
        self.line = ServerConnection(str(server.connection))
        self._qtbot = qtbot
        self._at = ("-aec", "MINGJING", "127.0.0.1", str(server.dicom_port))
        self.window = Workstation(TITLE, make_pages(), lambda _address: self.line)
        qtbot.addWidget(self.window)
        self.window.resize(1366, 768)
        self.window.show()
        self.shell: Shell = self.window.sign_in_with(
            SignedIn(self.line, self.line.login("admin", server.admin_password))
        )

    def wait(self, condition: Callable[[], Any], milliseconds: int = 20_000) -> None:
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=milliseconds)

    def table(self, page: str, tab: str) -> TablePage:
        """Bring a table to the front; returns when its rows are there."""
        shown = self.shell.go_to(page)
        assert isinstance(shown, TabbedPage)
        table = shown.table(tab)
        presenter = table.presenter
        self.wait(
            lambda: (
                (presenter.state.reply is not None or table.spec.missing_is_empty) and not presenter.state.is_loading
            )
        )
        return table

    def add(self, table: TablePage, **values: Any) -> None:
        """Fill in the form for a new row and save it."""
        table.new_button.click()
        assert table.form is not None
        table.form.set_values(values)
        table.save_button.click()
        self.wait(lambda: not table.presenter.state.is_busy)
        assert table.presenter.state.problem == "" and not table.presenter.state.problems
        self.wait(lambda: not table.presenter.state.is_loading)

    def choose(self, table: TablePage, wanted: Callable[[Any], bool]) -> Any:
        """Select the first row that fits, as soon as it is there, and wait for its details."""
        self.wait(lambda: any(map(wanted, table.presenter.state.rows)))
        row = next(filter(wanted, table.presenter.state.rows))
        rows = [table.spec.row_id(one) for one in table.presenter.shown_rows()]
        table.list.table.selectRow(rows.index(table.spec.row_id(row)))
        self.wait(lambda: table.presenter.state.row is not None)
        if table.spec.fetch is not None:
            self.wait(lambda: table.presenter.state.fetched is not None)
        return row

    def act(self, table: TablePage, action: str, subject: Any = None, **values: Any) -> None:
        """Use a button, answer what it asks, and wait until it is done."""
        table.presenter.start(action, subject)
        self.wait(lambda: table.presenter.state.confirming == action)
        if values:
            assert table.action_form is not None
            table.action_form.form.set_values(values)
        table.confirm_button.click()
        self.wait(lambda: table.presenter.state.confirming == "" or table.presenter.state.problem)
        assert table.presenter.state.problem == ""

    def found(self, folder: Path, **keys: str) -> list[Any]:
        """What findscu finds at study level."""
        folder.mkdir()
        wanted = [word for key, text in keys.items() for word in ("-k", f"{key}={text}" if text else key)]
        tool("findscu", "-S", "-X", "-k", "QueryRetrieveLevel=STUDY", *wanted, *self._at, folder=folder)
        return [dcmread(path, force=True) for path in sorted(folder.glob("rsp*.dcm"))]

    def fetched(self, folder: Path, study_uid: str) -> list[Any]:
        """What getscu brings."""
        folder.mkdir()
        keys = ("-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={study_uid}")
        tool("getscu", "-S", "+B", "-od", str(folder), *keys, *self._at)
        return [dcmread(path) for path in sorted(folder.iterdir())]

    def close(self) -> None:
        self.window.close()


@pytest.fixture
def desk(server: ServerProcess, qtbot: QtBot) -> Iterator[Desk]:
    desk = Desk(server, qtbot)
    yield desk
    desk.close()


def test_what_the_administrator_sets_up_others_can_use(
    server: ServerProcess, desk: Desk, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (tmp_path / "sent").mkdir()
    files = ct_series(tmp_path / "sent", slices=4, rows=64)
    tool("storescu", "-aet", "CT1", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), *map(str, files))
    peers = desk.table("system", "peers")
    desk.add(peers, ae_title="PACS2", host="127.0.0.1", port=11190, rights=("may_query",), ascii_names=True)
    (peer,) = [row for row in peers.presenter.state.rows if row.ae_title == "PACS2"]
    assert (peer.may_query, peer.may_store, peer.ascii_names) == (True, False, True)

    tokens = desk.table("system", "tokens")
    desk.add(tokens, name="research platform", days=7)
    secret = tokens.secret_line.text()
    url = f"http://127.0.0.1:{server.http_port}/dicom-web/studies"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {secret}", "Accept": "application/json"})
    desk.wait(lambda: json.loads(urllib.request.urlopen(request, timeout=20).read() or b"[]"))

    stores = desk.table("storage", "stores")
    nearline = tmp_path_factory.mktemp("nearline")
    desk.add(stores, name="nearline", role="nearline", kind="folder", path=str(nearline))
    rules = desk.table("storage", "storage_rules")
    assert rules.form is not None
    rules.new_button.click()
    assert [box.text() for box in rules.form.rows["keep_in"].editor.boxes] == ["online · 在线", "nearline · 近线"]
    desk.add(rules, name="CT 近线", modalities="CT", after_days=0, unused_days=0, keep_in=("online", "nearline"))
    rules.command_buttons["run"].click()
    studies = desk.table("studies", "studies")

    def is_copied() -> bool:
        studies.presenter.refresh()
        desk.choose(studies, lambda row: row.instance_count == 4)
        return any(copy.store == "nearline" and copy.state == "verified" for copy in _facts(studies).copies.copies)

    desk.wait(is_copied, 30_000)
    assert sum(path.is_file() for path in nearline.rglob("*")) >= 4


def _facts(table: TablePage) -> Any:
    return table.presenter.state.fetched


def test_a_study_is_corrected_deleted_restored_exported_and_imported_again(
    server: ServerProcess, desk: Desk, tmp_path: Path
) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    files = ct_series(sent, slices=3, rows=64, patient=WRONG, accession="A7001")
    uid = str(dcmread(files[0]).StudyInstanceUID)
    tool("storescu", "-aet", "CT1", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), *map(str, files))

    # correct: others find it under the new identity, and what they fetch says so too
    studies = desk.table("studies", "studies")
    studies.presenter.refresh()
    desk.wait(lambda: any(row.study_uid == uid and row.instance_count == 3 for row in _again(studies)))
    desk.choose(studies, lambda row: row.study_uid == uid)
    desk.act(studies, "correct", name="Zhang^San=张^三", patient_id="P0002", reason="登记时选错患者")
    (answer,) = desk.found(tmp_path / "q1", PatientID="P0002", PatientName="", StudyInstanceUID="")
    assert (str(answer.PatientName), answer.StudyInstanceUID) == ("Zhang^San=张^三", uid)
    assert desk.found(tmp_path / "q2", PatientID="P0001", StudyInstanceUID="") == []
    objects = desk.fetched(tmp_path / "got", uid)
    assert [one.PatientID for one in objects] == ["P0002"] * 3

    # delete and restore
    desk.choose(studies, lambda row: row.study_uid == uid)
    desk.act(studies, "delete", reason="重复上传")
    assert desk.found(tmp_path / "q3", PatientID="P0002", StudyInstanceUID="") == []
    bin_ = desk.table("bin", "bin")
    entry = desk.choose(bin_, lambda row: row.study_uid == uid)
    assert entry.reason == "重复上传"
    bin_.action_buttons["restore"].click()
    desk.wait(lambda: all(row.study_uid != uid for row in bin_.presenter.state.rows))
    assert len(desk.found(tmp_path / "q4", PatientID="P0002", StudyInstanceUID="")) == 1

    # take the correction back from the history
    studies = desk.table("studies", "studies")
    studies.presenter.refresh()
    desk.choose(studies, lambda row: row.study_uid == uid)
    desk.wait(lambda: studies.details.undo_buttons)
    studies.details.undo_buttons[0].click()
    desk.wait(lambda: studies.presenter.state.confirming == "undo")
    assert studies.action_form is not None
    studies.action_form.form.set_values({"reason": "原来的登记是对的"})
    studies.confirm_button.click()
    desk.wait(lambda: studies.presenter.state.confirming == "")
    assert len(desk.found(tmp_path / "q5", PatientID="P0001", StudyInstanceUID="")) == 1

    # export, download, import again
    desk.choose(studies, lambda row: row.study_uid == uid)
    desk.act(studies, "export", packing="files", title="CT")
    exports = desk.table("exchange", "exports")

    def is_packed() -> bool:
        exports.presenter.refresh()
        return any(row.state == "done" and row.files for row in exports.presenter.state.rows)

    desk.wait(is_packed, 30_000)
    desk.choose(exports, lambda row: row.state == "done")
    (tmp_path / "usb").mkdir()
    desk.act(exports, "download", folder=str(tmp_path / "usb"))
    (package,) = (tmp_path / "usb").iterdir()
    with zipfile.ZipFile(package) as held:
        assert sum(name.endswith(".dcm") or "/" in name for name in held.namelist()) >= 3
    imports = desk.table("exchange", "imports")
    desk.act(imports, "upload", paths=str(package))

    def is_imported() -> bool:
        imports.presenter.refresh()
        return any(row.state == "done" for row in imports.presenter.state.rows)

    desk.wait(is_imported, 30_000)
    row = imports.presenter.state.rows[0]
    assert row.duplicate + row.stored >= 3 and row.refused == 0

    # prove the archive
    check = desk.table("safety", "check")
    check.command_buttons["check"].click()
    desk.wait(lambda: _again(check) is not None and getattr(check.presenter.state.reply, "instances", 0) >= 3, 30_000)
    assert check.presenter.state.reply.total_findings == 0
    kinds = {job.kind for job in desk.line.call(ListJobs()).rows}
    assert kinds <= set(JOB_KINDS)


def _again(table: TablePage) -> Any:
    """Ask again; the rows of before."""
    if not table.presenter.state.is_loading:
        table.presenter.refresh()
    return table.presenter.state.rows
