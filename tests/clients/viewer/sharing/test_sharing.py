"""Sharing in the viewer: the code reads back, the list revokes, refusals are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from clients.kit.settings import HOME_VARIABLE
from clients.viewer.sharing.dialog import SharingDialog, qr_image
from clients.viewer.sharing.feature import OPEN, SharingFeature
from clients.viewer.window import ViewerWindow
from shared.contract.errors import ErrorBody, ErrorCode, RpcError
from shared.contract.sharing import CreatedShare, CreateShare, ListShares, RevokeShare, ShareState, ShareView
from tests.clients.viewer.viewer_builders import MemorySource, a_series, a_study, write_series

URL = "https://pacs.example/s/abcDEF123-_abcDEF123-_abcDEF1234"


class SharingServer(MemorySource):
    """Keeps links as the server does."""

    def __init__(self) -> None:
        super().__init__(a_study(a_series(3)))
        self.shares: list[ShareView] = []
        self.orders: list[CreateShare] = []
        self.refusal = ""

    def call(self, request: Any) -> Any:
        if self.refusal:
            raise RpcError(ErrorBody(code=ErrorCode.PERMISSION_MISSING, message=self.refusal))
        if isinstance(request, ListShares):
            return tuple(self.shares)
        if isinstance(request, RevokeShare):
            self.shares = [msgspec.structs.replace(one, state=ShareState.REVOKED) for one in self.shares]
            return self.shares[0]
        if not isinstance(request, CreateShare):  # other features ask this server too
            raise RpcError(ErrorBody(code=ErrorCode.NOT_FOUND, message=""))
        self.orders.append(request)
        now = datetime.now(UTC)
        share = ShareView(
            id=1, study_uid=request.study_uid, created_by="李医生", created_at=now,
            expires_at=now + timedelta(hours=request.hours), most_views=request.most_views, views=0,
            has_password=bool(request.password), is_anonymous=request.is_anonymous, state=ShareState.OPEN,
        )  # fmt: skip
        self.shares.insert(0, share)
        return CreatedShare(share=share, url=URL)


def test_the_code_reads_back_as_the_link() -> None:
    zxingcpp = pytest.importorskip("zxingcpp")
    import numpy as np

    image = qr_image(URL).scaled(400, 400).convertToFormat(QImage.Format.Format_Grayscale8)
    grey = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())[:, :400]

    assert [one.text for one in zxingcpp.read_barcodes(np.ascontiguousarray(grey))] == [URL]


@pytest.fixture
def server() -> SharingServer:
    return SharingServer()


@pytest.fixture
def window(
    server: SharingServer, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ViewerWindow]:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    window = ViewerWindow(server)
    window.resize(1366, 768)
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_study(a_study().study_uid)
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()


def dialog_of(window: ViewerWindow) -> SharingDialog:
    window.perform(OPEN)
    feature = next(feature for feature in window.features if isinstance(feature, SharingFeature))
    assert feature.dialog is not None
    return feature.dialog


def test_a_link_is_made_copied_listed_and_revoked(window: ViewerWindow, server: SharingServer, qtbot: QtBot) -> None:
    dialog = dialog_of(window)
    qtbot.waitUntil(dialog.make.isEnabled, timeout=30_000)
    dialog.password.setText("geheim")
    dialog.views.setValue(5)
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.table.rowCount() == 1, timeout=30_000)

    assert dialog.url == URL and dialog.password.text() == ""
    order = server.orders[0]
    assert (order.hours, order.password, order.most_views, order.is_anonymous) == (72, "geheim", 5, True)
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == URL
    dialog.table.selectRow(0)
    dialog.revoke.click()
    qtbot.waitUntil(lambda: server.shares[0].state is ShareState.REVOKED, timeout=30_000)
    qtbot.waitUntil(lambda: not dialog.revoke.isEnabled(), timeout=30_000)


def test_refusals_and_short_passwords_are_told(window: ViewerWindow, server: SharingServer, qtbot: QtBot) -> None:
    dialog = dialog_of(window)
    qtbot.waitUntil(dialog.make.isEnabled, timeout=30_000)
    dialog.password.setText("abc")
    dialog.make.click()
    assert "6" in dialog.message.text() and not server.orders
    dialog.password.clear()
    server.refusal = "没有导出影像的权限"
    dialog.make.click()
    qtbot.waitUntil(lambda: dialog.message.text() == "没有导出影像的权限", timeout=30_000)


def test_files_of_this_machine_cannot_be_shared(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    write_series(tmp_path / "ct", 2)
    window = ViewerWindow()
    with qtbot.waitSignal(window.all_loaded, timeout=30_000):
        window.open_files([tmp_path / "ct"])
    window.perform(OPEN)
    assert "影像服务器" in window.banner.text()
    window.close()
    window.deleteLater()
