"""The whole server's areas on a fresh database, cases in any state, and callers by role: what the tests share."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec

from server.bootstrap.areas import build_areas
from server.bootstrap.folders import Folders
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from server.pathology.cases.tables import CaseRow, LibraryRow
from server.settings import load
from shared.contract.base import Request
from shared.contract.errors import ErrorCode
from shared.contract.pathology import CaseEntry
from shared.contract.pathology_reports import DiagnosisView, Open, OpinionText, SaveOpinion
from shared.domain.pathology import CaseState, LibraryKind, OpinionKind
from shared.domain.permissions import ROLES
from shared.domain.states import Sex
from tests.databases import make_tables

GROSS = "胃大部切除标本，胃窦小弯侧溃疡型肿物，3×2×1.5 cm。"
TEXT = OpinionText(findings="异型腺体浸润至浆膜下。", diagnosis="（胃窦）慢性萎缩性胃炎。")


class Room:
    """Areas on a database in `folder`."""

    def __init__(self, folder: Path) -> None:
        from server.kernel.database import Database

        Folders(folder).make()
        self.database = Database.in_folder(folder)
        make_tables(self.database)
        self.areas = build_areas(load(None, {"data": folder}), self.database)
        with self.database.write() as uow:
            self.areas.organisation.seed_defaults(uow)
        self.handlers = collect(*self.areas.pathology.handlers)
        self.users: dict[str, Caller] = {}
        self._numbers = 0

    def close(self) -> None:
        self.database.close()

    def user(self, role: str, name: str = "") -> Caller:
        """An account with a role, made once."""
        login = name or role
        if login not in self.users:
            made = self.areas.identity.create_user(login, login, "Secret-2026!", (role,))
            self.users[login] = Caller(made.id, login, login, ROLES[role], "诊断 1")
        return self.users[login]

    def case(
        self, state: CaseState = CaseState.PREPARED, library: LibraryKind = LibraryKind.ROUTINE, **entry: Any
    ) -> int:
        """A case with a gross description, in a state."""
        self._numbers += 1
        now = dt.datetime.now(dt.UTC)
        page = CaseEntry(patient_name=entry.pop("patient_name", "欧阳𠮷祥"), sex=Sex.MALE, age="45岁", **entry)
        with self.database.write() as uow:
            found = uow.session.query(LibraryRow).filter_by(kind=library.value).first()
            if found is None:
                found = LibraryRow(
                    version=1, name=library.value, name_en="", kind=library.value, prefix="", date_part="yy",
                    serial_width=5, reset="year", position=1, single_piece=True, retention_days=14, is_active=True,
                )  # fmt: skip
                uow.session.add(found)
                uow.session.flush()
            row = CaseRow(
                version=1, library_id=found.id, number=f"26{self._numbers:05d}", state=state.value, state_since=now,
                entry=msgspec.to_builtins(page), patient_name=page.patient_name, sex="M", age="45岁", age_years=45.0,
                application_number="", hospital_patient_id="P1", outpatient_number="", inpatient_number="",
                id_number="", department="普外科", bed="12", sending_unit="明镜医院", sending_doctor="王医生",
                specimen_type="", specimen_name="胃", clinical_diagnosis="", received_at=now, registered_by_id=0,
                registered_by="周登记", registered_at=now, gross_description=GROSS, unlocked_state="chief",
            )  # fmt: skip
            uow.session.add(row)
            uow.session.flush()
            self.areas.pathology.reports.parts.books.cases.touch(uow, row.id)
            return row.id

    def put_state(self, case_id: int, state: CaseState) -> None:
        """Set a case's state from outside the machine."""
        with self.database.write() as uow:
            row = uow.session.get_one(CaseRow, case_id)
            row.state = state.value
            self.areas.pathology.reports.parts.books.cases.touch(uow, case_id)

    def ask(self, caller: Caller, request: Request[Any]) -> Any:
        """Call a handler as the router does, permission included."""
        if not caller.may(request.permission):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "没有权限。")
        handler = self.handlers[request.method]
        if not handler.in_transaction:
            return handler.call(request, caller)
        opened = self.database.write() if request.is_command else self.database.read()
        with opened as uow:
            return handler.call(request, caller, uow)

    def open(self, caller: Caller, case_id: int) -> DiagnosisView:
        """The diagnosis page."""
        page: DiagnosisView = self.ask(caller, Open(case_id=case_id))
        return page

    def write(self, caller: Caller, case_id: int, kind: OpinionKind, text: OpinionText = TEXT, **more: Any) -> Any:
        """Save an opinion."""
        return self.ask(caller, SaveOpinion(case_id=case_id, kind=kind, text=text, **more))

    def document(self, document_id: int) -> bytes:
        """The bytes of a kept document."""
        with self.database.read() as uow:
            return self.areas.pathology.house.documents.open_document(uow, self.user("pathology_admin"), document_id)
