"""What corrections ask of others, as narrow as it can be said; bootstrap hands in the adapters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.errors import illegal_action


@dataclass(frozen=True, slots=True)
class RegisteredPatient:
    """A patient as the hospital's registration has him, in DICOM's terms, and the ids of his exams."""

    values: dict[int, str]  # by tag: name, id, birth date, sex
    exam_ids: tuple[int, ...]


class RecycleBin(Protocol):
    """Where rejected instances go."""

    def discard(
        self, uow: UnitOfWork, *, study_uid: str, series_uid: str = "", sop_instance_uid: str = "", reason: str, by: str
    ) -> int:
        """Take a study, a series or an instance out of the index; returns the number by which it comes back.

        Raises Refusal (report approved, legal hold).
        """
        ...

    def restore(self, uow: UnitOfWork, entry_id: int) -> None:
        """Bring it back. Raises Refusal."""
        ...


class Registration(Protocol):
    """The registration's patients."""

    def patient(self, uow: UnitOfWork, patient_id: int) -> RegisteredPatient:
        """One patient. Raises the NOT_FOUND refusal."""
        ...


class NoRecycleBin:
    """Stands in where nothing can be rejected."""

    def discard(
        self, uow: UnitOfWork, *, study_uid: str, series_uid: str = "", sop_instance_uid: str = "", reason: str, by: str
    ) -> int:
        raise illegal_action("no_bin", "没有回收站，不能拒绝影像。")

    def restore(self, uow: UnitOfWork, entry_id: int) -> None:
        raise illegal_action("no_bin", "没有回收站，不能恢复影像。")
