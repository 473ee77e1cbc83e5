"""The pop-up of shared links: make one, show its QR code, list and revoke."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from clients.kit.choosing import Switch
from clients.kit.labels import Label
from clients.kit.translations import tr
from shared.contract.sharing import LEAST_PASSWORD, MOST_LETTERS, MOST_VIEWS, CreateShare, ShareState, ShareView

HOURS: tuple[tuple[int, str], ...] = ((1, "1 小时"), (24, "1 天"), (72, "3 天"), (168, "7 天"), (720, "30 天"))
STATES = {
    ShareState.OPEN: "有效",
    ShareState.EXPIRED: "已过期",
    ShareState.USED_UP: "次数已用完",
    ShareState.REVOKED: "已撤销",
}
QUIET = 4
"""Modules of white around a code (ISO/IEC 18004)."""


def qr_image(text: str) -> QImage:
    """A QR code, one pixel for each module, with its quiet zone."""
    import segno

    rows = [list(row) for row in segno.make(text, error="m", micro=False).matrix]
    side = len(rows) + 2 * QUIET
    image = QImage(side, side, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.setPixelColor(x + QUIET, y + QUIET, QColor("#000000"))
    return image


class QrCode(QWidget):
    """A code as large as fits, in whole pixels for each module."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(236, 236)
        self._image: QImage | None = None

    def show_text(self, text: str) -> None:
        """Empty shows nothing."""
        self._image = qr_image(text) if text else None
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            if self._image is None:
                return
            ratio = self.devicePixelRatioF()
            scale = max(int(self.width() * ratio) // self._image.width(), 1) / ratio
            side = self._image.width() * scale
            area = QRectF((self.width() - side) / 2, (self.height() - side) / 2, side, side)
            painter.drawImage(area, self._image)


class SharingDialog(QDialog):
    """Reports intentions; the feature asks the server."""

    create_asked = Signal()
    revoke_asked = Signal(int)

    def __init__(self, parent: QWidget, study_uid: str, title: str) -> None:
        super().__init__(parent)
        self._study_uid = study_uid
        self._shares: tuple[ShareView, ...] = ()
        self.url = ""
        self.setWindowTitle(tr("分享"))
        self.resize(720, 600)
        heading = QLabel(title)
        heading.setTextFormat(Qt.TextFormat.PlainText)
        heading.setProperty("look", "strong")
        top = QHBoxLayout()
        top.setSpacing(24)
        top.addLayout(self._form(), 1)
        top.addLayout(self._code_and_link())
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.table = self._table()
        self.revoke = QPushButton(tr("撤销选中的链接"))
        self.revoke.clicked.connect(self._ask_revoke)
        foot = QHBoxLayout()
        foot.addWidget(Label("链接只在生成时显示一次；每次打开都会记录。", "caption"), 1)
        foot.addWidget(self.revoke)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 16)
        column.setSpacing(12)
        column.addWidget(heading)
        column.addLayout(top)
        column.addWidget(self.message)
        column.addWidget(Label("这项检查的链接", "strong"))
        column.addWidget(self.table, 1)
        column.addLayout(foot)
        self._reflect()

    def _form(self) -> QFormLayout:
        """How the next link shall be."""
        self.hours = QComboBox()
        for hours, text in HOURS:
            self.hours.addItem(tr(text), hours)
        self.hours.setCurrentIndex(2)
        self.password = QLineEdit()
        self.password.setMaxLength(MOST_LETTERS)
        self.password.setPlaceholderText(tr("不填则无需密码；至少 {n} 个字符", n=LEAST_PASSWORD))
        self.views = QSpinBox()
        self.views.setRange(0, MOST_VIEWS)
        self.views.setSpecialValueText(tr("不限"))
        self.anonymise = Switch("", checked=True)
        self.make = QPushButton(tr("生成二维码"))
        self.make.setProperty("look", "primary")
        self.make.clicked.connect(self.create_asked)
        form = QFormLayout()
        form.setSpacing(10)
        form.addRow(tr("有效期"), self.hours)
        form.addRow(tr("密码"), self.password)
        form.addRow(tr("查看次数"), self.views)
        form.addRow(tr("去除患者信息"), self.anonymise)
        form.addRow("", self.make)
        return form

    def _code_and_link(self) -> QVBoxLayout:
        """The link that was made just now."""
        self.code = QrCode()
        self.link = QLineEdit()
        self.link.setReadOnly(True)
        self.copy = QPushButton(tr("复制链接"))
        self.copy.setEnabled(False)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.url))
        row = QHBoxLayout()
        row.addWidget(self.link, 1)
        row.addWidget(self.copy)
        column = QVBoxLayout()
        column.addWidget(self.code, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(row)
        return column

    def _table(self) -> QTableWidget:
        """The links that there are."""
        table = QTableWidget(0, 5)
        table.setHorizontalHeaderLabels([tr(t) for t in ("生成", "有效期至", "已查看", "保护", "状态")])
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._reflect)
        return table

    def order(self) -> CreateShare:
        """What the form says; ValueError with a sentence for a password that is too short."""
        password = self.password.text()
        if password and len(password) < LEAST_PASSWORD:
            raise ValueError(tr("密码至少 {n} 个字符", n=LEAST_PASSWORD))
        return CreateShare(
            study_uid=self._study_uid,
            hours=int(self.hours.currentData()),
            password=password,
            most_views=self.views.value(),
            is_anonymous=self.anonymise.isChecked(),
        )

    def show_link(self, url: str) -> None:
        """The new link, as code and as text."""
        self.url = url
        self.code.show_text(url)
        self.link.setText(url)
        self.link.setCursorPosition(0)
        self.copy.setEnabled(bool(url))
        self.password.clear()

    def show_shares(self, shares: Sequence[ShareView]) -> None:
        """The links of the study."""
        self._shares = tuple(shares)
        self.table.setRowCount(0)
        for share in self._shares:
            n = self.table.rowCount()
            self.table.insertRow(n)
            seen = str(share.views) + (f" / {share.most_views}" if share.most_views else "")
            guards = [tr("密码")] if share.has_password else []
            guards += [tr("无患者信息")] if share.is_anonymous else []
            cells = (
                f"{_local(share.created_at)}  {share.created_by}",
                _local(share.expires_at),
                seen,
                " · ".join(guards) or "—",
                tr(STATES[share.state]),
            )
            for column, text in enumerate(cells):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(n, column, item)
        self._reflect()

    def say(self, sentence: str) -> None:
        """What went wrong; empty for nothing."""
        self.message.setText(sentence)

    def set_busy(self, busy: bool) -> None:
        """While the server is asked."""
        self.make.setEnabled(not busy)

    def _chosen(self) -> ShareView | None:
        row = self.table.currentRow()
        return self._shares[row] if 0 <= row < len(self._shares) else None

    def _ask_revoke(self) -> None:
        share = self._chosen()
        if share is not None:
            self.revoke_asked.emit(share.id)

    def _reflect(self) -> None:
        share = self._chosen()
        self.revoke.setEnabled(share is not None and share.state is not ShareState.REVOKED)


def _local(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")
