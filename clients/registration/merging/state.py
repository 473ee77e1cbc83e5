"""What the merging page shows; knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.exams import ExamRow
from shared.contract.patients import LikePair, PatientLinkView, PatientRecords, PatientView

COMPARED = (
    "patient_number",
    "name",
    "pinyin",
    "sex",
    "birth_date",
    "id_number",
    "card_number",
    "inpatient_number",
    "health_check_number",
    "phone",
    "address",
)
"""Fields in the order of the comparison."""


@dataclass(frozen=True)
class Side:
    """One record of the comparison with its exams."""

    patient: PatientView
    exams: tuple[ExamRow, ...] | None = None  # None while they load
    exam_count: int = 0


@dataclass(frozen=True)
class MergingState:
    """`keep` stands for both afterwards; `join` is the one that disappears from searches."""

    pairs: tuple[LikePair, ...] = ()
    loading: bool = False
    loaded_once: bool = False
    trouble: str = ""
    search: str = ""
    found: tuple[PatientView, ...] | None = None  # None: the suggested pairs are shown, not a search
    keep: Side | None = None
    join: Side | None = None
    records: PatientRecords | None = None  # of `keep`
    trace: tuple[PatientLinkView, ...] = ()
    reason: str = ""
    reason_missing: bool = False
    working: bool = False

    @property
    def may_merge(self) -> bool:
        """Two different records are there and nothing is under way."""
        return (
            not self.working
            and self.keep is not None
            and self.join is not None
            and self.keep.patient.id != self.join.patient.id
        )

    def differs(self, field: str) -> bool:
        """Both records know the field and say different things; their own numbers always differ."""
        if self.keep is None or self.join is None:
            return False
        if field == "patient_number":
            return False
        one, other = getattr(self.keep.patient, field), getattr(self.join.patient, field)
        return bool(one) and bool(other) and one != other
