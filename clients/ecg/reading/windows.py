"""Small windows of the reading page: submit confirmation, report template, reason, print preview, keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from clients.kit.actions import Action
from clients.kit.editors import ChoiceEditor, LongTextEditor
from clients.kit.fields import Choice, ChoiceField, LongTextField
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.pdf_preview import PdfPreview
from clients.kit.theme import current_theme
from clients.kit.translations import Language, language, tr
from shared.contract.ecg_reports import TemplateView

PRINTS, SUBMITS = "submit_and_print", "submit"


class _Window(QDialog):
    """A modal window with a title and a row of buttons at its foot."""

    def __init__(self, parent: QWidget, title: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(tr(title))
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(24, 20, 24, 16)
        self.box.setSpacing(12)
        self.box.addWidget(Label(title, "title"))

    def add_foot(self, confirm: str, confirmed: Callable[[], object]) -> Button:
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        button = Button(confirm, "primary", on_click=confirmed)
        button.setDefault(True)
        row.addWidget(button)
        cancel = Button("取消", on_click=self.reject)
        cancel.setAutoDefault(False)
        row.addWidget(cancel)
        self.box.addSpacing(4)
        self.box.addLayout(row)
        return button


class SubmitWindow(_Window):
    """提交报告: two modes, 提交并打印 preselected (ECG-SUB-02, -03)."""

    def __init__(self, parent: QWidget, sentence: str, answered: Callable[[str], None], *, may_print: bool) -> None:
        super().__init__(parent, "提交报告")
        self._answered = answered
        words = ValueLabel(sentence, wrap=True)
        words.setMinimumWidth(380)
        self.box.addWidget(words)
        self.modes: dict[str, QRadioButton] = {}
        for key, text, hint in (
            (PRINTS, "提交并打印（推荐）", "提交后打开打印预览并立即打印"),
            (SUBMITS, "提交", "只提交，稍后在列表或本页打印"),
        ):
            mode = QRadioButton(tr(text))
            mode.setStyleSheet(_radio_look())
            mode.setToolTip(tr(hint))
            self.modes[key] = mode
            self.box.addWidget(mode)
        self.modes[PRINTS].setEnabled(may_print)
        first = self.modes[PRINTS if may_print else SUBMITS]
        first.setChecked(True)
        self.confirm = self.add_foot("确定", self._confirm)
        first.setFocus()

    def _confirm(self) -> None:
        key = PRINTS if self.modes[PRINTS].isChecked() else SUBMITS
        self.close()
        self._answered(key)


def _radio_look() -> str:
    """A circle that fills when chosen; the kit's sheet has one for check boxes only."""
    colours = current_theme().colours
    circle = "width: 13px; height: 13px; border-radius: 7px; background: "
    chosen = f"qradialgradient(cx:0.5, cy:0.5, radius:0.5, fx:0.5, fy:0.5, stop:0 {colours.accent}, "
    chosen += f"stop:0.55 {colours.accent}, stop:0.62 {colours.surface}, stop:1 {colours.surface})"
    return (
        f"QRadioButton::indicator {{ {circle}{colours.surface}; border: 1px solid {colours.text_quiet}; }}"
        f"QRadioButton::indicator:checked {{ {circle}{chosen}; border: 1px solid {colours.accent}; }}"
    )


class TemplateWindow(_Window):
    """请选择报告模板 at the first print; 打印设置 later (ECG-PRN-01, -02)."""

    def __init__(
        self,
        parent: QWidget,
        templates: Sequence[TemplateView],
        current: str,
        chosen: Callable[[str], None],
        *,
        first: bool,
    ) -> None:
        super().__init__(parent, "请选择报告模板" if first else "打印设置")
        self._chosen = chosen
        english = language() is Language.ENGLISH
        choices = [Choice(one.key, one.en if english else one.zh, translate=False) for one in templates]
        default = next((one.key for one in templates if one.is_default), templates[0].key if templates else "")
        self.box.addWidget(Label("报告模板选择", "caption"))
        self.template = ChoiceEditor(ChoiceField(key="template", label="报告模板选择", choices=choices))
        known = {one.key for one in templates}
        self.template.set_value(current if current in known else default)
        self.template.setMinimumWidth(360)
        self.box.addWidget(self.template)
        hint = Label(
            "所选模板保存在本机和您的账号中，以后打印不再询问；屏幕上的间距和缩放不影响打印。", "quiet", wrap=True
        )
        hint.setMinimumWidth(360)
        self.box.addWidget(hint)
        self.confirm = self.add_foot("确认", self._confirm)
        self.template.confirmed.connect(self.confirm.click)  # Enter in the list is the answer

    def _confirm(self) -> None:
        key = str(self.template.value() or "")
        if key:
            self.close()
            self._chosen(key)


class ReasonWindow(_Window):
    """Asks for a reason before a report is withdrawn or returned; an empty one is refused at the field."""

    def __init__(self, parent: QWidget, title: str, sentence: str, given: Callable[[str], None]) -> None:
        super().__init__(parent, title)
        self._given = given
        words = ValueLabel(sentence, wrap=True)
        words.setMinimumWidth(380)
        self.box.addWidget(words)
        self.reason = LongTextEditor(LongTextField(key="reason", label="原因", lines=3))
        self.box.addWidget(self.reason)
        self._wrong = Label("", "error")
        self.box.addWidget(self._wrong)
        self.confirm = self.add_foot("确定", self._confirm)

    def _confirm(self) -> None:
        reason = str(self.reason.value() or "").strip()
        if not reason:
            self.reason.set_wrong(True)
            self._wrong.set_source("请填写原因")
            return
        self.close()
        self._given(reason)


class PreviewWindow(QWidget):
    """打印预览: the PDF that is printed, drawn by the server (ECG-PRN-04)."""

    def __init__(self, print_it: Callable[[], object] | None) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 8, 0, 0)
        box.setSpacing(8)
        row = QHBoxLayout()
        row.setContentsMargins(16, 0, 16, 0)
        row.setSpacing(8)
        self.said = ValueLabel(tr("正在生成预览…"), "quiet")
        row.addWidget(self.said, 1)
        self.print_button = Button("打印", "primary", "print", on_click=print_it or self.close)
        self.print_button.setVisible(print_it is not None)
        row.addWidget(self.print_button)
        box.addLayout(row)
        self.paper = PdfPreview()
        box.addWidget(self.paper, 1)

    def show_pdf(self, content: bytes, sentence: str = "") -> None:
        """The document came; what was printed where."""
        from shiboken6 import isValid

        if isValid(self):
            self.said.set_text(sentence)
            self.paper.show_pdf(content)

    def show_trouble(self, sentence: str) -> None:
        """It did not."""
        from shiboken6 import isValid

        if isValid(self):
            self.said.set_text(sentence)


class KeysWindow(QWidget):
    """快捷键: every key of the page, and what the mouse does on the trace."""

    def __init__(self, actions: Sequence[Action], mouse: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(24, 16, 24, 16)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        rows = [(one.shortcut, tr(one.text)) for one in actions if one.shortcut]
        rows += [(tr(what), tr(does)) for what, does in mouse]
        half = (len(rows) + 1) // 2
        for at, (key, does) in enumerate(rows):
            column = 0 if at < half else 2
            strong = ValueLabel(key, "strong")
            grid.addWidget(strong, at % half, column)
            grid.addWidget(ValueLabel(does), at % half, column + 1)
        for column, wide in enumerate((120, 0, 170, 0)):
            grid.setColumnMinimumWidth(column, wide)
            grid.setColumnStretch(column, 0 if wide else 1)
        grid.setRowStretch(half, 1)
