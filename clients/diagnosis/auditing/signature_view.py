"""The page of one's own signature: picture, certificate, the hospital's root."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QInputDialog, QLabel, QLineEdit, QVBoxLayout, QWidget

from clients.diagnosis.auditing.pad import SignaturePad
from clients.diagnosis.auditing.signature_presenter import SignaturePresenter
from clients.diagnosis.auditing.state import SignatureState
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.paging import local_time
from clients.kit.panels import scrolling
from clients.kit.settings import write_atomically
from clients.kit.shell import Workplace
from clients.kit.translations import tr
from shared.contract.signing import MAX_KEYSTORE_BYTES, MAX_PICTURE_BYTES, CertificateView

_WIDTH, _HEIGHT = 360, 120


class SignaturePage(QWidget):
    """Reports intentions and shows states."""

    def __init__(self, place: Workplace) -> None:
        super().__init__()
        self.presenter = SignaturePresenter(place.connection, place.runner, place.messages, self.show_state)
        self.setProperty("look", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(32, 24, 32, 24)
        column.setSpacing(8)
        self.problem = ValueLabel("", "error", wrap=True)
        column.addWidget(Label("我的签名", "title"))
        column.addWidget(Label("审核通过时，签名图片印在报告上，数字签名保证内容不被改动。", "quiet", wrap=True))
        column.addWidget(self.problem)
        self._picture_part(column)
        column.addSpacing(8)
        column.addWidget(hairline())
        self._certificate_part(column)
        column.addSpacing(8)
        column.addWidget(hairline())
        self._root_part(column)
        column.addStretch(1)
        inside.setMaximumWidth(760)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(inside))
        self.show_state(self.presenter.state)

    def show_state(self, state: SignatureState) -> None:
        """Show a state."""
        self.problem.set_text(state.problem)
        self.problem.setVisible(bool(state.problem))
        signer = state.signer
        picture = signer.picture if signer is not None else None
        self.pad_area.setVisible(state.is_drawing)
        self.picture.setVisible(not state.is_drawing)
        if picture is None:
            self.picture.setText(tr("还没有签名图片，报告上印姓名。"))
            self.picture_note.set_text("")
        else:
            shown = QPixmap()
            shown.loadFromData(picture.png)
            mode = Qt.TransformationMode.SmoothTransformation
            self.picture.setPixmap(shown.scaled(_WIDTH, _HEIGHT, Qt.AspectRatioMode.KeepAspectRatio, mode))
            words = tr("第 {number} 版", number=picture.version)
            self.picture_note.set_text(f"{words}  {local_time(picture.set_at)}  {picture.set_by}")
        busy = state.is_busy
        for button in (self.upload, self.draw, self.import_button):
            button.setEnabled(not busy)
        self.remove.setEnabled(not busy and picture is not None)
        self._show_certificates(signer.certificates if signer is not None else ())
        authority = state.authority
        self.root_name.set_text(authority.name if authority is not None else "")
        if authority is not None:
            until = tr("有效期至 {day}", day=local_time(authority.valid_to)[:10])
            self.root_note.set_text(f"{until}\nSHA-256 {_grouped(authority.fingerprint)}")
        self.export.setEnabled(authority is not None)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.LanguageChange and hasattr(self, "export"):
            self.show_state(self.presenter.state)
        super().changeEvent(event)

    # ── parts ────────────────────────────────────────────────────────────────────────────────────────

    def _picture_part(self, column: QVBoxLayout) -> None:
        column.addWidget(Label("签名图片", "strong"))
        self.picture = QLabel()
        self.picture.setFixedSize(_WIDTH + 24, _HEIGHT + 24)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setStyleSheet("background: white; color: #555b66; border: 1px solid #c8cdd6;")
        column.addWidget(self.picture)
        self.pad = SignaturePad()
        self.keep = Button("保存手写签名", "primary", on_click=self._keep_drawn)
        self.keep.setEnabled(False)
        self.pad.changed.connect(self.keep.setEnabled)
        again, stop = Button("重写", "quiet", on_click=self.pad.clear), Button("取消", "quiet", on_click=self._stop)
        self.pad_area = QWidget()
        area = QVBoxLayout(self.pad_area)
        area.setContentsMargins(0, 0, 0, 0)
        area.addWidget(Label("用鼠标、手写笔或手指在白纸上签名", "quiet"))
        area.addWidget(self.pad)
        row = QHBoxLayout()
        for widget in (self.keep, Button("撤销一笔", "quiet", "undo", on_click=self.pad.undo), again, stop):
            row.addWidget(widget)
        row.addStretch(1)
        area.addLayout(row)
        column.addWidget(self.pad_area)
        self.picture_note = ValueLabel("", "quiet")
        column.addWidget(self.picture_note)
        buttons = QHBoxLayout()
        self.upload = Button("上传图片…", "", "upload", on_click=self._upload)
        self.draw = Button("手写签名…", "", "edit", on_click=self._draw)
        self.remove = Button("不用图片", "quiet", on_click=self.presenter.remove_picture)
        for button in (self.upload, self.draw, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)

    def _certificate_part(self, column: QVBoxLayout) -> None:
        column.addWidget(Label("签名证书", "strong"))
        self.certificates = QVBoxLayout()
        self.certificates.setSpacing(4)
        column.addLayout(self.certificates)
        row = QHBoxLayout()
        self.import_button = Button("导入外部证书（.p12 / .pfx）…", "", "key", on_click=self._import)
        row.addWidget(self.import_button)
        row.addStretch(1)
        column.addLayout(row)

    def _root_part(self, column: QVBoxLayout) -> None:
        column.addWidget(Label("本院根证书", "strong"))
        self.root_name = ValueLabel("")
        self.root_note = ValueLabel("", "quiet", wrap=True)
        column.addWidget(self.root_name)
        column.addWidget(self.root_note)
        column.addWidget(Label("把根证书交给需要脱机验证报告的单位。", "quiet", wrap=True))
        row = QHBoxLayout()
        self.export = Button("导出根证书…", "", "download", on_click=self._export)
        row.addWidget(self.export)
        row.addStretch(1)
        column.addLayout(row)

    def _show_certificates(self, rows: tuple[CertificateView, ...]) -> None:
        while self.certificates.count():
            item = self.certificates.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        if not rows:
            self.certificates.addWidget(Label("首次审核通过时自动生成本院证书。", "quiet", wrap=True))
        for row in rows[:4]:
            kind = tr("外部证书") if row.is_imported else tr("本院证书")
            state = tr("使用中") if row.is_present else tr("已停用")
            until = tr("有效期至 {day}", day=local_time(row.valid_to)[:10])
            words = f"{row.holder}  ·  {kind}  ·  {row.issuer}  ·  {until}  ·  {state}"
            self.certificates.addWidget(ValueLabel(words, "" if row.is_present else "quiet", wrap=True))

    # ── intentions ───────────────────────────────────────────────────────────────────────────────────

    def _draw(self) -> None:
        self.pad.clear()
        self.presenter.draw(True)

    def _stop(self) -> None:
        self.presenter.draw(False)

    def _keep_drawn(self) -> None:
        if not self.pad.is_empty:
            self.presenter.set_picture(self.pad.png(), is_drawn=True)

    def _upload(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, tr("选择签名图片"), "", "PNG, JPEG (*.png *.jpg *.jpeg)")
        if chosen:
            self.presenter.set_picture(_bytes_of(Path(chosen), MAX_PICTURE_BYTES), is_drawn=False)

    def _import(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, tr("选择证书文件"), "", "PKCS#12 (*.p12 *.pfx)")
        if not chosen:
            return
        password, is_given = QInputDialog.getText(
            self, tr("证书密码"), tr("证书文件的密码"), QLineEdit.EchoMode.Password
        )
        if is_given:
            self.presenter.import_certificate(_bytes_of(Path(chosen), MAX_KEYSTORE_BYTES), password)

    def _export(self) -> None:
        authority = self.presenter.state.authority
        if authority is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(self, tr("导出根证书"), "root.pem", "PEM (*.pem)")
        if chosen:
            write_atomically(Path(chosen), authority.root_pem.encode())


def build(place: Workplace) -> SignaturePage:
    """Make the page."""
    page = SignaturePage(place)
    page.presenter.load()
    return page


def _bytes_of(path: Path, limit: int) -> bytes:
    """The file, or one byte more than is allowed."""
    try:
        with path.open("rb") as file:
            return file.read(limit + 1)
    except OSError:
        return b""


def _grouped(fingerprint: str) -> str:
    return " ".join(fingerprint[start : start + 8] for start in range(0, len(fingerprint), 8))
