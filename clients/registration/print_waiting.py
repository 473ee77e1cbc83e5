"""What waits to be printed at this desk, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, IconButton, Label, ValueLabel, hairline
from clients.kit.printing.documents import words_of
from clients.kit.printing.queue import Job, PrintQueue
from clients.kit.translations import tr

_SHOWN = 20


class WaitingPrints(QWidget):
    """The waiting prints, oldest first."""

    _queue_changed = Signal()

    def __init__(self, queue: PrintQueue, later: Callable[[Callable[[], None]], None]) -> None:
        super().__init__()
        self._queue = queue
        self._later = later
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(Label("打印队列", "strong"))
        head.addWidget(hairline(), 1)
        self.retry_all = Button("全部重试", "quiet", "refresh", on_click=lambda: later(queue.retry))
        head.addWidget(self.retry_all)
        layout.addLayout(head)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(8)
        layout.addLayout(self._rows)
        self._queue_changed.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._forget = queue.on_change(self._queue_changed.emit)
        self.destroyed.connect(self._forget)
        self._show()

    @Slot()
    def _show(self) -> None:
        while self._rows.count():
            item = self._rows.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        jobs = self._queue.jobs
        self.retry_all.setEnabled(bool(jobs))
        if not jobs:
            self._rows.addWidget(Label("没有等待打印的任务。", "quiet"))
        for job in jobs[:_SHOWN]:
            self._rows.addWidget(self._row(job))
        if len(jobs) > _SHOWN:
            self._rows.addWidget(ValueLabel(f"+ {len(jobs) - _SHOWN}", "caption"))

    def _row(self, job: Job) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        words = QVBoxLayout()
        words.setSpacing(0)
        what = words_of(job.kind)
        title = (
            tr("{what} → {printer}", what=what, printer=job.printer) if job.printer else tr("{what} → 文件", what=what)
        )
        words.addWidget(ValueLabel(title, "strong"))
        tried = tr("已试 {count} 次", count=job.tries) if job.tries else ""
        told = "  ".join(part for part in (tr(job.trouble) if job.trouble else "", tried) if part)
        words.addWidget(ValueLabel(told, "caption", wrap=True))
        line.addLayout(words, 1)
        queue, later = self._queue, self._later
        line.addWidget(IconButton("refresh", "重试", on_click=lambda: later(lambda: queue.retry(job.key))))
        line.addWidget(IconButton("close", "取消打印", on_click=lambda: later(lambda: queue.cancel(job.key))))
        return row
