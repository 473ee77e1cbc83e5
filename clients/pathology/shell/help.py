"""帮助: how the workstation is used, its keys, its version, a copy of its log (PA-GEN-12)."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QFileDialog, QGridLayout, QVBoxLayout, QWidget

from clients.kit.labels import Label, hairline
from clients.kit.panels import scrolling
from clients.kit.settings import data_folder
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.desk import Desk
from clients.pathology.menus import ENTRIES, MENUS
from shared.contract.identity import Ping, ServerView

LOG = "pathology"
"""Name of this workstation's log file."""

_GUIDE = (
    ("打开病例", "扫描容器、玻片或申请单上的条码；或在左上角输入病理号后按回车；或在列表中双击。"),
    ("登记", "按 Ctrl+N 开始新的登记，回车进入下一栏；带提示的栏目可输入拼音首字母，例如 GWK 选中骨外科。"),
    ("标本", "在页面下方逐个登记标本，再确认接收或拒收；拒收必须填写原因。"),
    ("保存", "工具栏的保存存储全部页面；页面下方的保存只存储当前页面。"),
    ("草稿", "未保存的内容自动保留在本机；断线、断电或自动注销后重新登录即可继续。"),
    ("筛选", "登、材、制、初、主、复、审、印、发九个按钮按状态筛选，可以同时按下几个。"),
    ("切换工作站", "在“系统站点”菜单中切换，无需重新登录。"),
)


class GuidePanel(QWidget):
    """The first steps on one page."""

    def __init__(self, _desk: Desk) -> None:
        super().__init__()
        inside = QWidget()
        box = QVBoxLayout(inside)
        box.setContentsMargins(24, 20, 24, 20)
        box.setSpacing(4)
        for title, words in _GUIDE:
            box.addWidget(Label(title, "strong"))
            box.addWidget(Label(words, "quiet", wrap=True))
            box.addSpacing(12)
        box.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inside))


class KeysPanel(QWidget):
    """Every key of the menus that the workstation has."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(24, 20, 24, 20)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        declared = {action.id for action in desk.place.actions.declared}
        row = 0
        for menu in MENUS:
            keyed = [entry for entry in menu.entries if entry.shortcut and entry.id in declared]
            if not keyed:
                continue
            grid.addWidget(Label(menu.title, "strong"), row, 0)
            grid.addWidget(hairline(), row + 1, 0, 1, 2)
            row += 2
            for entry in keyed:
                grid.addWidget(Label(ENTRIES[entry.id].text), row, 0)
                keys = QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
                label = Label("", "quiet")
                label.setText(keys)
                grid.addWidget(label, row, 1)
                row += 1
        grid.setRowStretch(row, 1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolling(inside))


class VersionPanel(QWidget):
    """Versions of the workstation and of its server."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        box.addWidget(Label("明镜影像", "title"))
        box.addWidget(Label("工作站版本 {version}", "", version=program_version()))
        self.server = Label("正在询问服务器…", "quiet")
        box.addWidget(self.server)
        box.addStretch(1)
        self._is_open = True
        place = desk.place
        place.runner.run(
            lambda: place.connection.call(Ping()), self._came, lambda _error: None, key="pathology.version"
        )

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    def _came(self, view: ServerView) -> None:
        if self._is_open:
            self.server.set_source(
                "服务器版本 {version}，协议 {protocol}", version=view.version, protocol=view.protocol
            )


def program_version() -> str:
    """The version of the suite, as installed."""
    try:
        return metadata.version("mingjing")
    except metadata.PackageNotFoundError:
        return tr("开发版")


def copy_log(target: Path) -> int:
    """Copy this workstation's log files, oldest first, into one file; returns its size. Raises OSError."""
    folder = data_folder() / "logs"
    parts = sorted(folder.glob(f"{LOG}.log*"), reverse=True)
    with target.open("wb") as out:
        for part in parts:
            with part.open("rb") as one:
                shutil.copyfileobj(one, out)
    return target.stat().st_size


def ask_log_target(desk: Desk) -> None:
    """Ask for a file and copy the log into it."""
    name, _filter = QFileDialog.getSaveFileName(desk.place.shell, tr("导出日志"), f"{LOG}.log")
    if not name:
        return
    place = desk.place

    def done(_size: int) -> None:
        place.messages.say(tr("日志已导出到 {path}", path=name), Tone.SUCCESS)

    place.runner.run(lambda: copy_log(Path(name)), done, place.messages.report)
