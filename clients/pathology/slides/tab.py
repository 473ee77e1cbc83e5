"""数字切片: the list of a case's whole slides, import from a file with progress, and the way into the viewer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.labels import Button, Label
from clients.kit.lists import ListView
from clients.kit.paging import Align, Column, EmptyWords, RowAction
from clients.kit.panels import ProgressRow
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import language, tr
from clients.kit.viewer_link import ViewerLink
from clients.pathology.desk import Desk
from clients.pathology.slides.presenter import SlidesPresenter, SlidesState
from shared.contract.pathology_slides import SlideImageState, SlideImageView
from shared.domain.permissions import Permission

FILES = "*.svs *.ndpi *.mrxs *.scn *.bif *.vms *.vmu *.svslide *.tif *.tiff *.dcm *.zip"
LOOKS: dict[str, StateLook] = {
    SlideImageState.WAITING: StateLook("等待转换", Tone.NEUTRAL, "hourglass"),
    SlideImageState.CONVERTING: StateLook("正在转换", Tone.ACTIVE, "half_circle"),
    SlideImageState.READY: StateLook("可以阅片", Tone.SUCCESS, "check_circle"),
    SlideImageState.FAILED: StateLook("转换失败", Tone.DANGER, "cross_circle"),
}
_MIB = 1 << 20


def _size(image: SlideImageView) -> str:
    return f"{image.columns} × {image.rows}" if image.columns else ""


def _scale(image: SlideImageView) -> str:
    power = f"{image.objective:g}×  " if image.objective else ""
    return f"{power}{image.mpp:.3g} µm" if image.mpp else ""


def _how_far(image: SlideImageView) -> str:
    if image.state is SlideImageState.CONVERTING and image.of:
        return f"{100 * image.done // image.of} %"
    return tr(image.sentence) if image.sentence else ""


COLUMNS = (
    Column("slide_number", "切片号", 150, strong=True, firm=True),
    Column("stain", "染色", 80),
    Column("state", "状态", 110, looks=LOOKS, firm=True),
    Column("size", "像素尺寸", 140, Align.RIGHT, value=_size, sort=False, firm=True),
    Column("scale", "物镜与分辨率", 120, Align.RIGHT, value=_scale, sort=False),
    Column("file_name", "切片文件", 150, quiet=True),
    Column("imported_at", "导入时间", 136, quiet=True, firm=True),
    Column("imported_by", "导入人", 80, quiet=True, visible=False),
    Column("how_far", "说明", 0, value=_how_far, sort=False),
)
ACTIONS = (
    RowAction("open", "阅片", "eye", allowed=lambda image: image.state is SlideImageState.READY),
    RowAction("retry", "重新转换", "refresh", allowed=lambda image: image.state is SlideImageState.FAILED),
)


def make_tab(desk: Desk) -> QWidget:
    """The page of a desk."""
    return SlidesTab(desk)


class SlidesTab(QWidget):
    """The list, and the row from which a file is imported."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._link: ViewerLink | None = None
        self.presenter = SlidesPresenter(desk, self.render_state, self._open_viewer)
        self.slide = QComboBox()
        self.slide.setMinimumWidth(190)
        self.scale = QDoubleSpinBox()
        self.scale.setRange(0, 100)
        self.scale.setDecimals(3)
        self.scale.setSingleStep(0.05)
        self.scale.setSpecialValueText(tr("由文件给出"))
        self.scale.setSuffix(" µm")
        self.scale.setToolTip(tr("每像素的微米数；仅当文件没有说明时填写（40 倍一般为 0.25，20 倍为 0.5）"))
        self.label = QCheckBox(tr("保留标签和全貌图"))
        self.label.setChecked(True)
        self.label.setToolTip(tr("标签上可能有患者姓名"))
        self.choose = Button("导入数字切片…", "primary", "upload", on_click=self._choose)
        self.progress = ProgressRow("正在上传（MB）…")
        self.progress.cancelled.connect(self.presenter.stop)
        self.list = ListView(
            COLUMNS,
            row_id=lambda image: image.id,
            actions=ACTIONS,
            empty=EmptyWords(
                "还没有数字切片", "选择切片，然后导入扫描仪的文件；多个文件的格式请先压缩成 zip。", "grid"
            ),
        )
        self.list.activated.connect(self.presenter.open)
        self.list.selected.connect(self._explain)
        self.why = Label("", "error", wrap=True)
        self.why.hide()
        self.list.action_requested.connect(self._act)
        self._lay_out()
        may_import = desk.place.may(Permission.PATHOLOGY_CAPTURE.value)
        for widget in (self.slide, self.scale, self.label, self.choose):
            widget.setVisible(may_import)
        self.destroyed.connect(partial(_release, self.presenter))
        self.presenter.start()

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        for text, widget in (("所属切片", self.slide), ("分辨率", self.scale)):
            bar.addWidget(Label(text, "caption"))
            bar.addWidget(widget)
        bar.addWidget(self.label)
        bar.addStretch(1)
        bar.addWidget(self.choose)
        box = QVBoxLayout(self)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        box.addLayout(bar)
        box.addWidget(self.progress)
        box.addWidget(self.list, 1)
        box.addWidget(self.why)

    def render_state(self, state: SlidesState) -> None:
        """Draw what the presenter knows."""
        chosen = self.slide.currentData()
        wanted = [(None, tr("整个病例")), *state.slides]
        if [self.slide.itemData(n) for n in range(self.slide.count())] != [data for data, _ in wanted]:
            self.slide.clear()
            for data, text in wanted:
                self.slide.addItem(text, data)
            self.slide.setCurrentIndex(max(self.slide.findData(chosen), 0))
        self.list.set_rows(state.images)
        self.choose.setEnabled(bool(state.case_id) and not state.sending)
        self.progress.setVisible(bool(state.sending))
        if state.sending:
            self.progress.set_progress(state.sent // _MIB, max(state.of // _MIB, state.sent // _MIB + 1))

    def _choose(self) -> None:
        title = tr("选择扫描仪的切片文件")
        name, _ = QFileDialog.getOpenFileName(self, title, "", f"{tr('数字切片')} ({FILES});;*")
        if name:
            self.send(Path(name))

    def send(self, path: Path) -> None:
        """Import a file for the chosen slide."""
        self.presenter.send(path, self.slide.currentData(), self.scale.value(), with_label=self.label.isChecked())

    def _explain(self, image: SlideImageView | None) -> None:
        """Why the chosen one failed, in full."""
        sentence = image.sentence if image is not None else ""
        self.why.set_source(sentence)
        self.why.setVisible(bool(sentence))

    def _act(self, action: str, image: SlideImageView) -> None:
        if action == "open":
            self.presenter.open(image)
        else:
            self.presenter.retry(image, self.scale.value())

    def _open_viewer(self, study_uid: str) -> None:
        """The viewer is a process of its own; it stays for the next slide."""
        place = self._desk.place
        if self._link is None:
            server = str(getattr(place.connection, "address", ""))
            self._link = ViewerLink(server=server, session=place.session, language=language().value)
        self._link.open([study_uid])


def _release(presenter: SlidesPresenter) -> None:
    presenter.close()
