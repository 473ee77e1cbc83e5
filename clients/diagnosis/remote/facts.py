"""What a request says, its versions and its history."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from clients.diagnosis.remote.words import line_words
from clients.kit.labels import Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.translations import tr
from shared.contract.remote import RemoteView
from shared.domain.rich_text import spelled


class Facts(QWidget):
    """Everything of the request, the versions, the history."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)

    def show_view(self, view: RemoteView) -> None:
        """Show a request."""
        while self._column.count():
            item = self._column.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        row = view.row
        priors = "\n".join(f"{local_time(one.examined_at)[:10]}  {one.exam_type}  {one.items}" for one in view.priors)
        self._group(
            "申请",
            (
                ("检查号", row.accession_number),
                ("检查项目", row.items),
                ("检查部位", row.body_part),
                ("扫描方式", row.scan),
                ("病史信息", view.history),
                ("临床诊断", view.clinical_diagnosis),
                ("会诊目的", view.question),
                ("联系电话", row.phone),
                ("既往影像", priors),
                ("原因", row.reason),
            ),
        )
        written = "\n".join(part for part in (spelled(view.first_findings), spelled(view.first_impression)) if part)
        if written:
            self._group("申请医院已写的内容", (("", written),))
        versions = [
            "  ".join(part for part in (local_time(one.at), one.by, tr("已发布") if one.is_published else "") if part)
            + f"\n{spelled(one.content.impression)}"
            for one in reversed(view.texts)
        ]
        if versions:
            self._group("意见的版本", tuple(("", words) for words in versions))
        self._group("历史", tuple(("", line_words(one)) for one in view.lines))
        self._column.addStretch(1)

    def _group(self, title: str, facts: tuple[tuple[str, str], ...]) -> None:
        self._column.addWidget(Label(title, "strong"))
        for label, value in facts:
            if not value:
                continue
            if not label:
                self._column.addWidget(ValueLabel(value, "", wrap=True))
                continue
            line = QWidget()
            across = QHBoxLayout(line)
            across.setContentsMargins(0, 0, 0, 0)
            across.setSpacing(8)
            name = Label(label, "quiet")
            name.setFixedWidth(84)
            name.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
            across.addWidget(name)
            across.addWidget(ValueLabel(value, "", wrap=True), 1)
            self._column.addWidget(line)
        self._column.addWidget(hairline())
