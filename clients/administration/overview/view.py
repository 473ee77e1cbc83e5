"""The overview on screen: cards, and below them the stores with their fill."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from clients.administration.overview.presenter import OverviewPresenter
from clients.administration.overview.state import Card, OverviewState
from clients.administration.storage import ROLES, forecast
from clients.administration.table.view import TablePage
from clients.administration.tabs import TabbedPage
from clients.administration.words import size
from clients.kit.coalescing import Coalesced
from clients.kit.labels import IconButton, Label, ValueLabel, hairline
from clients.kit.panels import TONE_GLYPHS, Banner, EmptyState, scrolling
from clients.kit.shell import Workplace
from clients.kit.theme import current_theme
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Changed, Notice
from shared.contract.storage import StoreView

_COLUMNS = 4
_ENTITIES = ("study", "job", "forward", "bin", "store")


class OverviewPage(QWidget):
    """概览."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self._place = place
        self.presenter = OverviewPresenter(place.connection, place.runner, place.messages)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        self._banner = Banner()
        outer.addWidget(self._banner)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(24, 16, 24, 24)
        box.setSpacing(16)
        head = QHBoxLayout()
        head.addWidget(Label("需要留意的事", "headline"))
        head.addStretch(1)
        head.addWidget(IconButton("refresh", "刷新", on_click=self.presenter.refresh))
        box.addLayout(head)
        self._cards = QGridLayout()
        self._cards.setSpacing(16)
        for column in range(_COLUMNS):
            self._cards.setColumnStretch(column, 1)
        box.addLayout(self._cards)
        self._stores_title = Label("存储", "headline")
        box.addWidget(self._stores_title)
        self._stores = QVBoxLayout()
        self._stores.setSpacing(0)
        box.addLayout(self._stores)
        self._waiting = EmptyState("hourglass", "正在加载…")
        box.addWidget(self._waiting)
        box.addStretch(1)
        outer.addWidget(scrolling(content), 1)
        self.card_views: list[CardView] = []
        self._soon = Coalesced(self._refresh_if_shown, self, pause_ms=2000)
        place.on_notice(self._heard)
        self.presenter.show_to(self._render)

    def _render(self, state: OverviewState) -> None:
        if state.trouble:
            self._banner.show_message(state.trouble, Tone.DANGER, action="重试", on_action=self.presenter.refresh)
        else:
            self._banner.hide()
        self._waiting.setVisible(not state.cards and not state.trouble)
        self._stores_title.setVisible(bool(state.stores))
        while len(self.card_views) < len(state.cards):
            view = CardView()
            view.clicked.connect(partial(self._open, view))
            self._cards.addWidget(view, len(self.card_views) // _COLUMNS, len(self.card_views) % _COLUMNS)
            self.card_views.append(view)
        for view, card in zip(self.card_views, state.cards, strict=False):
            view.show_card(card)
        self._render_stores(state.stores)

    def _render_stores(self, stores: tuple[StoreView, ...]) -> None:
        while self._stores.count():
            item = self._stores.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for store in stores:
            self._stores.addWidget(_StoreRow(store))
            self._stores.addWidget(hairline())

    def _open(self, view: CardView, _checked: bool = False) -> None:
        if view.card is None:
            return
        page = self._place.go_to(view.card.page)
        if view.card.tab and isinstance(page, TabbedPage):
            page = page.show_tab(view.card.tab)
        if view.card.filters and isinstance(page, TablePage):
            page.narrow(view.card.filters)

    def _heard(self, notice: Notice) -> None:
        if isinstance(notice, Changed) and notice.entity in _ENTITIES:
            self._soon.poke()

    def _refresh_if_shown(self) -> None:
        if self.isVisible():
            self.presenter.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.presenter.refresh()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange and self.isVisible():
            self.presenter.refresh()  # the sentences are finished words


class CardView(QAbstractButton):
    """A figure that leads to its page."""

    def __init__(self) -> None:
        super().__init__()
        self.card: Card | None = None
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_card(self, card: Card) -> None:
        """Show other figures."""
        self.card = card
        self.setAccessibleName(f"{tr(card.title)} {card.figure} {card.sentence}")
        self.setToolTip(card.sentence)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(180, 104)

    def paintEvent(self, _event: QPaintEvent) -> None:
        if self.card is None:
            return
        theme, card = current_theme(), self.card
        colours, tone = theme.colours, theme.tone(card.tone)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QColor(colours.accent if self.hasFocus() else colours.hairline))
            painter.setBrush(QColor(colours.hover if self.underMouse() else colours.raised))
            painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            left, width = 16, self.width() - 32
            theme.paint_icon(painter, TONE_GLYPHS[card.tone], QRectF(left, 14, 16, 16), tone.text)
            painter.setFont(theme.font("caption"))
            painter.setPen(QColor(colours.text_quiet))
            painter.drawText(QRectF(left + 22, 12, width - 22, 20), Qt.AlignmentFlag.AlignVCenter, tr(card.title))
            painter.setFont(theme.font("headline" if len(card.figure) > 9 else "title", bold=True))
            painter.setPen(QColor(colours.text if card.tone in (Tone.NEUTRAL, Tone.SUCCESS) else tone.text))
            painter.drawText(QRectF(left, 36, width, 32), Qt.AlignmentFlag.AlignVCenter, card.figure)
            painter.setFont(theme.font("caption"))
            painter.setPen(QColor(colours.text_quiet))
            text = painter.fontMetrics().elidedText(card.sentence, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(left, 72, width, 20), Qt.AlignmentFlag.AlignVCenter, text)


class _StoreRow(QWidget):
    def __init__(self, store: StoreView) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 8, 0, 8)
        line.setSpacing(16)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(ValueLabel(store.name, "strong"))
        names.addWidget(Label(ROLES.get(store.role, store.role), "caption"))
        holder = QWidget()
        holder.setFixedWidth(140)
        holder.setLayout(names)
        line.addWidget(holder)
        line.addWidget(_Bar(store), 1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(ValueLabel(_filling(store)))
        words.addWidget(ValueLabel(store.warning or store.sentence or forecast(store), "caption"))
        right = QWidget()
        right.setFixedWidth(360)
        right.setLayout(words)
        line.addWidget(right)


def _filling(store: StoreView) -> str:
    if store.capacity_bytes is None or store.free_bytes is None:
        return size(store.bytes_stored)
    return tr("剩余 {free}，共 {all}", free=size(store.free_bytes), all=size(store.capacity_bytes))


class _Bar(QWidget):
    """How full a store is."""

    def __init__(self, store: StoreView) -> None:
        super().__init__()
        self._store = store
        self.setFixedHeight(10)

    def paintEvent(self, _event: QPaintEvent) -> None:
        store, theme = self._store, current_theme()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(theme.colours.hairline))
            painter.drawRoundedRect(self.rect().toRectF(), 5, 5)
            if store.capacity_bytes and store.free_bytes is not None:
                part = min(max(1 - store.free_bytes / store.capacity_bytes, 0.0), 1.0)
                bad = bool(store.warning) or store.state == "trouble"
                painter.setBrush(QColor(theme.tone(Tone.DANGER).text if bad else theme.colours.accent))
                painter.drawRoundedRect(QRectF(0, 0, max(part * self.width(), 10), 10), 5, 5)
