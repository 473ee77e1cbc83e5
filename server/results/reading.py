"""Approved reports as FHIR resources for those who ask: searched by columns of the issues, written from snapshots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from server.kernel.database import Database
from server.kernel.errors import Refusal
from server.results import rules
from server.results.documents import fhir
from server.results.ports import NotYet, Paper
from server.results.snapshot import unpacked
from server.results.tables import ResultIssue
from shared.contract.results import ResultEvent

Json = dict[str, Any]
MOST = 100


@dataclass(frozen=True, slots=True)
class Moments:
    """A half-open span of time; None is open."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Conditions of a search; empty ones do not count. Several values of one condition: any of them."""

    report_ids: tuple[int, ...] = ()
    accession_numbers: tuple[str, ...] = ()
    patient_ids: tuple[int, ...] = ()
    patient_numbers: tuple[str, ...] = ()
    exam_ids: tuple[int, ...] = ()
    statuses: tuple[str, ...] = ()
    examined: Moments = field(default=Moments())
    issued: Moments = field(default=Moments())
    offset: int = 0
    limit: int = 20


class Shelf:
    """The newest issue of every report."""

    def __init__(self, database: Database, paper: Paper) -> None:
        self._database = database
        self._paper = paper

    def search(self, wanted: Wanted) -> tuple[int, list[dict[str, Json]]]:
        """Return how many reports fit, and of one page every report's resources by `Type/id`, the report first."""
        conditions = _conditions(wanted)
        if conditions is None:
            return 0, []
        counted = select(func.count()).select_from(ResultIssue).where(*conditions)
        page = (
            select(ResultIssue)
            .where(*conditions)
            .order_by(ResultIssue.id.desc())
            .offset(wanted.offset)
            .limit(min(wanted.limit, MOST))
        )
        with self._database.read() as uow:
            total = int(uow.session.execute(counted).scalar_one())
            found = [_resources(issue) for issue in uow.session.scalars(page)] if wanted.limit else []
        return total, found

    def read(self, kind: str, key: str) -> Json | None:
        """Return one resource by its id; None when there is none (any more)."""
        conditions = _named(kind, key)
        if conditions is None:
            return None
        statement = select(ResultIssue).where(*conditions, _is_newest()).order_by(ResultIssue.id.desc()).limit(1)
        with self._database.read() as uow:
            issue = uow.session.scalars(statement).first()
            return None if issue is None else _resources(issue).get(f"{kind}/{key}")

    def pdf(self, report_id: int) -> bytes | None:
        """Return the printed report; None when the report is not approved, is withdrawn, or its paper is not ready."""
        statement = select(ResultIssue).where(ResultIssue.report_id == report_id, _is_newest())
        with self._database.read() as uow:
            issue = uow.session.scalars(statement).first()
            snapshot = None if issue is None else unpacked(issue.body)
        if snapshot is None or snapshot.is_withdrawn:
            return None
        try:
            return self._paper.pdf(snapshot.view, snapshot.edition)
        except (NotYet, Refusal):
            return None


def _resources(issue: ResultIssue) -> dict[str, Json]:
    url = f"Binary/report-{issue.report_id}"
    return fhir.resources(unpacked(issue.body), fhir.Bundling(issue.number, issue.at, pdf_url=url))


def _is_newest() -> ColumnElement[bool]:
    other = aliased(ResultIssue)
    newest = select(func.max(other.number)).where(other.report_id == ResultIssue.report_id).scalar_subquery()
    return ResultIssue.number == newest


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]] | None:
    """None when nothing can fit."""
    found = [_is_newest()]
    columns: Sequence[tuple[Any, Sequence[Any]]] = (
        (ResultIssue.report_id, wanted.report_ids),
        (ResultIssue.accession_number, wanted.accession_numbers),
        (ResultIssue.patient_id, wanted.patient_ids),
        (ResultIssue.patient_number, wanted.patient_numbers),
        (ResultIssue.exam_id, wanted.exam_ids),
    )
    found += [column.in_(values) for column, values in columns if values]
    if wanted.statuses:
        events = [event.value for event in ResultEvent if rules.CODES[event].fhir in wanted.statuses]
        if not events:
            return None
        found.append(ResultIssue.event.in_(events))
    for column, moments in ((ResultIssue.examined_at, wanted.examined), (ResultIssue.at, wanted.issued)):
        if moments.since is not None:
            found.append(column >= moments.since)
        if moments.until is not None:
            found.append(column < moments.until)
    return found


def _named(kind: str, key: str) -> list[ColumnElement[bool]] | None:
    number = key.partition("-")[0] if kind == "Observation" else key
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        return None
    columns: dict[str, Any] = {
        "DiagnosticReport": ResultIssue.report_id,
        "Observation": ResultIssue.report_id,
        "Patient": ResultIssue.patient_id,
        "ServiceRequest": ResultIssue.exam_id,
        "ImagingStudy": ResultIssue.exam_id,
    }
    column = columns.get(kind)
    return None if column is None else [column == int(number)]
