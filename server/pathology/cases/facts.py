"""A case as other rooms see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from server.pathology.cases.tables import CaseRow, LibraryRow
from shared.contract.pathology import CaseEntry
from shared.domain.pathology import CYTOLOGY_KINDS, LOCKED_STATES, CaseState, LibraryKind
from shared.domain.states import Sex


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What rooms ask of a case. `stored_entry` is decoded by `entry` when it is wanted."""

    id: int
    version: int
    revision: int
    number: str  # empty for appointments and deleted cases
    library_id: int
    library_name: str
    library_kind: LibraryKind
    single_piece: bool
    two_at_grossing: bool
    retention_days: int
    state: CaseState
    state_since: datetime
    patient_id: int | None
    patient_name: str
    sex: Sex
    age: str
    birth_date: date | None
    application_number: str
    hospital_patient_id: str
    outpatient_number: str
    inpatient_number: str
    department: str
    bed: str
    sending_unit: str
    sending_doctor: str
    specimen_type: str
    specimen_name: str
    clinical_diagnosis: str
    received_at: datetime
    registered_at: datetime
    registered_by_id: int
    registered_by: str
    gross_description: str
    stored_entry: Any

    @property
    def is_locked(self) -> bool:
        """Whether texts and media may not change (审核 and later)."""
        return self.state in LOCKED_STATES

    @property
    def is_cytology(self) -> bool:
        return self.library_kind in CYTOLOGY_KINDS

    @property
    def entry(self) -> CaseEntry:
        """The whole patient information page."""
        return entry_of(self.stored_entry)


def entry_of(stored: Any) -> CaseEntry:
    """Return the page as it was typed."""
    return msgspec.convert(stored, CaseEntry, strict=False)


def facts_of(row: CaseRow, library: LibraryRow) -> CaseFacts:
    """Return the facts of a row."""
    return CaseFacts(
        id=row.id,
        version=row.version,
        revision=row.revision,
        number=row.number or "",
        library_id=row.library_id,
        library_name=library.name,
        library_kind=LibraryKind(library.kind),
        single_piece=library.single_piece,
        two_at_grossing=library.two_at_grossing,
        retention_days=library.retention_days,
        state=CaseState(row.state),
        state_since=row.state_since,
        patient_id=row.patient_id,
        patient_name=row.patient_name,
        sex=Sex(row.sex),
        age=row.age,
        birth_date=row.birth_date,
        application_number=row.application_number,
        hospital_patient_id=row.hospital_patient_id,
        outpatient_number=row.outpatient_number,
        inpatient_number=row.inpatient_number,
        department=row.department,
        bed=row.bed,
        sending_unit=row.sending_unit,
        sending_doctor=row.sending_doctor,
        specimen_type=row.specimen_type,
        specimen_name=row.specimen_name,
        clinical_diagnosis=row.clinical_diagnosis,
        received_at=row.received_at,
        registered_at=row.registered_at,
        registered_by_id=row.registered_by_id,
        registered_by=row.registered_by,
        gross_description=row.gross_description,
        stored_entry=row.entry,
    )
