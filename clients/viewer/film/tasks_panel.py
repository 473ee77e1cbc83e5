"""Print tasks on the server: how they stand, again, stop (VW-PRT-11)."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from clients.kit.labels import Button, ValueLabel
from clients.kit.theme import current_theme
from clients.kit.translations import tr
from clients.viewer import colours
from clients.viewer.film import sending
from clients.viewer.film.controller import FilmDesk
from shared.contract.film import CancelFilmTask, FilmState, FilmTask, ListFilmTasks, RetryFilmTask

KEY, WIDTH = "film.tasks", 316
EVERY_MS = 2_000
_TINT = {
    FilmState.PRINTED: "#7fb88a",
    FilmState.FAILED: colours.ERROR,
    FilmState.CANCELLED: "#8a959a",
    FilmState.WAITING: colours.WARNING,
}
_GLYPH = {
    FilmState.COMPOSING: "⇡",
    FilmState.WAITING: "◷",
    FilmState.SENDING: "▶",
    FilmState.PRINTED: "✓",
    FilmState.FAILED: "✕",
    FilmState.CANCELLED: "–",
}


class TasksPanel(QWidget):
    """Asks the server again every two seconds while it is seen."""

    def __init__(self, films: FilmDesk) -> None:
        super().__init__()
        self._films = films
        self._asking = False
        self.tasks: tuple[FilmTask, ...] = ()
        self.setObjectName("film.tasks")
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setProperty("look", "caption")
        self.message.setContentsMargins(12, 8, 12, 8)
        body = QWidget()
        self._list = QVBoxLayout(body)
        self._list.setContentsMargins(8, 4, 8, 8)
        self._list.setSpacing(6)
        self._list.addStretch(1)
        area = QScrollArea()
        area.setWidget(body)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.message)
        outer.addWidget(area, 1)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.ask)
        self._timer.start()
        films.printed.connect(self.ask)
        if not films.printers:
            films.load_printers()
        self._say(tr("正在载入…"))
        self.ask()

    def ask(self) -> None:
        """The tasks as they are now."""
        server = sending.server_of(self._films.desk.source)
        if server is None:
            self._say(tr("打印任务在服务器上；现在未连接服务器"))
        elif not self._asking:
            self._asking = True
            background = self._films.desk.background
            background.run(lambda: server.call(ListFilmTasks()), self._done, self._failed, "film-tasks")

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange:
            self._show()
        super().changeEvent(event)

    def _done(self, tasks: tuple[FilmTask, ...]) -> None:
        self._asking = False
        if not _is_alive(self):
            return
        self._say("" if tasks else tr("还没有打印任务：在胶片页上按“打印胶片”后会列在这里"))
        if tasks != self.tasks:
            self.tasks = tasks
            self._show()

    def _failed(self, sentence: str) -> None:
        self._asking = False
        if _is_alive(self):
            self._say(sentence)

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self.message.setVisible(bool(text))

    def _show(self) -> None:
        while self._list.count() > 1:
            item = self._list.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for n, task in enumerate(self.tasks):
            self._list.insertWidget(n, _TaskCard(self, task))

    def retry(self, task: FilmTask) -> None:
        """Again, on the printer chosen on the film page where the old one is gone."""
        known = {printer.id for printer in self._films.printers}
        other = self._films.printer_id if known and task.printer_id not in known else 0
        self._call(RetryFilmTask(task_id=task.id, printer_id=other))

    def cancel(self, task: FilmTask) -> None:
        """No more films of it."""
        self._call(CancelFilmTask(task_id=task.id))

    def _call(self, request: RetryFilmTask | CancelFilmTask) -> None:
        server = sending.server_of(self._films.desk.source)
        if server is not None:
            background = self._films.desk.background
            background.run(lambda: server.call(request), lambda _task: self.ask(), self._refused, "film-task")

    def _refused(self, sentence: str) -> None:
        self._films.desk.say(sentence)
        self.ask()


class _TaskCard(QFrame):
    """One task."""

    def __init__(self, panel: TasksPanel, task: FilmTask) -> None:
        super().__init__()
        self.setObjectName("film.task")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(3)
        head = QHBoxLayout()
        title = ValueLabel(task.title or "–", "strong")
        state = QLabel(f"{_GLYPH[task.state]} {sending.state_text(task)}")
        state.setStyleSheet(f"color: {_TINT.get(task.state, colours.TEXT)};")
        head.addWidget(title, 1)
        head.addWidget(state)
        column.addLayout(head)
        counts = tr("{printed}/{sheets} 张", printed=task.printed, sheets=task.sheets)
        if task.copies > 1:
            counts += tr(" × {n} 份", n=task.copies)
        when = task.created_at.astimezone().strftime("%m-%d %H:%M")
        column.addWidget(_small(f"{task.printer_name} · {counts} · {when} · {task.created_by}"))
        for text, tint in ((sending.trouble_text(task), _TINT.get(task.state)), (sending.warning_text(task), None)):
            if text:
                label = _small(text)
                label.setStyleSheet(f"color: {tint or colours.WARNING};")
                column.addWidget(label)
        if task.state is FilmState.SENDING:
            bar = QProgressBar()
            bar.setRange(0, task.sheets)
            bar.setValue(task.printed)
            bar.setTextVisible(False)
            bar.setFixedHeight(current_theme().px(4))
            column.addWidget(bar)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        if task.can_retry:
            words = {FilmState.PRINTED: "再打一次", FilmState.WAITING: "立即重试"}.get(task.state, "重试")
            buttons.addWidget(Button(words, "link", on_click=partial(panel.retry, task)))
        if task.state in (FilmState.WAITING, FilmState.SENDING, FilmState.COMPOSING):
            buttons.addWidget(Button("取消", "link", on_click=partial(panel.cancel, task)))
        column.addLayout(buttons)
        self.setStyleSheet("QFrame#film\\.task { background: #151b1f; border: 1px solid #262e33; border-radius: 4px; }")


def _small(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setProperty("look", "caption")
    return label


def _is_alive(widget: QWidget) -> bool:
    from shiboken6 import isValid

    return bool(isValid(widget))
