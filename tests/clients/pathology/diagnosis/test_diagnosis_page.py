"""The diagnosis page over the real rooms: what a doctor types, saves, audits and prints; looks in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from clients.kit.review import review
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from clients.kit.translations import Language, set_language
from clients.pathology.desk import Answer
from clients.pathology.diagnosis import entries, windows
from clients.pathology.diagnosis.clocks import clock_words
from clients.pathology.diagnosis.opinions_window import OpinionsWindow
from clients.pathology.diagnosis.output_panel import save_pictures
from clients.pathology.diagnosis.view import DiagnosisTab
from shared.contract.pathology_reports import ClockView, NameDoctor, OpinionText
from shared.domain.pathology import CaseState, DoctorRole, LibraryKind, OpinionKind
from shared.domain.pathology_reports import PaperState, Urgency
from tests.clients.pathology.diagnosis.diagnosis_house import a_diagnosis_desk
from tests.server.pathology.reports.report_room import TEXT, Room


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("page"))
    with made.database.write() as uow:
        made.areas.pathology.seed(uow)
    yield made
    made.close()


class Page:
    """A doctor's page with a case open."""

    def __init__(
        self, qtbot: QtBot, room: Room, role: str, folder: Path, kind: LibraryKind = LibraryKind.ROUTINE
    ) -> None:
        self.room, self.caller = room, room.user(role)
        self.desk, self.view, self.messages = a_diagnosis_desk(room, self.caller, folder, kind)
        self.tab = DiagnosisTab(self.desk)
        self.view.put(self.tab)
        qtbot.addWidget(self.view.host)
        self.view.host.show()

    @property
    def page(self) -> object:
        return self.tab.presenter.state.page

    def type(self, field: str, text: str) -> None:
        self.tab.editors[field].setPlainText(text)

    def state(self, case_id: int) -> CaseState:
        return self.room.open(self.caller, case_id).state


def test_a_chief_starts_from_the_first_opinion_saves_and_the_case_moves(
    qtbot: QtBot, room: Room, tmp_path: Path
) -> None:
    case_id = room.case()
    room.write(room.user("pathology_first"), case_id, OpinionKind.FIRST)
    one = Page(qtbot, room, "pathology_chief", tmp_path)
    one.desk.open_case(case_id)
    assert one.tab.presenter.state.kind is OpinionKind.CHIEF
    assert one.tab.editors["diagnosis"].toPlainText() == TEXT.diagnosis
    one.type("diagnosis", "（胃窦）慢性萎缩性胃炎，重度。")
    assert one.desk.dirty_tabs() == ("病理诊断",)
    one.desk.save_part("diagnosis")
    assert one.state(case_id) is CaseState.CHIEF and one.desk.dirty_tabs() == ()
    assert room.open(one.caller, case_id).report.text.diagnosis == "（胃窦）慢性萎缩性胃炎，重度。"


def test_typed_words_survive_a_crash_and_come_back(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    case_id = room.case()
    one = Page(qtbot, room, "pathology_chief", tmp_path)
    one.desk.open_case(case_id)
    one.tab.presenter.write_as(OpinionKind.CHIEF)
    one.type("findings", "打到一半")
    one.desk.place.drafts.close()
    again = Page(qtbot, room, "pathology_chief", tmp_path)
    again.desk.open_case(case_id)
    again.tab.presenter.write_as(OpinionKind.CHIEF)
    assert again.tab.editors["findings"].toPlainText() == "打到一半"
    again.tab.presenter.discard()
    assert again.tab.editors["findings"].toPlainText() == ""


def test_the_audit_asks_about_unsaved_words_and_says_what_is_missing(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    case_id = room.case()
    room.write(room.user("pathology_chief"), case_id, OpinionKind.CHIEF, OpinionText(diagnosis="慢性胃炎"))
    one = Page(qtbot, room, "pathology_auditor", tmp_path)
    one.desk.open_case(case_id)
    entries.audit(one.desk)
    assert "光镜所见" in one.messages.said[-1].text and one.state(case_id) is CaseState.CHIEF
    one.tab.presenter.write_as(OpinionKind.CHIEF)
    one.type("findings", "黏膜慢性炎。")
    one.type("diagnosis", "慢性胃炎")
    one.view.answer = Answer.SAVE
    entries.audit(one.desk)
    assert one.view.asked and one.state(case_id) is CaseState.AUDITED
    assert one.tab.editors["diagnosis"].isReadOnly()
    entries.print_report(one.desk)
    assert one.state(case_id) is CaseState.PRINTED and len(one.desk.papers.printed) == 1
    entries.send(one.desk)
    assert one.state(case_id) is CaseState.SENT
    entries.reopen(one.desk)
    panel = one.view.panel
    assert panel is not None
    panel.form.set_values({"reason": "部位写错"})  # type: ignore[attr-defined]
    panel.form.submit()  # type: ignore[attr-defined]
    assert one.state(case_id) is CaseState.CHIEF


def test_a_colleagues_change_leaves_what_is_being_typed(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    case_id = room.case()
    one = Page(qtbot, room, "pathology_chief", tmp_path)
    one.desk.open_case(case_id)
    one.tab.presenter.write_as(OpinionKind.CHIEF)
    one.type("diagnosis", "正在打字")
    first = room.user("pathology_first")
    room.ask(first, NameDoctor(case_ids=(case_id,), role=DoctorRole.CHIEF, doctor_id=one.caller.user_id))
    one.desk.reload()
    assert one.tab.editors["diagnosis"].toPlainText() == "正在打字"
    assert one.tab.presenter.state.page is not None and one.tab.presenter.state.page.named


def test_a_frozen_report_is_written_read_back_and_printed_in_its_window(
    qtbot: QtBot, room: Room, tmp_path: Path
) -> None:
    case_id = room.case(CaseState.REGISTERED, LibraryKind.FROZEN)
    one = Page(qtbot, room, "pathology_chief", tmp_path, LibraryKind.FROZEN)
    one.desk.open_case(case_id)
    one.tab.open_window("frozen")
    window = one.view.window
    assert isinstance(window, OpinionsWindow)
    qtbot.addWidget(window)
    assert "剩余" in window.extra.clock.words  # type: ignore[union-attr]
    window.diagnosis.setPlainText("（乳腺）良性，纤维腺瘤。")
    window.save()
    window.extra.to.setText("三号手术间 刘护士")  # type: ignore[union-attr]
    window.extra.read_back()  # type: ignore[union-attr]
    window.print_report()
    page = room.open(one.caller, case_id)
    assert page.others[0].state is PaperState.PRINTED and page.state is CaseState.REGISTERED
    assert page.frozen is not None and page.frozen.read_back_to == "三号手术间 刘护士"
    assert window.extra.clock.words == "按时完成"  # type: ignore[union-attr]


def test_a_checklist_is_filled_by_choice_and_the_stage_is_shown(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    from clients.pathology.diagnosis.checklist_panel import ChecklistPanel
    from shared.domain.structured import FieldValue

    case_id = room.case()
    room.write(
        room.user("pathology_chief"),
        case_id,
        OpinionKind.CHIEF,
        OpinionText(diagnosis="（甲状腺）乳头状癌，甲状腺癌。"),
    )
    one = Page(qtbot, room, "pathology_chief", tmp_path)
    one.desk.open_case(case_id)
    windows.open_checklist(one.desk, one.tab.presenter)
    panel = one.view.window
    assert isinstance(panel, ChecklistPanel)
    qtbot.addWidget(panel)
    assert panel.choice.value() == "thyroid"
    for path, value in (
        ("age", FieldValue(number=40)), ("type", FieldValue(options=("papillary",))),
        ("size", FieldValue(number=12)), ("extension", FieldValue(options=("none",))),
        ("nodes_examined", FieldValue(number=5)), ("nodes_positive", FieldValue(number=1)),
        ("levels", FieldValue(options=("central",))), ("metastasis", FieldValue(options=("m0",))),
    ):  # fmt: skip
        panel.put(path, value)
    assert panel.stage.full_text == "pT1b pN1a cM0，I"
    panel.save()
    assert room.open(one.caller, case_id).stage == "pT1b pN1a cM0，I"


def test_a_batch_shows_what_became_of_each_case(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    from clients.pathology.diagnosis.batch_window import BatchWindow

    done, lacking = room.case(), room.case()
    for case_id, text in ((done, TEXT), (lacking, OpinionText(diagnosis="慢性胃炎"))):
        room.write(room.user("pathology_chief"), case_id, OpinionKind.CHIEF, text)
    one = Page(qtbot, room, "pathology_auditor", tmp_path)
    window = BatchWindow(one.desk, "audit")
    qtbot.addWidget(window)
    window.run()
    assert window.outcomes[done].done and not window.outcomes[lacking].done
    assert one.state(done) is CaseState.AUDITED and one.state(lacking) is CaseState.CHIEF
    prints = BatchWindow(one.desk, "print")
    qtbot.addWidget(prints)
    prints.run()
    assert done in [row.subject_id if hasattr(row, "subject_id") else done for row in one.desk.papers.printed]
    assert prints.outcomes[done].format_key == "routine_0"


def test_pictures_of_a_report_are_written(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    from shared.contract.pathology_reports import Preview

    case_id = room.case()
    chief = room.user("pathology_chief")
    page = room.write(chief, case_id, OpinionKind.CHIEF)
    pdf = room.document(room.ask(chief, Preview(report_id=page.report.id)).id)
    assert save_pictures(pdf, tmp_path / "report.png") == 1
    assert (tmp_path / "report.png").read_bytes().startswith(b"\x89PNG")


def test_a_clock_runs_by_the_servers_time() -> None:
    now = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    clock = ClockView(
        started_at=now, due_at=now + timedelta(minutes=20), stopped_at=None, now=now, seconds_left=1200,
        urgency=Urgency.CALM,
    )  # fmt: skip
    assert clock_words(clock, now + timedelta(minutes=7, seconds=26)) == (Urgency.CALM, "剩余 12:34")
    assert clock_words(clock, now + timedelta(minutes=21)) == (Urgency.OVERDUE, "超时 1:00")


def test_no_words_are_cut_in_either_language(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    apply_theme(ThemeName.LIGHT)
    case_id = room.case()
    room.write(room.user("pathology_first"), case_id, OpinionKind.FIRST)
    one = Page(qtbot, room, "pathology_chief", tmp_path)
    one.view.host.resize(986, 560)  # what 1366x768 leaves beside the list
    one.desk.open_case(case_id)
    try:
        for language in (Language.CHINESE, Language.ENGLISH):
            set_language(language)
            for key in windows.FOOT:
                one.tab.open_window(key)
                window = one.view.window
                assert isinstance(window, QWidget)
                qtbot.addWidget(window)
                qtbot.wait_until(window.isVisible)
                assert not review(window), (language, key)
            qtbot.wait(1)
            assert not review(one.view.host), language
    finally:
        set_language(Language.CHINESE)


def test_ticked_descriptors_become_text_and_stay_as_codes(qtbot: QtBot, room: Room, tmp_path: Path) -> None:
    from clients.pathology.diagnosis.liquid import LiquidTab

    case_id = room.case(CaseState.PREPARED, LibraryKind.LIQUID, specimen_type="妇科宫颈")
    one = Page(qtbot, room, "pathology_chief", tmp_path, LibraryKind.LIQUID)
    liquid = LiquidTab(one.desk)
    qtbot.addWidget(liquid)
    one.desk.open_case(case_id)
    first, last = next(iter(liquid.ticks.boxes)), list(liquid.ticks.boxes)[-1]
    for code in (first, last):
        liquid.ticks.tick(code)
    liquid.take()
    one.desk.save_part("diagnosis")
    page = room.open(one.caller, case_id)
    assert page.report.text.findings and [code.code for code in page.codes if code.system == "tbs"] == [first, last]
    one.desk.close_case()
    one.desk.open_case(case_id)
    assert liquid.ticks.codes == (first, last)
