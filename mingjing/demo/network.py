"""The ECG network's part of the story: a clinic records and asks, the county hospital answers, the clinic prints."""

from __future__ import annotations

import contextlib
import platform
import secrets
import subprocess
import sys
from typing import Any

from mingjing.demo.heart import recorded
from mingjing.demo.hospital import Hospital
from mingjing.demo.pictures import picture_of
from mingjing.demo.record import Record, Step
from mingjing.demo.windows import NothingHappened, Seat, Windows
from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract import ecg_consultations as consultations
from shared.contract.identity import ChangePassword, ResetPassword
from shared.contract.master import CampusEntry, ListRows, MasterKind, SaveRow, StaffEntry
from shared.contract.organisation import GetHospital
from shared.contract.referrals import GetNetwork, OrganisationView, SaveOrganisation
from shared.domain.ecg import AdapterKind, ConsultationState, Urgency
from shared.domain.states import Sex
from shared.rpc.client import RpcClient

CLINIC, COUNTY = "东山镇卫生院", "县医院心电诊断中心"
NURSE, READER, HEAD = "zhangli", "gaoyuan", "luomin"
PATIENTS = ("刘德福", "马玉珍", "郭振华", "何桂英", "罗国庆", "梁凤仙", "宋长贵", "唐淑芬")
DIAGNOSIS = "窦性心律；\n请结合临床，必要时复查心电图。"


class Network:
    """Two steps: the clinic, and the county hospital and back."""

    def __init__(self, record: Record, hospital: Hospital, windows: Windows, observer: RpcClient) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._observer = observer
        self._team_id = 0
        self._patient = PATIENTS[0]

    def play(self) -> None:
        """From the clinic's registration to the printed consultation report."""
        clinic_id = self._found()
        with contextlib.ExitStack() as ending:
            self._bind(clinic_id, ending)
            with self._record.step(
                "心电网络：卫生院登记、采集、申请会诊", "ECG network: a clinic registers, records and asks"
            ) as step:
                lower = self._seat(NURSE, step, "login.png")
                row = self._registered(lower, step)
                self._recorded(lower, row.id, step)
                self._asked(lower, row.id, step)
            with self._record.step(
                "心电网络：县医院受理、阅图、发布，卫生院打印签收",
                "ECG network: the county hospital accepts, reads, publishes; the clinic prints",
            ) as step:
                upper = self._seat(READER, step, "home.png", signed_in=True)
                asked = self._answered(upper, row.id, step)
                self._signed_for(lower, asked, step)

    # ── two hospitals ──

    def _found(self) -> int:
        """The clinic and the county's ECG centre, their people, and the team that is asked; the clinic's campus.

        What a kept hospital has already is used again; its next patient has another name.
        """
        call = self._observer.call
        known = {one.code for one in call(GetHospital()).campuses}
        for code, name in (("ECGC", CLINIC), ("ECGH", COUNTY)):
            if code not in known:
                call(SaveRow(entry=CampusEntry(code=code, name=name)))
        campuses = {one.code: one.id for one in call(GetHospital()).campuses}
        organisations = {one.code for one in call(GetNetwork()).organisations}
        for code, name in (("ECGC", CLINIC), ("ECGH", COUNTY)):
            if code not in organisations:
                view = OrganisationView(
                    id=0, version=0, code=code, name=name, name_en="", group_ids=(), campus_ids=(campuses[code],)
                )
                call(SaveOrganisation(organisation=view))
        self._hire(NURSE, "张丽", "ECGC", "ecg_operator", "ecg_doctor")
        self._hire(READER, "高远", "ECGH", "ecg_consultant")
        self._hire(HEAD, "罗敏", "ECGH", "ecg_head")
        self._team_id = self._team(campuses["ECGH"])
        exams = call(ecg.ListEcgExams(campus_id=campuses["ECGC"])).total
        self._patient = PATIENTS[exams % len(PATIENTS)] + ("" if exams < len(PATIENTS) else str(exams))
        return campuses["ECGC"]

    def _team(self, campus_id: int) -> int:
        head = self._hospital.client(HEAD)
        try:
            own = next((team for team in head.call(consultations.ListTeams()) if team.campus_id == campus_id), None)
            if own is not None:
                return own.id
            members = head.call(consultations.ListCandidates(campus_id=campus_id))
            team = consultations.TeamView(
                id=0,
                version=0,
                name="县心电会诊组",
                campus_id=campus_id,
                hospital="",
                members=tuple(one for one in members if one.name == "高远"),
            )
            return head.call(consultations.SaveTeam(team=team)).id
        finally:
            head.close()

    def _hire(self, login: str, name: str, campus: str, *roles: str) -> None:
        call = self._observer.call
        rows = call(ListRows(kind=MasterKind.STAFF)).rows
        known = next((row.id for row in rows if row.entry.code == login), None)
        entry = StaffEntry(code=login, name=name, roles=roles, campuses=(campus,))
        number = known if known is not None else call(SaveRow(entry=entry)).id
        first, own = call(ResetPassword(user_id=number)).secret, secrets.token_urlsafe(9)
        self._hospital.passwords[login] = first
        client = self._hospital.client(login)
        try:
            client.call(ChangePassword(old=first, new=own))
        finally:
            client.close()
        self._hospital.passwords[login] = own

    def _bind(self, clinic_id: int, ending: contextlib.ExitStack) -> None:
        """A recorder in the clinic's network (it plays a real record in real time), bound to this computer."""
        command = [sys.executable, "-m", "mingjing", "ecg", "simulate", str(recorded()), "--tcp", "0", "--speed", "2"]
        cart = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        ending.callback(_end, cart)
        assert cart.stdout is not None
        line = cart.stdout.readline()
        port = "".join(sign if sign.isdigit() else " " for sign in line).split()
        if not port:
            raise NothingHappened("the simulated ECG recorder did not start")
        entry = acquisition.EcgDeviceEntry(
            serial="SIM-1",
            model="12",
            manufacturer="Mingjing",
            name="心电图机（模拟）",
            campus_id=clinic_id,
            adapter=AdapterKind.TCP,
            settings={"host": "127.0.0.1", "port": port[-1]},
        )
        kept = (one for one in self._observer.call(acquisition.ListEcgDevices()) if one.entry.serial == entry.serial)
        known = next(kept, None)
        change = {"device_id": known.id, "version": known.version} if known is not None else {}
        device = self._observer.call(acquisition.SaveEcgDevice(entry=entry, **change))
        self._observer.call(acquisition.BindStation(station=platform.node(), device_id=device.id))

    # ── windows ──

    def _seat(self, login: str, step: Step, picture: str, *, signed_in: bool = False) -> Seat:
        from clients.ecg.app import TITLE, make_pages

        seat = self._windows.seat(self._hospital, TITLE, make_pages(), login)
        if not signed_in:
            seat.shot(self._record.file(step, picture))
        seat.sign_in()
        if signed_in:
            seat.page("home")
            self._windows.rest(1.0)
            seat.shot(self._record.file(step, picture))
        return seat

    def _dialog(self, seat: Seat, kind: type[Any]) -> Any:
        def found() -> list[Any]:
            return [one for one in seat.window.findChildren(kind) if one.isVisible()]

        seat.until(lambda: bool(found()), f"the window {kind.__name__}")
        return found()[-1]

    def _row(self, page: Any, name: str) -> Any:
        rows = (page.list.model.row(at) for at in range(page.list.total))
        return next((row for row in rows if row is not None and row.patient_name == name), None)

    def _registered(self, seat: Seat, step: Step) -> Any:
        from clients.ecg.registration.quick import ConsultationRegistration

        listing = seat.page("in_hospital")
        listing.register_by_hand()
        dialog = self._dialog(seat, ConsultationRegistration)
        for key, value in (
            ("patient_name", self._patient),
            ("sex", Sex.MALE),
            ("age", "66"),
            ("complaint", "胸闷、心悸 2 小时"),
            ("history", "高血压 10 年"),
        ):
            dialog.form.rows[key].editor.set_value(value)
        self._windows.rest(0.3)
        dialog.grab().save(str(self._record.file(step, "registration.png")))
        dialog.register()
        seat.until(lambda: self._row(listing, self._patient) is not None, "the registered patient in the list")
        return self._row(listing, self._patient)

    def _recorded(self, seat: Seat, exam_id: int, step: Step) -> None:
        """采集: from the recorder, over the line, through the quality gate."""
        from clients.ecg.acquisition.dialog import AcquisitionDialog
        from clients.ecg.acquisition.state import Phase
        from clients.ecg.shell.window import EcgWindow

        parts = seat.window.shell.findChild(EcgWindow) if seat.window.shell is not None else None
        assert parts is not None
        seat.page("in_hospital").act("read", self._row(seat.page("in_hospital"), self._patient))
        seat.until(lambda: parts.area().page_of(exam_id) is not None, "the reading page")
        reading = parts.area().page_of(exam_id)
        seat.until(lambda: reading.presenter.state.exam is not None, "the exam on the reading page")
        reading.acquire()
        dialog = self._dialog(seat, AcquisitionDialog)
        seat.until(lambda: dialog.presenter.state.can_start, "the recorder to be ready")
        dialog.presenter.start()
        seat.until(lambda: dialog.presenter.state.seconds >= 4, "the first seconds of the recording")
        dialog.grab().save(str(self._record.file(step, "recording.png")))
        ended = (Phase.REVIEW, Phase.DONE)
        seat.until(lambda: dialog.presenter.state.phase in ended, "the recording to end")
        if dialog.presenter.state.phase is Phase.REVIEW:
            dialog.presenter.use("演示记录")
        seat.until(lambda: dialog.presenter.state.phase is Phase.DONE, "the record to reach the server")
        dialog.grab().save(str(self._record.file(step, "recorded.png")))
        dialog.close()
        seat.until(lambda: reading.presenter.state.drawn is not None, "the trace on the reading page")
        self._windows.rest(1.0)
        seat.shot(self._record.file(step, "trace.png"))

    def _asked(self, seat: Seat, exam_id: int, step: Step) -> None:
        from clients.ecg.consultations.application import ApplicationDialog

        listing = seat.page("in_hospital")
        listing.presenter.refresh()
        seat.until(
            lambda: "apply_consultation" in _allowed(self._row(listing, self._patient)), "the exam to be acquired"
        )
        listing.list.select_id(exam_id)
        listing.act_on_selected("apply_consultation")
        dialog = self._dialog(seat, ApplicationDialog)
        seat.until(lambda: dialog.given is not None, "the application form")
        for key, value in (
            ("team", self._team_id),
            ("urgency", Urgency.URGENT),
            ("question", "请会诊心律及 ST-T 改变"),
        ):
            dialog.form.rows[key].editor.set_value(value)
        self._windows.rest(0.3)
        dialog.grab().save(str(self._record.file(step, "application.png")))
        dialog.submit()
        waiting = ConsultationState.WAITING
        seat.until(
            lambda: self._row(listing, self._patient).consultation_state is waiting, "the application to be sent"
        )
        seat.shot(self._record.file(step, "in-hospital.png"))
        row = self._row(listing, self._patient)
        step.sentences.append(f"{row.accession_number}: 已采集, 会诊待受理 / recorded, consultation waiting")

    def _answered(self, seat: Seat, exam_id: int, step: Step) -> Any:
        from clients.ecg.shell.window import EcgWindow

        waiting = seat.page("acceptance")
        seat.until(lambda: self._row(waiting, self._patient) is not None, "the application in the list")
        seat.shot(self._record.file(step, "acceptance.png"))
        asked = self._row(waiting, self._patient)
        waiting.activate(asked)
        parts = seat.window.shell.findChild(EcgWindow) if seat.window.shell is not None else None
        assert parts is not None
        seat.until(lambda: parts.area().page_of(exam_id) is not None, "the reading page")
        reading = parts.area().page_of(exam_id)
        seat.until(
            lambda: reading.presenter.state.page is not None and reading.presenter.state.drawn is not None, "the trace"
        )
        self._windows.rest(0.5)
        reading.conclusion.editors["diagnosis"].insertPlainText(DIAGNOSIS)
        self._windows.rest(0.5)
        seat.shot(self._record.file(step, "reading.png"))
        reading.steps.submit()
        reading.steps.window.modes["submit"].setChecked(True)
        reading.steps.window.confirm.click()
        seat.until(lambda: self._state(asked.id) is ConsultationState.PUBLISHED, "the report to be published")
        return asked

    def _signed_for(self, seat: Seat, asked: Any, step: Step) -> None:
        """Printing at the clinic signs for the report."""
        seat.front()
        listing = seat.page("consultation_reports")
        seat.until(lambda: self._row(listing, self._patient) is not None, "the report at the clinic")
        self._windows.rest(0.5)
        seat.shot(self._record.file(step, "reports.png"))
        nurse = self._hospital.client(NURSE)
        try:
            nurse.call(consultations.SignFor(consultation_ids=(asked.id,)))
            details = nurse.call(consultations.Get(consultation_id=asked.id)).consultation
            row = nurse.call(ecg.GetEcgExam(exam_id=asked.exam_id)).row
        finally:
            nurse.close()
        pdf = self._record.file(step, "ecg-consultation.pdf")
        pdf.write_bytes(self._hospital.document(NURSE, details.document_id))
        picture_of(pdf, self._record, step)
        said = f"{row.accession_number}: {details.published_by}, {details.to_hospital}"
        step.sentences.append(f"{said}; 签收 / signed for by {details.signed_by}")

    def _state(self, consultation_id: int) -> ConsultationState:
        return self._observer.call(consultations.Get(consultation_id=consultation_id)).consultation.state


def _allowed(row: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in row.allowed) if row is not None else ()


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
