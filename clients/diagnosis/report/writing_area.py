"""The writing area (area E): patient, strips, both texts, choices, pictures; what is typed goes to the presenter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from clients.diagnosis.report.choices import ReportChoices
from clients.diagnosis.report.editor import RichEditor
from clients.diagnosis.report.parts import MarkButton, OfferedButton
from clients.diagnosis.report.state import OfferedMeasurement, ReportPageState, asked_choices, with_choice
from clients.diagnosis.report.strips import ObstacleStrip, ReturnStrip
from clients.diagnosis.sides import Part
from clients.diagnosis.words import images_look, patient_words
from clients.kit.badges import StateBadge
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.shell import Workplace
from clients.kit.states import PATIENT_TYPE_LOOKS, REPORT_LOOKS, UNKNOWN_LOOK, look_of
from clients.kit.translations import tr
from shared.domain.report_choices import choices_of
from shared.domain.states import PatientType

if TYPE_CHECKING:
    from clients.diagnosis.report.presenter import ReportPresenter


class WritingArea(QWidget):
    """The core of the report page."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self._presenter: ReportPresenter | None = None
        self._state = ReportPageState()
        self._revision = -1
        self._picture_keys: tuple[int, ...] = ()
        self._zoom = int(place.settings.get("diagnosis/zoom", 0))
        self.returned, self.obstacle = ReturnStrip(), ObstacleStrip()
        self.findings = RichEditor("影像所见", "描述影像所见，或从右侧模板插入")
        self.impression = RichEditor("诊断意见", "写出诊断意见")
        self.findings_problem, self.impression_problem = Label("", "error"), Label("", "error")
        self.choices = ReportChoices()
        self.pictures = ImageStrip()
        self._last_editor = self.findings
        self._arrange()
        self.findings.edited.connect(self._on_findings)
        self.impression.edited.connect(self._on_impression)
        self.findings.focused.connect(self._on_findings_focus)
        self.impression.focused.connect(self._on_impression_focus)
        self.choices.changed.connect(self._on_choice)
        self.choices.picked.connect(self._on_picked)
        self.pictures.removed.connect(self._on_picture_removed)
        self.pictures.opened.connect(self._on_picture_opened)
        self._apply_zoom()

    def attach(self, presenter: ReportPresenter) -> None:
        """Report to this presenter from now on."""
        self._presenter = presenter
        self.obstacle.attach(presenter)
        on = self._place.actions.on
        for action_id, intention in (
            ("report.zoom_in", self._zoom_in),
            ("report.zoom_out", self._zoom_out),
            ("report.zoom_reset", self._zoom_reset),
            ("report.findings", self.findings.setFocus),
            ("report.impression", self.impression.setFocus),
        ):
            on(action_id, intention)

    def show_state(self, state: ReportPageState) -> None:
        """Show a state; the editors are filled only when the presenter replaced the text."""
        before, self._state = self._state, state
        self._show_head(state)
        self.returned.show_state(state)
        self.obstacle.show_state(state)
        if state.revision != self._revision:
            self._revision = state.revision
            self._fill_editors(state)
        self._show_fields(state, before)
        self._show_pictures(state)
        self._show_offered(state)

    # ── layout ───────────────────────────────────────────────────────────────────────────────────────

    def _arrange(self) -> None:
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._head())
        layout.addWidget(hairline())
        layout.addWidget(self.returned)
        layout.addWidget(self.obstacle)
        inside = QVBoxLayout()
        inside.setContentsMargins(16, 8, 16, 8)
        inside.setSpacing(4)
        inside.addLayout(self._editor_head("影像所见", self.findings_problem, with_marks=True))
        inside.addWidget(self.findings, 3)
        inside.addWidget(self._offered_row())
        inside.addLayout(self._editor_head("诊断意见", self.impression_problem, with_marks=False))
        inside.addWidget(self.impression, 2)
        inside.addSpacing(4)
        inside.addWidget(self.choices)
        inside.addWidget(self.pictures)
        layout.addLayout(inside, 1)
        layout.addWidget(hairline())
        layout.addWidget(self._foot())

    def _head(self) -> QWidget:
        head = QWidget()
        column = QVBoxLayout(head)
        column.setContentsMargins(16, 8, 16, 8)
        column.setSpacing(4)
        upper = QHBoxLayout()
        upper.setSpacing(8)
        self._name = ValueLabel("", "title")
        self._facts = ValueLabel("")
        self._type_badge = StateBadge(PATIENT_TYPE_LOOKS[PatientType.EMERGENCY])
        self._state_badge = StateBadge(UNKNOWN_LOOK)
        self._images_badge = StateBadge(UNKNOWN_LOOK)
        upper.addWidget(self._name)
        upper.addWidget(self._type_badge)
        upper.addWidget(self._place.actions.icon_button("report.edit_patient"))
        upper.addWidget(self._facts, 1)
        self.marks = QHBoxLayout()  # what other parts show beside the patient, as clients.diagnosis.critical does
        upper.addLayout(self.marks)
        upper.addWidget(self._images_badge)
        upper.addWidget(self._state_badge)
        self._name.setSizePolicy(self._state_badge.sizePolicy())
        self._exam_line = ValueLabel("", "quiet")
        column.addLayout(upper)
        column.addWidget(self._exam_line)
        return head

    def _editor_head(self, title: str, problem: Label, *, with_marks: bool) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(Label(title, "strong"))
        row.addWidget(problem)
        row.addStretch(1)
        if with_marks:
            for mark, words, hint in (
                ("b", "B", "粗体"),
                ("i", "I", "斜体"),
                ("u", "U", "下划线"),
                ("sup", "x²", "上标"),
                ("sub", "x₂", "下标"),
                ("ol", "1.", "编号"),
                ("ul", "•", "项目符号"),
            ):
                row.addWidget(MarkButton(self, mark, words, hint))
            row.addSpacing(8)
            for action_id in ("report.zoom_out", "report.zoom_reset", "report.zoom_in"):
                row.addWidget(self._place.actions.icon_button(action_id))
        return row

    def _offered_row(self) -> QWidget:
        self._offered = QWidget()
        row = QHBoxLayout(self._offered)
        row.setContentsMargins(0, 4, 0, 4)
        row.setSpacing(4)
        row.addWidget(Label("插入测量", "caption"))
        self._offered_buttons = QHBoxLayout()
        self._offered_buttons.setSpacing(4)
        row.addLayout(self._offered_buttons)
        row.addStretch(1)
        self._offered.hide()
        return self._offered

    def _foot(self) -> QWidget:
        foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(16, 4, 16, 4)
        self._saved = Label("", "caption")
        self._doctors = ValueLabel("", "caption")
        self._doctors.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self._saved)
        row.addWidget(self._doctors, 1)
        return foot

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _show_head(self, state: ReportPageState) -> None:
        report = state.report
        if report is None:
            self._name.set_text("")
            self._facts.set_text("")
            self._exam_line.set_text(tr("从左侧列表双击一位患者，打开报告。"))
            for badge in (self._type_badge, self._images_badge, self._state_badge):
                badge.hide()
            return
        row = report.row
        self._name.set_text(row.patient_name)
        self._facts.set_text(f"{patient_words(row)}  ·  {row.patient_number}")
        self._type_badge.setVisible(row.patient_type is not PatientType.ORDINARY)
        self._type_badge.set_look(PATIENT_TYPE_LOOKS[row.patient_type])
        self._images_badge.setVisible(bool(row.study_uids))
        self._images_badge.set_look(images_look(row))
        self._state_badge.show()
        self._state_badge.set_look(look_of(REPORT_LOOKS, row.state))
        parts = (row.exam_type, row.items, row.room_name, local_time(row.examined_at), row.accession_number)
        self._exam_line.set_text("  ·  ".join(part for part in parts if part))
        people = [
            tr("诊断医生 {name}", name=row.diagnosing_doctor) if row.diagnosing_doctor else "",
            tr("审核医生 {name}", name=row.auditing_doctor) if row.auditing_doctor else "",
            tr("已打印 {count} 次", count=report.print_count) if report.print_count else "",
        ]
        self._doctors.set_text("   ".join(part for part in people if part))
        self._show_saved(state)

    def _show_saved(self, state: ReportPageState) -> None:
        if state.is_waiting:
            self._saved.set_source("连接中断，内容已保存在本机，恢复后自动保存")
        elif state.is_saving:
            self._saved.set_source("正在保存…")
        elif state.is_dirty:
            self._saved.set_source("有未保存的修改")
        elif state.saved_at is not None:
            self._saved.set_source("已保存 {time}", time=state.saved_at.astimezone().strftime("%H:%M:%S"))
        elif not state.may_edit:
            self._saved.set_source("只读")
        else:
            self._saved.set_source("已锁定，由您书写")

    def _fill_editors(self, state: ReportPageState) -> None:
        for editor, text in (
            (self.findings, state.content.findings),
            (self.impression, state.content.impression),
        ):
            if editor.subset != text and not editor.change(text):
                editor.fill(text)

    def _show_fields(self, state: ReportPageState, before: ReportPageState) -> None:
        for editor, problem, name in (
            (self.findings, self.findings_problem, "findings"),
            (self.impression, self.impression_problem, "impression"),
        ):
            editor.setReadOnly(not state.may_type)
            sentence = state.problems.get(name, "")
            problem.setText(sentence)
            if (name in state.problems) != (name in before.problems):
                editor.set_wrong(bool(sentence))
        self.choices.show_content(
            state.content,
            state.problems,
            choices=asked_choices(state.report) if state.report else choices_of(""),
            score_scale=state.report.score_scale if state.report else "grades",
            may_type=state.may_type,
        )
        if state.problems and state.problems != before.problems:
            self._focus_problem(next(iter(state.problems)))

    def _focus_problem(self, name: str) -> None:
        targets = {
            "findings": self.findings.setFocus,
            "impression": self.impression.setFocus,
        }
        if not self.choices.focus(name) and name in targets:
            targets[name]()

    def _show_pictures(self, state: ReportPageState) -> None:
        images = state.report.key_images if state.report else ()
        self.pictures.setVisible(bool(images))
        keys = tuple(image.id for image in images if image.document_id in state.pictures)
        if keys == self._picture_keys:
            return
        self._picture_keys = keys
        self.pictures.set_images(
            [
                StripImage(str(image.id), QImage.fromData(state.pictures[image.document_id]), image.caption)
                for image in images
                if image.document_id in state.pictures
            ]
        )

    def _show_offered(self, state: ReportPageState) -> None:
        present = [
            button.offered
            for i in range(self._offered_buttons.count())
            if (item := self._offered_buttons.itemAt(i)) is not None
            and isinstance(button := item.widget(), OfferedButton)
        ]
        self._offered.setVisible(bool(state.offered) and state.may_type)
        if present == list(state.offered):
            return
        while self._offered_buttons.count():
            item = self._offered_buttons.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.deleteLater()
        for offered in state.offered:
            self._offered_buttons.addWidget(OfferedButton(self, offered))

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def mark(self, mark: str) -> None:
        """Apply a text mark or a list to the editor that was used last."""
        if not self._last_editor.isReadOnly():
            if mark in ("ol", "ul"):
                self._last_editor.toggle_list(mark == "ol")
            else:
                self._last_editor.toggle(mark)

    def insert_measurement(self, offered: OfferedMeasurement) -> None:
        """Put the words of a measurement at the cursor of the findings and keep it with the report."""
        self.findings.insert_words(offered.text)
        if self._presenter is not None:
            self._presenter.insert_measurement(offered)

    def insert_words(self, text: str) -> bool:
        """Put words at the cursor of the text that was used last."""
        if self._last_editor.isReadOnly():
            return False
        self._last_editor.insert_words(text)
        return True

    def show_words(self, part: Part, words: str) -> bool:
        """Select words in one of the texts."""
        return (self.findings if part == "findings" else self.impression).show_words(words)

    def underline(self, part: Part, words: Sequence[str]) -> None:
        """Put a wavy line below words of one of the texts."""
        (self.findings if part == "findings" else self.impression).underline(words)

    def _on_findings(self, text: str) -> None:
        if self._presenter is not None:
            self._presenter.edit(findings=text)

    def _on_impression(self, text: str) -> None:
        if self._presenter is not None:
            self._presenter.edit(impression=text)

    def _on_choice(self, name: str, value: object) -> None:
        if self._presenter is not None:
            self._presenter.edit(**{name: value})

    def _on_picked(self, key: str, value: str) -> None:
        if self._presenter is not None:
            self._presenter.edit(**with_choice(self._state.content, key, value))

    def _on_findings_focus(self) -> None:
        self._last_editor = self.findings

    def _on_impression_focus(self) -> None:
        self._last_editor = self.impression

    def _on_picture_removed(self, key: str) -> None:
        if self._presenter is not None and self._state.may_type:
            self._presenter.remove_key_image(int(key))

    def _on_picture_opened(self, _key: str) -> None:
        if self._presenter is not None:
            self._presenter.view_images()

    def _zoom_in(self) -> None:
        self._zoom = min(8, self._zoom + 1)
        self._apply_zoom()

    def _zoom_out(self) -> None:
        self._zoom = max(-1, self._zoom - 1)
        self._apply_zoom()

    def _zoom_reset(self) -> None:
        self._zoom = 0
        self._apply_zoom()

    def _apply_zoom(self) -> None:
        self._place.settings.set("diagnosis/zoom", self._zoom)
        for editor in (self.findings, self.impression):
            editor.set_zoom(self._zoom)
