"""A county hospital in memory: the answers that the ECG workstation's pages ask for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from shared.contract import ecg, ecg_acquisition, ecg_consultations, ecg_critical, ecg_reports
from shared.contract.base import Nothing
from shared.contract.errors import ErrorCode
from shared.contract.organisation import CampusView, GetHospital, HospitalView
from shared.contract.printing import RecordPrint
from shared.domain.ecg import (
    IN_HOSPITAL_KINDS,
    ConsultationState,
    DeviceState,
    ExamState,
    OrphanState,
    RequestState,
    Urgency,
)
from shared.domain.ecg_reports import ClockColour, Danger
from shared.domain.states import VisitKind
from tests.clients.ecg.ecg_rows import (
    _CONSULTATION_ACTIONS,
    FORM_KEYS,
    NOW,
    a_clock,
    a_consultation,
    a_device,
    a_document,
    a_request,
    a_team,
    an_entry,
    an_exam,
    an_orphan,
    refusal,
)


class FakeEcg:
    """Exams, requests, consultations, notices, devices; every answer can be exchanged in `connection.replies`."""

    def __init__(self) -> None:
        self.exams: list[ecg.EcgRow] = []
        self.requests: list[ecg.RequestRow] = []
        self.consultations: list[ecg_consultations.ConsultationView] = []
        self.notices: list[ecg_consultations.NoticeView] = []
        self.teams: list[ecg_consultations.TeamView] = [a_team()]
        self.devices: list[ecg_acquisition.EcgDeviceView] = []
        self.orphans: list[ecg_acquisition.OrphanView] = []
        self.replies: dict[type[Any], Callable[[Any], Any]] = {
            ecg.ListEcgExams: self._list_exams,
            ecg.SearchRequests: self._search,
            ecg.FindRequest: self._find,
            ecg.RegisterRequest: self._register_request,
            ecg.RegisterEcg: self._register,
            ecg.GetEcgExam: lambda r: self._view(self._exam(r.exam_id)),
            ecg.ChangeEcgExam: self._change,
            ecg.CancelEcgExam: self._cancel,
            ecg.ListCollected: self._collected,
            ecg.GetTrail: lambda r: (
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="register", new="E1"),
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="edit", field="bed", old="3", new="4"),
                ecg.ChangeEntry(at=NOW, user_name="何丽", action="consultation_applied", new="心电诊断组"),
            ),
            ecg.CollectExam: lambda r: ecg.CollectedView(
                exam=self._exam(r.exam_id), category=r.category, note=r.note, added_at=NOW
            ),
            ecg_consultations.ListIncoming: self._consultations,
            ecg_consultations.ListOutgoing: self._consultations,
            ecg_consultations.GetPolicy: lambda r: ecg_consultations.ConsultationPolicy(),
            ecg_consultations.ListNotices: self._list_notices,
            ecg_consultations.MarkRead: lambda r: Nothing(),
            ecg_consultations.GetApplicationForm: self._form,
            ecg_consultations.Apply: self._apply,
            ecg_consultations.Accept: lambda r: self._move(
                r, ConsultationState.ACCEPTED, accepted_by_id=21, accepted_by="孙主任"
            ),
            ecg_consultations.Refuse: lambda r: self._move(r, ConsultationState.REFUSED, reason=r.reason),
            ecg_consultations.GiveBack: lambda r: self._move(
                r, ConsultationState.WAITING, accepted_by_id=0, accepted_by=""
            ),
            ecg_consultations.Withdraw: lambda r: self._move(r, ConsultationState.WITHDRAWN, reason=r.reason),
            ecg_consultations.Get: lambda r: ecg_consultations.ConsultationDetails(
                consultation=self._consultation(r.consultation_id),
                lines=(
                    ecg_consultations.ConsultationLine(
                        at=NOW, by="何丽", station="clinic-pc-1", action="applied", note=""
                    ),
                ),
            ),
            ecg_consultations.SignFor: self._sign_for,
            ecg_consultations.ListTeams: lambda r: tuple(self.teams),
            ecg_consultations.ListCandidates: lambda r: a_team().members,
            ecg_consultations.SaveTeam: lambda r: r.team,
            ecg_critical.ListAlarms: lambda r: (),
            ecg_acquisition.ListEcgDevices: lambda r: tuple(self.devices),
            ecg_acquisition.SaveEcgDevice: lambda r: a_device(7, entry=r.entry),
            ecg_acquisition.BindStation: lambda r: a_device(r.device_id, stations=(r.station,)),
            ecg_acquisition.UnbindStation: lambda r: Nothing(),
            ecg_acquisition.ListOrphans: lambda r: ecg_acquisition.OrphanList(
                total=len(self.orphans), rows=tuple(self.orphans)
            ),
            RecordPrint: lambda r: Nothing(),
            GetHospital: lambda r: HospitalView(
                version=1,
                name="清水县医共体",
                name_en="Qingshui",
                campuses=(
                    CampusView(id=1, code="QS", name="清水镇卫生院", name_en="Qingshui clinic"),
                    CampusView(id=2, code="XY", name="县人民医院", name_en="County hospital"),
                ),
                rooms=(),
                devices=(),
                exam_types=(),
                exam_items=(),
            ),
        }
        self.connection = FakeConnection(replies=self.replies)

    def fill(self, count: int = 24) -> None:
        """Some of everything."""
        states = (ExamState.AWAITING, ExamState.ACQUIRED, ExamState.REPORTED)
        self.exams = [an_exam(n, state=states[n % 3]) for n in range(1, count + 1)]
        self.exams[1] = msgspec.structs.replace(self.exams[1], is_critical=True, quality_passed=False)
        self.exams[3] = msgspec.structs.replace(
            self.exams[3], consultation_id=1, consultation_state=ConsultationState.WAITING, urgency=Urgency.URGENT
        )
        self.exams += [
            an_exam(
                count + n,
                state=states[n % 3],
                visit_kind=VisitKind.HEALTH_CHECK,
                health_check_number=f"TJ26{n:04d}",
                inpatient_number="",
            )
            for n in range(1, 9)
        ]
        kinds = (RequestState.OPEN, RequestState.OPEN, RequestState.REGISTERED, RequestState.CANCELLED)
        self.requests = [a_request(n, kinds[n % 4]) for n in range(1, 15)]
        self.consultations = [
            a_consultation(
                1,
                urgency=Urgency.EMERGENCY,
                danger=Danger.CRITICAL,
                danger_reasons=("V1–V4 ST段抬高 0.35 mV",),
                clock=a_clock(16),
            ),
            a_consultation(
                2, urgency=Urgency.URGENT, danger=Danger.WARNING, danger_reasons=("QTc 540 ms",), clock=a_clock(10)
            ),
            a_consultation(3, clock=a_clock(2), quality="V2 导联基线漂移"),
            a_consultation(4, state=ConsultationState.ACCEPTED, clock=a_clock(5, limit=30)),
            a_consultation(5, state=ConsultationState.PUBLISHED, clock=a_clock(12, colour=ClockColour.STOPPED)),
            a_consultation(6, state=ConsultationState.COMPLETED, clock=a_clock(9, colour=ClockColour.STOPPED)),
            a_consultation(
                7,
                state=ConsultationState.REFUSED,
                reason="图像质量不合格，请重新采集",
                clock=a_clock(4, colour=ClockColour.STOPPED),
            ),
        ]
        self.devices = [
            a_device(1),
            a_device(2, state=DeviceState.ACQUIRING, stations=()),
            a_device(3, state=DeviceState.DISABLED, stations=("a", "b")),
        ]
        self.orphans = [an_orphan(1), an_orphan(2, state=OrphanState.PROPOSED, proposed_by="钱医生")]

    def calls_of(self, kind: type[Any]) -> list[Any]:
        """Requests of one kind, oldest first."""
        return [call for call in self.connection.calls if isinstance(call, kind)]

    # ── answers ──────────────────────────────────────────────────────────────────────────────────────

    def _collected(self, request: ecg.ListCollected) -> ecg.CollectedList:
        rows = [
            ecg.CollectedView(exam=row, category="ST段抬高", note="典型", added_at=NOW)
            for row in self.exams[:3]
            if request.category in (None, "ST段抬高")
        ]
        return ecg.CollectedList(total=len(rows), rows=tuple(rows), categories={"ST段抬高": 3, "": 1})

    def _exam(self, exam_id: int) -> ecg.EcgRow:
        return next(row for row in self.exams if row.id == exam_id)

    def _view(self, row: ecg.EcgRow) -> ecg.EcgExamView:
        entry = an_entry(patient_name=row.patient_name, sex=row.sex, age=row.age, bed=row.bed)
        return ecg.EcgExamView(row=row, entry=entry, application_id=None, cancel_reason="", traces=(), documents=())

    def _list_exams(self, request: ecg.ListEcgExams) -> ecg.EcgList:
        rows = [row for row in self.exams if row.visit_kind in (request.visit_kinds or IN_HOSPITAL_KINDS)]
        rows = [row for row in rows if request.patient_name in row.patient_name]
        rows = [row for row in rows if request.request_number in row.request_number]
        rows = [row for row in rows if request.health_check_number in row.health_check_number]
        counts: dict[str, int] = {}
        for row in rows:
            counts[row.state.value] = counts.get(row.state.value, 0) + 1
        if request.states:
            rows = [row for row in rows if row.state in request.states]
        page = request.page
        return ecg.EcgList(total=len(rows), rows=tuple(rows[page.offset : page.offset + page.limit]), counts=counts)

    def _search(self, request: ecg.SearchRequests) -> ecg.RequestList:
        rows = [row for row in self.requests if request.patient_name in row.entry.patient_name]
        rows = [row for row in rows if request.request_number in row.entry.request_number]
        page = request.page
        return ecg.RequestList(total=len(rows), rows=tuple(rows[page.offset : page.offset + page.limit]))

    def _find(self, request: ecg.FindRequest) -> tuple[ecg.RequestRow, ...]:
        found = tuple(
            row
            for row in self.requests
            if request.request_number == row.entry.request_number
            or (request.health_check_number and request.health_check_number == row.entry.health_check_number)
        )
        if not found:
            raise refusal(ErrorCode.NOT_FOUND, "没有这样的申请单")
        return found

    def _register_request(self, request: ecg.RegisterRequest) -> ecg.RegisteredView:
        at = next(n for n, row in enumerate(self.requests) if row.application_id == request.application_id)
        old = self.requests[at]
        if old.exam_id is not None:
            return ecg.RegisteredView(exam=self._view(self._exam(old.exam_id)), existed=True)
        made = self._made(request.entry)
        self.requests[at] = msgspec.structs.replace(
            old, state=RequestState.REGISTERED, exam_id=made.row.id, can_register=False
        )
        return ecg.RegisteredView(exam=made)

    def _register(self, request: ecg.RegisterEcg) -> ecg.RegisteredView:
        return ecg.RegisteredView(exam=self._made(request.entry))

    def _made(self, entry: ecg.EcgEntry) -> ecg.EcgExamView:
        row = an_exam(
            max((row.id for row in self.exams), default=0) + 1,
            state=ExamState.AWAITING,
            patient_name=entry.patient_name,
            sex=entry.sex,
            age=entry.age,
            visit_kind=entry.visit_kind,
            request_number=entry.request_number,
            health_check_number=entry.health_check_number,
        )
        self.exams.insert(0, row)
        return self._view(row)

    def _change(self, request: ecg.ChangeEcgExam) -> ecg.EcgExamView:
        view = self._view(self._exam(request.exam_id))
        changes = {key: value for key in FORM_KEYS if (value := getattr(request.change, key)) is not None}
        return msgspec.structs.replace(view, entry=msgspec.structs.replace(view.entry, **changes))

    def _cancel(self, request: ecg.CancelEcgExam) -> ecg.EcgExamView:
        at = next(n for n, row in enumerate(self.exams) if row.id == request.exam_id)
        self.exams[at] = msgspec.structs.replace(self.exams[at], state=ExamState.CANCELLED, allowed=())
        return self._view(self.exams[at])

    def _consultation(self, number: int) -> ecg_consultations.ConsultationView:
        return next(row for row in self.consultations if row.id == number)

    def _consultations(self, request: Any) -> ecg_consultations.ConsultationList:
        rows = self.consultations
        counts: dict[ConsultationState, int] = {}
        for row in rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        if request.filter.states:
            rows = [row for row in rows if row.state in request.filter.states]
        page = request.page
        return ecg_consultations.ConsultationList(
            total=len(rows),
            rows=tuple(rows[page.offset : page.offset + page.limit]),
            counts=counts,
            overdue=sum(row.clock.colour is ClockColour.RED for row in rows),
        )

    def _list_notices(self, request: ecg_consultations.ListNotices) -> tuple[ecg_consultations.NoticeView, ...]:
        return tuple(one for one in self.notices if one.read_at is None or not request.unread_only)

    def _form(self, request: ecg_consultations.GetApplicationForm) -> ecg_consultations.ApplicationForm:
        row = self._exam(request.exam_id)
        return ecg_consultations.ApplicationForm(
            exam_id=row.id,
            patient_name=row.patient_name,
            sex=row.sex,
            age=row.age,
            complaint="胸闷2小时",
            history="",
            clinical_diagnosis=row.clinical_diagnosis,
            applicant="何丽",
            phone="0571-2233",
            teams=tuple(self.teams),
            obstacle="" if row.state is ExamState.ACQUIRED else "只有已采集的检查可以申请会诊",
        )

    def _apply(self, request: ecg_consultations.Apply) -> ecg_consultations.ConsultationView:
        made = a_consultation(
            len(self.consultations) + 1, exam_id=request.exam_id, urgency=request.urgency, question=request.question
        )
        self.consultations.insert(0, made)
        return made

    def _move(self, request: Any, state: ConsultationState, **changes: Any) -> ecg_consultations.ConsultationView:
        at = next(n for n, row in enumerate(self.consultations) if row.id == request.consultation_id)
        allowed = _CONSULTATION_ACTIONS.get(state, ())
        self.consultations[at] = msgspec.structs.replace(
            self.consultations[at], state=state, allowed=allowed, version=self.consultations[at].version + 1, **changes
        )
        return self.consultations[at]

    def _sign_for(self, request: ecg_consultations.SignFor) -> tuple[ecg_reports.BatchRow, ...]:
        rows = []
        for number in request.consultation_ids:
            row = self._consultation(number)
            if row.document_id == 0:
                rows.append(ecg_reports.BatchRow(exam_id=row.exam_id, done=False, sentence="还没有报告"))
                continue
            at = self.consultations.index(row)
            self.consultations[at] = msgspec.structs.replace(
                row, state=ConsultationState.COMPLETED, signed_at=NOW, signed_by="何丽"
            )
            rows.append(ecg_reports.BatchRow(exam_id=row.exam_id, done=True, document=a_document(row.document_id)))
        return tuple(rows)
