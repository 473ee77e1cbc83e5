"""细胞计数与阳性率: a suggestion beside the picture, corrected by clicks, kept with the picture (PA-ANA-03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from clients.kit.camera.importing import from_image
from clients.kit.choosing import Option, SegmentedControl
from clients.kit.fields import Choice, ChoiceField, NumberField, Section
from clients.kit.forms import FormView
from clients.kit.labels import Button, Label, ValueLabel, hairline
from clients.kit.messages import message_for
from clients.kit.panels import Banner, scrolling
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.pathology.analysis.cells import USUAL_UM, CannotCount, Channel, Settings, area_of, find, graded
from clients.pathology.analysis.marks import MarksCanvas
from shared.contract.pathology_counts import (
    Cell,
    CountEntry,
    CountFigures,
    CountView,
    DeleteCount,
    Grade,
    ListCounts,
    SaveCount,
    figures_of,
)
from shared.contract.pathology_media import MediaView

if TYPE_CHECKING:
    from clients.kit.shell import Workplace

MARKERS = ("Ki-67", "ER", "PR", "P53", "AR", "TTF-1", "P40", "P63", "GATA3", "SOX10")
_SIDE = 340
_USUAL_PX = 24.0
_GRADES = ((Grade.NEGATIVE, "阴性"), (Grade.WEAK, "1+"), (Grade.MODERATE, "2+"), (Grade.STRONG, "3+"))


def sentence_of(marker: str, figures: CountFigures) -> str:
    """The figures as the doctor takes them into the report."""
    return tr(
        "{marker}：计数 {total} 个细胞核，阳性 {positive} 个，阳性率 {rate:.1f}%，H-score {score}。",
        marker=marker,
        total=figures.total,
        positive=figures.positive,
        rate=figures.rate,
        score=figures.h_score,
    )


def entry_of(marker: str, canvas: MarksCanvas, method: str, um_per_pixel: float) -> CountEntry:
    """What is kept of the marks on the canvas."""
    image = canvas.image
    pixels = area_of(canvas.region) if canvas.region else (image.width() * image.height() if image is not None else 0)
    return CountEntry(
        marker=marker.strip(),
        cells=tuple(canvas.cells),
        region=tuple((round(x, 1), round(y, 1)) for x, y in canvas.region),
        removed=canvas.removed,
        method=method,
        area_mm2=pixels * um_per_pixel**2 / 1e6,
    )


class CountPage(QWidget):
    """One picture. `keep_copy(image, words)` keeps a copy with the marks as a picture of the case."""

    def __init__(
        self,
        place: Workplace,
        media: MediaView,
        picture: QImage,
        *,
        may_save: bool,
        keep_copy: Callable[[QImage, tuple[str, ...]], None],
    ) -> None:
        super().__init__()
        self._place, self._media, self._may_save, self._keep_copy = place, media, may_save, keep_copy
        self._pixels = from_image(picture)
        self._um = media.facts.um_per_pixel
        self._counts: tuple[CountView, ...] = ()
        self._kept: CountView | None = None
        self._method = ""
        self._is_open = True
        self._is_working = False
        self.canvas = MarksCanvas()
        self.canvas.show_picture(picture, self._um)
        self.canvas.changed.connect(self._on_changed)
        self.canvas.region_drawn.connect(self._on_region)
        self.banner = Banner()
        self.marker = QComboBox()
        self.marker.setEditable(True)
        self.marker.addItems(list(MARKERS))
        self.marker.setAccessibleName(tr("标记物"))
        self.marker.currentTextChanged.connect(lambda _words: self._show_kept())
        self.form = FormView(_sections(self._um), columns=2)
        self.suggest_button = Button("自动计数", "primary", "spark", on_click=self.suggest)
        self.region_button = Button("画计数区域", "", "edit", on_click=self.canvas.take_region_tool)
        self.whole_button = Button("整幅图像", "quiet", "fullscreen", on_click=self.forget_region)
        self.grade = SegmentedControl([Option(grade.value, words) for grade, words in _GRADES], Grade.WEAK.value)
        self.grade.chosen.connect(lambda value: self._take_grade(Grade(value)))
        self.figures: dict[str, ValueLabel] = {}
        self.clear_button = Button("清除标记", "quiet", "clear", on_click=self.clear)
        self.copy_button = Button("复制结果文字", "", "copy", on_click=self.copy_words)
        self.picture_button = Button("存为带标记的图", "", "image", on_click=self.keep_copy)
        self.delete_button = Button("删除计数", "quiet", "clear", on_click=self.delete)
        self.save_button = Button("核对并保存", "primary", "save", on_click=self.save)
        self._lay_out()
        self._reflect()
        self.load()

    # ── what the doctor does ─────────────────────────────────────────────────────────────────────────

    def suggest(self) -> None:
        """Find and grade nuclei; marks that are there give way, since they were looked for otherwise."""
        if self._is_working or not self.form.validate():
            return
        settings, region = settings_of(self.form.values(), self._um), self.canvas.region
        pixels = self._pixels
        self._is_working = True
        self._reflect()

        def done(cells: tuple[Cell, ...]) -> None:
            self._is_working = False
            if not self._is_open:
                return
            self.canvas.diameter = settings.diameter_px
            self.canvas.show_cells(cells, region)
            self._method = settings.words
            self._tell("自动计数只是建议：请核对并用鼠标改正，再保存。", Tone.WARNING)
            self._reflect()

        def failed(error: Exception) -> None:
            self._is_working = False
            if self._is_open:
                words = str(error) if isinstance(error, CannotCount) else "计数没有完成，请重试。"
                self._tell(words, Tone.DANGER)
                self._reflect()

        self._place.runner.run(lambda: graded(find(pixels, settings, region), settings), done, failed, key="count")

    def forget_region(self) -> None:
        """Count the whole picture."""
        self.canvas.region = ()
        self._on_region()

    def clear(self) -> None:
        """Take every mark off."""
        self.canvas.show_cells((), self.canvas.region)
        self._method = ""
        self._reflect()

    def save(self) -> None:
        """Keep the marks with the picture; the figures are the doctor's from now on."""
        entry = entry_of(self.marker.currentText(), self.canvas, self._method, self._um)
        version = self._kept.version if self._kept is not None else 0
        request = SaveCount(media_id=self._media.id, version=version, entry=entry)
        self._ask(request, self._saved)

    def delete(self) -> None:
        """Throw the kept count of this marker away."""
        kept = self._kept
        if kept is not None:
            self._ask(DeleteCount(count_id=kept.id, version=kept.version), lambda _nothing: self._deleted(kept))

    def copy_words(self) -> None:
        """The figures as a sentence in the clipboard."""
        words = sentence_of(self.marker.currentText().strip(), self.present)
        QGuiApplication.clipboard().setText(words)
        self._place.messages.say(tr("结果文字已复制，可粘贴到报告。"), Tone.SUCCESS)

    def keep_copy(self) -> None:
        """A picture of the case with the marks in its pixels; the original stays."""
        copy = self.canvas.marked_copy()
        if copy is not None:
            figures = self.present
            words = f"count {self.marker.currentText().strip()} {figures.positive}/{figures.total}"
            self._keep_copy(copy, (words,))

    @property
    def present(self) -> CountFigures:
        """The figures of the marks as they are."""
        return figures_of(tuple(self.canvas.cells))

    def load(self) -> None:
        """Fetch what was counted on this picture."""
        facts = self._media.facts

        def came(found: tuple[CountView, ...]) -> None:
            self._counts = found
            if found and found[0].entry.marker != self.marker.currentText():
                self.marker.setCurrentText(found[0].entry.marker)
            self._show_kept()

        self._ask(ListCounts(case_id=facts.case_id, media_id=self._media.id), came)

    def closeEvent(self, event: object) -> None:
        self._is_open = False
        super().closeEvent(event)  # type: ignore[arg-type]

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, request: Any, came: Callable[[Any], None]) -> None:
        line = self._place.connection

        def done(reply: Any) -> None:
            if self._is_open:
                came(reply)

        def failed(error: Exception) -> None:
            if self._is_open:
                self._tell_finished(message_for(error).text, Tone.DANGER)

        self._place.runner.run(lambda: line.call(request), done, failed)

    def _saved(self, view: CountView) -> None:
        self._counts = (view, *(one for one in self._counts if one.id != view.id))
        self._kept = view
        self._tell_kept(view)
        self._place.messages.say(tr("计数已保存"), Tone.SUCCESS)
        self._reflect()

    def _deleted(self, kept: CountView) -> None:
        self._counts = tuple(one for one in self._counts if one.id != kept.id)
        self._kept = None
        self.banner.hide()
        self._reflect()

    def _show_kept(self) -> None:
        """The marks kept for the chosen marker; marks that were not saved stay where nothing is kept."""
        marker = self.marker.currentText().strip()
        kept = next((one for one in self._counts if one.entry.marker == marker), None)
        was, self._kept = self._kept, kept
        if kept is not None and kept is not was:
            entry = kept.entry
            self.canvas.show_cells(entry.cells, entry.region, entry.removed)
            self._method = entry.method
            self._tell_kept(kept)
        elif kept is None and was is not None:
            self.clear()
            self.banner.hide()
        self._reflect()

    def _tell_kept(self, view: CountView) -> None:
        how = "已由 {name} 核对并改正。" if view.is_corrected else "已由 {name} 核对，未作改动。"
        self._tell_finished(tr(how, name=view.counted_by), Tone.SUCCESS)

    def _tell(self, words: str, tone: Tone) -> None:
        self._tell_finished(tr(words), tone)

    def _tell_finished(self, words: str, tone: Tone) -> None:
        self.banner.show_message(words, tone)

    def _on_changed(self) -> None:
        self.grade.set_current(self.canvas.grade.value)
        self._reflect()

    def _on_region(self) -> None:
        if self.canvas.cells:
            self._tell("计数区域已改变，请重新自动计数或改正标记。", Tone.WARNING)
        self.canvas.update()
        self._reflect()

    def _take_grade(self, grade: Grade) -> None:
        self.canvas.grade = grade

    def _reflect(self) -> None:
        figures = self.present
        region = self.canvas.region
        image = self.canvas.image
        pixels = area_of(region) if region else (image.width() * image.height() if image is not None else 0)
        area = pixels * self._um**2 / 1e6
        values = {
            "total": str(figures.total),
            "positive": str(figures.positive),
            "rate": f"{figures.rate:.1f} %" if figures.total else "–",
            "score": str(figures.h_score) if figures.total else "–",
            "grades": " / ".join(map(str, figures.grades)),
            "area": f"{area:.3f} mm²" if area else tr("未定标"),
            "density": f"{figures.total / area:.0f} /mm²" if area and figures.total else "–",
        }
        for key, words in values.items():
            self.figures[key].set_text(words)
        self.suggest_button.setEnabled(not self._is_working)
        self.suggest_button.set_source("正在计数…" if self._is_working else "自动计数")
        self.whole_button.setEnabled(bool(region))
        some = bool(self.canvas.cells)
        for button in (self.clear_button, self.copy_button, self.picture_button):
            button.setEnabled(some)
        self.picture_button.setEnabled(some and self._may_save)
        self.save_button.setEnabled(some and self._may_save and bool(self.marker.currentText().strip()))
        self.delete_button.setVisible(self._kept is not None and self._may_save)

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.banner)
        left.addWidget(self.canvas, 1)
        side = QWidget()
        box = QVBoxLayout(side)
        box.setContentsMargins(16, 12, 16, 12)
        box.setSpacing(8)
        box.addWidget(Label("标记物", "caption"))
        box.addWidget(self.marker)
        box.addWidget(self.form)
        box.addLayout(_row(self.region_button, self.whole_button))
        box.addWidget(self.suggest_button)
        box.addWidget(hairline())
        box.addWidget(Label("改正：左键点空处加标记，点标记换级别，右键删除；0–3 键换级别。", "caption", wrap=True))
        box.addWidget(self.grade)
        box.addWidget(hairline())
        box.addLayout(self._table())
        box.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.setSpacing(6)
        foot.addLayout(_row(self.clear_button, self.copy_button))
        foot.addWidget(self.picture_button)
        foot.addLayout(_row(self.delete_button, None, self.save_button))
        right = QWidget()
        right.setFixedWidth(_SIDE)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(scrolling(side), 1)
        column.addWidget(hairline())
        column.addLayout(foot)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addLayout(left, 1)
        row.addWidget(hairline(vertical=True))
        row.addWidget(right)

    def _table(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        words = (
            ("total", "细胞核总数"), ("positive", "阳性"), ("rate", "阳性率"), ("score", "H-score"),
            ("grades", "0 / 1+ / 2+ / 3+"), ("area", "计数面积"), ("density", "密度"),
        )  # fmt: skip
        for at, (key, title) in enumerate(words):
            value = ValueLabel("", "strong")
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.figures[key] = value
            grid.addWidget(Label(title, "caption"), at, 0)
            grid.addWidget(value, at, 1)
        return grid


def settings_of(values: dict[str, Any], um_per_pixel: float) -> Settings:
    """How nuclei are looked for, from the fields."""
    size = float(values["diameter"] or 0)
    return Settings(
        diameter_px=size / um_per_pixel if um_per_pixel > 0 else size,
        sensitivity=float(values["sensitivity"] or 0) / 100,
        positive_from=float(values["positive"] or 0.2),
        moderate_from=float(values["moderate"] or 0.4),
        strong_from=float(values["strong"] or 0.6),
        channel=Channel(values["channel"] or Channel.BOTH),
    )


def _sections(um: float) -> list[Section]:
    calibrated = um > 0
    return [
        Section(
            "",
            [
                NumberField(
                    key="diameter",
                    label="细胞核直径",
                    unit="µm" if calibrated else "px",
                    minimum=2,
                    maximum=400,
                    decimals=1,
                    initial=USUAL_UM if calibrated else _USUAL_PX,
                ),
                NumberField(key="sensitivity", label="灵敏度", unit="%", minimum=-50, maximum=50, initial=0),
                NumberField(key="positive", label="1+ 起（DAB）", minimum=0.02, maximum=2, decimals=2, initial=0.2),
                NumberField(key="moderate", label="2+ 起", minimum=0.02, maximum=2, decimals=2, initial=0.4),
                NumberField(key="strong", label="3+ 起", minimum=0.02, maximum=2, decimals=2, initial=0.6),
                ChoiceField(
                    key="channel",
                    label="染色",
                    choices=[Choice(Channel.BOTH, "核着色"), Choice(Channel.HAEMATOXYLIN, "膜或浆着色")],
                    initial=Channel.BOTH,
                ),
            ],
        )
    ]


def _row(*widgets: QWidget | None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for widget in widgets:
        if widget is None:
            row.addStretch(1)
        else:
            row.addWidget(widget)
    return row
