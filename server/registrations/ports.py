"""What registrations need of the archive; bootstrap hands in the adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from server.kernel.database import UnitOfWork
from shared.dicomkit.headers import InstanceReference, PatientFacts, StudyFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class NotYet(Exception):
    """The archive cannot take objects now; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class StudyThere:
    """A study with what objects in it must say alike, and its images by series."""

    study: StudyFacts
    patient: PatientFacts
    fixed: Mapping[str, str]  # keyword → value as the archive has it, also where it is empty
    images: Mapping[str, tuple[InstanceReference, ...]]  # by Series Instance UID


class Archive(Protocol):
    """The archive as registrations see it."""

    def patient_of(self, uow: UnitOfWork, study_uid: str) -> str | None:
        """Number of the patient of a study in the index; None when the study is not there."""
        ...

    def study(self, study_uid: str) -> StudyThere | None:
        """The study; None when it is gone. Works in a unit of work of its own."""
        ...

    def file(self, sop_uid: str) -> bytes | None:
        """A whole object as a file; None when it is not there."""
        ...

    def store(self, made: Dataset) -> None:
        """Hand an object to the receiver; the same object twice is kept once. Raises NotYet."""
        ...

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether all of these are in the index."""
        ...
