"""The second half of the story: viewer, report, audit with one return, approval, print, history."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton

from clients.diagnosis import translations
from clients.diagnosis.app import TITLE, Diagnosis
from clients.kit.shell import Workplace
from clients.kit.tokens import ThemeName
from clients.kit.translations import language, register_catalogue
from clients.kit.viewer_link import (
    AllLoaded,
    DrawLength,
    FirstImage,
    KeyImage,
    MeasurementDrawn,
    Perform,
    ViewerEvent,
    ViewerLink,
)
from mingjing.demo.hospital import Hospital
from mingjing.demo.pictures import picture_of
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import NothingHappened, Seat, Windows
from shared.contract.printing import PrintReport
from shared.contract.reporting import ReportRow
from shared.domain.states import CriticalValue, HpResult, ReportAction, ReportState
from shared.rpc.bulk import BulkClient

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier

FINDINGS = (
    "肝脏形态、大小正常，各叶比例协调，实质密度均匀，未见异常密度影。肝内外胆管未见扩张。"
    "胆囊不大，壁不厚。胰腺、脾脏形态及密度未见异常。双肾对称，未见结石及积水。腹腔未见积液，腹膜后未见肿大淋巴结。"
)
IMPRESSION = "上腹部 CT 扫描未见明显异常。"
RETURN_REASON = "请补充椎体测量部位的描述，并建议随访。"
CORRECTION = "所见椎体骨质未见破坏，测量径线见上。"


class Doctor:
    """A doctor at the diagnosis workstation, with the viewer beside."""

    def __init__(self, windows: Windows, hospital: Hospital, login: str) -> None:
        register_catalogue(translations.ENTRIES)
        self.events: list[ViewerEvent] = []
        self.link: ViewerLink | None = None
        self.desk = Diagnosis(self._viewer)
        self.seat: Seat = windows.seat(hospital, TITLE, self.desk.pages(), login, ThemeName.DARK)

    def _viewer(self, place: Workplace, on_event: Callable[[ViewerEvent], None]) -> ViewerLink:
        def heard(event: ViewerEvent) -> None:
            self.events.append(event)
            on_event(event)

        server = str(getattr(place.connection, "address", ""))
        self.link = ViewerLink(server=server, session=place.session, on_event=heard, language=language().value)
        self.link.warm_up()
        return self.link

    def heard(self, kind: type[ViewerEvent]) -> ViewerEvent | None:
        """Return the last event of a kind from the viewer."""
        return next((event for event in reversed(self.events) if isinstance(event, kind)), None)

    def open(self, row: ReportRow, action: ReportAction) -> None:
        """Enter a report and wait until it may be edited."""
        self.seat.page("worklist")
        self.desk.enter(row.id, action)
        self.seat.until(lambda: self.desk.report is not None and self.desk.report.state.may_type, "the report to open")
        self.seat.front()


class Reading:
    """Plays the steps on one report; `report` asks the server how it stands."""

    def __init__(
        self, record: Record, hospital: Hospital, windows: Windows, report: Callable[[], ReportRow | None]
    ) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._report = report
        self._doctor: Doctor | None = None
        self._auditor: Doctor | None = None
        self._printed: Path | None = None

    def play(self) -> None:
        """Read, write, audit, return, correct, approve, print, look back."""
        self.worklist()
        self.viewer()
        self.reconstructing()
        self.writing()
        self.returning()
        self.correcting()
        self.approving()
        self.history()

    @property
    def doctor(self) -> Doctor:
        assert self._doctor is not None
        return self._doctor

    @property
    def auditor(self) -> Doctor:
        assert self._auditor is not None
        return self._auditor

    def worklist(self) -> None:
        with self._record.step("诊断列表：待诊断", "The diagnosis list: waiting for a report") as step:
            self._doctor = Doctor(self._windows, self._hospital, "limin")
            self.doctor.seat.sign_in()
            self.doctor.seat.page("worklist")
            self._windows.rest(2.0)
            self.doctor.seat.shot(self._record.file(step, "worklist.png"))

    def viewer(self) -> None:
        with self._record.step(
            "阅片：首幅图像、窗宽窗位、测量、关键图像", "The viewer: first image, window, length, key image"
        ) as step:
            doctor, row = self.doctor, self._row()
            doctor.open(row, ReportAction.WRITE)
            assert doctor.link is not None
            doctor.seat.key(Key.Key_F4)
            doctor.seat.until(lambda: doctor.heard(FirstImage) is not None, "the first image")
            doctor.seat.until(lambda: doctor.heard(AllLoaded) is not None, "all images")
            first, loaded = doctor.heard(FirstImage), doctor.heard(AllLoaded)
            assert isinstance(first, FirstImage) and isinstance(loaded, AllLoaded)
            self._record.figures["viewer: milliseconds from the order to the first image"] = round(first.after_ms)
            self._record.figures[f"viewer: milliseconds to all {loaded.frames} images"] = round(loaded.after_ms)
            self._capture(step, "viewer.png")
            doctor.link.send(Perform("preset.bone"))
            doctor.link.send(Perform("image.10"))
            doctor.link.send(DrawLength(236.0, 250.0, 280.0, 250.0))
            doctor.seat.until(lambda: doctor.heard(MeasurementDrawn) is not None, "the length")
            doctor.link.send(Perform("preset.mediastinum"))
            drawn = doctor.heard(MeasurementDrawn)
            assert isinstance(drawn, MeasurementDrawn)
            step.sentences.append(f"length / 长度: {drawn.text}")
            self._capture(step, "viewer-length.png")
            doctor.link.send(Perform("image.send"))
            doctor.seat.until(lambda: doctor.heard(KeyImage) is not None, "the key image")
            doctor.link.send(Perform("layout.2x2"))
            self._windows.rest(1.0)
            self._capture(step, "viewer-2x2.png")

    def reconstructing(self) -> None:
        with self._record.step(
            "阅片：标注、冠状面、多平面重建、容积再现", "The viewer: marks, coronal view, planes, volume rendering"
        ) as step:
            link = self.doctor.link
            assert link is not None
            link.send(Perform("layout.1x1"))
            shots = (
                ("view.coronal", "view.original", "viewer-coronal.png"),
                ("volume.mpr", "volume.mpr", "viewer-mpr.png"),
                ("volume.vr", "volume.vr", "viewer-vr.png"),
            )
            for enter, leave, name in shots:
                before = link.capture(width=1366, height=768)
                link.send(Perform(enter))
                self._record.file(step, name).write_bytes(self._settled(before))
                link.send(Perform(leave))
            step.sentences.append("computed from the same CT, nothing was loaded again / 由同一组 CT 计算")

    def _settled(self, before: bytes) -> bytes:
        """The viewer's picture once it differs from ``before`` and stays the same."""
        link = self.doctor.link
        assert link is not None
        deadline, last = time.monotonic() + 90, before
        while time.monotonic() < deadline:
            self._windows.rest(0.7)
            now = link.capture(width=1366, height=768)
            if now == last and now != before and _shows_something(now):
                return now
            last = now
        raise AssertionError("the viewer's picture did not come to rest")

    def writing(self) -> None:
        with self._record.step("书写报告并提交", "The report is written and submitted") as step:
            doctor = self.doctor
            presenter = doctor.desk.report
            assert presenter is not None
            doctor.seat.front()
            doctor.seat.until(
                lambda: presenter.state.report is not None and len(presenter.state.report.key_images) > 0,
                "the key image in the report",
            )
            doctor.seat.key(Key.Key_1, Qt.KeyboardModifier.AltModifier)
            doctor.seat.write(FINDINGS + "测量径线约 ")
            self._insert_length()
            doctor.seat.write("。")
            doctor.seat.key(Key.Key_2, Qt.KeyboardModifier.AltModifier)
            doctor.seat.write(IMPRESSION)
            doctor.seat.key(Key.Key_Return, CTRL)
            self._windows.rest(0.8)
            doctor.seat.shot(self._record.file(step, "missing-choice.png"))
            step.sentences.append(
                "submitting without the mandatory choice is refused at the field / 未选危急值，提示在字段处"
            )
            presenter.edit(critical_value=CriticalValue.NO, hp=HpResult.NOT_EXAMINED)
            self._windows.rest(0.8)
            doctor.seat.shot(self._record.file(step, "report.png"))
            started = time.monotonic()
            presenter.submit()
            self._until_state(ReportState.SUBMITTED, "the report to be submitted")
            self._record.figures["report: seconds to submit"] = round(time.monotonic() - started, 2)

    def _insert_length(self) -> None:
        """Press the button that offers the viewer's length to the findings."""
        offered = self.doctor.heard(MeasurementDrawn)
        assert isinstance(offered, MeasurementDrawn)
        buttons = [b for b in self.doctor.seat.window.findChildren(QAbstractButton) if offered.text in b.text()]
        if not any(button.isVisible() for button in buttons):
            raise NothingHappened(f"the report page does not offer {offered.text}")
        next(button for button in buttons if button.isVisible()).click()
        self._windows.rest(0.3)

    def returning(self) -> None:
        with self._record.step("审核：退回并说明理由", "Audit: returned with a reason") as step:
            self._auditor = Doctor(self._windows, self._hospital, "chenjian")
            auditor = self.auditor
            auditor.seat.sign_in()
            auditor.open(self._row(), ReportAction.AUDIT)
            self._windows.rest(1.5)
            auditor.seat.shot(self._record.file(step, "audit.png"))
            assert auditor.desk.report is not None
            auditor.desk.report.reject(RETURN_REASON)
            self._until_state(ReportState.WRITING, "the report to be returned")
            step.sentences.append(f"退回理由：{RETURN_REASON}")

    def correcting(self) -> None:
        with self._record.step("修改后再次提交", "Corrected and submitted again") as step:
            doctor = self.doctor
            doctor.open(self._row(), ReportAction.WRITE)
            self._windows.rest(1.0)
            doctor.seat.shot(self._record.file(step, "returned.png"))
            presenter = doctor.desk.report
            assert presenter is not None
            doctor.seat.key(Key.Key_1, Qt.KeyboardModifier.AltModifier)
            doctor.seat.key(Key.Key_End, CTRL)
            doctor.seat.write(CORRECTION)
            self._windows.rest(0.5)
            presenter.submit()
            self._until_state(ReportState.SUBMITTED, "the corrected report to be submitted")

    def approving(self) -> None:
        with self._record.step("审核通过，打印报告", "Approved and printed") as step:
            auditor = self.auditor
            auditor.open(self._row(), ReportAction.AUDIT)
            self._windows.rest(1.0)
            presenter = auditor.desk.report
            assert presenter is not None
            presenter.approve()
            self._until_state(ReportState.APPROVED, "the report to be approved")
            self._windows.rest(1.0)
            auditor.seat.shot(self._record.file(step, "approved.png"))
            self._print(step)

    def history(self) -> None:
        with self._record.step("患者历史：既往检查与对比", "The patient's history: earlier exam, comparison") as step:
            doctor = self.doctor
            doctor.seat.page("worklist")
            doctor.desk.enter(self._row().id, None)
            presenter = doctor.desk.report
            assert presenter is not None
            doctor.seat.until(
                lambda: presenter.state.history is not None and bool(presenter.state.history.earlier), "the history"
            )
            self._windows.rest(1.0)
            doctor.seat.shot(self._record.file(step, "history.png"))
            history = presenter.state.history
            assert history is not None
            presenter.compare(history.earlier[:1])
            self._windows.rest(3.0)
            self._capture(step, "comparison.png")
            presenter.load_log()
            self._windows.rest(1.0)
            step.sentences += [f"{row.accession_number} {row.items}" for row in history.earlier]

    @property
    def row(self) -> ReportRow:
        """The report as the list shows it now."""
        return self._row()

    @property
    def printed(self) -> Path:
        """The PDF that was handed out."""
        assert self._printed is not None
        return self._printed

    def _row(self) -> ReportRow:
        row = self._report()
        assert row is not None
        return row

    def _until_state(self, state: ReportState, what: str) -> None:
        def is_there() -> bool:
            row = self._report()
            return row is not None and row.state is state

        self._windows.until(is_there, what)

    def _capture(self, step: Step, name: str) -> None:
        assert self.doctor.link is not None
        self._windows.rest(0.5)
        self._record.file(step, name).write_bytes(self.doctor.link.capture(width=1366, height=768))

    def _print(self, step: Step) -> None:
        client = self._hospital.client("chenjian")
        assert client.session is not None
        document = client.call(PrintReport(report_id=self._row().id))
        bulk = BulkClient(self._hospital.connection, client.session.token)
        path = self._printed = self._record.file(step, "report.pdf")
        path.write_bytes(bulk.fetch("document", str(document.id)).data)
        bulk.close()
        client.close()
        picture_of(path, self._record, step)
        step.sentences.append(f"PDF {document.size_bytes // 1024} kB, sha256 {document.sha256[:16]}…")


def _shows_something(png: bytes) -> bool:
    """Whether the middle of the viewer holds more than a sentence on black."""
    picture = QImage.fromData(png).copy(200, 120, 840, 600).convertToFormat(QImage.Format.Format_Grayscale8)
    seen = bytes(picture.constBits())
    return sum(value > 40 for value in seen) > len(seen) // 50
