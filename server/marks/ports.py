"""What marks need of the archive; bootstrap hands in the adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from server.kernel.database import UnitOfWork
from shared.dicomkit.headers import PatientFacts, StudyFacts
from shared.dicomkit.marks import ImageFacts

if TYPE_CHECKING:
    from pydicom.dataset import Dataset


class NotYet(Exception):
    """The archive cannot take objects now; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class MarkedStudy:
    """The study that marks lie on, with what objects in it must say alike."""

    study: StudyFacts
    patient: PatientFacts
    fixed: Mapping[str, str]  # keyword → value as the archive has it, also where it is empty
    images: Mapping[str, ImageFacts]  # by SOP Instance UID


class Archive(Protocol):
    """The archive as marks see it."""

    def knows(self, uow: UnitOfWork, study_uid: str) -> bool:
        """Whether the study is in the index."""
        ...

    def study(self, study_uid: str) -> MarkedStudy | None:
        """The study with its images; None when it is gone. Works in a unit of work of its own."""
        ...

    def store(self, made: Dataset) -> None:
        """Hand an object to the receiver; the same object twice is kept once. Raises NotYet."""
        ...

    def holds(self, sop_uids: Sequence[str]) -> bool:
        """Whether all of these are in the index."""
        ...
