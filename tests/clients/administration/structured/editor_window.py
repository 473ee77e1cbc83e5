"""The editor of structured templates over a fake server that keeps what it is given."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clients.kit.connection import FakeConnection
from server.structured.mrrt.reading import MrrtError, read_mrrt
from server.structured.mrrt.writing import write_mrrt
from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.structured import (
    DeleteFormTemplate,
    ExportMrrt,
    FormTemplateRow,
    FormTemplateView,
    GetFormTemplate,
    ImportedTemplate,
    ImportMrrt,
    ListFormTemplates,
    ListFormTemplateVersions,
    MrrtFile,
    PublishFormTemplate,
    RetireFormTemplate,
    SaveFormTemplate,
    TemplateState,
    TemplateVersionRow,
)
from shared.domain.permissions import Permission
from shared.domain.structured import FormTemplate
from shared.domain.structured_checking import field_count

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)


class TemplateRoom:
    """A fake server with templates."""

    def __init__(self, *templates: FormTemplate) -> None:
        self.kept: dict[int, list[FormTemplate]] = {}
        self.published: dict[int, int] = {}
        self.retired: set[int] = set()
        for template in templates:
            self.published[self.add(template)] = 1
        self.line = FakeConnection(
            replies={
                ListFormTemplates: lambda _r: tuple(self.row(one) for one in self.kept),
                GetFormTemplate: lambda r: self.view(r.id, r.version),
                SaveFormTemplate: self._save,
                PublishFormTemplate: self._publish,
                RetireFormTemplate: self._retire,
                DeleteFormTemplate: self._delete,
                ListFormTemplateVersions: self._versions,
                ImportMrrt: self._import,
                ExportMrrt: lambda r: MrrtFile(file_name="a.html", html=write_mrrt(self.kept[r.id][-1])),
            },
            accounts={"admin": "secret"},
            permissions=tuple(Permission),
        )

    def add(self, template: FormTemplate) -> int:
        number = max(self.kept, default=0) + 1
        self.kept[number] = [template]
        return number

    def row(self, template_id: int) -> FormTemplateRow:
        template = self.kept[template_id][-1]
        published = self.published.get(template_id, 0)
        state = TemplateState.PUBLISHED if published else TemplateState.DRAFT
        return FormTemplateRow(
            id=template_id,
            owner_id=0,
            owner="",
            state=TemplateState.RETIRED if template_id in self.retired else state,
            version=len(self.kept[template_id]),
            published_version=published,
            title=template.title,
            identifier=template.identifier,
            exam_types=template.exam_types,
            body_parts=template.body_parts,
            field_count=field_count(template),
            changed_at=NOON,
            changed_by="管理员",
        )

    def view(self, template_id: int, version: int = -1) -> FormTemplateView:
        number = len(self.kept[template_id]) if version <= 0 else version
        return FormTemplateView(row=self.row(template_id), version=number, template=self.kept[template_id][number - 1])

    def _save(self, request: SaveFormTemplate) -> FormTemplateView:
        if request.id is None:
            return self.view(self.add(request.template))
        self.kept[request.id].append(request.template)
        return self.view(request.id)

    def _publish(self, request: PublishFormTemplate) -> FormTemplateView:
        self.published[request.id] = request.version
        self.retired.discard(request.id)
        return self.view(request.id)

    def _retire(self, request: RetireFormTemplate) -> FormTemplateView:
        self.retired.add(request.id)
        return self.view(request.id)

    def _delete(self, request: DeleteFormTemplate) -> Nothing:
        del self.kept[request.id]
        return Nothing()

    def _versions(self, request: ListFormTemplateVersions) -> tuple[TemplateVersionRow, ...]:
        return tuple(
            TemplateVersionRow(
                version=number,
                at=NOON,
                by="管理员",
                is_published=number == self.published.get(request.id),
                field_count=field_count(template),
            )
            for number, template in reversed(list(enumerate(self.kept[request.id], 1)))
        )

    def _import(self, request: ImportMrrt) -> Any:
        try:
            imported = read_mrrt(request.html)
        except MrrtError as error:
            raise error_for(ErrorBody(code=ErrorCode.INVALID, message=str(error), field="html")) from None
        return ImportedTemplate(view=self.view(self.add(imported.template)), unknown=tuple(imported.unknown))
