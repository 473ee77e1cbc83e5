"""Two to four exams side by side: what is offered, ticked, compared, marked, opened in the viewer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from clients.diagnosis.comparison.differences import marked, pieces
from clients.diagnosis.comparison.presenter import ComparisonPresenter
from clients.diagnosis.comparison.view import ComparisonWindow
from clients.diagnosis.ports import NoViewer
from clients.kit.app import make_application
from clients.kit.connection import LineState
from clients.kit.messages import CollectedMessages
from clients.kit.running import ImmediateRunner
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from shared.contract.reporting import KeyImageView, ReportContent
from shared.domain.states import ReportState
from tests.clients.diagnosis.fake_reading_room import FULL, ReadingRoom, a_picture

S = ReportState
LARGER = ReportContent(
    findings=FULL.findings.replace("8mm×6mm", "12mm×9mm"),
    impression="<p>右肺上叶磨玻璃结节较前增大。</p>",
    critical_value=FULL.critical_value,
)


class Desk:
    def __init__(self) -> None:
        self.room = ReadingRoom()
        self.room.add(1, FULL, patient_id=7, state=S.APPROVED)
        self.room.add(2, LARGER, patient_id=7, state=S.WRITING)
        self.room.add(3, FULL, patient_id=8, patient_name="李四", state=S.SUBMITTED)
        for number in (4, 5, 6):
            self.room.add(number, FULL, patient_id=number, patient_name="王五")
        self.messages = CollectedMessages()
        self.viewer = NoViewer()
        self.presenter = ComparisonPresenter(self.room.line, ImmediateRunner(), self.messages, lambda: self.viewer)

    @property
    def state(self):  # type: ignore[no-untyped-def]
        return self.presenter.state


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_two_reports_are_compared_at_once_and_more_are_offered(desk: Desk) -> None:
    desk.presenter.start((2, 1))
    assert [one.row.id for one in desk.state.compared] == [2, 1]
    assert desk.state.patients == 1
    assert [one.group for one in desk.state.candidates[:2]] == ["chosen", "chosen"]
    assert not desk.state.may_compare, "what is ticked stands there already"


def test_one_report_waits_for_another_tick(desk: Desk) -> None:
    desk.presenter.start((2,))
    assert desk.state.compared == ()
    desk.presenter.compare()
    assert "至少" in desk.messages.said[-1].text
    desk.presenter.find("李四")
    assert [one.report_id for one in desk.state.candidates if one.group == "found"] == [3]
    desk.presenter.toggle(3)
    desk.presenter.compare()
    assert [one.row.id for one in desk.state.compared] == [2, 3]
    assert desk.state.patients == 2


def test_a_fifth_exam_is_refused(desk: Desk) -> None:
    desk.presenter.start((1, 2, 3, 4, 5))
    assert desk.state.ticked == (1, 2, 3, 4)
    desk.presenter.toggle(5)
    assert desk.state.ticked == (1, 2, 3, 4)
    assert "最多" in desk.messages.said[-1].text
    desk.presenter.toggle(4)
    desk.presenter.toggle(5)
    assert desk.state.ticked == (1, 2, 3, 5)


def test_exams_are_found_by_name_or_number_and_go_again(desk: Desk) -> None:
    desk.presenter.start((1,))
    desk.presenter.find("王五")
    found = [one.report_id for one in desk.state.candidates if one.group == "found"]
    assert found == [4, 5, 6]
    desk.presenter.find("")
    assert not [one for one in desk.state.candidates if one.group == "found"]


def test_the_images_of_all_open_beside_each_other(desk: Desk) -> None:
    desk.presenter.start((1, 2, 3))
    desk.presenter.open_images()
    assert desk.viewer.asked == [
        ("open", ("1.2.826.1",)),
        ("compare", ("1.2.826.2",)),
        ("compare", ("1.2.826.3",)),
    ]


def test_without_the_line_a_sentence_and_another_try(desk: Desk) -> None:
    desk.room.line.set_line(LineState.OFFLINE)
    desk.presenter.start((1, 2))
    assert desk.state.trouble
    desk.room.line.set_line(LineState.ONLINE)
    desk.presenter.retry()
    assert len(desk.state.compared) == 2
    assert desk.state.trouble == ""


def test_the_window_marks_what_differs_and_other_patients_in_words(desk: Desk, qtbot: QtBot) -> None:
    make_application()
    apply_theme(ThemeName.DARK)
    desk.room.reports[1].images.append(
        KeyImageView(id=1, study_uid="1", series_uid="2", instance_uid="3", frame=1, caption="结节", document_id=9)
    )
    desk.room.line.documents[9] = a_picture()
    window = ComparisonWindow(desk.presenter)
    qtbot.addWidget(window)
    window.resize(1280, 720)
    window.show()
    assert not window.empty.isHidden()
    desk.presenter.start((1, 2))
    texts = _texts(window)
    assert any("text-decoration: underline" in text and "12" in text for text in texts)
    assert window.warning.isHidden()
    desk.presenter.switch_differences(False)
    assert not any("text-decoration: underline" in text for text in _texts(window))
    desk.presenter.toggle(1)
    desk.presenter.find("李四")
    desk.presenter.toggle(3)
    window.compare_button.click()
    assert not window.warning.isHidden()
    assert "2 位不同患者" in window.warning_words.full_text


def _texts(window: ComparisonWindow) -> list[str]:
    from PySide6.QtWidgets import QTextBrowser

    content = window.body.widget()
    assert content is not None
    return [one.toHtml() for one in content.findChildren(QTextBrowser)]


def test_figures_and_words_differ_as_wholes() -> None:
    found = pieces("大小约 12mm", "大小约 8mm")
    assert [(one.text, one.is_own) for one in found] == [("大小约 ", False), ("12", True), ("mm", False)]
    assert marked(found, "#ffffff").count("<u ") == 1
    assert "&lt;b&gt;" in marked(pieces("<b>", ""), "#ffffff")


@given(st.text(max_size=60), st.text(max_size=60))
def test_pieces_are_the_text_again_and_equal_texts_have_none_of_their_own(one: str, other: str) -> None:
    assert "".join(piece.text for piece in pieces(one, other)) == one
    assert not any(piece.is_own for piece in pieces(one, one))
