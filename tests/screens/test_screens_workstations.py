"""The real workstations on a small screen, in both languages: no word is cut, nothing is squeezed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import date, timedelta

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.administration import texts as administration_words
from clients.administration.app import make_pages as administration_pages
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.diagnosis import translations as diagnosis_words
from clients.diagnosis.app import Diagnosis
from clients.diagnosis.ports import NoViewer
from clients.kit.app import Workstation, make_application
from clients.kit.connection import FakeConnection
from clients.kit.gallery import settle
from clients.kit.login import SignedIn
from clients.kit.review import review
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.shell import Page, Shell
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, register_catalogue, set_language
from clients.registration import texts as registration_words
from clients.registration.app import make_pages
from shared.contract.exams import ExamList, ListExams
from shared.contract.identity import CreateUser
from shared.contract.referrals import OrganisationGroupView, OrganisationView, SaveOrganisation, SaveOrganisationGroup
from shared.contract.scheduling import CalendarEntry, CalendarKind, SaveCalendarEntry
from shared.domain.states import ExamState, PatientType, RegistrationState, ReportState, TicketState
from tests.clients.administration.fake_archive import FakeArchive
from tests.clients.diagnosis.fake_reading_room import ReadingRoom
from tests.clients.registration.fake_hospital import FakeHospital, a_ticket, an_exam_row
from tests.server_process import ServerProcess, running_server


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with running_server(tmp_path_factory.mktemp("server")) as running:
        admin = running.client()
        day = date.today() + timedelta(days=30)
        admin.call(
            SaveCalendarEntry(entry=CalendarEntry(first_day=day, last_day=day, kind=CalendarKind.CLOSED, note="检修"))
        )
        group = admin.call(SaveOrganisationGroup(group=OrganisationGroupView(id=0, name="城东医联体")))
        clinic = OrganisationView(
            id=0, version=0, code="CW", name="城东卫生院", name_en="", group_ids=(group.id,), campus_ids=()
        )
        admin.call(SaveOrganisation(organisation=clinic))
        admin.call(CreateUser(login="zhao", name="赵医生", password=secrets.token_urlsafe(12), roles=("doctor",)))
        admin.close()
        yield running


@pytest.fixture(autouse=True)
def words(qapp: QApplication) -> Iterator[None]:
    for module in (registration_words, diagnosis_words, administration_words):
        for value in vars(module).values():
            if isinstance(value, dict):
                register_catalogue(value)
    apply_theme(ThemeName.LIGHT)
    yield
    apply_theme(ThemeName.LIGHT)
    set_language(Language.CHINESE)


def a_busy_counter() -> tuple[Sequence[Page], FakeConnection, str]:
    """Registration and calling with rows of every state."""
    hospital = FakeHospital()
    rows = tuple(
        an_exam_row(
            n,
            state=list(ExamState)[n % 4],
            registration_state=list(RegistrationState)[n % 4],
            patient_type=list(PatientType)[n % 3],
            is_in_arrears=n % 5 == 0,
        )
        for n in range(1, 30)
    )
    hospital.tickets = [a_ticket(n, state=list(TicketState)[n % 5]) for n in range(1, 12)]
    line = hospital.connection
    line.fetch_document = lambda _id: b"%PDF-1.4"  # type: ignore[attr-defined]
    answer = ExamList(total=len(rows), rows=rows)
    line.replies = {**line.replies, ListExams: lambda _request: answer}
    return make_pages(), line, "clerk"


def a_reading_room() -> tuple[Sequence[Page], FakeConnection, str]:
    """The diagnosis workstation with reports of every state."""
    room = ReadingRoom()
    for n in range(1, 20):
        room.add(n, state=list(ReportState)[n % 6])
    return Diagnosis(lambda *_: NoViewer()).pages(), room.line, "zhao"


Place = Callable[[], tuple[Sequence[Page], FakeConnection, str]]


@pytest.mark.parametrize("place", [a_busy_counter, a_reading_room])
@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_or_squeezed_at_1366_by_768(qtbot: QtBot, place: Place, language: Language) -> None:
    pages, line, user = place()
    UserSettings.for_user(user).set("language", language.value)
    window = Workstation("登录", pages, lambda _server: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login(user, "secret")))
    found: list[str] = []
    for page in shell.pages:
        shell.go_to(page.id)
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
        settle(0.1)
        found += [f"{page.id}: {finding}" for finding in review(window)]
    window.close()
    assert found == []


# Their rows come from the departments' day: they are looked at with a real server below.
OF_THE_DEPARTMENTS = frozenset(
    "sessions calendar room-rules slot-rules intervals organisations organisation-groups safety_questions queue-rooms"
    " queue-forecasts signatures critical_limits statistics_limits checker-switches checker-words results"
    " result_rules".split()
)


def findings_in(
    qtbot: QtBot, window: Workstation, shell: Shell, tabs: frozenset[str] | None, may_be_empty: Container[str]
) -> list[str]:
    """What is cut or squeezed in these tables (None: in all) and in every form that they ask."""
    found: list[str] = []

    def look(where: str) -> None:
        qtbot.waitUntil(lambda: not window.runner.busy, timeout=30_000)
        settle(0.02)
        found.extend(f"{where}: {finding}" for finding in review(window))

    for page in shell.pages:
        shown = shell.go_to(page.id)
        look(page.id)
        for tab in shown.tabs if isinstance(shown, TabbedPage) else ("",):
            if tabs is not None and tab not in tabs:
                continue
            table = shown.show_tab(tab) if isinstance(shown, TabbedPage) else shown
            look(tab)
            if not isinstance(table, TablePage):
                continue
            if not table.presenter.state.rows and tab in may_be_empty:
                continue
            assert table.presenter.state.rows, tab
            table.presenter.select(table.spec.row_id(table.presenter.state.rows[0]))
            look(f"{tab} with a row")
            for action in (*table.spec.actions, *table.spec.commands):
                if action.form and not action.is_hidden:
                    table.presenter.start(action.id)
                    look(f"{tab} asking {action.id}")
                    assert table.action_form is not None, action.id
                    table.presenter.give_up()
    return found


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_in_the_administration_and_its_forms(qtbot: QtBot, language: Language) -> None:
    line = FakeArchive().line
    UserSettings.for_user("admin").set("language", language.value)
    window = Workstation("登录", administration_pages(), lambda _server: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login("admin", "secret")))
    found = findings_in(qtbot, window, shell, None, OF_THE_DEPARTMENTS)
    window.close()
    assert found == []


@pytest.mark.parametrize("language", list(Language))
def test_nothing_is_cut_in_the_pages_of_the_departments(
    qtbot: QtBot, language: Language, hospital: ServerProcess
) -> None:
    UserSettings.for_user("admin").set("language", language.value)
    line = ServerConnection(str(hospital.connection))
    window = Workstation("登录", administration_pages(), lambda _server: line)
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    shell = window.sign_in_with(SignedIn(line, line.login("admin", hospital.admin_password)))
    found = findings_in(qtbot, window, shell, OF_THE_DEPARTMENTS, {"queue-forecasts", "checker-words", "results"})
    window.close()
    assert found == []
