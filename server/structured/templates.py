"""Templates of structured reports: versions that never change, drafts, publishing, and which one suits an exam."""

from __future__ import annotations

import uuid

import msgspec
from sqlalchemy import or_, select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.kernel.errors import Refusal, illegal_action, invalid, not_found, stale
from server.structured.ports import Reports
from server.structured.tables import FormTemplateEntry, FormTemplateVersion
from shared.contract.errors import ErrorCode
from shared.contract.reporting import ReportRow
from shared.contract.structured import (
    FormTemplateRow,
    FormTemplateView,
    SaveFormTemplate,
    TemplateState,
    TemplateVersionRow,
)
from shared.domain.permissions import Permission
from shared.domain.structured import FormTemplate
from shared.domain.structured_checking import field_count, mistakes

PUBLIC = 0
NEWEST = -1
_LONGEST_BODY = 1_500_000
_MOST_OWN = 200


class FormTemplates:
    """Keeps templates."""

    def __init__(self, reports: Reports, time: HospitalTime) -> None:
        self._reports = reports
        self._time = time

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def find(
        self, uow: UnitOfWork, caller: Caller, report_id: int | None = None, *, for_editing: bool = False
    ) -> tuple[FormTemplateRow, ...]:
        """Return templates, those that suit the report best first."""
        statement = select(FormTemplateEntry).where(FormTemplateEntry.owner_id.in_((PUBLIC, caller.user_id)))
        if not for_editing:
            statement = statement.where(FormTemplateEntry.state == TemplateState.PUBLISHED)
        entries = uow.session.scalars(statement.order_by(FormTemplateEntry.owner_id, FormTemplateEntry.id)).all()
        report = self._reports.get(uow, caller, report_id).row if report_id is not None else None
        rows = [_row(entry, fit(entry, report) if report is not None else 0) for entry in entries]
        return tuple(sorted(rows, key=lambda row: (-row.fit, row.owner_id == PUBLIC, row.title)))

    def get(self, uow: UnitOfWork, caller: Caller, template_id: int, version: int = 0) -> FormTemplateView:
        """Return one version. Reports show templates of others, so any version may be read by its number."""
        entry = uow.session.get(FormTemplateEntry, template_id)
        if entry is None:
            raise not_found("结构化模板")
        is_own = entry.owner_id in (PUBLIC, caller.user_id)
        if version <= 0 and not is_own:
            raise not_found("结构化模板")
        wanted = {0: entry.published, NEWEST: entry.newest}.get(version, version)
        return FormTemplateView(row=_row(entry), version=wanted, template=self.template(uow, template_id, wanted))

    def template(self, uow: UnitOfWork, template_id: int, version: int) -> FormTemplate:
        """Return a version's content; raises the NOT_FOUND refusal."""
        kept = uow.session.get(FormTemplateVersion, (template_id, version))
        if kept is None:
            raise not_found("结构化模板的这个版本")
        return msgspec.json.decode(kept.body, type=FormTemplate)

    def entry_title(self, uow: UnitOfWork, template_id: int) -> tuple[str, str]:
        """Return title and identifier as listed now; empty when there is no such template."""
        entry = uow.session.get(FormTemplateEntry, template_id)
        return (entry.title, entry.identifier) if entry is not None else ("", "")

    def versions(self, uow: UnitOfWork, caller: Caller, template_id: int) -> tuple[TemplateVersionRow, ...]:
        """Return every version, newest first."""
        entry = uow.session.get(FormTemplateEntry, template_id)
        if entry is None or entry.owner_id not in (PUBLIC, caller.user_id):
            raise not_found("结构化模板")
        kept = uow.session.scalars(
            select(FormTemplateVersion)
            .where(FormTemplateVersion.template_id == template_id)
            .order_by(FormTemplateVersion.version.desc())
        )
        return tuple(
            TemplateVersionRow(
                version=one.version,
                at=one.at,
                by=one.by,
                is_published=one.version == entry.published and entry.state == TemplateState.PUBLISHED,
                field_count=one.field_count,
            )
            for one in kept
        )

    # ── changing ─────────────────────────────────────────────────────────────────────────────────────

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveFormTemplate) -> FormTemplateView:
        """Add a template or a version of one; a draft may hold mistakes only in what publishing asks for."""
        if request.id is None:
            owner = self._owner(caller, is_public=request.is_public)
            template = self._checked(request.template)
            if not template.identifier:
                template = msgspec.structs.replace(template, identifier=f"2.25.{uuid.uuid4().int}")
            entry = self._of_identifier(uow, owner, template.identifier)
            if entry is not None:
                raise Refusal(
                    ErrorCode.DUPLICATE,
                    f"已有同一标识的模板“{entry.title}”，请打开它再修改。",
                    field="identifier",
                    existing_id=entry.id,
                )
            return self._add(uow, caller, owner, template)
        entry = self._own(uow, caller, request.id)
        if request.version != entry.newest:
            raise stale(entry.newest)
        template = self._checked(request.template)
        template = msgspec.structs.replace(template, identifier=entry.identifier)
        if template == self.template(uow, entry.id, entry.newest):
            return self._view(uow, entry)
        return self._next(uow, caller, entry, template)

    def take_in(self, uow: UnitOfWork, caller: Caller, template: FormTemplate, *, is_public: bool) -> FormTemplateView:
        """Make a draft of an imported template, or a version of the own one with the same identifier."""
        owner = self._owner(caller, is_public=is_public)
        template = self._checked(template)
        if not template.identifier:
            template = msgspec.structs.replace(template, identifier=f"2.25.{uuid.uuid4().int}")
        entry = self._of_identifier(uow, owner, template.identifier)
        if entry is None:
            return self._add(uow, caller, owner, template)
        if template == self.template(uow, entry.id, entry.newest):
            return self._view(uow, entry)
        return self._next(uow, caller, entry, template)

    def publish(self, uow: UnitOfWork, caller: Caller, template_id: int, version: int) -> FormTemplateView:
        """Put the newest version into use."""
        entry = self._own(uow, caller, template_id)
        if version != entry.newest:
            raise stale(entry.newest)
        found = mistakes(self.template(uow, template_id, version))
        if found:
            raise invalid("template", f"模板还不能发布：{found[0].sentence}")
        entry.state, entry.published = TemplateState.PUBLISHED, version
        self._touch(entry, caller)
        uow.session.flush()
        return self._view(uow, entry)

    def retire(self, uow: UnitOfWork, caller: Caller, template_id: int) -> FormTemplateView:
        """Take a template out of use."""
        entry = self._own(uow, caller, template_id)
        if entry.state != TemplateState.PUBLISHED:
            raise illegal_action(entry.state, "只有已发布的模板可以停用。")
        entry.state = TemplateState.RETIRED
        self._touch(entry, caller)
        uow.session.flush()
        return self._view(uow, entry)

    def delete(self, uow: UnitOfWork, caller: Caller, template_id: int) -> None:
        """Delete a draft that was never published."""
        entry = self._own(uow, caller, template_id)
        if entry.published:
            raise illegal_action(entry.state, "模板曾经发布过，可能已用于报告，只能停用。")
        for kept in uow.session.scalars(
            select(FormTemplateVersion).where(FormTemplateVersion.template_id == template_id)
        ):
            uow.session.delete(kept)
        uow.session.flush()
        uow.session.delete(entry)

    def install(self, uow: UnitOfWork) -> int:
        """Put in the supplied templates that are not there yet, published; return how many."""
        from server.structured.catalogue import supplied_templates

        there = set(
            uow.session.scalars(select(FormTemplateEntry.identifier).where(FormTemplateEntry.owner_id == PUBLIC))
        )
        added = 0
        for template in supplied_templates():
            if template.identifier not in there:
                view = self._add(uow, SYSTEM, PUBLIC, template)
                self.publish(uow, SYSTEM, view.row.id, view.version)
                added += 1
        return added

    # ── beneath ──────────────────────────────────────────────────────────────────────────────────────

    def _checked(self, template: FormTemplate) -> FormTemplate:
        found = mistakes(template)
        if found:
            raise invalid("template", found[0].sentence)
        if len(msgspec.json.encode(template)) > _LONGEST_BODY:
            raise invalid("template", "模板太大，请删减。")
        return template

    def _owner(self, caller: Caller, *, is_public: bool) -> int:
        if not is_public:
            return caller.user_id
        _demand_administrator(caller)
        return PUBLIC

    def _of_identifier(self, uow: UnitOfWork, owner: int, identifier: str) -> FormTemplateEntry | None:
        return uow.session.scalar(
            select(FormTemplateEntry).where(
                FormTemplateEntry.owner_id == owner, FormTemplateEntry.identifier == identifier
            )
        )

    def _own(self, uow: UnitOfWork, caller: Caller, template_id: int) -> FormTemplateEntry:
        entry = uow.session.scalar(
            select(FormTemplateEntry).where(
                FormTemplateEntry.id == template_id,
                or_(FormTemplateEntry.owner_id == PUBLIC, FormTemplateEntry.owner_id == caller.user_id),
            )
        )
        if entry is None:
            raise not_found("结构化模板")
        if entry.owner_id == PUBLIC:
            _demand_administrator(caller)
        return entry

    def _add(self, uow: UnitOfWork, caller: Caller, owner: int, template: FormTemplate) -> FormTemplateView:
        own = uow.session.scalars(select(FormTemplateEntry.id).where(FormTemplateEntry.owner_id == owner)).all()
        if owner != PUBLIC and len(own) >= _MOST_OWN:
            raise invalid("template", f"个人模板最多 {_MOST_OWN} 个，请先删除不用的。")
        entry = FormTemplateEntry(
            owner_id=owner,
            owner="" if owner == PUBLIC else caller.name,
            state=TemplateState.DRAFT,
            identifier=template.identifier,
            newest=0,
            published=0,
        )
        self._describe(entry, template)
        self._touch(entry, caller)
        uow.session.add(entry)
        uow.session.flush()
        return self._next(uow, caller, entry, template)

    def _next(
        self, uow: UnitOfWork, caller: Caller, entry: FormTemplateEntry, template: FormTemplate
    ) -> FormTemplateView:
        entry.newest += 1
        self._describe(entry, template)
        self._touch(entry, caller)
        uow.session.add(
            FormTemplateVersion(
                template_id=entry.id,
                version=entry.newest,
                at=entry.changed_at,
                by=caller.name,
                field_count=entry.field_count,
                body=msgspec.json.encode(template).decode(),
            )
        )
        uow.session.flush()
        return self._view(uow, entry)

    def _describe(self, entry: FormTemplateEntry, template: FormTemplate) -> None:
        entry.title = template.title.strip()
        entry.exam_types = "\n".join(template.exam_types)
        entry.body_parts = "\n".join(template.body_parts)
        entry.field_count = field_count(template)

    def _touch(self, entry: FormTemplateEntry, caller: Caller) -> None:
        entry.changed_at, entry.changed_by = self._time.now(), caller.name

    def _view(self, uow: UnitOfWork, entry: FormTemplateEntry) -> FormTemplateView:
        template = self.template(uow, entry.id, entry.newest)
        return FormTemplateView(row=_row(entry), version=entry.newest, template=template)


def _demand_administrator(caller: Caller) -> None:
    if not caller.may(Permission.ADMINISTER):
        raise Refusal(ErrorCode.PERMISSION_MISSING, "公共的结构化模板只能由管理员修改，您可以另存为个人模板。")


def fit(entry: FormTemplateEntry, report: ReportRow) -> int:
    """Say how well a template suits a report: exam type and body part, own templates before public ones."""
    types, parts = entry.exam_types.split("\n"), entry.body_parts.split("\n")
    types, parts = [one for one in types if one], [one for one in parts if one]
    if types and report.exam_type not in types:
        return 0
    where = f"{report.body_part} {report.items}"
    if parts and not any(part in where for part in parts):
        return 0
    return 1 + 2 * bool(types) + 4 * bool(parts) + bool(entry.owner_id)


def _row(entry: FormTemplateEntry, suits: int = 0) -> FormTemplateRow:
    return FormTemplateRow(
        id=entry.id,
        owner_id=entry.owner_id,
        owner=entry.owner,
        state=TemplateState(entry.state),
        version=entry.newest,
        published_version=entry.published,
        title=entry.title,
        identifier=entry.identifier,
        exam_types=tuple(one for one in entry.exam_types.split("\n") if one),
        body_parts=tuple(one for one in entry.body_parts.split("\n") if one),
        field_count=entry.field_count,
        changed_at=entry.changed_at,
        changed_by=entry.changed_by,
        fit=suits,
    )
