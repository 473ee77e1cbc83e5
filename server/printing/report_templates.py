"""Templates of reports: kept, found by exam, one of them the default; their designs are in templates.py."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found, stale
from server.printing.tables import PaperOfReports
from server.printing.templates import PaperTemplates
from shared.contract.base import Changed
from shared.contract.errors import ErrorCode
from shared.contract.report_paper import ReportTemplateView, SaveReportTemplate
from shared.paper.kinds import DocumentKind

FIRST_KEY = DocumentKind.REPORT.value
MOST_TEMPLATES = 200
LONGEST_VALIDITY_DAYS = 3650
MOST_COPIES = 99
_FIRST = ReportTemplateView(id=0, version=0, key=FIRST_KEY, name="默认报告", is_default=True, position=1)


def chosen(
    templates: Sequence[ReportTemplateView], exam_type: str, campus_id: int, patient_type: str
) -> ReportTemplateView:
    """The template for an exam: of those that fit, one that names the exam type first, then the campus, then the
    patient type, then by position; the default where none fits."""
    fitting = [
        one
        for one in templates
        if (not one.exam_types or exam_type in one.exam_types)
        and (not one.campus_ids or campus_id in one.campus_ids)
        and (not one.patient_types or patient_type in one.patient_types)
    ]
    default = next(one for one in templates if one.is_default)
    return min(
        fitting,
        default=default,
        key=lambda one: (
            not one.exam_types,
            not one.campus_ids,
            not one.patient_types,
            not one.is_default if not (one.exam_types or one.campus_ids or one.patient_types) else False,
            one.position,
            one.id,
        ),
    )


class ReportTemplates:
    """Methods work in the caller's unit of work and never commit."""

    def __init__(self, designs: PaperTemplates) -> None:
        self._designs = designs

    def every(self, uow: UnitOfWork) -> tuple[ReportTemplateView, ...]:
        """Return every template in its order; the suite's own stands alone until a hospital changes something."""
        rows = self._rows(uow)
        designs = self._designs.newest_versions(uow)
        if not rows:
            return (msgspec.structs.replace(_FIRST, design_version=designs.get(FIRST_KEY, 0)),)
        return tuple(_view(row, designs.get(row.key, 0)) for row in rows)

    def for_exam(self, uow: UnitOfWork, exam_type: str, campus_id: int, patient_type: str) -> ReportTemplateView:
        """Return the template that an exam's report is printed with."""
        return chosen(self.every(uow), exam_type, campus_id, patient_type)

    def get(self, uow: UnitOfWork, template_id: int) -> ReportTemplateView:
        """Return one; raises NOT_FOUND."""
        for one in self.every(uow):
            if one.id == template_id:
                return one
        raise not_found("报告模板")

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveReportTemplate) -> ReportTemplateView:
        """Add or change; raises INVALID, DUPLICATE, NOT_FOUND, CONFLICT."""
        _check(request)
        rows = self._with_first(uow)
        if request.id is None:
            if len(rows) >= MOST_TEMPLATES:
                raise invalid("name", f"最多 {MOST_TEMPLATES} 个报告模板，请先删除不用的模板。")
            row = PaperOfReports(key="", version=0, is_default=False, is_gone=False)
        else:
            row = rows[0] if request.id == 0 else self._row(uow, request.id)
            if row.version != request.version and not (request.id == 0 and row.version == 1):
                raise stale(row.version)
        name = request.name.strip()
        if any(one.name == name and one is not row for one in rows):
            raise Refusal(ErrorCode.DUPLICATE, f"已有名为“{name}”的报告模板，请换一个名称。")
        if row.is_default and not request.is_default:
            raise invalid("is_default", "请先把另一个模板设为默认；总要有一个默认模板。")
        row.name = name
        row.position = request.position or max((one.position for one in rows if one is not row), default=0) + 1
        row.exam_types, row.campus_ids = list(request.exam_types), list(request.campus_ids)
        row.patient_types = list(request.patient_types)
        row.validity_days, row.most_copies = request.validity_days, request.most_copies
        row.marks_reprints, row.with_application = request.marks_reprints, request.with_application
        row.version += 1
        if request.is_default and not row.is_default:
            for one in rows:
                one.is_default = False
            row.is_default = True
        if request.id is None:
            self._add(uow, caller, row, request.copy_of)
        uow.session.flush()
        uow.publish(Changed(entity="report_template", id=row.id, version=row.version))
        return self.get(uow, row.id)

    def delete(self, uow: UnitOfWork, template_id: int) -> None:
        """Take one away; raises ILLEGAL_ACTION for the default, NOT_FOUND."""
        rows = self._with_first(uow)
        row = next((one for one in rows if one.id == template_id), None)
        if row is None:
            if template_id == 0:
                raise illegal_action("default", "默认模板不能删除，请先把其他模板设为默认。")
            raise not_found("报告模板")
        if row.is_default:
            raise illegal_action("default", "默认模板不能删除，请先把其他模板设为默认。")
        row.is_gone = True
        row.version += 1
        uow.publish(Changed(entity="report_template", id=row.id, version=row.version))

    def _add(self, uow: UnitOfWork, caller: Caller, row: PaperOfReports, copy_of: str) -> None:
        row.key = "new"
        uow.session.add(row)
        uow.session.flush()
        row.key = f"{FIRST_KEY}:{row.id}"
        if copy_of:
            text = self._designs.view(uow, copy_of, None).text
            self._designs.save(uow, caller, row.key, text, 0, "")

    def _rows(self, uow: UnitOfWork) -> list[PaperOfReports]:
        order = (PaperOfReports.position, PaperOfReports.id)
        return list(uow.session.scalars(select(PaperOfReports).where(~PaperOfReports.is_gone).order_by(*order)))

    def _row(self, uow: UnitOfWork, template_id: int) -> PaperOfReports:
        row = uow.session.get(PaperOfReports, template_id, with_for_update=True)
        if row is None or row.is_gone:
            raise not_found("报告模板")
        return row

    def _with_first(self, uow: UnitOfWork) -> list[PaperOfReports]:
        """The rows; where there is none yet, the suite's own becomes one."""
        rows = self._rows(uow)
        if rows:
            return rows
        first = PaperOfReports(
            version=1, key=FIRST_KEY, name=_FIRST.name, is_default=True, position=1, exam_types=[], campus_ids=[],
            patient_types=[], validity_days=0, most_copies=0, marks_reprints=False, with_application=False,
            is_gone=False,
        )  # fmt: skip
        uow.session.add(first)
        uow.session.flush()
        return [first]


def _check(request: SaveReportTemplate) -> None:
    if not request.name.strip() or len(request.name) > 60:
        raise invalid("name", "请填写模板名称（最多 60 个字）。")
    if not 0 <= request.validity_days <= LONGEST_VALIDITY_DAYS:
        raise invalid("validity_days", f"有效期应在 0（永久）到 {LONGEST_VALIDITY_DAYS} 天之间。")
    if not 0 <= request.most_copies <= MOST_COPIES:
        raise invalid("most_copies", f"份数上限应在 0（不限）到 {MOST_COPIES} 之间。")
    if not 0 <= request.position <= 10_000:
        raise invalid("position", "排序应在 0 到 10000 之间。")
    for field in ("exam_types", "patient_types"):
        if len(getattr(request, field)) > 100 or any(len(one) > 32 for one in getattr(request, field)):
            raise invalid(field, "条件过多，请重新选择。")
    if len(request.campus_ids) > 100:
        raise invalid("campus_ids", "条件过多，请重新选择。")


def _view(row: PaperOfReports, design_version: int) -> ReportTemplateView:
    return ReportTemplateView(
        id=row.id,
        version=row.version,
        key=row.key,
        name=row.name,
        is_default=row.is_default,
        position=row.position,
        exam_types=tuple(row.exam_types),
        campus_ids=tuple(row.campus_ids),
        patient_types=tuple(row.patient_types),
        validity_days=row.validity_days,
        most_copies=row.most_copies,
        marks_reprints=row.marks_reprints,
        with_application=row.with_application,
        design_version=design_version,
    )
