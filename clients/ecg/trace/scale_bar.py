"""The line below the paper: scale, calibration, overlay, what lies under the cursor, pages."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr


class ScaleBar(QWidget):
    """Always shown."""

    uncalibrated_pressed = Signal()
    page_wanted = Signal(int)
    reset_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._page, self._pages = 0, 1
        self.scale, self.overlay, self.under, self.page = QLabel(), QLabel(), QLabel(), QLabel()
        self.mark, self.true_size = QPushButton(), QPushButton()
        self.back, self.forward = QPushButton("‹"), QPushButton("›")
        self.scale.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 2, 8, 2)
        row.setSpacing(8)
        row.addWidget(self.mark)
        row.addWidget(self.scale, 1)
        for part in (self.true_size, self.overlay, self.under, self.back, self.page, self.forward):
            row.addWidget(part)
        for button in (self.mark, self.true_size, self.back, self.forward):
            button.setFlat(True)
            button.setProperty("look", "link")
            button.setMinimumHeight(24)
        self.back.setFixedWidth(28)
        self.forward.setFixedWidth(28)
        self.mark.clicked.connect(self.uncalibrated_pressed)
        self.true_size.clicked.connect(self.reset_pressed)
        self.back.clicked.connect(self._go_back)
        self.forward.clicked.connect(self._go_forward)
        self.retranslate()
        self.show_page(0, 1)
        self.show_overlay("")
        self.show_cursor_words("")

    def retranslate(self) -> None:
        """The words again."""
        self.mark.setText(tr("⚠ 屏幕未校准"))
        self.mark.setToolTip(tr("毫米按显示器自报的尺寸计算；单击用尺校准此显示器"))
        self.true_size.setText(tr("复位 1:1"))
        self.true_size.setToolTip(tr("回到实际大小（0）"))
        self.back.setToolTip(tr("上一页（PageUp）"))
        self.forward.setToolTip(tr("下一页（PageDown）"))

    def show_scale(self, words: str, calibrated: bool, true_size: bool) -> None:
        """The scale; the mark stays as long as nobody measured the screen."""
        self.scale.setText(words)
        self.scale.setToolTip(words)
        self.mark.setVisible(not calibrated)
        self.true_size.setVisible(not true_size)

    def show_overlay(self, words: str) -> None:
        """The legend, in the overlay's colour."""
        self.overlay.setText(words)
        self.overlay.setStyleSheet(f"color: {current_theme().tone(Tone.INFO).text};")
        self.overlay.setVisible(bool(words))

    def show_cursor_words(self, words: str) -> None:
        """Lead, second and voltage under the cursor."""
        self.under.setText(words)
        self.under.setMinimumWidth(max(self.under.minimumWidth(), self.under.sizeHint().width()))

    def show_page(self, page: int, pages: int) -> None:
        """Page from 0."""
        self._page, self._pages = page, pages
        for part in (self.back, self.page, self.forward):
            part.setVisible(pages > 1)
        self.page.setText(f"{page + 1} / {pages}")
        self.back.setEnabled(page > 0)
        self.forward.setEnabled(page < pages - 1)

    def _go_back(self) -> None:
        self.page_wanted.emit(self._page - 1)

    def _go_forward(self) -> None:
        self.page_wanted.emit(self._page + 1)
