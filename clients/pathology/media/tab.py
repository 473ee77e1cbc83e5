"""影像编辑: the live picture or the chosen capture large, the voice bar, the thumbnail strip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from clients.kit.camera.live_port import ABSENT
from clients.kit.camera.live_view import LiveView
from clients.kit.dialogs import Question
from clients.kit.labels import IconButton
from clients.kit.panels import EmptyState
from clients.kit.sound import flac
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from clients.kit.voice.players import Player
from clients.kit.voice.qt_player import default_player
from clients.pathology.desk import Desk
from clients.pathology.media.bench import CaptureBench
from clients.pathology.media.canvas import PictureCanvas
from clients.pathology.media.canvas_bar import CanvasBar
from clients.pathology.media.capture_bar import CaptureBar
from clients.pathology.media.exporting import ExportImport
from clients.pathology.media.piece_choice import PieceChoice, piece_of_code, pieces_of
from clients.pathology.media.presenter import Ports, StripPresenter
from clients.pathology.media.session import bench_of, fetch, show_tab_of
from clients.pathology.media.state import Item, StripState
from clients.pathology.media.strip import MediaStrip
from clients.pathology.media.video_player import VideoPlayer
from clients.pathology.media.voice_bar import VoiceBar
from shared.contract.base import Changed, Notice
from shared.contract.pathology_media import ListCalibrations, MediaFacts, MediaView
from shared.domain.pathology import LOCKED_STATES, Station
from shared.domain.pathology_media import MediaKind, MediaSubject

PEDAL = "pathology/pedal/key"
"""Setting: the key that the foot pedal sends, as QKeySequence's text."""
PEDAL_KEY = "F14"
"""What it is until somebody sets it: no keyboard has the key, and pedals are usually programmed to it."""


@dataclass
class OpenSubject:
    """bench.Subject of the open case."""

    case_id: int
    is_locked: bool
    specimen_id: int | None = None
    block_id: int | None = None
    slide_id: int | None = None


def make_tab(desk: Desk) -> QWidget:
    """The tab of a desk."""
    tab = ImagingTab(desk, bench_of(desk))
    show_tab_of(desk, tab)
    return tab


class ImagingTab(QWidget):
    """The page."""

    def __init__(self, desk: Desk, bench: CaptureBench, player: Player | None = None) -> None:
        super().__init__()
        self.desk, self.bench = desk, bench
        ports = Ports(
            desk.place.connection.call,
            lambda item, name: fetch(desk, item, name),
            desk.place.runner,
            desk.place.messages,
            bench.journal,
        )
        self.presenter = StripPresenter(ports, self._render)
        self._opened: Item | None = None
        self._playing = ""
        self._player = player or default_player(self)
        self._question: Question | None = None
        self.files = ExportImport(self, bench, self.presenter, desk.place)
        self._build()
        self._listen()
        self._on_open()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(8)
        self.bar = CaptureBar(self.bench)
        self.pieces = PieceChoice()
        self.bar.add_to_second_row(self.pieces)
        column.addWidget(self.bar)
        self.live = LiveView(self.bench.grabber)
        self.canvas = PictureCanvas()
        self.canvas_bar = CanvasBar(self.canvas)
        self.picture = QWidget()
        box = QVBoxLayout(self.picture)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.canvas_bar)
        box.addWidget(self.canvas, 1)
        self.video = VideoPlayer()
        self.empty = EmptyState("camera", "实时显示已关闭", "打开后在画面上单击左键采集，单击右键结束。", "实时显示")
        self.stack = QStackedWidget()
        for page in (self.empty, self.live, self.picture, self.video):
            self.stack.addWidget(page)
        column.addWidget(self.stack, 1)
        self.voice = VoiceBar(self.bench)
        column.addWidget(self.voice)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.import_button = IconButton("folder", "导入图像", on_click=self.files.import_images)
        row.addWidget(self.import_button, 0, Qt.AlignmentFlag.AlignBottom)
        self.strip = MediaStrip()
        around = QScrollArea()
        around.setWidget(self.strip)
        around.setWidgetResizable(True)
        around.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        around.setFixedHeight(self.strip.sizeHint().height() + 18)
        row.addWidget(around, 1)
        self.around = around
        column.addLayout(row)
        pedal = str(self.desk.place.desk_settings.get(PEDAL, "") or PEDAL_KEY)
        self.pedal = QShortcut(QKeySequence(pedal), self) if pedal else None

    def _listen(self) -> None:
        bench, desk = self.bench, self.desk
        self.live.clicked.connect(self.capture)
        self.live.ended.connect(self._on_end)
        self.empty.acted.connect(self.start_live)
        self.bar.capture_wanted.connect(self.capture)
        self.bar.live_wanted.connect(self.toggle_live)
        self.bar.freeze_wanted.connect(self.toggle_freeze)
        self.canvas_bar.back_wanted.connect(self.show_live)
        self.canvas_bar.copy_wanted.connect(self.files.save_copy)
        self.canvas_bar.derive_wanted.connect(self.keep_derived)
        self.canvas.left.connect(self.show_live)
        self.video.canvas.left.connect(self.show_live)
        self.pieces.changed.connect(self._on_piece)
        self.strip.chosen.connect(self._on_chosen)
        self.strip.opened.connect(self.open_item)
        self.strip.played.connect(self.play)
        self.strip.wants.connect(self.do)
        bench.captured.connect(self._on_captured)
        bench.confirmed.connect(self._on_confirmed)
        bench.refused.connect(self.presenter.refused)
        bench.trouble.connect(self._on_trouble)
        bench.changed.connect(self._show_bench)
        if self.pedal is not None:
            self.pedal.activated.connect(self.capture)
        self._forget = [
            desk.opened.listen(lambda _case: self._on_open()),
            desk.changed.listen(lambda _case: self._on_changed()),
            desk.closed.listen(lambda _none: self._on_closed()),
        ]
        self._forget.append(desk.on_scan(self._on_scan))
        desk.place.on_notice(self._on_notice)

    def closeEvent(self, event: Any) -> None:
        for forget in self._forget:
            forget()
        self._player.stop()
        self.video.stop()
        super().closeEvent(event)

    # ── the case ─────────────────────────────────────────────────────────────────────────────────────

    def _on_open(self) -> None:
        self.bench.stop_video()
        self.bench.stop_voice()
        case = self.desk.case
        if case is None:
            self._on_closed()
            return
        role = MediaSubject.GROSS if self.desk.station.id is Station.GROSSING else MediaSubject.MICROSCOPE
        self.bench.set_role(role)
        self.bench.subject = OpenSubject(case.id, case.state in LOCKED_STATES)
        self.pieces.show_pieces(pieces_of(self.desk.details))
        self.show_live()
        self.presenter.open(case.id, is_locked=case.state in LOCKED_STATES)
        self._load_calibrations()

    def _on_changed(self) -> None:
        case, subject = self.desk.case, self.bench.subject
        if case is not None and isinstance(subject, OpenSubject) and subject.case_id == case.id:
            subject.is_locked = case.state in LOCKED_STATES
            self.presenter.lock(subject.is_locked)
            self.pieces.show_pieces(pieces_of(self.desk.details))

    def _on_closed(self) -> None:
        self.bench.leave_case()
        self._player.stop()
        self.presenter.close()
        self.show_live()

    def _on_notice(self, notice: Notice) -> None:
        if not isinstance(notice, Changed):
            return
        if notice.entity == "pathology_media" and notice.id == self.presenter.state.case_id:
            self.presenter.reload()
        elif notice.entity == "pathology_calibration":
            self._load_calibrations()

    def _load_calibrations(self) -> None:
        def done(found: Any) -> None:
            self.bench.calibrations = found
            self.bench.changed.emit()

        call = self.desk.place.connection.call
        self.desk.place.runner.run(
            lambda: call(ListCalibrations()), done, self.desk.place.messages.report, key="media.calibrations"
        )

    def _on_scan(self, code: str) -> bool:
        """The label of a piece of the open case was scanned: the next captures are of it."""
        piece = piece_of_code(self.desk.details, code) if self.isVisible() else None
        return piece is not None and self.pieces.choose(piece)

    @Slot()
    def _on_piece(self) -> None:
        if isinstance(self.bench.subject, OpenSubject):
            piece = self.pieces.piece
            self.bench.subject.specimen_id, self.bench.subject.block_id, self.bench.subject.slide_id = piece

    # ── live ─────────────────────────────────────────────────────────────────────────────────────────

    @Slot()
    def start_live(self) -> None:
        """实时显示."""
        if not self.bench.is_live and self.bench.may_capture():
            self.live.show_words("正在打开摄像头…")
            self.bench.set_live(True)
        self.show_live()

    @Slot()
    def toggle_live(self) -> None:
        """On when off, off when on."""
        if self.bench.is_live:
            self._on_end()
        else:
            self.start_live()

    @Slot()
    def _on_end(self) -> None:
        self.bench.set_live(False)
        self.show_live()

    @Slot()
    def show_live(self) -> None:
        """The live picture in front, or what to do without one."""
        self._opened = None
        self.video.stop()
        self.stack.setCurrentWidget(self.live if self.bench.is_live else self.empty)

    @Slot()
    def capture(self) -> None:
        """单帧采集 (click, key, pedal). What covers the live picture is put away first: nobody captures unseen."""
        if self.bench.is_live and self.stack.currentWidget() is not self.live:
            self.show_live()
            return
        if self.bench.capture(self.live.frame if self.bench.is_live else None):
            self.live.flash()

    @Slot()
    def toggle_freeze(self) -> None:
        """冻结."""
        self.live.freeze(not self.live.is_frozen)
        self.bar.show_frozen(self.live.is_frozen)

    @Slot()
    def _show_bench(self) -> None:
        if not self.bench.is_live and self.stack.currentWidget() is self.live:
            self.show_live()
        self.bar.show_frozen(self.live.is_frozen)
        for entry, on in (
            ("imaging.live", self.bench.is_live),
            ("imaging.video", self.bench.recording is not None),
            ("imaging.voice", self.bench.voice is not None),
        ):
            self.desk.set_entry(entry, checked=on)

    # ── captures ─────────────────────────────────────────────────────────────────────────────────────

    @Slot(str, object, bytes)
    def _on_captured(self, key: str, facts: MediaFacts, thumbnail: bytes) -> None:
        self.presenter.captured(key, facts, thumbnail)
        self.around.horizontalScrollBar().setValue(self.around.horizontalScrollBar().maximum())

    @Slot(str, object)
    def _on_confirmed(self, key: str, view: MediaView) -> None:
        if view.facts.case_id == self.presenter.state.case_id:
            self.presenter.confirmed(key, view)

    @Slot(str)
    def _on_trouble(self, sentence: str) -> None:
        self.desk.place.messages.say(tr(sentence), Tone.WARNING)
        if sentence == ABSENT:
            self.live.show_words(sentence)

    @Slot(str, bool)
    def _on_chosen(self, key: str, more: bool) -> None:
        self.presenter.select(key, more=more)

    @Slot(str)
    def open_item(self, key: str) -> None:
        """Show a capture large."""
        self.open_then(key, lambda: None)

    def open_then(self, key: str, then: Callable[[], None]) -> None:
        """Show a capture large, and go on when a picture is seen."""
        item = next((one for one in self.presenter.state.items if one.key == key), None)
        if item is None or item.facts.kind is MediaKind.VOICE:
            return

        def arrived(data: bytes) -> None:
            self._opened = item
            if item.facts.kind is MediaKind.VIDEO:
                if self.video.open(data, item.facts.um_per_pixel):
                    self.stack.setCurrentWidget(self.video)
                return
            image = QImage.fromData(data)
            if image.isNull():
                self.desk.place.messages.say(tr("图像已损坏，不能显示。"), Tone.DANGER)
                return
            self.canvas.show_picture(image, item.facts.um_per_pixel)
            expired = item.view is not None and item.view.calibration_expired
            self.canvas_bar.show_facts(item.facts, expired=expired, may_keep=self.presenter.state.may_change)
            self.stack.setCurrentWidget(self.picture)
            then()

        self.presenter.bytes_of(item, arrived)

    @property
    def opened(self) -> Item | None:
        """The capture that is shown large."""
        return self._opened

    @Slot(str)
    def play(self, key: str) -> None:
        """Hear a voice clip; a second click on the same ends it."""
        was_playing, self._playing = self._playing, ""
        self._player.stop()
        self.strip.show_playing("")
        item = next((one for one in self.presenter.state.items if one.key == key), None)
        if item is None or key == was_playing:
            return

        def arrived(data: bytes) -> None:
            try:
                wav = flac.to_wav(data)
            except flac.NotSound as error:
                self.desk.place.messages.say(tr(str(error)), Tone.DANGER)
                return
            if self._player.silent_reason is not None:
                self.desk.place.messages.say(tr("没有可用的扬声器，听不到录音。"), Tone.WARNING)
            self._playing = key
            self.strip.show_playing(key)
            self._player.play(wav, self._on_played)

        self.presenter.bytes_of(item, arrived)

    def _on_played(self) -> None:
        self._playing = ""
        self.strip.show_playing("")

    @Slot()
    def keep_derived(self) -> None:
        """Keep a copy with measures and scale bar in its pixels as a picture of its own (PA-ANA-04)."""
        item, copy = self._opened, self.canvas.copy_with_overlay()
        if item is None or item.view is None or copy is None or not self.bench.may_capture():
            return
        self.files.keep_derived(item, copy, ("measure and scale bar",))

    @Slot(str)
    def do(self, what: str) -> None:
        """An entry of the context menu or a key."""
        presenter = self.presenter
        orders = {
            "mark": lambda: presenter.mark(True),
            "unmark": lambda: presenter.mark(False),
            "clear_marks": presenter.clear_marks,
            "swap": presenter.swap,
            "export": self.files.export_images,
            "import": self.files.import_images,
            "bind": lambda: presenter.bind(*self.pieces.piece),
            "delete": self.ask_delete,
        }
        orders[what]()

    def ask_delete(self) -> None:
        """删除数据 asks first, because it cannot be undone."""
        state = self.presenter.state
        if not state.can_delete or self._question is not None:
            return

        def answered(key: str) -> None:
            self._question = None
            if key == "delete":
                self.show_live()
                self.presenter.delete()

        self._question = Question(
            self.window(),
            "删除数据",
            tr("删除选中的 {count} 项影像或语音？删除后不能恢复。", count=len(state.chosen)),
            (("delete", "删除", "danger"), ("keep", "取消", "")),
            answered,
        )
        self._question.open()

    def _render(self, state: StripState) -> None:
        self.strip.show_state(state)
        self.import_button.setEnabled(state.may_change)
        self.bar.show_state(state)
