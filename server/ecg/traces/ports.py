"""What traces take from other areas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from server.kernel.database import UnitOfWork

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from shared.dicomkit.headers import PatientFacts, StudyFacts


class NotYet(Exception):
    """The archive cannot take it now; the text is a sentence."""


class Studies(Protocol):
    """Patients and exams as DICOM objects name them."""

    def patient_and_study(self, uow: UnitOfWork, exam_id: int) -> tuple[PatientFacts, StudyFacts]:
        """For objects in the archive. Raises NOT_FOUND."""


class Archive(Protocol):
    """Where objects go."""

    def store(self, made: Dataset) -> None:
        """Hand an object in, in the transfer syntax of its file meta. Raises NotYet."""

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether the index names them all."""


@dataclass(frozen=True, slots=True)
class ArrivedObject:
    """An ECG object that a modality stored."""

    sop_uid: str
    sop_class: str
    study_uid: str
    accession: str


class Arrivals(Protocol):
    """ECG objects of the archive."""

    def of_study(self, study_id: int) -> Iterable[ArrivedObject]:
        """Return the ECG waveform objects of a study, by the archive's own id."""

    def data(self, sop_uid: str) -> bytes:
        """Return an object as a file (PS3.10). Raises NOT_FOUND."""
