"""A small hospital in memory that answers the requests of the registration workstation, for presenters and windows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.exams import (
    ApplicationView,
    CancelExam,
    ClinicalEntry,
    ExamList,
    ExamRow,
    ExamView,
    FindApplications,
    GetExam,
    HoldSlot,
    ItemEntry,
    ListExams,
    ListSlots,
    PatientEntry,
    PushExam,
    RegisterExam,
    ReleaseSlot,
    RequesterEntry,
    SlotView,
    UpdateExam,
)
from shared.contract.organisation import (
    CampusView,
    ExamItemView,
    ExamTypeView,
    GetHospital,
    HospitalView,
    RoomView,
)
from shared.contract.patients import FindSimilar, Likeness, PatientList, PatientView, SearchPatients, SimilarPatient
from shared.contract.printing import DocumentView, Output, PreviewReport, PrintBarcode, PrintRegistrationForm
from shared.contract.queueing import (
    CallNext,
    CallTicket,
    ChangeRoom,
    FinishTicket,
    GetQueue,
    ListFinished,
    PassTicket,
    PauseRoom,
    QueueRoomView,
    QueueView,
    ResumeRoom,
    SignInAgain,
    StartTicket,
    TicketView,
    TransferQueue,
    TransferView,
)
from shared.contract.safety import GetSafetyQuestions, SafetyQuestions
from shared.contract.scheduling import BookingWarning, CheckBooking, FindFreeSlots, FreeSlot
from shared.domain.permissions import Permission
from shared.domain.safety import SafetyQuestion
from shared.domain.states import (
    ExamAction,
    ExamState,
    PatientType,
    RegistrationState,
    ReportState,
    Sex,
    TicketAction,
    TicketState,
)

NOW = datetime(2026, 11, 21, 9, 40, tzinfo=UTC)
TODAY = NOW.astimezone().date()

_ITEMS = (
    ("CT", "CT001", "头部平扫", "Head plain", "头部", "HEAD", 28000, "tbps"),
    ("CT", "CT002", "胸部平扫", "Chest plain", "胸部", "CHEST", 32000, "xbps"),
    ("CT", "CT003", "胸部增强", "Chest with contrast", "胸部", "CHEST", 68000, "xbzq"),
    ("CT", "CT004", "全腹部平扫", "Abdomen plain", "腹部", "ABDOMEN", 45000, "qfbps"),
    ("MR", "MR001", "头颅平扫", "Brain plain", "头部", "HEAD", 56000, "tlps"),
    ("MR", "MR002", "腰椎平扫", "Lumbar spine plain", "腰椎", "LSPINE", 58000, "yzps"),
    ("DR", "DR001", "胸部正位", "Chest PA", "胸部", "CHEST", 8000, "xbzw"),
    ("DR", "DR002", "左膝关节正侧位", "Left knee AP and lateral", "膝关节", "KNEE", 12000, "zxgjzcw"),
    ("MG", "MG001", "双乳摄影", "Both breasts", "乳腺", "BREAST", 24000, "srsy"),
)


def a_hospital() -> HospitalView:
    """Two campuses, five rooms, four exam types."""
    rooms = (
        (11, 1, "CT1", "CT 一室", "CT room 1", "C T 一室", ("CT",)),
        (12, 1, "CT2", "CT 二室", "CT room 2", "C T 二室", ("CT",)),
        (13, 1, "MR1", "磁共振室", "MR room", "磁共振室", ("MR",)),
        (14, 1, "DR1", "DR 一室", "DR room 1", "D R 一室", ("DR", "CR")),
        (21, 2, "CT3", "CT 三室", "CT room 3", "C T 三室", ("CT",)),
    )
    types = (
        ("CT", "CT", "CT"),
        ("MR", "磁共振", "MR"),
        ("DR", "数字 X 线", "Digital X-ray"),
        ("MG", "乳腺", "Mammography"),
    )
    return HospitalView(
        version=1,
        name="明镜医院",
        name_en="Mingjing Hospital",
        campuses=(
            CampusView(id=1, code="MAIN", name="本部放射科", name_en="Main campus radiology"),
            CampusView(id=2, code="EAST", name="东院放射科", name_en="East campus radiology"),
        ),
        rooms=tuple(
            RoomView(
                id=number, campus_id=campus, code=code, name=name, name_en=english, spoken_name=spoken, exam_types=able
            )
            for number, campus, code, name, english, spoken, able in rooms
        ),
        devices=(),
        exam_types=tuple(
            ExamTypeView(code=code, name=name, name_en=english, hp_required=False, slot_minutes=15)
            for code, name, english in types
        ),
        exam_items=tuple(
            ExamItemView(
                id=number,
                exam_type=kind,
                code=code,
                name=name,
                name_en=english,
                body_part=part,
                body_part_dicom=dicom,
                price_fen=price,
                pinyin=pinyin,
            )
            for number, (kind, code, name, english, part, dicom, price, pinyin) in enumerate(_ITEMS, 1)
        ),
    )


def a_patient(**changes: Any) -> PatientView:
    """李建国, known to the hospital."""
    patient = PatientView(
        id=501,
        version=1,
        patient_number="P00000501",
        name="李建国",
        pinyin="Li^Jianguo",
        sex=Sex.MALE,
        birth_date=date(1968, 3, 12),
        card_number="C0086001",
        id_number="11010119680312001X",
        inpatient_number="",
        health_check_number="",
        phone="13800138000",
        address="北京市东城区",
    )
    return msgspec.structs.replace(patient, **changes)


def an_application(**changes: Any) -> ApplicationView:
    """An order for 李建国's chest, not yet registered."""
    known = a_patient()
    application = ApplicationView(
        id=71,
        version=1,
        patient=PatientEntry(
            patient_id=known.id,
            name=known.name,
            sex=known.sex,
            birth_date=known.birth_date,
            pinyin=known.pinyin,
            card_number=known.card_number,
            id_number=known.id_number,
            phone=known.phone,
            height_cm=172,
            weight_kg=70.5,
        ),
        patient_type=PatientType.ORDINARY,
        exam_type="CT",
        items=(ItemEntry(code="CT002", name="胸部平扫", body_part="胸部", price_fen=32000),),
        clinical=ClinicalEntry(diagnosis="肺部感染？", purpose="排除占位", history="咳嗽两周"),
        requester=RequesterEntry(department="呼吸内科", doctor="王医生", requested_at=NOW, his_number="HIS20261121001"),
        received_at=NOW,
        exam_id=None,
    )
    return msgspec.structs.replace(application, **changes)


REGISTERED_ACTIONS = (
    ExamAction.EDIT,
    ExamAction.PUSH,
    ExamAction.PRINT_BARCODE,
    ExamAction.PRINT_FORM,
    ExamAction.CANCEL,
    ExamAction.CHANGE_ROOM,
)


def an_exam_row(number: int = 1, **changes: Any) -> ExamRow:
    """A registered CT exam."""
    row = ExamRow(
        id=number,
        version=1,
        accession_number=f"261121CT{number:04d}",
        image_number=f"I{number:08d}",
        patient_id=500 + number,
        patient_number=f"P{500 + number:08d}",
        patient_name="李建国",
        sex=Sex.MALE,
        age="58岁",
        patient_type=PatientType.ORDINARY,
        is_in_arrears=False,
        state=ExamState.REGISTERED,
        registration_state=RegistrationState.REGISTERED,
        report_state=None,
        report_id=None,
        ticket_state=TicketState.WAITING,
        ticket_number=f"A{number:03d}",
        exam_type="CT",
        items="胸部平扫",
        body_part="胸部",
        campus_id=1,
        room_id=11,
        room_name="CT 一室",
        planned_at=NOW + timedelta(minutes=10 * number),
        registered_at=NOW - timedelta(minutes=number),
        has_images=False,
        study_uid="",
        allowed=REGISTERED_ACTIONS,
    )
    return msgspec.structs.replace(row, **changes)


def a_ticket(number: int = 1, **changes: Any) -> TicketView:
    """A waiting ticket of CT room 1."""
    ticket = TicketView(
        id=900 + number,
        version=1,
        exam_id=number,
        exam_version=1,
        number=f"A{number:03d}",
        position=number,
        state=TicketState.WAITING,
        room_id=11,
        room_name="CT 一室",
        patient_type=PatientType.ORDINARY,
        patient_name="李建国",
        sex=Sex.MALE,
        age="58岁",
        accession_number=f"261121CT{number:04d}",
        image_number=f"I{number:08d}",
        exam_type="CT",
        items="胸部平扫",
        planned_at=NOW - timedelta(minutes=40 - 10 * number),
        called_at=None,
        call_count=0,
        allowed=(),
    )
    ticket = msgspec.structs.replace(ticket, **changes)
    return msgspec.structs.replace(ticket, allowed=_TICKET_ACTIONS.get(ticket.state, ()))


_TICKET_ACTIONS: dict[TicketState, tuple[TicketAction, ...]] = {
    TicketState.WAITING: (TicketAction.CALL, TicketAction.CHANGE_ROOM),
    TicketState.CALLING: (TicketAction.PASS, TicketAction.START),
    TicketState.CALLED: (TicketAction.CALL_AGAIN, TicketAction.PASS, TicketAction.START, TicketAction.CHANGE_ROOM),
    TicketState.PASSED: (TicketAction.CALL_AGAIN, TicketAction.CHANGE_ROOM),
    TicketState.EXAMINING: (TicketAction.FINISH,),
    TicketState.DONE: (),
    TicketState.WITHDRAWN: (),
}


def a_document(kind: str = "barcode", number: int = 7) -> DocumentView:
    """A PDF kept by the server."""
    return DocumentView(
        id=number, kind=kind, media_type="application/pdf", size_bytes=4, sha256="", created_at=NOW, warning=""
    )


def slots_of(room_id: int, day: date, *, count: int = 24) -> tuple[SlotView, ...]:
    """Quarter hours from 8 o'clock; every third is full."""
    start = datetime(day.year, day.month, day.day, 8, tzinfo=NOW.astimezone().tzinfo)
    return tuple(
        SlotView(
            id=room_id * 1000 + day.day * 100 + index,
            room_id=room_id,
            starts_at=start + timedelta(minutes=15 * index),
            ends_at=start + timedelta(minutes=15 * index + 15),
            capacity=1,
            taken=1 if index % 3 == 0 else 0,
        )
        for index in range(count)
    )


def refusal(code: ErrorCode, message: str = "", **body: Any) -> Exception:
    """The exception that the connection raises for a refusal."""
    return error_for(ErrorBody(code=code, message=message, **body))


class FakeHospital:
    """Answers by state; `refuse` makes the next request of a type fail."""

    def __init__(self) -> None:
        self.hospital = a_hospital()
        self.patients: list[PatientView] = [a_patient()]
        self.applications: list[ApplicationView] = []
        self.exams: dict[int, ExamView] = {}
        self.questions: tuple[SafetyQuestion, ...] = ()  # tests of safety set them
        self.tickets: list[TicketView] = []
        self.queue_rooms: tuple[QueueRoomView, ...] = ()
        self.finished: list[ExamRow] = []
        self._refusals: dict[type[Any], list[Exception]] = {}
        handlers: dict[type[Any], Callable[[Any], Any]] = {
            GetHospital: lambda _request: self.hospital,
            FindApplications: self._find_applications,
            SearchPatients: self._search,
            FindSimilar: self._similar,
            GetSafetyQuestions: lambda _request: SafetyQuestions(version=0, questions=self.questions),
            ListSlots: lambda request: slots_of(request.room_id, request.day),
            HoldSlot: lambda request: slots_of(11, TODAY)[0],
            ReleaseSlot: lambda _request: Nothing(),
            FindFreeSlots: self._free_slots,
            CheckBooking: lambda _request: self.warnings,
            RegisterExam: self._register,
            UpdateExam: self._update,
            CancelExam: self._cancel,
            PushExam: self._get,
            GetExam: self._get,
            ListExams: self._list,
            PrintBarcode: lambda _request: a_document(),
            PrintRegistrationForm: lambda _request: a_document("registration_form", 8),
            PreviewReport: lambda _request: a_document("report", 9),
            GetQueue: self._queue,
            ListFinished: self._list_finished,
            CallNext: self._call_next,
            CallTicket: lambda request: self._move(request, TicketState.CALLING),
            PassTicket: lambda request: self._move(request, TicketState.PASSED),
            StartTicket: lambda request: self._move(request, TicketState.EXAMINING),
            FinishTicket: self._finish,
            ChangeRoom: self._change_room,
            SignInAgain: self._sign_in_again,
            PauseRoom: lambda request: QueueRoomView(room_id=request.room_id, is_paused=True),
            ResumeRoom: lambda request: QueueRoomView(room_id=request.room_id),
            TransferQueue: lambda _request: TransferView(moved=tuple(self.tickets[1:]), left=tuple(self.tickets[:1])),
        }
        self.warnings: tuple[BookingWarning, ...] = ()
        self.connection = FakeConnection(
            replies={kind: self._guarded(kind, handler) for kind, handler in handlers.items()},
            accounts={"clerk": "secret", "admin": "secret"},
            permissions=tuple(Permission),
        )

    def _free_slots(self, request: FindFreeSlots) -> tuple[FreeSlot, ...]:
        rooms = [room for room in a_hospital().rooms if request.exam_type in room.exam_types]
        slots = [next(slot for slot in slots_of(room.id, TODAY) if not slot.taken) for room in rooms]
        return tuple(
            FreeSlot(slot=slot, campus_id=room.campus_id, minutes=10)
            for room, slot in zip(rooms, slots, strict=True)
            if request.campus_id in (None, room.campus_id)
        )[: request.limit]

    def refuse(self, kind: type[Any], error: Exception) -> None:
        """Let the next request of this type fail."""
        self._refusals.setdefault(kind, []).append(error)

    def sent(self, kind: type[Any]) -> list[Any]:
        """The requests of a type that came."""
        return [request for request in self.connection.calls if isinstance(request, kind)]

    def add_exam(self, row: ExamRow, **changes: Any) -> ExamView:
        """Put an exam into the hospital."""
        exam = ExamView(
            row=row,
            version=row.version,
            allowed=row.allowed,
            patient=a_patient(id=row.patient_id, name=row.patient_name, sex=row.sex),
            patient_entry=PatientEntry(
                patient_id=row.patient_id,
                name=row.patient_name,
                sex=row.sex,
                birth_date=date(1968, 3, 12),
                pinyin="Li^Jianguo",
                card_number="C0086001",
                phone="13800138000",
            ),
            items=(ItemEntry(code="CT002", name="胸部平扫", body_part="胸部", price_fen=32000),),
            clinical=ClinicalEntry(diagnosis="肺部感染？", purpose="排除占位", history="咳嗽两周", signs="呼吸音粗"),
            requester=RequesterEntry(department="呼吸内科", doctor="王医生", his_number="HIS20261121001"),
            application_id=None,
            registered_by="张登记",
            started_at=None,
            finished_at=None,
        )
        self.exams[row.id] = msgspec.structs.replace(exam, **changes)
        return self.exams[row.id]

    def _guarded(self, kind: type[Any], handler: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def answer(request: Any) -> Any:
            waiting = self._refusals.get(kind)
            if waiting:
                raise waiting.pop(0)
            return handler(request)

        return answer

    def _find_applications(self, request: FindApplications) -> tuple[ApplicationView, ...]:
        return tuple(
            application
            for application in self.applications
            if request.number
            in (
                application.patient.card_number,
                application.patient.id_number,
                application.patient.health_check_number,
            )
        )

    def _search(self, request: SearchPatients) -> PatientList:
        rows = tuple(
            patient
            for patient in self.patients
            if request.text in (patient.card_number, patient.id_number, patient.name, patient.patient_number)
        )
        return PatientList(total=len(rows), rows=rows)

    def _similar(self, request: FindSimilar) -> tuple[SimilarPatient, ...]:
        found = []
        for patient in self.patients:
            shared = []
            if request.id_number and patient.id_number == request.id_number:
                shared.append(Likeness.ID_NUMBER)
            if request.card_number and patient.card_number == request.card_number:
                shared.append(Likeness.CARD_NUMBER)
            if patient.name == request.name and patient.birth_date == request.birth_date:
                shared.append(Likeness.NAME_AND_BIRTH)
            if patient.phone == request.phone and patient.name == request.name:
                shared.append(Likeness.NAME_AND_PHONE)
            if shared:
                found.append(SimilarPatient(patient=patient, likenesses=tuple(shared), score=80))
        return tuple(found)

    def _register(self, request: RegisterExam) -> ExamView:
        number = max(self.exams, default=0) + 1
        room = next(room for room in self.hospital.rooms if room.id == request.room_id)
        planned = request.planned_at or NOW
        row = an_exam_row(
            number,
            patient_name=request.patient.name,
            sex=request.patient.sex,
            patient_type=request.patient_type,
            is_in_arrears=request.is_in_arrears,
            exam_type=request.exam_type,
            accession_number=f"261121{request.exam_type}{number:04d}",
            items="、".join(item.name for item in request.items),
            body_part="、".join(item.body_part for item in request.items),
            campus_id=request.campus_id,
            room_id=request.room_id,
            room_name=room.name,
            planned_at=planned,
            registered_at=NOW,
        )
        return self.add_exam(
            row,
            patient_entry=request.patient,
            items=request.items,
            clinical=request.clinical,
            requester=request.requester,
        )

    def _update(self, request: UpdateExam) -> ExamView:
        old = self.exams[request.exam_id]
        if request.version != old.version:
            raise refusal(ErrorCode.CONFLICT, version=old.version)
        row = msgspec.structs.replace(
            old.row, version=old.version + 1, patient_name=request.patient.name, planned_at=request.planned_at
        )
        return self.add_exam(row, patient_entry=request.patient, items=request.items, clinical=request.clinical)

    def _cancel(self, request: CancelExam) -> ExamView:
        old = self.exams[request.exam_id]
        row = msgspec.structs.replace(
            old.row,
            version=old.version + 1,
            state=ExamState.CANCELLED,
            registration_state=RegistrationState.CANCELLED,
            ticket_state=TicketState.WITHDRAWN,
            allowed=(),
        )
        return self.add_exam(row)

    def _get(self, request: GetExam | PushExam) -> ExamView:
        try:
            return self.exams[request.exam_id]
        except KeyError:
            raise refusal(ErrorCode.NOT_FOUND) from None

    def _list(self, request: ListExams) -> ExamList:
        rows = [exam.row for exam in self.exams.values()]
        rows = [
            row
            for row in rows
            if (not request.exam_types or row.exam_type in request.exam_types)
            and request.patient_name in row.patient_name
            and request.body_part in row.body_part
            and (not request.card_number or self.exams[row.id].patient_entry.card_number == request.card_number)
            and (not request.his_number or self.exams[row.id].requester.his_number == request.his_number)
        ]
        counts = {state.value: sum(row.registration_state is state for row in rows) for state in RegistrationState}
        rows = [row for row in rows if not request.states or row.registration_state in request.states]
        priority = list(PatientType)
        rows.sort(key=lambda row: (priority.index(row.patient_type), row.planned_at))
        page = request.page
        return ExamList(total=len(rows), rows=tuple(rows[page.offset : page.offset + page.limit]), counts=counts)

    def _queue(self, request: GetQueue) -> QueueView:
        rows = tuple(
            ticket
            for ticket in self.tickets
            if ticket.state not in (TicketState.DONE, TicketState.WITHDRAWN)
            and (request.room_id is None or ticket.room_id == request.room_id)
            and (not request.room_ids or ticket.room_id in request.room_ids)
            and (not request.exam_type or ticket.exam_type == request.exam_type)
        )
        return QueueView(
            rooms=self.queue_rooms,
            tickets=rows,
            waiting=sum(ticket.state is TicketState.WAITING for ticket in rows),
            passed=sum(ticket.state is TicketState.PASSED for ticket in rows),
            finished=len(self.finished),
        )

    def _list_finished(self, request: ListFinished) -> tuple[ExamRow, ...]:
        return tuple(
            row
            for row in self.finished
            if not request.accession_number or row.accession_number == request.accession_number
        )

    def _move(self, request: Any, state: TicketState) -> TicketView:
        for place, ticket in enumerate(self.tickets):
            if ticket.id == request.ticket_id:
                if ticket.version != request.version:
                    raise refusal(ErrorCode.CONFLICT, version=ticket.version)
                called = state is TicketState.CALLING
                moved = msgspec.structs.replace(
                    ticket,
                    version=ticket.version + 1,
                    state=state,
                    call_count=ticket.call_count + called,
                    called_at=NOW if called else ticket.called_at,
                    position=0,
                    allowed=_TICKET_ACTIONS[state],
                )
                self.tickets[place] = moved
                return moved
        raise refusal(ErrorCode.NOT_FOUND)

    def _call_next(self, request: CallNext) -> TicketView:
        for ticket in self.tickets:
            if ticket.room_id == request.room_id and ticket.state is TicketState.WAITING:
                return self._move(CallTicket(ticket_id=ticket.id, version=ticket.version), TicketState.CALLING)
        raise refusal(ErrorCode.NOT_FOUND)

    def _finish(self, request: FinishTicket) -> Nothing:
        ticket = self._move(request, TicketState.DONE)
        self.finished.append(
            an_exam_row(
                ticket.exam_id,
                state=ExamState.EXAMINED,
                registration_state=RegistrationState.DIAGNOSING,
                report_state=ReportState.AWAITING,
                has_images=True,
                study_uid=f"1.2.3.{ticket.exam_id}",
                ticket_state=TicketState.DONE,
                allowed=(ExamAction.VIEW_IMAGES,),
            )
        )
        return Nothing()

    def _change_room(self, request: ChangeRoom) -> TicketView:
        for place, ticket in enumerate(self.tickets):
            if ticket.id == request.ticket_id:
                room = next(room for room in self.hospital.rooms if room.id == request.room_id)
                moved = msgspec.structs.replace(
                    ticket, room_id=room.id, room_name=room.name, number="B001", version=ticket.version + 1
                )
                self.tickets[place] = moved
                return moved
        raise refusal(ErrorCode.NOT_FOUND)

    def _sign_in_again(self, request: SignInAgain) -> TicketView:
        return next(ticket for ticket in self.tickets if ticket.exam_id == request.exam_id)


class FakeDocuments:
    """Keeps what was handed out and opened."""

    def __init__(self) -> None:
        self.handed_out: list[DocumentView] = []
        self.opened: list[DocumentView] = []

    def hand_out(self, document: DocumentView) -> str:
        self.handed_out.append(document)
        return "已打印"

    def output(self, kind: str) -> Output:
        return Output()

    def read(self, document: DocumentView) -> bytes:
        self.opened.append(document)
        return b"%PDF"


class FakeDrafts:
    """A draft in memory."""

    def __init__(self, form: Any = None) -> None:
        self.form = form

    def load(self) -> Any:
        return self.form

    def save(self, form: Any) -> None:
        self.form = form

    def discard(self) -> None:
        self.form = None


class FakeTimer:
    """Calls back when the test lets time pass."""

    def __init__(self) -> None:
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def __call__(self, seconds: float, callback: Callable[[], None]) -> Callable[[], None]:
        entry = (seconds, callback)
        self._waiting.append(entry)

        def take_back() -> None:
            if entry in self._waiting:
                self._waiting.remove(entry)

        return take_back

    def pass_time(self) -> None:
        """Everything that waited comes due."""
        waiting, self._waiting = self._waiting, []
        for _seconds, callback in waiting:
            callback()


class FakeViewer:
    """Remembers the studies that were opened."""

    def __init__(self) -> None:
        self.opened: list[str] = []

    def open_study(self, study_uid: str) -> None:
        self.opened.append(study_uid)


class FakePreferences(dict[str, Any]):
    """Preferences in memory."""

    def set(self, key: str, value: Any) -> None:
        self[key] = value
