# ruff: noqa: E501 - sample texts and file names read better on one line
"""Pictures of every kit widget in every state, both themes, both languages, several screens: looks are reviewed here.

`main(["--out", DIR])` writes PNG files and an index.html. Scales other than 1 need a process of their own, because Qt
reads the scale once; the gallery starts itself again for them.
"""

from __future__ import annotations

import argparse
import html
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPaintEvent, QPdfWriter
from PySide6.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from clients.kit import gallery_data as data
from clients.kit.actions import Action, ActionGroup
from clients.kit.app import Workstation, make_application
from clients.kit.badges import StateBadge
from clients.kit.choosing import AutoRefresh, ChipFilter, Option, SearchBox, SegmentedControl, Switch
from clients.kit.connection import FakeConnection, LineState
from clients.kit.forms import FormView
from clients.kit.icons import icon_names
from clients.kit.image_strip import ImageStrip, StripImage
from clients.kit.labels import Button, Glyph, IconButton, Label, hairline
from clients.kit.lists import ColumnChooser, ListView
from clients.kit.login import LoginPage, SignedIn
from clients.kit.messages import Message
from clients.kit.paging import EmptyWords, PageOfRows, PageRequest
from clients.kit.palette import CommandPalette
from clients.kit.panels import Banner, EmptyState, ProgressRow, SidePanel, Toast, scrolling
from clients.kit.pdf_preview import PdfPreview
from clients.kit.running import HeldRunner, ImmediateRunner
from clients.kit.settings import HOME_VARIABLE, UserSettings
from clients.kit.shell import Page, Workplace
from clients.kit.slots import SlotGrid
from clients.kit.states import (
    EXAM_LOOKS,
    PATIENT_TYPE_LOOKS,
    REGISTRATION_LOOKS,
    REPORT_LOOKS,
    TICKET_LOOKS,
    UNKNOWN_LOOK,
)
from clients.kit.theme import apply_theme, current_theme
from clients.kit.tokens import Density, ThemeName, Tone, contrast
from clients.kit.translations import Language, register_catalogue, set_language

SCREENS = ((1366, 768, 1.0), (1366, 768, 2.0), (3840, 2160, 1.0), (1920, 1080, 2.0))
"""Width and height in logical pixels and the scale; the last is a 4K screen at 200 %."""


class Sheet(QWidget):
    """One picture of parts: captions at the left, parts at the right."""

    def __init__(self, width: int = 1180) -> None:
        super().__init__()
        self.setProperty("look", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(width)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(24, 24, 24, 24)
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(16)
        self._grid.setColumnMinimumWidth(0, 120)
        self._grid.setColumnStretch(1, 1)

    def add(self, caption: str, *parts: QWidget, spread: bool = False) -> None:
        """One line of parts."""
        line = self._grid.rowCount()
        name = QLabel(caption)
        name.setProperty("look", "caption")
        name.setWordWrap(True)
        self._grid.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
        row = QHBoxLayout()
        row.setSpacing(16)
        for part in parts:
            row.addWidget(part, 1 if spread else 0)
        if not spread:
            row.addStretch(1)
        self._grid.addLayout(row, line, 1)


class _Swatch(QWidget):
    def __init__(self, name: str, colour: str, text: str) -> None:
        super().__init__()
        self._name, self._colour, self._text = name, colour, text
        self.setFixedSize(116, 56)

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme = current_theme()
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(self._colour))
            painter.setPen(QColor(theme.colours.hairline))
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
            painter.setPen(QColor(self._text))
            painter.setFont(theme.font("caption"))
            ratio = contrast(self._colour, self._text)
            painter.drawText(self.rect().adjusted(8, 6, -4, -4), 0, f"{self._name}\n{self._colour}  {ratio:.1f}")


def colours_and_type() -> QWidget:
    """Tokens: grounds, texts, tones, the type scale."""
    sheet = Sheet()
    colours = current_theme().colours
    grounds = ("window", "surface", "raised", "hover", "selected", "skeleton")
    sheet.add("grounds", *(_Swatch(name, getattr(colours, name), colours.text) for name in grounds))
    sheet.add("quiet text", *(_Swatch(name, getattr(colours, name), colours.text_quiet) for name in grounds))
    accents = ("accent", "accent_hover", "accent_pressed")
    sheet.add("accent", *(_Swatch(name, getattr(colours, name), colours.on_accent) for name in accents))
    sheet.add("tones", *(_Swatch(t.value, colours.tones[t].ground, colours.tones[t].text) for t in Tone))
    for step in ("caption", "body", "title", "headline", "display"):
        label = QLabel("明镜影像 胸部CT平扫 Mingjing 0123456789 已审核")
        label.setFont(current_theme().font(step))
        label.setStyleSheet(f"font-size: {getattr(current_theme().metrics, step)}px")
        sheet.add(f"{step} {getattr(current_theme().metrics, step)} px", label)
    return sheet


def icons_sheet() -> QWidget:
    """All icons with their names."""
    sheet = QWidget()
    sheet.setProperty("look", "window")
    sheet.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    grid = QGridLayout(sheet)
    grid.setContentsMargins(24, 24, 24, 24)
    grid.setSpacing(16)
    for n, name in enumerate(icon_names()):
        cell = QVBoxLayout()
        both = QHBoxLayout()
        both.addStretch(1)
        for size in (16, 24):
            both.addWidget(Glyph(name, size))
        both.addStretch(1)
        cell.addLayout(both)
        label = QLabel(name)
        label.setProperty("look", "caption")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        cell.addWidget(label)
        grid.addLayout(cell, n // 10, n % 10)
    return sheet


def controls() -> QWidget:
    """Buttons, switches, choosers and fields in their states."""
    sheet = Sheet()
    for look in ("", "primary", "danger", "quiet", "link"):
        normal, off = Button("提交登记", look, "submit"), Button("提交登记", look, "submit")
        off.setEnabled(False)
        plain = Button("清空", look)
        sheet.add(f"button {look or 'plain'}", normal, plain, off)
    icon_off = IconButton("print", "打印条码")
    icon_off.setEnabled(False)
    checked = IconButton("columns", "自定义表头", checkable=True)
    checked.setChecked(True)
    sheet.add(
        "icon buttons", IconButton("print", "打印条码"), checked, icon_off, IconButton("more", "更多操作", small=True)
    )
    disabled = Switch("欠费")
    disabled.setEnabled(False)
    sheet.add("switch", Switch("欠费"), Switch("欠费", checked=True), disabled, AutoRefresh())
    options = [Option("today", "今日登记", "list"), Option("slots", "预约选号", "calendar")]
    sheet.add("segmented", SegmentedControl(options), SegmentedControl(options, "slots"))
    chips = ChipFilter([Option(k, look.text, look=look) for k, look in REPORT_LOOKS.items()], ["awaiting", "auditing"])
    chips.set_counts({"awaiting": 12, "writing": 3, "submitted": 5, "auditing": 1, "approved": 128, "printed": 96})
    sheet.add("chips with counts", chips)
    plain_chips = ChipFilter([Option("ct", "CT"), Option("mr", "MR"), Option("dr", "DR")], ["ct"])
    sheet.add("chips", plain_chips)
    modes = [Option("name", "患者姓名"), Option("card", "就诊卡号")]
    filled = SearchBox(modes)
    filled.set_text("欧阳")
    sheet.add("search", SearchBox(modes), filled, SearchBox(modes[:1]))
    read_only, wrong, off_line = QLineEdit("只读 read only"), QLineEdit("2024-13-45"), QLineEdit("disabled")
    read_only.setReadOnly(True)
    wrong.setProperty("wrong", True)
    off_line.setEnabled(False)
    for line in (read_only, wrong, off_line):
        line.setFixedWidth(180)
    sheet.add("line: read only, wrong, disabled", read_only, wrong, off_line)
    return sheet


def states() -> QWidget:
    """Every state of every machine."""
    sheet = Sheet()
    for name, looks in (
        ("exam", EXAM_LOOKS),
        ("registration", REGISTRATION_LOOKS),
        ("ticket", TICKET_LOOKS),
        ("report", REPORT_LOOKS),
        ("patient", PATIENT_TYPE_LOOKS),
    ):
        sheet.add(name, *(StateBadge(look) for look in looks.values()))
    sheet.add("other", StateBadge(data.ARREARS), StateBadge(UNKNOWN_LOOK))
    return sheet


def forms() -> QWidget:
    """A form empty, with what is wrong, filled, and read only."""
    sheet = Sheet(1366)
    empty, wrong, filled, shut = (FormView(data.FORM) for _ in range(4))
    wrong.set_values({"birth": "31.2.24", "height": 999})
    wrong.validate()
    filled.set_values(data.FORM_VALUES)
    shut.set_values(data.FORM_VALUES)
    shut.set_read_only(True)
    sheet.add("empty, and what is missing", empty, wrong, spread=True)
    sheet.add("filled, and read only", filled, shut, spread=True)
    return sheet


def _list(**options: object) -> ListView:
    words = EmptyWords("今日暂无登记", "在右侧新建预约登记，或扫描就诊卡。", "clipboard", "新建预约登记")
    made = ListView(
        data.REGISTRATION_COLUMNS,
        row_id=lambda row: row.id,
        actions=data.REGISTRATION_ACTIONS,
        shown_actions=3,
        empty=words,
        **options,  # type: ignore[arg-type]
    )
    made.setFixedSize(880, 260)
    return made


def lists() -> QWidget:
    """A list in each of its states."""
    sheet = Sheet()
    rows = data.sample_exams()
    filled = _list()
    filled.set_rows(rows)
    filled.select_id(2)
    sheet.add("rows, one selected", filled)
    waiting = _list()
    waiting.set_rows(rows)
    waiting.set_loading(True)
    waiting._line._start()
    sheet.add("loading: the old rows stay", waiting)
    broken = _list()
    broken.set_rows(rows)
    broken.show_error(Message("服务器响应超时，请稍候重试。", Tone.WARNING))
    sheet.add("error: the old rows stay", broken)
    runner = HeldRunner()
    partly = _list(runner=runner)
    partly.set_source(lambda request: _page(request, rows))
    runner.release()
    partly.table.scrollToBottom()
    partly.model._windows.clear()
    sheet.add("rows that have not come", partly)
    never = _list()
    sheet.add("first load", never)
    none = _list()
    none.set_rows([])
    sheet.add("empty", none)
    failed = _list()
    failed.show_error(Message("与服务器的连接已断开。", Tone.DANGER))
    sheet.add("error without rows", failed)
    return sheet


def _page(request: PageRequest, rows: Sequence[data.SampleExam]) -> PageOfRows[data.SampleExam]:
    return PageOfRows(rows[request.offset : request.offset + request.limit], len(rows))


def panels() -> QWidget:
    """Banners, toasts, progress, empty state, side panel."""
    sheet = Sheet()
    from clients.kit.translations import tr

    texts = (
        (
            tr("连接中断，正在重新连接（上次联系 {seconds} 秒前）。可继续填写，内容已保存在本机。", seconds=12),
            Tone.WARNING,
            "refresh",
        ),
        (
            tr("已离线（上次联系 {seconds} 秒前）。已填写的内容保存在本机，恢复连接后自动提交。", seconds=95),
            Tone.DANGER,
            "offline",
        ),
        (tr("服务器存储空间不足，请立即联系管理员。"), Tone.DANGER, ""),
    )
    for text, tone, glyph in texts:
        banner = Banner()
        banner.setFixedWidth(880)
        banner.show_message(text, tone, glyph=glyph, on_action=(lambda: None) if not glyph else None)
        sheet.add("banner", banner)
    for tone in (Tone.SUCCESS, Tone.INFO, Tone.WARNING, Tone.DANGER):
        action = "撤销" if tone is Tone.SUCCESS else ""
        toast = Toast(
            tr("该记录刚被他人修改，请刷新后再改。"),
            tone,
            600,
            action=action,
            on_action=(lambda: None) if action else None,
        )
        sheet.add("toast", toast)
    begun, half, done = ProgressRow("正在导出影像"), ProgressRow("正在导出影像"), ProgressRow("正在导出影像")
    half.set_progress(120, 300, 41)
    begun.set_progress(2, 300)
    done.set_progress(300, 300)
    for row in (begun, half, done):
        row.setFixedWidth(304)
    sheet.add("progress", begun, half, done)
    empty = EmptyState("clipboard", "今日暂无登记", "在右侧新建预约登记，或扫描就诊卡。", "新建预约登记")
    empty.setFixedSize(420, 240)
    panel = SidePanel()
    form = FormView(data.FORM[:1], columns=1)
    form.set_values({key: value for key, value in data.FORM_VALUES.items() if key in form.rows})
    form.setContentsMargins(16, 16, 16, 16)
    panel.show_content("登记详情", form)
    panel.setFixedHeight(440)
    sheet.add("empty state, side panel", empty, panel)
    return sheet


def documents() -> QWidget:
    """Slots, picture strip, PDF preview."""
    sheet = Sheet()
    grid = SlotGrid(data.SLOTS, "s5")
    grid.setFixedWidth(880)
    grid.setFixedHeight(grid.heightForWidth(880))
    sheet.add("slots", grid)
    strip = ImageStrip()
    strip.set_images([StripImage(str(n), sample_picture(n), f"S2 I{40 + n}") for n in range(5)])
    sheet.add("pictures", strip)
    sheet.add("no pictures", ImageStrip())
    preview, broken, empty = PdfPreview(), PdfPreview(), PdfPreview()
    for part in (preview, broken, empty):
        part.setFixedSize(300, 360)
    preview.show_pdf(sample_pdf())
    broken.show_pdf(b"%PDF-1.7 but no more")
    sheet.add("PDF: pages, broken, none", preview, broken, empty)
    return sheet


def sample_picture(number: int) -> QImage:
    """A grey shape that looks a little like a slice."""
    image = QImage(128, 128, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.black)
    with QPainter(image) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#8c8c8c"))
        painter.drawEllipse(QRectF(10, 28, 108, 76))
        painter.setBrush(QColor("#101010"))
        painter.drawEllipse(QRectF(24, 36 + number, 34, 54))
        painter.drawEllipse(QRectF(70, 36, 34, 54 - number))
        painter.setBrush(QColor("#e0e0e0"))
        painter.drawEllipse(QRectF(57, 80, 14, 16))
    return image


def sample_pdf() -> bytes:
    """A report of two pages."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(0, 0, 0, 0))
    writer.setResolution(96)
    from clients.kit.fonts import text_font

    with QPainter(writer) as painter:
        for page in (1, 2):
            if page == 2:
                writer.newPage()
            painter.setPen(QColor("#111111"))
            painter.setFont(text_font(26, bold=True))
            painter.drawText(QRectF(0, 60, 794, 40), Qt.AlignmentFlag.AlignCenter, "影像诊断报告")
            painter.setFont(text_font(15))
            body = "影像所见：右肺上叶尖段见一类圆形结节，直径约 8 mm，边缘光滑。\n\n诊断意见：右肺上叶结节，建议随访。"
            painter.drawText(QRectF(70, 140, 650, 400), Qt.TextFlag.TextWordWrap, body)
    content = bytes(buffer.data().data())
    buffer.close()
    return content


def popups() -> QWidget:
    """What opens over a page: palette, column chooser, row menu."""
    sheet = Sheet()
    owner = QWidget(sheet)
    group = ActionGroup(_ACTIONS, owner)
    palette = CommandPalette([(action, lambda: None) for action in group.declared], sheet)
    palette.setWindowFlags(Qt.WindowType.Widget)
    palette.adjustSize()
    sheet.add("command palette", palette)
    nothing = CommandPalette([], sheet)
    nothing.setWindowFlags(Qt.WindowType.Widget)
    nothing.field.setText("zzz")
    sheet.add("nothing found", nothing)
    chooser = ColumnChooser(data.WORKLIST_COLUMNS, {"name", "sex", "report_state", "items"}, sheet)
    chooser.setWindowFlags(Qt.WindowType.Widget)
    rows = _list()
    rows.set_rows(data.sample_exams())
    menu = rows.table.row_menu(rows.model.index(0, 0))
    rows.hide()
    parts: list[QWidget] = [chooser]
    if menu is not None:
        menu.setWindowFlags(Qt.WindowType.Widget)
        menu.setFixedSize(menu.sizeHint())
        parts.append(menu)
    rows.setParent(sheet)
    sheet.add("columns, row menu", *parts)
    return sheet


def login_states() -> QWidget:
    """The log-in page idle, refused and waiting, and with an unreachable server."""
    sheet = Sheet(1600)
    pages = []
    for kind in ("idle", "wrong", "offline"):
        line = FakeConnection()
        if kind == "offline":
            line.set_line(LineState.OFFLINE)
        folder = Path(os.environ[HOME_VARIABLE])
        page = LoginPage(
            "登记工作站", lambda _server, line=line: line, ImmediateRunner(), UserSettings(folder / f"{kind}.json")
        )
        page.setFixedSize(448, 560)
        if kind != "idle":
            page.form.set_values({"server": "mingjing://10.0.0.8:7411/9fJ2…", "user": "zhangsan", "password": "x"})
            page.form.submit()
        pages.append(page)
    sheet.add("idle, refused, unreachable", *pages)
    return sheet


SHEETS: dict[str, Callable[[], QWidget]] = {
    "colours": colours_and_type,
    "icons": icons_sheet,
    "controls": controls,
    "states": states,
    "forms": forms,
    "lists": lists,
    "panels": panels,
    "documents": documents,
    "popups": popups,
    "login": login_states,
}

_ACTIONS = (
    Action("sample.submit", "提交登记", "Ctrl+Return", "submit"),
    Action("sample.clear", "清空", "Ctrl+Shift+Delete", "clear"),
    Action("sample.cancel", "取消登记", "", "cross_circle", danger=True),
)


def _registration_page(place: Workplace) -> QWidget:
    page = QWidget()
    across = QHBoxLayout(page)
    across.setContentsMargins(0, 0, 0, 0)
    across.setSpacing(0)
    left = QVBoxLayout()
    left.setContentsMargins(0, 8, 0, 0)
    left.setSpacing(8)
    tools = QHBoxLayout()
    tools.setContentsMargins(16, 0, 16, 0)
    tools.setSpacing(8)
    tools.addWidget(SegmentedControl([Option("today", "今日登记"), Option("slots", "预约选号")]))
    tools.addWidget(SearchBox([Option("name", "患者姓名"), Option("card", "就诊卡号")]))
    tools.addWidget(ChipFilter([Option(t, t) for t in ("CT", "MR", "DR", "MG")], ["CT"]))
    tools.addStretch(1)
    tools.addWidget(AutoRefresh())
    left.addLayout(tools)
    rows = ListView(
        data.REGISTRATION_COLUMNS,
        row_id=lambda row: row.id,
        actions=data.REGISTRATION_ACTIONS,
        shown_actions=2,
    )
    rows.set_rows(data.sample_exams())
    rows.select_id(3)
    left.addWidget(rows, 1)
    across.addLayout(left, 1)
    across.addWidget(hairline(vertical=True))
    right = QWidget()
    right.setProperty("look", "surface")
    right.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    right.setFixedWidth(round(408 * current_theme().metrics.body / 13))
    column = QVBoxLayout(right)
    column.setContentsMargins(16, 12, 16, 16)
    column.setSpacing(12)
    column.addWidget(Label("新建预约登记", "title"))
    form = FormView(data.FORM)
    form.set_values(data.FORM_VALUES)
    form.layout().setContentsMargins(0, 0, 12, 0)  # type: ignore[union-attr]
    column.addWidget(scrolling(form), 1)
    buttons = QHBoxLayout()
    buttons.setSpacing(8)
    buttons.addWidget(Switch("条码打印", checked=True))
    buttons.addStretch(1)
    buttons.addWidget(place.actions.button("sample.clear"))
    buttons.addWidget(place.actions.button("sample.submit", "primary"))
    column.addLayout(buttons)
    across.addWidget(right)
    return page


def _worklist_page(_place: Workplace) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 8, 0, 0)
    column.setSpacing(8)
    tools = QHBoxLayout()
    tools.setContentsMargins(16, 0, 16, 0)
    tools.setSpacing(8)
    tools.addWidget(SearchBox([Option("name", "患者姓名"), Option("card", "就诊卡号")]))
    chips = ChipFilter([Option(k, look.text, look=look) for k, look in REPORT_LOOKS.items()], ["awaiting", "writing"])
    chips.set_counts({"awaiting": 12, "writing": 3, "submitted": 5, "auditing": 1, "approved": 128, "printed": 96})
    tools.addWidget(chips)
    tools.addStretch(1)
    tools.addWidget(AutoRefresh())
    column.addLayout(tools)
    rows = ListView(data.WORKLIST_COLUMNS, row_id=lambda row: row.id, actions=data.WORKLIST_ACTIONS, shown_actions=2)
    rows.set_rows(data.sample_exams(200))
    rows.select_id(4)
    column.addWidget(rows, 1)
    return page


PAGES = (
    Page("registration", "检查登记", "clipboard", _registration_page, actions=_ACTIONS),
    Page("management", "登记管理", "list", _worklist_page),
    Page("queue", "叫号", "call", _worklist_page),
)


@dataclass(frozen=True)
class Scene:
    """One picture of a whole window."""

    name: str
    page: str
    line: LineState = LineState.ONLINE
    toast: bool = False
    panel: bool = False


SCENES = (
    Scene("registration", "registration", toast=True),
    Scene("worklist", "management", panel=True),
    Scene("offline", "management", line=LineState.RECONNECTING),
)


def settle(seconds: float = 0.0) -> None:
    """Let layouts and paints happen, without waiting for timers longer than needed."""
    limit = datetime.now(UTC) + timedelta(seconds=seconds)
    for _ in range(5):
        QApplication.processEvents()
    while datetime.now(UTC) < limit:
        QApplication.processEvents()


def save(widget: QWidget, path: Path) -> Path:
    """Show, lay out, and write the picture of a widget."""
    widget.show()
    settle()
    if not widget.isWindow():
        widget.adjustSize()
    widget.resize(widget.width(), max(widget.height(), widget.sizeHint().height()))
    settle()
    path.parent.mkdir(parents=True, exist_ok=True)
    widget.grab().save(str(path))
    return path


def looks() -> Iterator[tuple[ThemeName, Language]]:
    """Every theme in every language."""
    for theme in ThemeName:
        for language in Language:
            yield theme, language


def render_sheets(out: Path, only: str) -> list[Path]:
    """All sheets in every look."""
    written = []
    for theme, language in looks():
        apply_theme(theme)
        set_language(language)
        for name, build in SHEETS.items():
            if only and only not in name:
                continue
            sheet = build()
            written.append(save(sheet, out / f"{name}-{theme}-{language}.png"))
            _dispose(sheet)
    return written


def render_screens(out: Path, screen: tuple[int, int, float], only: str) -> list[Path]:
    """All scenes and the log-in page on one screen, in every look."""
    width, height, scale = screen
    written = []
    for theme, language in looks():
        for density in Density:
            if density is Density.LARGE and (scale != 1 or width < 1900):
                continue
            apply_theme(theme, density)
            set_language(language)
            suffix = f"{theme}-{language}-{width}x{height}@{scale:g}" + ("-large" if density is Density.LARGE else "")
            for scene in SCENES:
                if only and only not in scene.name:
                    continue
                written.append(
                    _render_scene(scene, out / f"page-{scene.name}-{suffix}.png", width, height, theme, density)
                )
    return written


def _render_scene(scene: Scene, path: Path, width: int, height: int, theme: ThemeName, density: Density) -> Path:
    line = FakeConnection(accounts={"zhang": "x"})
    window = Workstation("登记工作站", PAGES, lambda _server: line)
    window.resize(width, height)
    user = UserSettings.for_user("zhang")
    user.set("theme", theme.value)
    user.set("density", density.value)
    user.remove("language")
    shell = window.sign_in_with(SignedIn(line, line.login("zhang", "x")))
    shell.user_button.setText("张医生")
    window.show()
    shell.go_to(scene.page)
    settle()
    line.set_line(scene.line, datetime.now(UTC) - timedelta(seconds=7))
    if scene.toast:
        from clients.kit.translations import tr

        shell.messages.offer_undo(tr("取消登记") + "  CT2605180003", lambda: None)
    if scene.panel:
        form = FormView(data.FORM[:1], columns=1)
        form.set_values({key: value for key, value in data.FORM_VALUES.items() if key in form.rows})
        form.setContentsMargins(16, 16, 16, 16)
        shell.side_panel.show_content("登记详情", form)
    settle(0.05)
    path.parent.mkdir(parents=True, exist_ok=True)
    window.grab().save(str(path))
    window.close()
    _dispose(window)
    return path


def _dispose(widget: QWidget) -> None:
    widget.close()
    widget.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    settle()


def write_index(out: Path) -> None:
    """index.html with every picture, sheets first, each theme and language beside the others."""
    pictures = sorted(path.name for path in out.glob("*.png"))
    groups: dict[str, list[str]] = {}
    for name in pictures:
        group = name.split("-light-")[0].split("-dark-")[0]
        groups.setdefault(group, []).append(name)
    parts = [
        "<!doctype html><meta charset='utf-8'><title>Mingjing gallery</title>",
        "<style>body{font:14px sans-serif;margin:24px;background:#ddd}figure{display:inline-block;margin:0 16px 24px 0}"
        "img{max-width:640px;border:1px solid #999;display:block}figcaption{color:#333;padding:4px 0}</style>",
        "<h1>Mingjing gallery</h1>",
    ]
    for group, names in groups.items():
        parts.append(f"<h2>{html.escape(group)}</h2>")
        for name in names:
            safe = html.escape(name)
            parts.append(
                f"<figure><a href='{safe}'><img src='{safe}' loading='lazy'></a><figcaption>{safe}</figcaption></figure>"
            )
    (out / "index.html").write_text("\n".join(parts), encoding="utf-8")


def main(argv: Sequence[str]) -> int:
    """Render the gallery; returns the exit status."""
    parser = argparse.ArgumentParser(prog="mingjing gallery", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the pictures; made if it is not there")
    parser.add_argument("--only", default="", help="render only sheets and pages whose name holds this")
    parser.add_argument("--screen", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(list(argv))
    out: Path = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    if options.screen:
        return _render_one_screen(out, options.screen, options.only)
    for width, height, scale in SCREENS:
        code = _render_in_child(out, width, height, scale, options.only)
        if code != 0:
            return code
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        _prepare()
        render_sheets(out, options.only)
    write_index(out)
    sys.stdout.write(f"{len(list(out.glob('*.png')))} pictures, see {out / 'index.html'}\n")
    return 0


def _prepare() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    register_catalogue({**data.ENGLISH, "条码打印": "Print barcode label"})


def _render_one_screen(out: Path, screen: str, only: str) -> int:
    width, height, scale = screen.split(",")
    with tempfile.TemporaryDirectory() as home:
        os.environ[HOME_VARIABLE] = home
        _prepare()
        render_screens(out, (int(width), int(height), float(scale)), only)
    return 0


def _render_in_child(out: Path, width: int, height: int, scale: float, only: str) -> int:
    environment = {**os.environ, "QT_SCALE_FACTOR": f"{scale:g}", "QT_QPA_PLATFORM": "offscreen"}
    environment["PYTHONPATH"] = os.pathsep.join(
        path for path in (str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")) if path
    )
    command = [
        sys.executable,
        "-m",
        "clients.kit.gallery",
        "--out",
        str(out),
        "--only",
        only,
        "--screen",
        f"{width},{height},{scale:g}",
    ]
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
