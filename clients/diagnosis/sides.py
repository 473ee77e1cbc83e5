"""Where other parts of the workstation join the report page: panels at its right bar, tools in its tool bar.

A part adds one line to PANELS or TOOLS; its package is imported only when the panel is opened for the first time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from PySide6.QtWidgets import QWidget

from clients.diagnosis.ports import Viewer
from clients.kit.shell import Workplace
from clients.kit.viewer_link import ViewerEvent
from shared.contract.reporting import ReportContent, ReportView
from shared.domain.permissions import Permission

Part = Literal["findings", "impression"]
"""The two texts of a report: 影像所见 and 诊断意见."""


class Desk(Protocol):
    """The report page as a panel or a tool sees it. All texts are the report's rich text subset."""

    @property
    def report(self) -> ReportView | None:
        """The report on the page as the server last told, None while there is none."""
        ...

    @property
    def content(self) -> ReportContent:
        """What stands in the editors now, saved or not."""
        ...

    @property
    def may_type(self) -> bool:
        """Whether the text may be changed now; the changing methods below do nothing otherwise and return False."""
        ...

    @property
    def viewer(self) -> Viewer:
        """The image viewer of this session."""
        ...

    def insert(self, text: str) -> bool:
        """Put words at the cursor of the text that was used last, as if typed."""
        ...

    def replace(self, *, findings: str | None = None, impression: str | None = None) -> bool:
        """Put these texts in the place of the present ones; None leaves a text as it is. Can be undone."""
        ...

    def append(self, *, findings: str = "", impression: str = "") -> bool:
        """Put these texts below the present ones. Can be undone."""
        ...

    def edit(self, content: ReportContent) -> bool:
        """Replace the whole content, choices too."""
        ...

    def show_words(self, part: Part, words: str) -> bool:
        """Select the first place of these words in a text and bring the keyboard there; False if they are not in it."""
        ...

    def underline(self, part: Part, words: Sequence[str]) -> None:
        """Put a wavy line below the first place of each of these words of a text, in the place of earlier lines."""
        ...

    def save(self) -> None:
        """Save as by hand."""
        ...

    def look_again(self) -> None:
        """Fetch the report anew, after a panel changed something of it at the server; the text stays."""
        ...

    def open_panel(self, key: str) -> None:
        """Bring a panel to the front."""
        ...

    def on_text(self, listener: Callable[[ReportContent], None]) -> None:
        """Hear of every change of the content: each stroke, other reports, texts that came from the server."""
        ...

    def on_viewer(self, listener: Callable[[ViewerEvent], bool]) -> None:
        """Hear what the viewer sends before the page does; True takes it, and the page does nothing about it."""
        ...


class ReportPanel(Protocol):
    """What `SidePanel.build` returns, a QWidget with this method."""

    def show_report(self, report: ReportView | None) -> None:
        """Show what belongs to this report; called when the panel is made and whenever the report changed."""
        ...


@dataclass(frozen=True)
class SidePanel:
    """A panel in the column right of the text, opened by an icon of the right bar (area G).

    `title` is a Chinese source string, `icon` a name of clients.kit.icons, `shortcut` as Qt writes it. `permission`
    keeps it from users who lack it. `width` is what the panel would like, in pixels at 100 %.
    """

    key: str
    title: str
    icon: str
    build: Callable[[Workplace, Desk], QWidget]
    permission: str = ""
    shortcut: str = ""
    width: int = 292


def _always(_report: ReportView) -> bool:
    return True


@dataclass(frozen=True)
class Tool:
    """A button of the tool bar (areas C and D) that does something at once; `enabled` asks the open report."""

    key: str
    title: str
    icon: str
    run: Callable[[Workplace, Desk], None]
    permission: str = ""
    shortcut: str = ""
    enabled: Callable[[ReportView], bool] = _always


def _structured(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.structured.view import build

    return build(place, desk)


def _critical(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.critical.panel import build

    return build(place, desk)


def _changes(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.auditing.panels import ChangesPanel

    return ChangesPanel(place, desk)


def _editions(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.auditing.panels import EditionsPanel

    return EditionsPanel(place, desk)


def _checking(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.checking.panel import build

    return build(place, desk)


def _favourite(place: Workplace, _desk: Desk) -> QWidget:
    from clients.diagnosis.collections.favourites.filing import FilingForm

    return FilingForm(place.connection, place.runner, place.messages)


def _follow_up(place: Workplace, _desk: Desk) -> QWidget:
    from clients.diagnosis.collections.follow_ups.case_view import FollowUpCase

    return FollowUpCase(place, may_add=True)


def _remarks(place: Workplace, _desk: Desk) -> QWidget:
    from clients.diagnosis.collections.remarks.panel import RemarksPanel

    return RemarksPanel(place)


def _similar(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.collections.similar.panel import SimilarPanel

    return SimilarPanel(place, desk)


def _teaching(place: Workplace, _desk: Desk) -> QWidget:
    from clients.diagnosis.collections.teaching.form import MakingPanel

    return MakingPanel(place)


def _results(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.results.panel import build

    return build(place, desk)


def _remote(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.remote.panel import build

    return build(place, desk)


def _assist(place: Workplace, desk: Desk) -> QWidget:
    from clients.diagnosis.remote.assist_panel import build

    return build(place, desk)


PANELS: tuple[SidePanel, ...] = (
    SidePanel("structured", "结构化表单", "grid", _structured, Permission.REPORT.value, "Alt+F", 430),
    SidePanel("critical", "危急值", "bell", _critical, Permission.REPORT.value, "Alt+W", 320),
    SidePanel("checking", "质控提示", "check_circle", _checking, Permission.REPORT.value, "Alt+K", 340),
    SidePanel("changes", "审核对照", "compare", _changes, Permission.REPORT.value, "Alt+C", 430),
    SidePanel("editions", "版本与签名", "audit", _editions, Permission.REPORT.value, "Alt+V", 340),
    SidePanel("remote", "远程会诊", "cloud", _remote, Permission.REPORT.value, "Alt+Y", 360),
    SidePanel("assist", "辅助阅片", "scan", _assist, Permission.REPORT.value, "Alt+I", 360),
    SidePanel("results", "发出结果", "send", _results, Permission.REPORT.value, "", 320),
    SidePanel("similar", "相似病例", "search", _similar, Permission.REPORT.value, "Alt+X", 340),
    SidePanel("follow_up", "随访", "calendar", _follow_up, Permission.REPORT.value, "Alt+U", 340),
    SidePanel("remarks", "备注", "tag", _remarks, Permission.REPORT.value, "Alt+B", 300),
    SidePanel("favourite", "收藏", "star", _favourite, Permission.REPORT.value, "Alt+S", 300),
    SidePanel("teaching", "教学病例", "spark", _teaching, Permission.REPORT.value, "Alt+Shift+T", 380),
)
"""One line each, in the order of the bar. Import your package inside the build function."""


def _dictate(place: Workplace, desk: Desk) -> None:
    from clients.diagnosis.dictating import switch_dictation

    switch_dictation(place, desk)


def _ask_remote(_place: Workplace, desk: Desk) -> None:
    desk.open_panel("remote")


def _ask_assist(_place: Workplace, desk: Desk) -> None:
    desk.open_panel("assist")


TOOLS: tuple[Tool, ...] = (
    Tool("dictation", "语音录入", "microphone", _dictate, Permission.REPORT.value, "Alt+L"),
    Tool("ask_assist", "请求辅助阅片", "scan", _ask_assist, Permission.REPORT.value),
    Tool("ask_remote", "申请远程会诊", "users", _ask_remote, Permission.REPORT.value, "Alt+Shift+Y"),
)
"""One line each, in the order of the bar."""
