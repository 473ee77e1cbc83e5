"""What collections need of other areas, as narrow as it can be said; bootstrap hands in their services."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.reporting.worklist_texts import PlainReport
from shared.contract.reporting import ReportRow, ReportView, SaveTemplate, TemplateView


class Reports(Protocol):
    """Reports as they are now."""

    def get(self, uow: UnitOfWork, caller: Caller, report_id: int) -> ReportView:
        """Return a report for reading; raises the NOT_FOUND refusal."""
        ...


class Rows(Protocol):
    """The diagnosis list."""

    def rows_of(self, uow: UnitOfWork, caller: Caller, report_ids: Collection[int]) -> dict[int, ReportRow]:
        """Return the rows of these reports by id, without those that are gone."""
        ...


class Texts(Protocol):
    """Approved texts."""

    def newest(
        self, uow: UnitOfWork, *, exam_type: str, body_part: str, but: int, room_ids: Collection[int] | None, most: int
    ) -> list[tuple[int, int]]:
        """Return report id and text number of the newest approved reports."""
        ...

    def texts(self, uow: UnitOfWork, wanted: Collection[tuple[int, int]]) -> dict[int, PlainReport]:
        """Return texts by report id."""
        ...


class Documents(Protocol):
    """The document store."""

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        """Keep `data` and return the document's id."""
        ...

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        """Return the bytes of a document."""
        ...


class Library(Protocol):
    """Templates and phrases."""

    def find(self, uow: UnitOfWork, caller: Caller, text: str = "") -> tuple[TemplateView, ...]:
        """Return the public templates and the caller's own."""
        ...

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveTemplate) -> TemplateView:
        """Add or change a template of the caller."""
        ...
