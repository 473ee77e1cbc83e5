"""The coded values of filled forms: kept at approval for search, compared with the past, checked for gaps."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from datetime import time as Wall

from sqlalchemy import ColumnElement, delete, exists, func, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, invalid
from server.reporting.ports import ReportStep
from server.reporting.tables import Report
from server.structured.ports import MissingAnswer, Reports, SetAside
from server.structured.tables import CodedAnswer, CodedReportEntry
from server.structured.templates import FormTemplates
from shared.contract.reporting import ReportContent, ReportView
from shared.contract.structured import (
    CodedCondition,
    CodedHit,
    CodedHits,
    CodedReport,
    FindCodedReports,
    PriorValue,
)
from shared.domain.states import ReportAction, ReportState
from shared.domain.structured import CodedValue, FieldKind, FormContent, split_path
from shared.domain.structured_form import Filled

_APPROVED = (ReportState.APPROVED, ReportState.PRINTED)
_MOST_CONDITIONS = 8
_MOST_ROWS = 200
_MOST_NAMED = 6


class CodedValues:
    """Answers what reports say in codes."""

    def __init__(
        self, templates: FormTemplates, reports: Reports, time: HospitalTime, set_aside: SetAside | None = None
    ) -> None:
        self._templates = templates
        self._reports = reports
        self._time = time
        self._set_aside = set_aside

    # ── one report ───────────────────────────────────────────────────────────────────────────────────

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> CodedReport:
        """Return the coded answers of a report's present text."""
        return self.of_view(uow, self._reports.get(uow, caller, report_id))

    def of_view(self, uow: UnitOfWork, report: ReportView) -> CodedReport:
        """Return the coded answers of a report that was fetched already."""
        form = report.content.form
        if form is None:
            return CodedReport(report_id=report.row.id, text_version=report.text_version)
        title, identifier = self._templates.entry_title(uow, form.template_id)
        return CodedReport(
            report_id=report.row.id,
            text_version=report.text_version,
            template_id=form.template_id,
            template_version=form.template_version,
            template_title=title,
            template_identifier=identifier,
            values=self.of_form(uow, form),
        )

    def of_form(self, uow: UnitOfWork, form: FormContent) -> tuple[CodedValue, ...]:
        """Return the coded answers of a filled form; none when its template is not here."""
        filled = self._filled(uow, form)
        return filled.coded() if filled is not None else ()

    def missing(self, uow: UnitOfWork, content: ReportContent) -> Iterable[MissingAnswer]:
        """Return what the form of a report lacks (server.structured.ports.FormCheck)."""
        filled = self._filled(uow, content.form) if content.form is not None else None
        problems = filled.problems() if filled is not None else ()
        return tuple(MissingAnswer(one.label, one.sentence, one.is_measurement, one.path) for one in problems)

    def doubts(self, uow: UnitOfWork, report: Report, content: ReportContent) -> tuple[str, ...]:
        """Return what is doubtful about the form of a report that is being submitted; the doctor may overrule it."""
        found = tuple(self.missing(uow, content))
        if found and self._set_aside is not None:
            aside = self._set_aside(uow, report.id)
            found = tuple(one for one in found if one.sentence not in aside)
        empty = [one.label for one in found if one.sentence.startswith("请")]
        wrong = [one.sentence for one in found if not one.sentence.startswith("请")]
        if empty:
            more = f" 等 {len(empty)} 项" if len(empty) > _MOST_NAMED else ""
            wrong.append(f"结构化表单还缺必填内容：{'、'.join(empty[:_MOST_NAMED])}{more}。")
        return tuple(wrong[:_MOST_NAMED])

    def _filled(self, uow: UnitOfWork, form: FormContent) -> Filled | None:
        try:
            template = self._templates.template(uow, form.template_id, form.template_version)
        except Refusal:
            return None
        return Filled(template, form)

    # ── approval ─────────────────────────────────────────────────────────────────────────────────────

    def __call__(self, uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
        """Follow the reports: what an approved one says is kept for search, what was withdrawn is taken out."""
        if step.action is ReportAction.APPROVE:
            self._forget(uow, step.report_id)
            self._keep(uow, self._reports.get(uow, SYSTEM, step.report_id))
        elif step.before in _APPROVED and step.after not in _APPROVED:
            self._forget(uow, step.report_id)

    def _forget(self, uow: UnitOfWork, report_id: int) -> None:
        uow.session.execute(delete(CodedAnswer).where(CodedAnswer.report_id == report_id))
        uow.session.execute(delete(CodedReportEntry).where(CodedReportEntry.report_id == report_id))

    def _keep(self, uow: UnitOfWork, report: ReportView) -> None:
        coded = self.of_view(uow, report)
        if not coded.values:
            return
        row = report.row
        uow.session.add(
            CodedReportEntry(
                report_id=row.id,
                exam_id=row.exam_id,
                campus_id=row.campus_id,
                room_id=row.room_id,
                accession_number=row.accession_number[:32],
                patient_name=row.patient_name[:120],
                exam_type=row.exam_type[:16],
                examined_at=row.examined_at,
                text_version=coded.text_version,
                template_id=coded.template_id,
                identifier=coded.template_identifier,
                title=coded.template_title,
            )
        )
        uow.session.flush()
        for value in coded.values:
            uow.session.add_all(_answers(coded, value))
        uow.session.flush()

    # ── the past ─────────────────────────────────────────────────────────────────────────────────────

    def prior(
        self, uow: UnitOfWork, caller: Caller, report_id: int, template_id: int, version: int
    ) -> tuple[PriorValue, ...]:
        """Return the newest earlier value of each field, by path and, for other templates, by the field's code."""
        report = self._reports.get(uow, caller, report_id)
        view = self._templates.get(uow, caller, template_id, version)
        before = report.row.examined_at
        earlier = {
            row.report_id: row.examined_at
            for row in self._reports.history(uow, report.row.exam_id).earlier
            if row.report_id is not None and not (before and row.examined_at and row.examined_at > before)
        }
        if not earlier:
            return ()
        answers = uow.session.execute(
            select(CodedAnswer, CodedReportEntry.identifier)
            .join(CodedReportEntry, CodedReportEntry.report_id == CodedAnswer.report_id)
            .where(CodedAnswer.report_id.in_(earlier))
            .order_by(CodedAnswer.id)
        ).all()
        by_code = {
            (field.code.scheme, field.code.value): field.key
            for _section, field in view.template.fields()
            if field.code is not None and field.kind is not FieldKind.GROUP
        }
        found: dict[str, PriorValue] = {}
        oldest = datetime.min.replace(tzinfo=UTC)
        newest_first = sorted(answers, key=lambda pair: earlier[pair[0].report_id] or oldest, reverse=True)
        for answer, identifier in newest_first:
            path = answer.path
            if identifier != view.template.identifier:
                path = by_code.get((answer.name_scheme, answer.name_code), "")
            present = found.get(path)
            if not path or (present is not None and present.report_id != answer.report_id):
                continue
            text = answer.text if present is None else f"{present.text}、{answer.text}"
            found[path] = PriorValue(
                path=path,
                text=text,
                number=answer.number,
                unit=answer.unit,
                report_id=answer.report_id,
                examined_at=earlier[answer.report_id],
            )
        return tuple(found.values())

    # ── search ───────────────────────────────────────────────────────────────────────────────────────

    def find(self, uow: UnitOfWork, caller: Caller, request: FindCodedReports) -> CodedHits:
        """Return approved reports that fulfil every condition."""
        if not 1 <= len(request.conditions) <= _MOST_CONDITIONS:
            raise invalid("conditions", f"请给出 1 到 {_MOST_CONDITIONS} 个条件。")
        where: list[ColumnElement[bool]] = []
        for condition in request.conditions:
            clauses = _clauses(condition)
            if not clauses:
                raise invalid("conditions", "条件是空的，请填写字段、编码、文字或数值范围。")
            where.append(exists().where(CodedAnswer.report_id == CodedReportEntry.report_id, *clauses))
        if caller.campus_ids:
            where.append(CodedReportEntry.campus_id.in_(caller.campus_ids))
        if caller.room_ids is not None:
            where.append(CodedReportEntry.room_id.in_(caller.room_ids))
        if request.exam_type:
            where.append(CodedReportEntry.exam_type == request.exam_type)
        where += self._days(request)
        total = uow.session.scalar(select(func.count()).select_from(CodedReportEntry).where(*where)) or 0
        entries = uow.session.scalars(
            select(CodedReportEntry)
            .where(*where)
            .order_by(CodedReportEntry.examined_at.desc(), CodedReportEntry.report_id.desc())
            .offset(min(max(request.page.offset, 0), 10**9))
            .limit(min(max(request.page.limit, 1), _MOST_ROWS))
        ).all()
        return CodedHits(total=total, rows=tuple(self._hit(uow, entry, request.conditions[0]) for entry in entries))

    def _days(self, request: FindCodedReports) -> list[ColumnElement[bool]]:
        where: list[ColumnElement[bool]] = []
        if request.examined_from is not None:
            where.append(CodedReportEntry.examined_at >= self._start(request.examined_from))
        if request.examined_to is not None:
            where.append(CodedReportEntry.examined_at < self._start(request.examined_to + timedelta(days=1)))
        return where

    def _start(self, day: date) -> datetime:
        return datetime.combine(day, Wall.min, self._time.zone).astimezone(UTC)

    def _hit(self, uow: UnitOfWork, entry: CodedReportEntry, condition: CodedCondition) -> CodedHit:
        answer = uow.session.scalars(
            select(CodedAnswer)
            .where(CodedAnswer.report_id == entry.report_id, *_clauses(condition))
            .order_by(CodedAnswer.id)
            .limit(1)
        ).one()
        return CodedHit(
            report_id=entry.report_id,
            exam_id=entry.exam_id,
            accession_number=entry.accession_number,
            patient_name=entry.patient_name,
            exam_type=entry.exam_type,
            examined_at=entry.examined_at,
            template_title=entry.title,
            label=answer.label,
            text=f"{answer.text}{f' {answer.unit}' if answer.unit else ''}",
        )


def _clauses(condition: CodedCondition) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if condition.template_id is not None:
        found.append(CodedAnswer.template_id == condition.template_id)
    if condition.path:
        found.append(CodedAnswer.place == condition.path)
    if condition.scheme:
        found.append(CodedAnswer.scheme == condition.scheme)
    if condition.code:
        found.append(CodedAnswer.code == condition.code)
    if condition.text.strip():
        found.append(CodedAnswer.text.icontains(condition.text.strip()[:100], autoescape=True))
    if condition.at_least is not None:
        found.append(CodedAnswer.number >= condition.at_least)
    if condition.at_most is not None:
        found.append(CodedAnswer.number <= condition.at_most)
    return found


def _answers(coded: CodedReport, value: CodedValue) -> list[CodedAnswer]:
    group, _item, key = split_path(value.path)
    pairs = [(code.scheme, code.value, code.meaning) for code in value.codes] or [("", "", value.text)]
    texts = value.text.split("、") if len(pairs) > 1 else [value.text]
    return [
        CodedAnswer(
            report_id=coded.report_id,
            template_id=coded.template_id,
            path=value.path[:100],
            place=(f"{group}.{key}" if group else key)[:100],
            label=value.label[:200],
            name_scheme=value.name.scheme[:16],
            name_code=value.name.value[:100],
            scheme=scheme,
            code=code[:100],
            text=(texts[number] if len(texts) == len(pairs) else meaning)[:400],
            number=value.number,
            unit=value.unit[:32],
        )
        for number, (scheme, code, meaning) in enumerate(pairs)
    ]
