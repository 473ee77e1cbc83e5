"""A pathology department in memory: a FakeConnection with libraries, cases, specimens, counters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from clients.kit.connection import FakeConnection
from shared.contract.base import Changed
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.pathology import (
    BeginDeletion,
    BookCase,
    CaseDetails,
    CaseEntry,
    CasePage,
    CaseRow,
    CaseView,
    ChargesView,
    CheckNumber,
    CountLists,
    DeleteCase,
    DeletionChallenge,
    ExecuteBookings,
    FetchedPatient,
    FetchIntoCases,
    FetchPatient,
    FindGaps,
    GetCharges,
    GetNeighbours,
    LibraryEntry,
    LibraryView,
    ListCases,
    ListCounts,
    ListLibraries,
    Neighbours,
    NextNumber,
    NumberAnswer,
    NumberGap,
    OpenCase,
    RegisterCase,
    SaveCase,
    SaveCharges,
    TransferCase,
)
from shared.contract.pathology_reports import Counts, GetCounts, ListFavourites, RemoveFavourite, SaveFavourite
from shared.contract.pathology_stations import (
    EnterLibrary,
    GetStationSettings,
    LoginChoices,
    LoginChoicesView,
    LoginLibrary,
    LoginUser,
    PrintCaseBarcode,
    PrintSlip,
    StationSettings,
)
from shared.contract.pathology_technique import (
    AcceptSpecimens,
    BatchLine,
    BatchReport,
    EditSpecimen,
    GrossingView,
    RegisterSpecimens,
    RejectSpecimens,
    SpecimenEntry,
    SpecimenView,
)
from shared.contract.pathology_templates import ListPrompts, PromptEntry, PromptField
from shared.contract.pathology_trail import ObjectFacts, Scan, ScanResult
from shared.contract.printing import DocumentView
from shared.domain.pathology import (
    CaseAction,
    CaseFlag,
    CaseState,
    LibraryKind,
    ObjectKind,
    ScanVerdict,
    SpecimenAction,
    SpecimenState,
    TissueState,
)
from shared.domain.permissions import PATHOLOGY_WORDS, Permission
from shared.domain.states import Sex

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
LIBRARIES = (
    LibraryView(id=1, version=1, position=1, entry=LibraryEntry(name="常规", name_en="Routine")),
    LibraryView(
        id=2, version=1, position=2, entry=LibraryEntry(name="冰冻", name_en="Frozen", kind=LibraryKind.FROZEN)
    ),
)
ALL_RIGHTS = (Permission.SIGNED_IN, Permission.OWN_ACCOUNT, *PATHOLOGY_WORDS)


def refusal(code: ErrorCode, message: str = "不行", field: str = "") -> Exception:
    """An error as the server would send it."""
    return error_for(ErrorBody(code=code, message=message, field=field))


class FakePathology:
    """Answers as the server would, in memory; `fail` makes a request type fail once or always."""

    def __init__(self, permissions: tuple[Permission, ...] = ALL_RIGHTS) -> None:
        self.cases: dict[int, CaseDetails] = {}
        self.settings = StationSettings(sending_unit="本院")
        self.patients: list[FetchedPatient] = []
        self.fails: dict[type[Any], Exception] = {}
        self.next_serial = 1
        self.charges: dict[int, ChargesView] = {}
        answers = {
            LoginChoices: self.login_choices,
            ListLibraries: lambda _r: LIBRARIES,
            EnterLibrary: lambda _r: self.settings,
            GetStationSettings: lambda _r: self.settings,
            ListCases: self.list_cases,
            CountLists: self.count,
            GetCounts: lambda _r: Counts(
                consultations=2, my_consultations=0, follow_ups_due=1, follow_ups=2, favourites=3, delayed=0, overdue=0
            ),
            OpenCase: self.open,
            GetNeighbours: self.neighbours,
            NextNumber: lambda _r: NumberAnswer(number=self.number(self.next_serial), is_free=True),
            CheckNumber: self.check_number,
            RegisterCase: self.register,
            BookCase: self.book,
            ExecuteBookings: self.execute,
            SaveCase: self.save,
            RegisterSpecimens: self.add_specimens,
            EditSpecimen: self.edit_specimen,
            AcceptSpecimens: lambda r: self.decide(r.specimen_ids, SpecimenState.ACCEPTED, ""),
            RejectSpecimens: lambda r: self.decide(r.specimen_ids, SpecimenState.REJECTED, r.reason),
            FetchPatient: self.fetch,
            FindGaps: lambda r: (NumberGap(number=r.first, was_deleted=False, is_free=True),),
            Scan: self.scan,
            PrintCaseBarcode: lambda _r: _document("pathology_barcode"),
            PrintSlip: lambda _r: _document("pathology_slip"),
            GetCharges: lambda r: self.charges.get(r.case_id, _no_charges(r.case_id)),
            SaveCharges: self.save_charges,
            ListFavourites: lambda _r: (),
            SaveFavourite: lambda _r: None,
            RemoveFavourite: lambda _r: None,
            TransferCase: self.transfer,
            BeginDeletion: lambda r: DeletionChallenge(case_id=r.case_id, password="K7PQ2M", expires_at=NOW),
            DeleteCase: self.delete,
            FetchIntoCases: lambda r: BatchReport(
                lines=tuple(
                    BatchLine(id=one, number=str(one), is_done=one != 1, message="没有号码") for one in r.case_ids
                )
            ),
            ListPrompts: lambda _r: (
                PromptField(key="department", version=1, entries=(PromptEntry(text="骨外科", initials="GWK"),)),
            ),
        }
        replies = {kind: self._failing(kind, answer) for kind, answer in answers.items()}
        self.connection = FakeConnection(replies=replies, accounts={"reg": "secret"}, permissions=permissions)
        self.connection.documents = {1: b"%PDF-1.4"}

    def _failing(self, kind: type[Any], answer: Any) -> Any:
        def handler(request: Any) -> Any:
            if kind in self.fails:
                raise self.fails[kind]
            return answer(request)

        return handler

    # ── making ──

    @staticmethod
    def number(serial: int) -> str:
        return f"26{serial:05d}"

    def add(
        self,
        name: str = "陈静",
        state: CaseState = CaseState.REGISTERED,
        flags: tuple[CaseFlag, ...] = (),
        specimens: tuple[SpecimenEntry, ...] = (SpecimenEntry(name="胃窦活检"),),
        **entry: Any,
    ) -> CaseDetails:
        """A stored case."""
        details = self.register(
            RegisterCase(
                library_id=1,
                entry=CaseEntry(
                    patient_name=name,
                    sex=entry.pop("sex", Sex.FEMALE),
                    age=entry.pop("age", "45岁"),
                    department=entry.pop("department", "消化内科"),
                    specimen_name=entry.pop("specimen_name", "胃窦黏膜"),
                    **entry,
                ),
                specimens=specimens,
            )
        )
        case = msgspec.structs.replace(details.case, state=state, flags=flags)
        self.cases[case.id] = msgspec.structs.replace(details, case=case)
        return self.cases[case.id]

    def change(self, case_id: int, **changes: Any) -> None:
        """Another station changed a case; its notice goes out."""
        details = self.cases[case_id]
        case = msgspec.structs.replace(details.case, revision=details.case.revision + 1, **changes)
        self.cases[case_id] = msgspec.structs.replace(details, case=case)
        self.connection.send_notice(Changed(entity="pathology_case", id=case_id, version=case.revision))

    # ── answering ──

    def login_choices(self, _request: Any) -> LoginChoicesView:
        return LoginChoicesView(
            libraries=tuple(
                LoginLibrary(id=one.id, name=one.entry.name, name_en=one.entry.name_en) for one in LIBRARIES
            ),
            users=(
                LoginUser(login="reg", name="王登记", library_ids=()),
                LoginUser(login="gross", name="李取材", library_ids=(2,)),
            ),
        )

    def rows(self, request: ListCases) -> list[CaseRow]:
        wanted = request.filter
        found = []
        for details in sorted(self.cases.values(), key=lambda one: -one.case.id):
            case = details.case
            if wanted.states and case.state not in wanted.states:
                continue
            if not wanted.states and case.state is CaseState.APPOINTED:
                continue
            if any(flag not in case.flags for flag in wanted.flags):
                continue
            if wanted.text and wanted.text not in case.entry.patient_name:
                continue
            found.append(_row(case))
        return found

    def list_cases(self, request: ListCases) -> CasePage:
        rows = self.rows(request)
        start = int(request.cursor or 0)
        part = tuple(rows[start : start + request.limit])
        end = start + len(part)
        return CasePage(rows=part, next_cursor=str(end) if end < len(rows) else "", total=len(rows), now=NOW)

    def count(self, _request: Any) -> ListCounts:
        states: dict[CaseState, int] = {}
        for details in self.cases.values():
            states[details.case.state] = states.get(details.case.state, 0) + 1
        bookings = states.pop(CaseState.APPOINTED, 0)
        return ListCounts(states=states, bookings=bookings, flags={CaseFlag.REGROSSING: 1})

    def open(self, request: OpenCase) -> CaseDetails:
        for details in self.cases.values():
            if details.case.id == request.case_id or (request.number and details.case.number == request.number):
                return details
        raise refusal(ErrorCode.NOT_FOUND, "没有这个病例")

    def neighbours(self, request: GetNeighbours) -> Neighbours:
        ids = [row.id for row in self.rows(ListCases(filter=request.filter))]
        place = ids.index(request.case_id)
        return Neighbours(
            previous_id=ids[place - 1] if place else 0, next_id=ids[place + 1] if place + 1 < len(ids) else 0
        )

    def check_number(self, request: CheckNumber) -> NumberAnswer:
        taken = next((one.case for one in self.cases.values() if one.case.number == request.number), None)
        if taken is None:
            return NumberAnswer(number=request.number, is_free=True)
        return NumberAnswer(
            number=request.number, is_free=False, message=f"病理号 {request.number} 已存在", existing_id=taken.id
        )

    def register(self, request: RegisterCase) -> CaseDetails:
        number = request.number
        if number and not self.check_number(CheckNumber(number=number)).is_free:
            raise refusal(ErrorCode.DUPLICATE, f"病理号 {number} 已存在", "number")
        if not number:
            number = self.number(self.next_serial)
            self.next_serial += 1
        details = self._store(request.library_id, request.entry, number, CaseState.REGISTERED)
        if request.specimens:
            self.add_specimens(RegisterSpecimens(case_id=details.case.id, entries=request.specimens))
        return self.cases[details.case.id]

    def book(self, request: BookCase) -> CaseDetails:
        return self._store(request.library_id, request.entry, "", CaseState.APPOINTED)

    def execute(self, request: ExecuteBookings) -> BatchReport:
        lines = []
        for case_id in request.case_ids:
            number = self.number(self.next_serial)
            self.next_serial += 1
            self.change(case_id, number=number, state=CaseState.REGISTERED)
            lines.append(BatchLine(id=case_id, number=number, is_done=True))
        return BatchReport(lines=tuple(lines))

    def save(self, request: SaveCase) -> CaseView:
        details = self.cases[request.case_id]
        if request.version != details.case.version:
            raise refusal(ErrorCode.CONFLICT, "已被别人修改")
        case = msgspec.structs.replace(
            details.case,
            entry=request.entry,
            version=request.version + 1,
            revision=details.case.revision + 1,
        )
        self.cases[case.id] = msgspec.structs.replace(details, case=case)
        return case

    def add_specimens(self, request: RegisterSpecimens) -> tuple[SpecimenView, ...]:
        details = self.cases[request.case_id]
        made = []
        for entry in request.entries:
            serial = len(details.specimens) + len(made) + 1
            made.append(_specimen(details.case, serial, entry))
        self.cases[request.case_id] = msgspec.structs.replace(details, specimens=(*details.specimens, *made))
        return tuple(made)

    def edit_specimen(self, request: EditSpecimen) -> SpecimenView:
        for case_id, details in self.cases.items():
            for one in details.specimens:
                if one.id == request.specimen_id:
                    new = msgspec.structs.replace(one, entry=request.entry, version=one.version + 1)
                    self.cases[case_id] = msgspec.structs.replace(
                        details, specimens=tuple(new if two.id == new.id else two for two in details.specimens)
                    )
                    return new
        raise refusal(ErrorCode.NOT_FOUND)

    def decide(self, ids: tuple[int, ...], state: SpecimenState, reason: str) -> BatchReport:
        lines = []
        for case_id, details in self.cases.items():
            specimens = []
            for one in details.specimens:
                hit = one.id in ids
                if hit:
                    lines.append(BatchLine(id=one.id, number=one.number, is_done=True))
                changes: dict[str, Any] = {"state": state, "reason": reason, "allowed": (), "decided_by": "王登记"}
                specimens.append(msgspec.structs.replace(one, **changes) if hit else one)
            self.cases[case_id] = msgspec.structs.replace(details, specimens=tuple(specimens))
        return BatchReport(lines=tuple(lines))

    def fetch(self, request: FetchPatient) -> tuple[FetchedPatient, ...]:
        if not self.patients:
            raise refusal(ErrorCode.NOT_FOUND, f"医院系统中没有 {request.number} 的病人")
        return tuple(self.patients)

    def scan(self, request: Scan) -> ScanResult:
        for details in self.cases.values():
            case = details.case
            if request.code in (case.number, case.code) and case.number:
                facts = ObjectFacts(
                    kind=ObjectKind.CASE, id=case.id, number=case.number, code=case.code, state=case.state,
                    case_id=case.id, case_number=case.number, library_id=1, patient_name=case.entry.patient_name,
                    specimen_id=None, block_id=None, title="", place="", placed_at=None, placed_by="",
                    is_missing=False,
                )  # fmt: skip
                return ScanResult(verdict=ScanVerdict.OPENS, message="", found=facts)
        return ScanResult(verdict=ScanVerdict.UNKNOWN, message=f"没有找到 {request.code}", found=None)

    def save_charges(self, request: SaveCharges) -> ChargesView:
        total = sum(line.price_fen * line.quantity for line in request.lines)
        view = ChargesView(
            case_id=request.case_id,
            version=request.version + 1,
            lines=request.lines,
            total_fen=total,
            unpaid_fen=sum(line.price_fen * line.quantity for line in request.lines if not line.is_paid),
        )
        self.charges[request.case_id] = view
        return view

    def transfer(self, request: TransferCase) -> CaseView:
        self.change(request.case_id, library_id=request.library_id, number=f"D{request.case_id:05d}")
        return self.cases[request.case_id].case

    def delete(self, request: DeleteCase) -> None:
        if request.password != "K7PQ2M":
            raise refusal(ErrorCode.WRONG_PASSWORD, "密码不一致")
        del self.cases[request.case_id]

    def _store(self, library_id: int, entry: CaseEntry, number: str, state: CaseState) -> CaseDetails:
        case_id = len(self.cases) + 1
        case = CaseView(
            id=case_id, version=1, revision=1, number=number, former_numbers=(), code=number and f"C{number}",
            library_id=library_id, state=state, flags=(CaseFlag.URGENT,) if entry.is_urgent else (), entry=entry,
            received_at=NOW, registered_by="王登记", registered_at=NOW - timedelta(minutes=10 * case_id),
            state_since=NOW, delay_reason="", doctors={},
            allowed=(CaseAction.EDIT, CaseAction.FETCH, CaseAction.SPECIMENS, CaseAction.TRANSFER, CaseAction.DELETE),
        )  # fmt: skip
        empty = GrossingView(**_grossing_of(case_id))
        self.cases[case_id] = CaseDetails(case=case, specimens=(), grossing=empty, slides=())
        return self.cases[case_id]


def _grossing_of(case_id: int) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(GrossingView):
        if field.name == "case_id":
            values["case_id"] = case_id
        elif field.required:
            values[field.name] = {"int": 0, "str": ""}.get(getattr(field.type, "__name__", ""), ())
    return values


def _specimen(case: CaseView, serial: int, entry: SpecimenEntry) -> SpecimenView:
    values: dict[str, Any] = {
        field.name: None if "None" in str(field.type) else "" for field in msgspec.structs.fields(SpecimenView)
    }
    values.update(
        id=case.id * 100 + serial,
        version=1,
        case_id=case.id,
        case_number=case.number,
        serial=serial,
        number=f"{case.number}/{serial}",
        code=f"S{case.number}-{serial}",
        entry=entry,
        state=SpecimenState.REGISTERED,
        tissue=TissueState.NONE,
        registered_by="王登记",
        registered_at=NOW,
        allowed=(SpecimenAction.EDIT, SpecimenAction.ACCEPT, SpecimenAction.REJECT),
    )
    return SpecimenView(**values)


def _row(case: CaseView) -> CaseRow:
    entry = case.entry
    return CaseRow(
        id=case.id, revision=case.revision, number=case.number, library_id=case.library_id, state=case.state,
        flags=case.flags, patient_name=entry.patient_name, sex=entry.sex, age=entry.age, department=entry.department,
        bed=entry.bed, sending_unit=entry.sending_unit, sending_doctor=entry.sending_doctor,
        application_number=entry.application_number, outpatient_number=entry.outpatient_number,
        inpatient_number=entry.inpatient_number, specimen_name=entry.specimen_name,
        clinical_diagnosis=entry.clinical_diagnosis, received_at=case.received_at, registered_at=case.registered_at,
        registered_by=case.registered_by, state_since=case.state_since, delay_reason="", first_doctor="",
        chief_doctor="赵主诊" if case.state in (CaseState.CHIEF, CaseState.AUDITED) else "", second_doctor="",
        auditor="",
    )  # fmt: skip


def _document(kind: str) -> DocumentView:
    return DocumentView(id=1, kind=kind, media_type="application/pdf", size_bytes=8, sha256="0" * 64, created_at=NOW)


def _no_charges(case_id: int) -> ChargesView:
    return ChargesView(case_id=case_id, version=0, lines=(), total_fen=0, unpaid_fen=0)
