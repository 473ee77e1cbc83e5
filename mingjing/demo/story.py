"""The story: one patient's way through the department, told through the windows of the people who work there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
import wave
from datetime import datetime
from pathlib import Path

from pydicom import Dataset
from PySide6.QtCore import Qt

from clients.kit.slots import SlotGrid
from mingjing.demo.administration import Administration
from mingjing.demo.applications import send_application
from mingjing.demo.archive import Archive
from mingjing.demo.department import Department
from mingjing.demo.heart import Heart
from mingjing.demo.hospital import (
    CARD_NUMBER,
    Hospital,
    earlier_exam,
    hire_people,
    register_others,
    secretfile,
)
from mingjing.demo.images import DemoImages
from mingjing.demo.kiosk import check_in
from mingjing.demo.network import Network
from mingjing.demo.pathology import Pathology
from mingjing.demo.pictures import picture_of
from mingjing.demo.reading import Reading
from mingjing.demo.reception import Reception
from mingjing.demo.record import Record, Step
from mingjing.demo.scanner import Scanner, Sent
from mingjing.demo.windows import Seat, Windows
from shared.contract.archive import GetArchiveStatus, ListExamStudies
from shared.contract.exams import ExamRow, ListExams
from shared.contract.organisation import GetHospital, RoomView
from shared.contract.queueing import SaveQueueRoom
from shared.contract.reporting import ListReports, ReportFilter, ReportRow
from shared.domain.states import TicketState
from shared.rpc.client import RpcClient

Key = Qt.Key
CTRL = Qt.KeyboardModifier.ControlModifier
STEPS = 24


class Story:
    """Plays the steps in order; what a later step needs is kept here."""

    def __init__(self, record: Record, hospital: Hospital, images: DemoImages, windows: Windows) -> None:
        self.record = record
        self.hospital = hospital
        self.images = images
        self.windows = windows
        self.observer: RpcClient = hospital.client("admin")  # only looks whether what the windows did has arrived
        self.exam: ExamRow | None = None
        self.sent: Sent | None = None
        self.display: HallDisplay | None = None
        self.scanner = Scanner("CT1", "127.0.0.1", hospital.dicom_port)
        self.item = Dataset()
        self.step_uid = ""

    def play(self) -> None:
        """Tell everything."""
        self.people()
        self.application()
        self.registration()
        self.kiosk()
        technician = self.calling()
        self.scanning(technician)
        self.upload(technician)
        reading = Reading(self.record, self.hospital, self.windows, self._report)
        reading.play()
        Department(self.record, self.hospital, self.windows, reading.auditor, reading.row).play(reading.printed)
        assert self.exam is not None
        Reception(self.record, self.hospital, self.windows, self.observer, self._scanner_room()).play()
        archive = Archive(self.record, self.hospital, self.windows, self.observer, self.exam.patient_number)
        Administration(self.record, self.windows, self.observer, archive.play()).play()
        Pathology(self.record, self.hospital, self.windows, self.observer).play()
        Heart(self.record).play()
        Network(self.record, self.hospital, self.windows, self.observer).play()

    def close(self) -> None:
        """End what the story opened beside the windows."""
        self.observer.close()
        if self.display is not None:
            self.display.close()

    # ── before the patient comes ──

    def people(self) -> None:
        with self.record.step(
            "医院开门：账号、候诊患者、既往检查", "The hospital opens: accounts, other patients, an earlier exam"
        ) as step:
            hire_people(self.hospital)
            count = register_others(self.hospital)
            step.sentences.append(f"{count} other patients registered today / 今日另有 {count} 位患者")
            earlier = earlier_exam(self.hospital)
            step.sentences.append(f"earlier chest radiograph with report: {earlier} / 既往胸片已有报告")
            room = self._scanner_room()
            self.observer.call(SaveQueueRoom(room_id=room.id, check_in_required=True))
            step.sentences.append(f"patients of {room.name_en} check in first / {room.name}须先签到")

    def application(self) -> None:
        with self.record.step("临床申请单到达（HL7）", "The clinician's application arrives by HL7") as step:
            sent = send_application(self.hospital)
            step.sentences.append(f"ORM^O01 {sent.control_id}: {sent.code}; {sent.order_number}, 张晓明, 上腹部 CT")

    # ── registration and queue ──

    def registration(self) -> None:
        from clients.kit.translations import register_catalogue
        from clients.registration import texts
        from clients.registration.app import TITLE, make_pages

        register_catalogue(texts.ENTRIES)
        with self.record.step("登记：刷卡、核对、选号、提交", "Registration: card, check, slot, submit") as step:
            clerk = self.windows.seat(self.hospital, TITLE, make_pages(), "wangfang")
            clerk.shot(self.record.file(step, "login.png"))
            clerk.sign_in()
            self.windows.rest(1.0)
            clerk.page("registration")  # a desk opens where it was left
            known = self._newest_ct()
            clerk.key(Key.Key_F2)
            clerk.write(CARD_NUMBER)
            clerk.key(Key.Key_Return)
            self.windows.rest(1.2)
            self._take_slot(clerk, step)
            clerk.shot(self.record.file(step, "application-found.png"))
            started = time.monotonic()
            clerk.key(Key.Key_Return, CTRL)
            clerk.until(lambda: self._newest_ct() != known, "the exam to be registered")
            self.record.figures["registration: seconds from submitting to the exam"] = round(
                time.monotonic() - started, 2
            )
            self.exam = self._newest_ct()
            assert self.exam is not None
            self.windows.rest(1.0)
            clerk.shot(self.record.file(step, "registered.png"))
            step.sentences.append(
                f"检查号 {self.exam.accession_number}, 排队号 {self.exam.ticket_number}, {self.exam.room_name}"
            )
            self._barcode(step)
            clerk.key(Key.Key_2, CTRL)
            self.windows.rest(1.5)
            clerk.shot(self.record.file(step, "management.png"))

    def kiosk(self) -> None:
        assert self.exam is not None
        with self.record.step("自助签到：扫描条码", "The patient scans the barcode at the kiosk") as step:
            before = self._ticket_state()
            outcome = check_in(self.record, step, self.hospital, self.windows, self.exam.accession_number)
            self.windows.until(lambda: self._ticket_state() is TicketState.WAITING, "the patient to wait")
            step.sentences.append(f"{outcome}: {before} → {self._ticket_state()} / 已签到，候诊")

    def calling(self) -> Seat:
        from clients.kit.voice.samples import samples
        from clients.registration.app import TITLE, make_pages

        assert self.exam is not None
        exam = self.exam
        with self.record.step("叫号：呼叫下一位，大屏显示并播报", "Calling: the display shows and speaks") as step:
            picture = self.record.folder / "display.png"
            sounds = self.record.folder / "sounds"
            display = self.display = HallDisplay(self.hospital, picture, sounds)
            technician = self.windows.seat(self.hospital, TITLE, make_pages(), "liuqiang")
            technician.sign_in()
            page = technician.page("queue")
            technician.until(lambda: bool(page.presenter.state.rooms), "the rooms to be known")
            page.presenter.choose_room(exam.room_id)
            technician.until(lambda: page.presenter.state.next_waiting is not None, "the queue of the room")
            technician.shot(self.record.file(step, "queue.png"))
            display.wait_until_ready(self.windows)
            started = time.monotonic()
            technician.key(Key.Key_F6)
            technician.until(lambda: self._ticket_state() is TicketState.CALLING, "the ticket to be called")
            technician.until(display.shows_a_call, "the display to show the call")
            self.record.figures["calling: seconds from the key to the display"] = round(time.monotonic() - started, 2)
            shutil.copy(picture, self.record.file(step, "display.png"))
            technician.shot(self.record.file(step, "calling.png"))
            technician.until(lambda: self._ticket_state() is TicketState.CALLED, "the announcement to be over")
            self.windows.rest(1.0)
            for sound in sorted(sounds.glob("*.wav")):
                with wave.open(str(sound)) as spoken:
                    step.sentences.append(f"spoken / 播报: {spoken.getnframes() / spoken.getframerate():.1f} s")
                shutil.move(sound, self.record.file(step, "announcement.wav"))
            display.close()
            for sample in samples():
                if sample.wav:
                    self.record.file(step, f"voice-{sample.voice}.wav").write_bytes(sample.wav)
        return technician

    # ── the scanner ──

    def scanning(self, technician: Seat) -> None:
        assert self.exam is not None
        with self.record.step(
            "CT 设备查询工作列表，开始检查（MPPS）", "The scanner asks the worklist and begins (MPPS)"
        ) as step:
            now = datetime.now().astimezone()
            self.scanner.echo()
            items = self.scanner.worklist(now)
            item = next(i for i in items if i.AccessionNumber == self.exam.accession_number)
            self.item = item
            step.sentences.append(
                f"worklist: {len(items)} item(s) for CT1; {item.PatientName}, {item.RequestedProcedureDescription}"
            )
            self.step_uid = self.scanner.begin(item, now)
            technician.front()
            technician.until(lambda: self._ticket_state() is TicketState.EXAMINING, "the exam to be in progress")
            self.windows.rest(1.0)
            technician.shot(self.record.file(step, "in-progress.png"))

    def upload(self, technician: Seat) -> None:
        with self.record.step("CT 图像上传，检查完成", "The images arrive, the exam is finished") as step:
            now = datetime.now().astimezone()
            started = time.monotonic()
            self.sent = self.scanner.send(self.item, self.images.files, now, lambda _number: None)
            took = time.monotonic() - started
            self.scanner.complete(self.step_uid, self.sent, now)
            count = len(self.sent.instance_uids)
            self.record.figures["C-STORE by the demo's scanner: images per second"] = round(count / took, 1)
            step.sentences.append(f"{count} slices, {self.sent.bytes_sent / 1e6:.1f} MB; {self.images.origin}")
            self.windows.until(lambda: self._report() is not None, "the report to appear in the diagnosis list")
            self._check_commitment(step)
            technician.page("queue").tabs.setCurrentIndex(1)
            self.windows.rest(1.5)
            technician.shot(self.record.file(step, "finished.png"))

    # ── private ──

    def _scanner_room(self) -> RoomView:
        """The room of the scanner, where the story's patient is examined."""
        hospital = self.observer.call(GetHospital())
        device = next(device for device in hospital.devices if device.ae_title == "CT1")
        return next(room for room in hospital.rooms if room.id == device.room_id)

    def _take_slot(self, clerk: Seat, step: Step) -> None:
        """Enter on the grid takes the first slot that is still free; in the evening there may be none."""
        page = clerk.page("registration")
        clerk.until(lambda: bool(page.presenter.state.slots), "the slots of the room")
        next(grid for grid in page.findChildren(SlotGrid) if grid.isVisible()).setFocus()
        clerk.key(Key.Key_Return)
        planned = page.presenter.state.form.planned_at
        step.sentences.append(f"slot / 号源: {planned.astimezone():%H:%M}" if planned else "no free slot is left today")

    def _ticket_state(self) -> TicketState | None:
        assert self.exam is not None
        rows = self.observer.call(ListExams(accession_number=self.exam.accession_number)).rows
        return rows[0].ticket_state if rows else None

    def _report(self) -> ReportRow | None:
        assert self.exam is not None
        rows = self.observer.call(ListReports(filter=ReportFilter(accession_number=self.exam.accession_number))).rows
        return rows[0] if rows else None

    def _check_commitment(self, step: Step) -> None:
        assert self.exam is not None and self.sent is not None
        wanted = len(self.sent.instance_uids)

        def is_whole() -> bool:
            studies = self.observer.call(ListExamStudies(exam_id=self.exam.id)) if self.exam else ()
            return sum(study.instance_count for study in studies) == wanted

        self.windows.until(is_whole, "all images to be matched to the exam")
        status = self.observer.call(GetArchiveStatus())
        step.sentences.append(f"archive: {status.instances} instances in {status.studies} studies")

    def _newest_ct(self) -> ExamRow | None:
        rows = self.observer.call(ListExams(card_number=CARD_NUMBER)).rows
        open_rows = [row for row in rows if row.exam_type == "CT"]
        return max(open_rows, key=lambda row: row.id) if open_rows else None

    def _barcode(self, step: Step) -> None:
        from shared.contract.printing import PrintBarcode
        from shared.rpc.bulk import BulkClient

        assert self.exam is not None and self.observer.session is not None
        document = self.observer.call(PrintBarcode(exam_id=self.exam.id))
        bulk = BulkClient(self.hospital.connection, self.observer.session.token)
        path = self.record.file(step, "barcode.pdf")
        path.write_bytes(bulk.fetch("document", str(document.id)).data)
        bulk.close()
        picture_of(path, self.record, step)


class HallDisplay:
    """The hall display as a program of its own."""

    def __init__(self, hospital: Hospital, picture: Path, sounds: Path) -> None:
        self._picture = picture
        self._first = 0.0
        password = hospital.data / "secrets" / "demo-hall-password"
        if not password.exists():
            secretfile(password, hospital.passwords["hall"])
        command = [sys.executable, "-m", "mingjing", "display", "--connect", str(hospital.connection)]
        command += ["--user", "hall", "--password-file", str(password), "--window", "1920x1080", "--repeat", "1"]
        command += [
            "--shot",
            str(picture),
            "--wav-out",
            str(sounds),
            "--news",
            "请携带就诊卡与既往影像资料。检查前请取下金属物品。",
        ]
        self._log = (picture.parent / "display.log").open("wb")
        self._process = subprocess.Popen(command, env=dict(os.environ, PYTHONUTF8="1"), stderr=self._log)

    def wait_until_ready(self, windows: Windows) -> None:
        """Wait for its first picture. Raises NothingHappened."""
        windows.until(self._picture.exists, "the hall display")
        self._first = self._picture.stat().st_mtime

    def shows_a_call(self) -> bool:
        """Whether the display has drawn itself anew since it was ready."""
        return self._picture.exists() and self._picture.stat().st_mtime > self._first

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
