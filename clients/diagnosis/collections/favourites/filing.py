"""The form that files a report among the favourites; a panel of the report page and of the list's side."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from clients.diagnosis.collections.favourites.presenter import FilingPresenter, FilingState
from clients.kit.fields import LongTextField, Section, TextField
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import Messages
from clients.kit.running import TaskRunner
from clients.kit.screen import Caller
from clients.kit.translations import tr
from shared.contract.collections import FavouriteView
from shared.contract.reporting import ReportView

_FORM = (
    Section(
        "",
        (
            TextField(key="folder", label="收藏目录", max_length=60, placeholder="根目录"),
            TextField(key="disease", label="病种标记", max_length=60, placeholder="如 磨玻璃结节"),
            LongTextField(key="note", label="备注", max_length=400, lines=3, span=1),
        ),
    ),
)


class FilingForm(QWidget):
    """Folder and disease mark with what is in use offered, a note, save, take out (RIS-RPD-07)."""

    def __init__(self, caller: Caller, runner: TaskRunner, messages: Messages) -> None:
        super().__init__()
        self.presenter = FilingPresenter(caller, runner, messages)
        self._shown: tuple[int, FavouriteView | None] | None = None
        self._offered: tuple[tuple[str, ...], tuple[str, ...]] | None = None
        self.state_words = ValueLabel("", "quiet", wrap=True)
        self.form = FormView(_FORM, columns=1)
        self.form.submitted.connect(self._save)
        self.trouble = ValueLabel("", "error", wrap=True)
        self.save_button = Button("加入收藏", "primary", "star", on_click=self._save)
        self.remove_button = Button("取消收藏", "link", on_click=self.presenter.remove)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        box.addWidget(Label("个人收藏夹", "strong"))
        box.addWidget(self.state_words)
        box.addWidget(self.form)
        box.addWidget(self.trouble)
        line = QHBoxLayout()
        line.addWidget(self.save_button)
        line.addWidget(self.remove_button)
        line.addStretch(1)
        box.addLayout(line)
        box.addStretch(1)
        self.setFocusProxy(self.form.rows["folder"].editor)
        self.presenter.show_to(self.render_state)

    def show_report(self, report: ReportView | None) -> None:
        """Another report is on the page, or it changed."""
        self.open(report.row.id if report is not None else 0)

    def open(self, report_id: int) -> None:
        """File this report."""
        if report_id != self.presenter.state.report_id:
            self.form.clear()
            self.presenter.open(report_id)

    def render_state(self, state: FilingState) -> None:
        """Show how the report is filed; what is being typed stays."""
        found = state.found
        favourite = found.favourite if found is not None else None
        self.save_button.setEnabled(found is not None and not state.is_busy)
        self.save_button.set_source("加入收藏" if favourite is None else "保存修改")
        self.remove_button.setVisible(favourite is not None)
        self.trouble.setVisible(bool(state.trouble))
        self.trouble.set_text(state.trouble)
        self.form.show_problems(state.problems)
        if favourite is not None:
            self.state_words.set_text(tr("已在收藏夹：{folder}", folder=favourite.folder or tr("根目录")))
        else:
            self.state_words.set_text(tr("只有您自己能看到您的收藏。"))
        if found is None:
            return
        if (found.folders, found.diseases) != self._offered:
            self._offered = (found.folders, found.diseases)
            for key, words in (("folder", found.folders), ("disease", found.diseases)):
                _offer(self.form.rows[key].editor.findChild(QLineEdit), words)
        if (state.report_id, favourite) != self._shown:
            self._shown = (state.report_id, favourite)
            if favourite is not None:
                values = {"folder": favourite.folder, "disease": favourite.disease, "note": favourite.note}
                self.form.set_values(values)

    def _save(self) -> None:
        if self.form.validate():
            values = self.form.values()
            self.presenter.save(values["folder"], values["disease"], values["note"])


def _offer(line: QLineEdit | None, words: tuple[str, ...]) -> None:
    if line is not None:
        completer = QCompleter(list(words), line)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        line.setCompleter(completer)
