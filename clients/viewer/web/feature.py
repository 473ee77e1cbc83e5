"""Opening an address as a feature."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from PySide6.QtWidgets import QInputDialog

from clients.kit.actions import Action
from clients.kit.translations import register_catalogue, tr
from clients.viewer.desk import Desk, Feature
from clients.viewer.web import texts
from clients.viewer.web.fetching import NotFetched, fetch, host_of

register_catalogue(texts.CATALOGUE)
OPEN = "web.open"
_ENTRIES = {"menu.more": (OPEN,)}


class WebFeature(Feature):
    """Images that third parties on the network offer over HTTP (VW-INT-02)."""

    actions = (Action(OPEN, "打开网址…", hint="打开第三方设备用 HTTP 提供的 DICOM 影像"),)
    entries = _ENTRIES

    def attach(self, desk: Desk) -> None:
        self.dialog: QInputDialog | None = None
        self._folders: list[Path] = []  # what was fetched; gone with the window
        desk.commands.on(OPEN, self._ask)

    def closing(self) -> None:
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _ask(self) -> None:
        dialog = self.dialog = QInputDialog(self.desk.window)
        dialog.setWindowTitle(tr("打开网址…"))
        dialog.setLabelText(tr("影像的网址（WADO-RS、WADO-URI 或 DICOM 文件）"))
        dialog.setTextValue("https://")
        dialog.setOkButtonText(tr("打开"))
        dialog.setCancelButtonText(tr("取消"))
        dialog.textValueSelected.connect(self.open)
        dialog.resize(560, dialog.sizeHint().height())
        dialog.open()

    def open(self, address: str) -> None:
        """Fetch the images in the background and show them; a sentence where they cannot be had."""
        try:
            host = host_of(address)
        except NotFetched as refused:
            self.desk.say(str(refused))
            return
        folder = Path(tempfile.mkdtemp(prefix="mingjing-web-"))
        self._folders.append(folder)
        self.desk.say(tr("正在从 {host} 下载…", host=host))
        told = -1

        def progress(size: int) -> None:
            nonlocal told
            if size >> 20 > told:
                told = (size >> 20) + 3
                words = tr("正在从 {host} 下载… {mb} MB", host=host, mb=size >> 20)
                self.desk.background.later(lambda: self.desk.say(words))

        def done(_count: int) -> None:
            self.desk.say("")
            self.desk.opening.open_files([folder])

        self.desk.background.run(lambda: fetch(address, folder, progress), done, self.desk.say, "web")
