"""A critical value from the doctor's words to the ward's answer: real server, real sockets, windows of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import TITLE, make_pages
from clients.diagnosis.critical.panel import CriticalPanel, CriticalTag
from clients.diagnosis.critical.state import Which
from clients.diagnosis.critical.view import CriticalPage
from clients.diagnosis.ports import NoViewer
from clients.kit.app import Workstation, make_application
from clients.kit.login import SignedIn
from clients.kit.server_connection import ServerConnection
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from shared.contract.base import Request, all_requests
from shared.contract.critical import (
    AcknowledgeCritical,
    CancelCritical,
    CorrectCritical,
    CriticalSettings,
    DetectCritical,
    ExportCriticalStatistics,
    GetCriticalSettings,
    GetCriticalStatistics,
    GetLoop,
    ListCriticalChoices,
    ListDuty,
    ListLoops,
    ListReportLoops,
    LoopFilter,
    NotifyCritical,
    RecordAcknowledgement,
    ReportCritical,
    SaveCriticalSettings,
)
from shared.contract.errors import ErrorCode, RpcError
from shared.contract.identity import CreateUser
from shared.contract.master import CriticalValueEntry, DutyEntry, ListRows, MasterKind, SaveRow
from shared.contract.reporting import ListReports
from shared.contract.statistics import (
    ExportStatistics,
    GetStatistics,
    GetStepLimits,
    GroupBy,
    SaveStepLimits,
    StatisticsFilter,
    StepLimits,
    Subject,
)
from shared.domain.critical import Escalation, LoopAction, LoopState, Means
from shared.domain.states import CriticalValue, ReportState
from shared.rpc import envelope
from shared.rpc.client import RpcClient, ZmqTransport
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, Seat, scan_a_patient
from tests.server_process import ServerProcess, running_server, start_server


class WardSeat:
    """A ward's window: the same program, one page."""

    def __init__(self, qtbot: QtBot, server: ServerProcess, login: str) -> None:
        self._qtbot = qtbot
        line = ServerConnection(str(server.connection))
        session = line.login(login, PASSWORD)
        pages = make_pages(lambda _place, _on_event: NoViewer())
        self.window = Workstation(TITLE, pages, ServerConnection, usual_theme=ThemeName.DARK)
        qtbot.addWidget(self.window)
        self.window.show()
        self.shell = self.window.sign_in_with(SignedIn(line, session))

    @property
    def page(self) -> CriticalPage:
        page = self.shell.page_widget("critical")
        assert isinstance(page, CriticalPage)
        return page


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


@pytest.fixture(scope="module")
def quiet_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without exams: one for all that only ask it."""
    with running_server(tmp_path_factory.mktemp("quiet")) as server:
        yield server


def set_up(server: ServerProcess, folder: Path) -> None:
    admin = server.client()
    people = (("li", "李医生", "doctor"), ("huli", "呼吸科护士站", "ward"))
    for login, name, role in people:
        admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(role,)))
    admin.call(SaveRow(entry=DutyEntry(name="钱护士长", level=Escalation.WARD, phone="8012")))
    slices = folder / "slices"
    slices.mkdir()
    scan_a_patient(admin, server, slices)
    admin.close()


def panel_of(seat: Seat) -> CriticalPanel:
    seat.page.open_panel("critical")
    return seat.page.findChildren(CriticalPanel)[0]


@pytest.mark.slow
def test_a_critical_value_reaches_the_ward_and_its_answer_comes_back(
    qtbot: QtBot, server: ServerProcess, tmp_path: Path
) -> None:
    make_application()
    apply_theme(ThemeName.DARK)
    set_up(server, tmp_path)
    admin = server.client()
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)
    ward = WardSeat(qtbot, server, "huli")
    assert [page.id for page in ward.shell.pages] == ["critical"]
    qtbot.waitUntil(lambda: ward.page.presenter.state.generation > 0, timeout=30_000)

    doctor = Seat(qtbot, server, "li")
    doctor.enter_first()
    doctor.page.presenter.edit(impression="<p>左侧基底节区脑出血。</p>", findings="<p>左侧基底节区见高密度影。</p>")
    tag = doctor.page.findChildren(CriticalTag)[0]
    doctor.until(lambda: "文中有危急值" in tag.button.text())  # while writing, nothing was pressed
    panel = panel_of(doctor)
    (hit,) = panel.presenter.state.hits
    panel.take_hit(hit)
    panel.form.set_values({"value": "血肿 45 ml"})
    panel.send.click()
    doctor.until(lambda: len(panel.presenter.state.loops) == 1)
    doctor.until(lambda: "危急值未确认" in tag.button.text())
    assert doctor.page.presenter.state.content.critical_value is CriticalValue.YES

    # the ward hears of it by notice, and answers
    qtbot.waitUntil(lambda: ward.page.presenter.state.open == 1, timeout=30_000)
    row = ward.page.presenter.state.rows[0]
    assert (row.name, row.value, row.patient_name) == ("急性脑出血", "血肿 45 ml", "张三丰")
    ward.page.presenter.select(row)
    qtbot.waitUntil(lambda: ward.page.presenter.state.details is not None, timeout=30_000)
    pane = ward.page.pane
    shown = [action for action, button in pane.buttons.items() if not button.isHidden()]
    assert shown == [LoopAction.ACKNOWLEDGE]
    pane.buttons[LoopAction.ACKNOWLEDGE].click()
    assert pane.form is not None
    pane.form.set_values({"note": "已请神经外科会诊"})
    pane.form.submit()
    qtbot.waitUntil(lambda: ward.page.presenter.state.open == 0, timeout=30_000)

    # the doctor sees who answered, and the report leaves without a question
    doctor.until(lambda: "危急值已确认" in tag.button.text())
    found = admin.call(GetLoop(loop_id=row.id))
    assert (found.loop.acknowledged_by, found.loop.note) == ("呼吸科护士站", "已请神经外科会诊")
    assert [line.action for line in found.lines] == ["report", "acknowledge"]
    doctor.page.presenter.submit()
    doctor.until(lambda: doctor.is_in(ReportState.SUBMITTED))
    assert admin.call(ListLoops()).total == 1
    ward.page.presenter.filter(which=Which.ALL)
    qtbot.waitUntil(lambda: len(ward.page.presenter.state.rows) == 1, timeout=30_000)
    admin.close()


@pytest.mark.slow
def test_a_killed_server_still_calls_the_next_level(qtbot: QtBot, tmp_path: Path) -> None:
    """The clocks stand in the database: the server is killed while a loop waits, and calls after its next start."""
    data = tmp_path / "data"
    server = start_server(data)
    try:
        set_up(server, tmp_path)
        admin = server.client()
        admin.call(SaveCriticalSettings(settings=CriticalSettings(ward_minutes=1, head_minutes=2, office_minutes=3)))
        qtbot.waitUntil(lambda: admin.call(ListReports()).total == 1, timeout=30_000)
        report_id = admin.call(ListReports()).rows[0].id
        loop = admin.call(ReportCritical(report_id=report_id, code="CH01", finding="右侧张力性气胸")).loop
        server.kill(whole=True)
        _let_time_pass(data, loop.id)
        server = start_server(data)
        again = server.client()
        qtbot.waitUntil(
            lambda: again.call(GetLoop(loop_id=loop.id)).loop.escalation is not Escalation.DOCTOR, timeout=45_000
        )
        found = again.call(GetLoop(loop_id=loop.id))
        assert found.loop.state is LoopState.OPEN and found.loop.is_overdue
        assert next(line.name for line in found.lines if line.action == "escalate") == "钱护士长（8012）"
        assert again.call(ListLoops(filter=LoopFilter(overdue_only=True))).overdue == 1
        again.close()
    finally:
        server.stop()


def _let_time_pass(data: Path, loop_id: int) -> None:
    """Two minutes, without waiting for them: the loop's own times go back."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(data / "mingjing.db")) as database, database:
        for column in ("opened_at", "since", "due_at", "next_escalation_at"):
            database.execute(
                f"update critical_loops set {column} = strftime('%Y-%m-%d %H:%M:%f', {column}, '-90 seconds')"
                " where id = ?",
                (loop_id,),
            )
        database.execute(
            "update jobs set not_before = strftime('%Y-%m-%d %H:%M:%f', not_before, '-90 seconds')"
            " where kind = 'critical.escalate'"
        )


def test_the_library_and_the_roster_are_master_data(quiet_server: ServerProcess) -> None:
    admin = quiet_server.client()
    library = admin.call(ListRows(kind=MasterKind.CRITICAL_VALUE)).rows
    assert len(library) >= 40
    first = library[0]
    assert isinstance(first.entry, CriticalValueEntry) and first.entry.keywords
    admin.call(SaveRow(entry=DutyEntry(name="夜班", level=Escalation.HEAD, begins="18:00", ends="08:00")))
    assert [row.entry.name for row in admin.call(ListRows(kind=MasterKind.DUTY)).rows] == ["夜班"]
    admin.close()


def test_every_request_asks_for_its_permission(quiet_server: ServerProcess) -> None:
    """What a role may not do is refused by the server, whatever a window would show."""
    admin = quiet_server.client()
    for role in ("clerk", "ward", "doctor", "auditor"):
        admin.call(CreateUser(login=role, name=role, password=PASSWORD, roles=(role,)))
    admin.close()
    day = date(2026, 3, 2)
    days = StatisticsFilter(first=day, last=day)
    see: list[Request[Any]] = [ListLoops(), GetLoop(loop_id=1), ListReportLoops(report_id=1), ListDuty(department="")]
    see += [GetCriticalSettings(), AcknowledgeCritical(loop_id=1, version=1)]
    write: list[Request[Any]] = [
        ListCriticalChoices(),
        DetectCritical(exam_type="CT", findings="", impression=""),
        ReportCritical(report_id=1, code="CH01", finding="x"),
        NotifyCritical(loop_id=1, version=1, name="x", means=Means.PHONE),
        RecordAcknowledgement(loop_id=1, version=1, name="x", read_back=True),
        CorrectCritical(loop_id=1, version=1, name="x", finding="x", reason="x"),
        CancelCritical(loop_id=1, version=1, reason="x"),
    ]
    count: list[Request[Any]] = [
        GetCriticalStatistics(first=day, last=day),
        ExportCriticalStatistics(first=day, last=day),
        GetStatistics(subject=Subject.WORKLOAD, group_by=GroupBy.DAY, filter=days),
        ExportStatistics(subject=Subject.WORKLOAD, group_by=GroupBy.DAY, filter=days),
        GetStepLimits(),
    ]
    settle: list[Request[Any]] = [
        SaveCriticalSettings(settings=CriticalSettings()),
        SaveStepLimits(limits=StepLimits()),
    ]
    groups = {"see": see, "write": write, "count": count, "settle": settle}
    asked = {request.method for requests in groups.values() for request in requests}
    assert asked == {name for name in all_requests() if name.startswith(("critical.", "statistics."))}
    may = {
        "clerk": set(),
        "ward": {"see"},
        "doctor": {"see", "write"},
        "auditor": {"see", "write", "count"},
        "admin": set(groups),
    }
    for login, allowed in may.items():
        client = quiet_server.client(login, "" if login == "admin" else PASSWORD)
        for name, requests in groups.items():
            for request in requests:
                is_refused = _refused(client, request)
                own_rule = isinstance(request, AcknowledgeCritical) and login != "ward"  # only the ward, for itself
                assert is_refused is (name not in allowed or own_rule), f"{login}: {request.method}"
        client.close()


WARD_MAY = {
    *(f"critical.{name}" for name in ("list", "get", "list_of_report", "list_duty", "get_settings", "acknowledge")),
    *(f"identity.{name}" for name in ("login", "ping", "logout", "change_password", "get_captcha")),
    "pathology_stations.login_choices",  # the names in pathology's log-in window; asked before anybody is known
}


def test_a_ward_may_ask_for_its_critical_values_and_nothing_else(quiet_server: ServerProcess) -> None:
    """Every method of the contract with a body that cannot be read: who may not is refused before it is looked at."""
    admin = quiet_server.client()
    admin.call(CreateUser(login="huxi", name="呼吸科", password=PASSWORD, roles=("ward",)))
    admin.close()
    transport = ZmqTransport(quiet_server.connection)
    client = RpcClient(transport)
    token = client.login("huxi", PASSWORD).token
    answered: dict[str, ErrorCode] = {}
    for number, (method, request) in enumerate(all_requests().items(), 10_000):
        named: Any = SimpleNamespace(method=method)
        header = envelope.request_header(number, named, token, f"ward-{number}")
        frames = transport.exchange(request.channel, number, header, b"\xc1", 30)
        assert not envelope.decode_reply_header(frames[0]).ok, method
        answered[method] = envelope.decode_error(frames[1]).code
    may = {method for method, code in answered.items() if code is not ErrorCode.PERMISSION_MISSING}
    assert may == WARD_MAY
    assert client.call(ListLoops()).total == 0  # the session lives still
    client.close()
    line = ServerConnection(str(quiet_server.connection))
    line.login("huxi", PASSWORD)
    with pytest.raises(RpcError) as refused:
        line.fetch_document(1)
    assert refused.value.code is ErrorCode.PERMISSION_MISSING
    line.close()


def _refused(client: RpcClient, request: Request[Any]) -> bool:
    try:
        client.call(request)
    except RpcError as error:
        return error.code is ErrorCode.PERMISSION_MISSING
    return False
