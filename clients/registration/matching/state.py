"""What the matching page shows; frozen, without Qt."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contract.archive import StudyRow
from shared.contract.exams import ExamRow


@dataclass(frozen=True)
class MatchingState:
    """Studies without an exam, the chosen one, and the exam that was looked up for it."""

    studies: tuple[StudyRow, ...] = ()
    total: int = 0
    is_loading: bool = False
    trouble: str = ""
    selected: str = ""  # Study Instance UID
    number: str = ""  # 检查号 as typed
    exam: ExamRow | None = None
    problem: str = ""  # said at the number field

    @property
    def study(self) -> StudyRow | None:
        """The chosen study."""
        return next((study for study in self.studies if study.study_uid == self.selected), None)

    @property
    def may_match(self) -> bool:
        """Both sides are known."""
        return self.study is not None and self.exam is not None

    @property
    def is_same_patient(self) -> bool:
        """Whether the images carry the exam's patient number; a hint, not a rule: that is why people match by hand."""
        return self.study is not None and self.exam is not None and self.study.patient_id == self.exam.patient_number
