"""What hanging needs of the archive; bootstrap hands in the adapter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from shared.contract.archive import StudyRow, StudyView


class Archive(Protocol):
    """The archive as hanging sees it; each call works in a unit of work of its own."""

    def study(self, study_uid: str) -> StudyView | None:
        """The study with its series; None when it is gone."""
        ...

    def newest(self, count: int, modality: str) -> Sequence[StudyRow]:
        """The newest studies of a modality, of any when it is empty."""
        ...

    def header(self, sop_instance_uid: str) -> bytes | None:
        """The DICOM file up to its pixel data; None when it cannot be read now."""
        ...
