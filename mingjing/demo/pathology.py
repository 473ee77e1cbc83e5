"""Pathology's part of the story: from the hatch to the signed report, at one workstation that changes its station."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from typing import Any

from mingjing.demo.hospital import Hospital
from mingjing.demo.pictures import picture_of
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import NothingHappened, Seat, Windows
from shared.contract import pathology as cases
from shared.contract import pathology_media as media
from shared.contract import pathology_preparation as preparation
from shared.contract import pathology_reports as reports
from shared.contract import pathology_technique as technique
from shared.domain.pathology import OpinionKind, Station
from shared.domain.pathology_media import MediaKind, MediaSubject
from shared.domain.states import Sex
from shared.rpc.client import RpcClient

LOGIN, BENCH, AUDITOR = "hejing", "dingtao", "yanli"
PATIENTS = (("王秀兰", Sex.FEMALE, "56岁", "胃大部切除标本"), ("周建国", Sex.MALE, "60岁", "甲状腺结节"),
            ("吴秀英", Sex.FEMALE, "49岁", "乳腺肿物"), ("曾国强", Sex.MALE, "77岁", "前列腺穿刺"))  # fmt: skip
GROSS = "胃大部切除标本，大弯长 12 cm，小弯长 8 cm；胃窦小弯侧见溃疡型肿物 3×2×1.5 cm，切面灰白质硬，浸润至浆膜下。"
FINDINGS = "黏膜内见异型腺体浸润性生长，呈筛状及条索状排列，核大深染，核分裂象易见；癌组织浸润至浆膜下层。"
DIAGNOSIS = "（胃窦）腺癌，中分化，溃疡型，浸润至浆膜下层；\n两切缘未见癌；小弯侧淋巴结 1/6 见转移。"


class Pathology:
    """Two steps: the bench, and the diagnosis."""

    def __init__(self, record: Record, hospital: Hospital, windows: Windows, observer: RpcClient) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._observer = observer
        self._library = 0

    def play(self) -> None:
        """From the hatch to the signed report."""
        self._library = next(one.id for one in self._observer.call(cases.ListLibraries()))
        with self._record.step("病理：登记、取材、制片", "Pathology: registration, grossing, slides") as step:
            seat = self._seat(step)
            case_id, number = self._cases()
            self._at(seat, Station.REGISTRATION, case_id, "patient", step, "registration.png")
            self._at(seat, Station.GROSSING, case_id, "grossing", step, "grossing.png")
            self._prepare(case_id)
            self._at(seat, Station.PREPARATION, None, "sectioned", step, "sections.png")
            step.sentences.append(f"病理号 {number}: 3 个蜡块, 3 张切片 / 3 blocks, 3 slides, each with its barcode")
        with self._record.step("病理：诊断、审核、签名报告", "Pathology: diagnosis, audit, signed report") as step:
            self._report(seat, case_id, step)

    # ── the window ──

    def _seat(self, step: Step) -> Seat:
        from clients.pathology.app import TITLE, _login, make_pages
        from clients.pathology.shell.login import Chosen

        chosen = Chosen()
        seat = self._windows.seat(self._hospital, TITLE, make_pages(chosen), LOGIN, make_login=partial(_login, chosen))
        page: Any = seat.window.login_page
        seat.until(lambda: bool(page.choices.users), "the names of the log-in window")
        seat.shot(self._record.file(step, "login.png"))
        page.form.set_values({"user": LOGIN, "password": self._hospital.passwords[LOGIN]})
        page.form.changed.emit("user")
        page.form.submit()
        seat.until(lambda: self._station(seat) is not None, "the pathology workstation")
        seat.front()
        return seat

    def _station(self, seat: Seat) -> Any:
        shell = seat.window.shell
        entrance: Any = shell.page_widget("pathology") if shell is not None else None
        return entrance.window_of_station if entrance is not None else None

    def _at(self, seat: Seat, station: Station, case_id: int | None, tab: str, step: Step, picture: str) -> None:
        """Change to a station, open a case there, and take a picture."""
        from clients.pathology.stations import spec_of

        window = self._station(seat)
        if window is None:
            raise NothingHappened("the pathology workstation is not open")
        window.enter_station(spec_of(station))
        if case_id is not None:
            window.desk.open_case(case_id)
            seat.until(lambda: window.desk.case is not None and window.desk.case.id == case_id, "the case to open")
        window.desk.show_tab(tab)
        self._windows.rest(1.2)
        seat.shot(self._record.file(step, picture))

    # ── what others do meanwhile ──

    def _cases(self) -> tuple[int, str]:
        """Register the patients; the first one's specimen is grossed."""
        made = [
            self._observer.call(
                cases.RegisterCase(
                    library_id=self._library,
                    entry=cases.CaseEntry(
                        patient_name=name, sex=sex, age=age, department="普外科", bed="12", sending_doctor="马医生",
                        clinical_diagnosis="待查", specimen_name=specimen,
                    ),
                    specimens=(technique.SpecimenEntry(name=specimen),),
                )
            )
            for name, sex, age, specimen in PATIENTS
        ]  # fmt: skip
        first = made[0]
        self._observer.call(technique.AcceptSpecimens(specimen_ids=tuple(one.id for one in first.specimens)))
        grosser = self._hospital.client(LOGIN)
        try:
            rows = tuple(
                technique.BlockEntry(serial=serial, site=site, pieces=pieces)
                for serial, site, pieces in (("1", "肿物", 2), ("2", "两切缘", 2), ("3", "小弯侧淋巴结", 6))
            )
            grossing = grosser.call(technique.AddBlocks(case_id=first.case.id, rows=rows))
            version = grossing.version
            grosser.call(technique.SaveGrossing(case_id=first.case.id, version=version, description=GROSS))
        finally:
            grosser.close()
        return first.case.id, first.case.number

    def _prepare(self, case_id: int) -> None:
        """The technical room: verified by another person, embedded, cut, checked and handed over."""
        bench = self._hospital.client(BENCH)
        try:
            blocks = bench.call(cases.OpenCase(case_id=case_id)).grossing.blocks
            ids = tuple(block.id for block in blocks)
            bench.call(technique.VerifyBlocks(checks=tuple(technique.PieceCheck(block_id=one) for one in ids)))
            bench.call(technique.EmbedBlocks(block_ids=ids))
            plans = tuple(preparation.SectionPlan(block_id=one) for one in ids)
            slides = bench.call(preparation.SectionBlocks(plans=plans)).slides
            codes = tuple(block.code for block in bench.call(cases.OpenCase(case_id=case_id)).grossing.blocks)
            slide_ids = tuple(slide.id for slide in slides)
            bench.call(preparation.ReleaseLabels(slide_ids=slide_ids, block_codes=codes))
            for slide in slides:
                bench.call(preparation.CheckSlide(slide_code=slide.code))
            bench.call(preparation.HandSlidesOver(slide_ids=slide_ids, receiver="诊断室"))
        finally:
            bench.close()

    def _report(self, seat: Seat, case_id: int, step: Step) -> None:
        doctor, auditor = self._hospital.client(LOGIN), self._hospital.client(AUDITOR)
        try:
            facts = media.MediaFacts(
                case_id=case_id, kind=MediaKind.IMAGE, subject=MediaSubject.MICROSCOPE, media_type="image/jpeg",
                taken_at=datetime.now(UTC), objective="20x", um_per_pixel=0.5, caption="肿物 HE",
            )  # fmt: skip
            doctor.call(media.AddMedia(key=f"{case_id:032x}", facts=facts, data=stained_field()))
            text = reports.OpinionText(findings=FINDINGS, diagnosis=DIAGNOSIS)
            page = doctor.call(reports.SaveOpinion(case_id=case_id, kind=OpinionKind.CHIEF, text=text))
            self._at(seat, Station.DIAGNOSIS, case_id, "diagnosis", step, "diagnosis.png")
            page = auditor.call(reports.Audit(case_id=case_id, version=page.report.version))
            printed = auditor.call(reports.Print(report_id=page.report.id))
            path = self._record.file(step, "pathology.pdf")
            path.write_bytes(self._hospital.document(AUDITOR, printed.id))
            picture_of(path, self._record, step)
            step.sentences.append(
                "主诊与审核为不同医师；报告已签名 / chief and auditor are two persons; the report is signed"
            )
        finally:
            doctor.close()
            auditor.close()


def stained_field() -> bytes:
    """A made-up field of view: purple nuclei in pink tissue, as JPEG."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter

    dice = np.random.default_rng(20)
    picture = Image.new("RGB", (1280, 960), (236, 190, 214))
    brush = ImageDraw.Draw(picture)
    for _ in range(900):
        x, y = dice.integers(0, 1280), dice.integers(0, 960)
        wide, high = dice.integers(7, 18, 2)
        shade = int(dice.integers(70, 120))
        brush.ellipse((x - wide, y - high, x + wide, y + high), fill=(shade, shade - 25, shade + 60))
    out = BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).save(out, "JPEG", quality=88)
    return out.getvalue()
