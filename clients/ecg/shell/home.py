"""主界面: what waits for the user, as figures that open their list, and the usual ways to begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.ecg import pages
from clients.ecg.desk import Desk
from clients.kit.coalescing import Coalesced
from clients.kit.labels import Button, Label, ValueLabel
from clients.kit.messages import message_for
from clients.kit.panels import Banner, scrolling
from clients.kit.theme import current_theme, is_look_change
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.ecg import ListEcgExams
from shared.contract.ecg_consultations import ConsultationFilter, ListIncoming, ListOutgoing
from shared.contract.ecg_critical import ListAlarms
from shared.domain.ecg import IN_HOSPITAL_KINDS, ConsultationState, ExamState, QuickRange
from shared.domain.permissions import Permission
from shared.domain.states import VisitKind

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

RANGE = QuickRange.TWO_WEEKS
"""The days that the figures count."""


@dataclass(frozen=True)
class Figures:
    """What the server counted; sides that the user does not have are empty."""

    in_hospital: Mapping[str, int] = field(default_factory=dict)
    health_check: Mapping[str, int] = field(default_factory=dict)
    incoming: Mapping[str, int] = field(default_factory=dict)
    outgoing: Mapping[str, int] = field(default_factory=dict)
    overdue: int = 0
    critical: int = 0
    critical_exam: int = 0


def fetch(line: Any, may: Callable[[str], bool]) -> Figures:
    """Ask the server for every figure (blocking)."""
    one = Page(limit=1)
    quick = ConsultationFilter(quick=RANGE)
    inside = line.call(ListEcgExams(visit_kinds=IN_HOSPITAL_KINDS, quick=RANGE, page=one))
    checks = line.call(ListEcgExams(visit_kinds=(VisitKind.HEALTH_CHECK,), quick=RANGE, page=one))
    asked = line.call(ListIncoming(filter=quick, page=one)) if may(Permission.ECG_ACCEPT_CONSULTATION) else None
    sent = line.call(ListOutgoing(filter=quick, page=one)) if may(Permission.ECG_APPLY_CONSULTATION) else None
    alarms = line.call(ListAlarms(open_only=True))
    return Figures(
        in_hospital=_plain(inside.counts),
        health_check=_plain(checks.counts),
        incoming=_plain(asked.counts) if asked is not None else {},
        outgoing=_plain(sent.counts) if sent is not None else {},
        overdue=asked.overdue if asked is not None else 0,
        critical=len(alarms),
        critical_exam=alarms[0].exam_id if alarms else 0,
    )


def _plain(counts: Mapping[Any, int]) -> dict[str, int]:
    return {str(key): number for key, number in counts.items()}


class Tile(QAbstractButton):
    """A figure with its words; a click opens the list behind it."""

    def __init__(self, words: str, icon: str, tone: Tone, on_click: Callable[[], object]) -> None:
        super().__init__()
        self._words, self._icon, self._tone = words, icon, tone
        self.figure: int | None = None
        self._note: Callable[[], str] = str
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.clicked.connect(lambda _checked: on_click())
        self._name()

    def show_figure(self, figure: int | None, note: Callable[[], str] = str) -> None:
        """Show a number, or a dash while it is not known; `note` makes the text beside it when it is drawn."""
        self.figure, self._note = figure, note
        self._name()
        self.update()

    @property
    def note(self) -> str:
        """The text beside the number."""
        return self._note()

    def _name(self) -> None:
        self.setAccessibleName(f"{tr(self._words)} {'–' if self.figure is None else self.figure} {self.note}".strip())

    def sizeHint(self) -> QSize:
        times = current_theme().metrics.times
        return QSize(times(22), times(12))

    def minimumSizeHint(self) -> QSize:
        return QSize(current_theme().metrics.times(17), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        colours, tone = theme.colours, theme.tone(self._tone)
        lit = bool(self.figure)
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            frame = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
            edge = colours.focus if self.hasFocus() else colours.hairline
            painter.setPen(QPen(QColor(edge), 1))
            painter.setBrush(QColor(colours.hover if self.underMouse() else colours.surface))
            painter.drawRoundedRect(frame, theme.metrics.radius * 2, theme.metrics.radius * 2)
            theme.paint_icon(painter, self._icon, QRectF(16, 16, 20, 20), tone.text if lit else colours.text_quiet)
            painter.setFont(theme.font())
            painter.setPen(QColor(colours.text_quiet))
            room = QRectF(44, 14, self.width() - 56, 24)
            words = painter.fontMetrics().elidedText(tr(self._words), Qt.TextElideMode.ElideRight, int(room.width()))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)
            painter.setFont(theme.font("display", bold=True))
            painter.setPen(QColor(tone.text if lit else colours.text_quiet))
            text = "–" if self.figure is None else str(self.figure)
            below = QRectF(16, 40, self.width() - 32, self.height() - 48)
            painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
            if self.note:
                left = painter.fontMetrics().horizontalAdvance(text) + 28
                painter.setFont(theme.font("caption"))
                painter.setPen(QColor(theme.tone(Tone.DANGER).text))
                painter.drawText(below.adjusted(left, 8, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.note)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange or is_look_change(event):
            self._name()
            self.updateGeometry()
            self.update()
        super().changeEvent(event)


class HomePage(QWidget):
    """Figures of both sides; only those that the user's rights and hospital give."""

    def __init__(self, desk: Desk, place: Workplace) -> None:
        super().__init__()
        self._desk = desk
        self._place = place
        self._is_open = True
        self._figures = Figures()
        self.tiles: dict[str, Tile] = {}
        self.setProperty("look", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self.banner = Banner()
        outer.addWidget(self.banner)
        content = QWidget()
        content.setProperty("look", "window")
        self._box = QVBoxLayout(content)
        self._box.setContentsMargins(24, 20, 24, 24)
        self._box.setSpacing(12)
        outer.addWidget(scrolling(content), 1)
        self._greet()
        self._exam_tiles()
        self._consultation_tiles()
        self._ways()
        self._box.addStretch(1)
        place.actions.on("home.refresh", self.refresh)
        self._soon = Coalesced(self._refresh_if_seen, self, pause_ms=1000)
        self._forget = [bell.listen(self._heard) for bell in (desk.exam_changed, desk.consultation_changed)]
        self._forget.append(desk.notices.listen(self._heard))
        self.refresh()

    # ── building ─────────────────────────────────────────────────────────────────────────────────────

    def _greet(self) -> None:
        row = QHBoxLayout()
        row.addWidget(ValueLabel(self._place.session.name or self._place.session.login, "headline"), 1)
        row.addWidget(Label("近两周", "quiet"))
        refresh = self._place.actions.icon_button("home.refresh")
        refresh.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        row.addWidget(refresh)
        self._box.addLayout(row)

    def _section(self, title: str, tiles: list[tuple[str, Tile]]) -> None:
        self._box.addSpacing(4)
        self._box.addWidget(Label(title, "title"))
        grid = QGridLayout()
        grid.setSpacing(12)
        for at, (key, tile) in enumerate(tiles):
            self.tiles[key] = tile
            grid.addWidget(tile, 0, at)
        for column in range(4):
            grid.setColumnStretch(column, 1)
        self._box.addLayout(grid)

    def _exam_tiles(self) -> None:
        waiting, read, done = ExamState.AWAITING, ExamState.ACQUIRED, ExamState.REPORTED
        self._section(
            "院内检查",
            [
                ("in.awaiting", Tile("待采集", "hourglass", Tone.WARNING, _Open(self, pages.IN_HOSPITAL, waiting))),
                ("in.acquired", Tile("待阅图", "voice", Tone.INFO, _Open(self, pages.IN_HOSPITAL, read))),
                ("in.reported", Tile("已报告", "check_circle", Tone.SUCCESS, _Open(self, pages.IN_HOSPITAL, done))),
                ("critical", Tile("危急值未处理", "bell", Tone.DANGER, self._open_critical)),
            ],
        )
        self._section(
            "体检检查",
            [
                ("check.awaiting", Tile("待采集", "hourglass", Tone.WARNING, _Open(self, pages.HEALTH_CHECK, waiting))),
                ("check.acquired", Tile("待阅图", "voice", Tone.INFO, _Open(self, pages.HEALTH_CHECK, read))),
                ("check.reported", Tile("已报告", "check_circle", Tone.SUCCESS, _Open(self, pages.HEALTH_CHECK, done))),
            ],
        )

    def _consultation_tiles(self) -> None:
        tiles: list[tuple[str, Tile]] = []
        if self._desk.may(Permission.ECG_ACCEPT_CONSULTATION):
            for key, words, icon, tone, state in (
                ("incoming.waiting", "会诊待受理", "sign_in", Tone.WARNING, ConsultationState.WAITING),
                ("incoming.accepted", "会诊已受理", "half_circle", Tone.INFO, ConsultationState.ACCEPTED),
            ):
                tiles.append((key, Tile(words, icon, tone, _Open(self, pages.ACCEPTANCE, state))))
        if self._desk.may(Permission.ECG_APPLY_CONSULTATION):
            for key, words, icon, tone, state in (
                ("outgoing.waiting", "会诊申请中", "send", Tone.INFO, ConsultationState.WAITING),
                ("outgoing.published", "会诊报告待签收", "document", Tone.SUCCESS, ConsultationState.PUBLISHED),
            ):
                tiles.append((key, Tile(words, icon, tone, _Open(self, pages.CONSULTATION_REPORTS, state))))
        if tiles:
            self._section("会诊", tiles)

    def _ways(self) -> None:
        if not self._desk.may(Permission.ECG_REGISTER):
            return
        self._box.addSpacing(4)
        self._box.addWidget(Label("常用操作", "title"))
        row = QHBoxLayout()
        row.setSpacing(8)
        for words, icon, page, intention in (
            ("HIS登记", "clipboard", pages.HIS, ""),
            ("快速登记申请单", "barcode", pages.IN_HOSPITAL, "register_by_number"),
            ("快速登记会诊", "add", pages.IN_HOSPITAL, "register_by_hand"),
            ("体检手动登记", "body", pages.HEALTH_CHECK, "register_by_number"),
        ):
            row.addWidget(Button(words, "", icon, on_click=_Begin(self._desk, page, intention)))
        row.addStretch(1)
        self._box.addLayout(row)

    # ── figures ──────────────────────────────────────────────────────────────────────────────────────

    def refresh(self) -> None:
        """Count again."""
        line, may = self._place.connection, self._desk.may
        self._place.runner.run(lambda: fetch(line, may), self._arrived, self._failed, key="ecg.home")

    def _arrived(self, figures: Figures) -> None:
        if not self._is_open:
            return
        self.banner.hide()
        self._figures = figures
        for prefix, counts in (
            ("in", figures.in_hospital),
            ("check", figures.health_check),
            ("incoming", figures.incoming),
            ("outgoing", figures.outgoing),
        ):
            for key, tile in self.tiles.items():
                if key.startswith(f"{prefix}."):
                    tile.show_figure(counts.get(key.partition(".")[2], 0))
        self.tiles["critical"].show_figure(figures.critical)
        if figures.overdue and "incoming.waiting" in self.tiles:
            tile = self.tiles["incoming.waiting"]
            tile.show_figure(tile.figure, _Overdue(figures.overdue))

    def _failed(self, error: Exception) -> None:
        if self._is_open:
            message = message_for(error)
            self.banner.show_message(message.text, message.tone, action="重试", on_action=self.refresh)

    def _open_critical(self) -> None:
        exam_id = getattr(self, "_figures", Figures()).critical_exam
        if self._desk.may(Permission.ECG_CRITICAL):
            self._desk.open_page(pages.CRITICAL)
        elif exam_id:
            self._desk.open_reading(exam_id)
        else:
            self._place.messages.say(tr("没有未处理的心电危急值"))

    def open_list(self, page_id: str, state: str) -> None:
        """Open a list with the state of a figure."""
        page = self._desk.open_page(page_id)
        if page is not None:
            page.presenter.press(RANGE)
            page.presenter.choose_states((state,))

    def _heard(self, _what: object) -> None:
        self._soon.poke()

    def _refresh_if_seen(self) -> None:
        if self.isVisible():
            self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._soon.poke()

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        for forget in self._forget:
            forget()
        super().closeEvent(event)  # type: ignore[arg-type]


class _Open:
    def __init__(self, home: HomePage, page_id: str, state: str) -> None:
        self._home, self._page_id, self._state = home, page_id, state

    def __call__(self) -> None:
        self._home.open_list(self._page_id, str(self._state))


class _Overdue:
    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self) -> str:
        return tr("超时 {count} 条", count=self._count)


class _Begin:
    def __init__(self, desk: Desk, page_id: str, intention: str) -> None:
        self._desk, self._page_id, self._intention = desk, page_id, intention

    def __call__(self) -> None:
        page = self._desk.open_page(self._page_id)
        if page is not None and self._intention:
            getattr(page, self._intention)()
