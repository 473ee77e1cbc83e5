"""Screens of remote consultation over the real server's services in process: nothing is cut, nothing typed is lost."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from clients.diagnosis.app import make_pages
from clients.diagnosis.remote.assist_panel import AssistPanel
from clients.diagnosis.remote.page import RemotePage
from clients.diagnosis.remote.services_view import ServicesView
from clients.diagnosis.remote.teams import TeamsView
from clients.diagnosis.remote.words import Clocks, duration
from clients.kit.app import make_application, wear
from clients.kit.gallery import settle
from clients.kit.labels import Button
from clients.kit.messages import CollectedMessages
from clients.kit.review import review
from clients.kit.running import ImmediateRunner
from clients.kit.settings import UserSettings
from clients.kit.tokens import Tone
from clients.kit.translations import Language, set_language
from shared.contract import remote as contract
from shared.contract import remote_services as services
from shared.contract import reporting
from shared.contract.base import Changed, Request
from shared.contract.errors import ErrorBody, error_for
from shared.contract.remote_services import OrderState, ServiceKind
from shared.domain.remote import RemoteAction, RemoteState, RemoteUrgency
from shared.domain.rich_text import plain
from tests.server.remote.remote_world import RemoteWorld, a_world

PICTURES = os.environ.get("REMOTE_PICTURES", "")


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return make_application()


@pytest.fixture(autouse=True)
def chinese(qapp: QApplication) -> Iterator[None]:
    make_pages()
    wear("dark")
    set_language(Language.CHINESE)
    yield
    set_language(Language.CHINESE)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RemoteWorld]:
    with a_world("sqlite", tmp_path) as made:
        yield made


class Line:
    """A connection of one account."""

    def __init__(self, world: RemoteWorld, token: str) -> None:
        self._world, self._token = world, token
        self.asked: list[Request[Any]] = []

    def call(self, request: Request[Any]) -> Any:
        self.asked.append(request)
        found = self._world.reply(self._token, request)
        if isinstance(found, ErrorBody):
            raise error_for(found)
        return found


def a_place(world: RemoteWorld, token: str, folder: Path) -> Any:
    caller = world.sessions.callers[token]
    return SimpleNamespace(
        connection=Line(world, token),
        runner=ImmediateRunner(),
        messages=CollectedMessages(),
        settings=UserSettings(folder / f"{token}.json"),
        session=SimpleNamespace(user_id=caller.user_id, permissions=caller.permissions),
        on_notice=lambda _listener: None,
        may=lambda name: name in caller.permissions,
        go_to=lambda _page: None,
    )


def shown(qtbot: QtBot, widget: QWidget, name: str, size: tuple[int, int] = (1280, 700)) -> None:
    """Show in both languages; nothing may be cut."""
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    for language in (Language.CHINESE, Language.ENGLISH):
        set_language(language)
        settle()
        assert not review(widget), (name, language)
        if PICTURES:
            widget.grab().save(str(Path(PICTURES) / f"{name}-{language.value}.png"))
    set_language(Language.CHINESE)
    settle()


def a_page(world: RemoteWorld, token: str, tmp_path: Path, opened: list[Any]) -> RemotePage:
    return RemotePage(a_place(world, token, tmp_path), lambda *args: opened.append(args), opened.append)


def test_the_page_in_every_state_of_a_request(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    world.change_team(two_level=True)
    for state in RemoteState:
        world.in_state(state, urgency=RemoteUrgency.URGENT, question="结节性质？")
    world.clock.forward(minutes=50)
    page = a_page(world, world.head, tmp_path, [])
    shown(qtbot, page, "page-incoming", (1280, 720))
    assert page.list.total == len(RemoteState)
    for at in range(page.list.total):
        row = page.list.model.row(at)
        page.open_request(row.id, is_asking_side=False)
        settle()
        view = page.pane.presenter.state.view
        assert view is not None and set(page.pane.buttons) - {"images", "report"} <= set(view.row.allowed)
        assert not review(page), row.state
    empty = a_page(world, world.outsider, tmp_path, [])
    assert empty.list.total == 0 or empty.presenter.state.incoming
    shown(qtbot, a_page(world, world.asker, tmp_path, []), "page-asker", (3840, 2160))


def test_what_is_typed_is_kept_by_itself_and_before_every_step(
    qtbot: QtBot, world: RemoteWorld, tmp_path: Path
) -> None:
    view = world.in_state(RemoteState.WRITING)
    page = a_page(world, world.expert, tmp_path, [])
    qtbot.addWidget(page)
    page.show()
    presenter = page.pane.presenter
    presenter.open(view.row.id)
    page.pane.opinion.findings.insertPlainText("右肺结节")
    assert presenter.state.is_dirty
    qtbot.waitUntil(lambda: not presenter.state.is_dirty, timeout=30_000)
    assert "右肺结节" in world.seen(world.expert, view.row.id).content.findings
    page.pane.opinion.impression.insertPlainText("随访")
    presenter.begin(RemoteAction.GIVE_BACK)
    kept = world.seen(world.head, view.row.id)
    assert kept.row.state is RemoteState.PENDING and "随访" in kept.content.impression


def test_templates_and_phrases_serve_the_opinion_too(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    own = a_template(world, world.expert)
    view = world.in_state(RemoteState.WRITING)
    page = a_page(world, world.expert, tmp_path, [])
    pane, place = page.pane, page.pane._place
    assert isinstance(place.messages, CollectedMessages)
    qtbot.addWidget(page)
    page.show()
    pane.presenter.open(view.row.id)
    pane.opinion.impression.insertPlainText("右肺结节")
    before = pane.presenter.state.content
    pane.tabs.choose(1)
    settle()
    assert pane.stack.currentWidget() is pane.phrases
    shown(qtbot, page, "page-templates", (1366, 700))
    pane.phrases.panel.kind.choose(1)
    assert pane.phrases.panel.choose(own.id)
    pane.phrases.panel.insert_button.click()
    after = pane.presenter.state.content
    assert pane.stack.currentWidget() is pane.opinion
    assert plain(own.findings) in plain(after.findings)
    assert plain(after.impression).startswith("右肺结节")
    place.messages.undo_offers[-1][1]()
    assert pane.presenter.state.content == before
    assert pane.opinion.findings.subset == before.findings

    pane.opinion.keep_button.click()
    pane.phrases.keep.name.setText("右肺结节")
    pane.phrases.keep.findChild(Button).click()
    [kept] = [one for one in world.ask(world.expert, reporting.ListTemplates()) if one.id != own.id]
    assert (kept.name, plain(kept.impression)) == ("右肺结节", "右肺结节")
    assert not world.ask(world.second, reporting.ListTemplates())

    phrase = reporting.SaveTemplate(is_phrase=True, folder="", name="随访", findings="<p>建议三个月后复查</p>")
    world.ask(world.expert, phrase)
    pane.phrases._shelf.load()
    pane.tabs.choose(1)
    pane.phrases.panel.kind.choose(2)
    leaf = pane.phrases.panel._leaves()[0]
    pane.phrases.panel.tree.setCurrentItem(leaf)
    pane.phrases.panel.insert_button.click()
    assert "建议三个月后复查" in plain(pane.presenter.state.content.findings)
    pane.presenter.save()
    assert "建议三个月后复查" in world.seen(world.expert, view.row.id).content.findings


def a_template(world: RemoteWorld, token: str) -> reporting.TemplateView:
    kept = reporting.SaveTemplate(name="双肺", findings="<p>双肺纹理清晰</p>", folder="知识库", exam_type="CT")
    found = world.ask(token, kept)
    assert isinstance(found, reporting.TemplateView)
    return found


def test_whoever_may_not_type_may_not_insert(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    own = a_template(world, world.second)
    view = world.in_state(RemoteState.WRITING)
    page = a_page(world, world.second, tmp_path, [])
    qtbot.addWidget(page)
    page.show()
    page.pane.presenter.open(view.row.id)
    page.pane.tabs.choose(1)
    panel = page.pane.phrases.panel
    panel.kind.choose(1)
    assert panel.choose(own.id)
    assert not panel.insert_button.isEnabled() and not panel.replace_button.isEnabled()
    assert not page.pane.opinion.keep_button.isVisible()


def test_a_reason_is_asked_for_beside_the_buttons(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    view = world.in_state(RemoteState.APPROVED)
    page = a_page(world, world.asker, tmp_path, [])
    qtbot.addWidget(page)
    page.show()
    page.open_request(view.row.id, is_asking_side=True)
    page.pane.buttons[RemoteAction.SEND_BACK].click()
    assert page.pane.reason.isVisible()
    page.pane.reason.confirm.click()
    assert page.pane.reason.problem.isVisible() and world.seen(world.asker, view.row.id).row.reason == ""
    page.pane.reason.text.setText("侧别不清")
    page.pane.reason.confirm.click()
    assert not page.pane.reason.isVisible()
    assert world.seen(world.expert, view.row.id).row.reason == "侧别不清"


def test_an_opinion_is_adjusted_with_its_reason(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    view = world.in_state(RemoteState.COMPLETED)
    page = a_page(world, world.expert, tmp_path, [])
    qtbot.addWidget(page)
    page.show()
    page.open_request(view.row.id, is_asking_side=False)
    page.pane.buttons[RemoteAction.ADJUST].click()
    page.pane.opinion.impression.insertPlainText("，建议穿刺")
    page.pane.buttons[RemoteAction.ADJUST].click()
    page.pane.reason.text.setText("病理回报")
    page.pane.reason.confirm.click()
    told = world.seen(world.asker, view.row.id)
    assert "建议穿刺" in told.content.impression and len(told.texts) == 2


def test_many_answers_are_confirmed_at_once(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    views = [world.in_state(RemoteState.APPROVED) for _ in range(2)]
    page = a_page(world, world.asker, tmp_path, [])
    qtbot.addWidget(page)
    page.show()
    page.show_side("outgoing")
    assert page.confirm_all.isEnabled()
    page.confirm_all.click()
    assert {world.seen(world.asker, one.row.id).row.state for one in views} == {RemoteState.COMPLETED}
    assert not page.confirm_all.isEnabled()


def test_teams_are_made_and_changed_on_screen(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    view = TeamsView(a_place(world, world.head, tmp_path))
    shown(qtbot, view, "teams", (920, 620))
    assert view.form.value("name") == "胸部影像组" and len(view.form.value("members")) == 3
    view.form.set_values({"two_level": True, "phone": "0571-1"})
    view.save()
    assert world.ask(world.head, contract.ListTeams())[0].two_level
    view.begin()
    view.form.set_values({"name": "腹部组", "campus_id": world.city})
    view.save()
    assert "members" in view.form.problems() or view.form.rows["members"].problem
    view.form.set_values({"members": (world.id_of(world.expert),)})
    view.save()
    assert {one.name for one in world.ask(world.head, contract.ListTeams())} == {"胸部影像组", "腹部组"}


class ADesk:
    """The report page as the panel sees it."""

    def __init__(self, report: Any) -> None:
        self.report, self.may_type, self.taken = report, True, []  # type: ignore[var-annotated]
        self.viewer = SimpleNamespace(open=lambda uids: self.taken.append(tuple(uids)))

    def append(self, *, findings: str = "", impression: str = "") -> bool:
        self.taken.append((findings, impression))
        return True


def test_assisted_reading_on_the_report_page(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    world.account("boss", "管理员", 0, "administrator")
    field = services.ServiceField(key="task", label="任务", is_required=True, choices=("结节检测", "肺叶分割"))
    service = services.AssistService(
        id=0, version=0, name="胸部 CT 辅助", kind=ServiceKind.JSON, url="http://127.0.0.1:9/x", fields=(field,)
    )
    world.ask("boss", services.SaveService(service=service))
    report = world.examined()
    desk = ADesk(report)
    panel = AssistPanel(a_place(world, world.asker, tmp_path), desk)  # type: ignore[arg-type]
    panel.show_report(report)
    panel._send()
    assert panel.form.rows["task"].problem and not panel.cards
    panel.form.set_values({"task": "结节检测"})
    panel.send.click()
    assert panel.cards[0].order.state is OrderState.WAITING
    order = panel.cards[0].order
    answer = services.ServiceAnswer(state="done", findings="右肺上叶结节", impression="建议随访")
    world.areas.assisted._ended(world.database, order.id, answer, ("1.2.3",))
    panel.presenter.heard(Changed(entity="remote_order", id=report.row.exam_id, version=0))
    shown(qtbot, panel, "assist", (360, 640))
    panel.cards[0].insert.click()
    panel.cards[0].look.click()
    assert desk.taken == [("<p>右肺上叶结节</p>", "<p>建议随访</p>"), report.row.study_uids]


def test_services_are_set_up_on_screen(qtbot: QtBot, world: RemoteWorld, tmp_path: Path) -> None:
    world.account("boss", "管理员", 0, "administrator")
    view = ServicesView(a_place(world, "boss", tmp_path))
    shown(qtbot, view, "services", (920, 620))
    view.form.set_values({"name": "胸部辅助", "url": "ftp://x", "exam_types": "ct", "fields": "task*  任务  检测/分割"})
    view.save()
    assert view.form.rows["url"].problem and not view.services
    view.form.set_values({"url": "https://ai.example.cn/orders"})
    view.save()
    [made] = world.ask(world.asker, services.ListServices(exam_type="CT"))
    assert made.fields == (services.ServiceField(key="task", label="任务", is_required=True, choices=("检测", "分割")),)
    assert view.form.value("fields") == "task*  任务  检测/分割" and view.list.count() == 1


def test_clocks_count_on_by_the_servers_time() -> None:
    from datetime import UTC, datetime, timedelta

    here = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    clocks = Clocks(lambda: here)
    clock = contract.RemoteClock(
        now=here + timedelta(hours=1),
        started_at=here + timedelta(minutes=50),
        seconds=600,
        limit_seconds=900,
        warn_seconds=540,
        is_running=True,
    )
    clocks.hear(clock)
    here += timedelta(minutes=4)
    assert clocks.text(clock) == "14:00 / 15:00" and clocks.look(clock).tone is Tone.WARNING
    here += timedelta(minutes=1)
    assert clocks.look(clock).tone is Tone.DANGER
    assert clocks.text(msgspec.structs.replace(clock, is_running=False)) == "10:00"
    assert (duration(59), duration(3661), duration(3 * 86400)) == ("00:59", "1:01:01", "3 天")
