"""Views of cases for the wire."""

from __future__ import annotations

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.cases import numbers
from server.pathology.cases.ports import Contents
from server.pathology.cases.service import CaseService
from server.pathology.cases.tables import CaseRow
from shared.contract.pathology import CaseDetails, CaseView
from shared.domain.pathology import CaseFlag, DoctorRole, ObjectKind
from shared.domain.pathology_barcodes import make_code


class CaseViews:
    """What is sent of a case."""

    def __init__(self, cases: CaseService, contents: Contents) -> None:
        self._cases = cases
        self._contents = contents

    def details(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseDetails:
        """Return a case with everything in it. Raises NOT_FOUND, PERMISSION_MISSING."""
        return CaseDetails(
            case=self.case(uow, caller, case_id),
            specimens=self._contents.specimens_of(uow, caller, case_id),
            grossing=self._contents.grossing_of(uow, caller, case_id),
            slides=self._contents.slides_of(uow, caller, case_id),
        )

    def case(self, uow: UnitOfWork, caller: Caller, case_id: int) -> CaseView:
        """Return a case. Raises NOT_FOUND, PERMISSION_MISSING."""
        facts = self._cases.demand(uow, caller, case_id)
        row = uow.session.get_one(CaseRow, case_id)
        flags = self._cases.flags_of(uow, (case_id,))[case_id]
        names = {
            DoctorRole.FIRST: row.first_doctor,
            DoctorRole.CHIEF: row.chief_doctor,
            DoctorRole.SECOND: row.second_doctor,
            DoctorRole.AUDIT: row.auditor,
        }
        return CaseView(
            id=row.id,
            version=row.version,
            revision=row.revision,
            number=facts.number,
            former_numbers=numbers.former_numbers(uow.session, case_id),
            code=make_code(ObjectKind.CASE, facts.number) if facts.number else "",
            library_id=row.library_id,
            state=facts.state,
            flags=(*flags, CaseFlag.LOCKED) if facts.is_locked else flags,
            entry=facts.entry,
            received_at=row.received_at,
            registered_by=row.registered_by,
            registered_at=row.registered_at,
            state_since=row.state_since,
            delay_reason=row.delay_reason,
            label_prints=row.label_prints,
            doctors={role: name for role, name in names.items() if name},
            allowed=self._cases.allowed(caller, facts),
        )
