"""Import and export of templates as MRRT files."""

from __future__ import annotations

import re

import msgspec

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid
from server.structured.mrrt.reading import LARGEST, MrrtError, read_mrrt
from server.structured.mrrt.writing import write_mrrt
from server.structured.templates import FormTemplates
from shared.contract.errors import ErrorCode
from shared.contract.structured import ImportedTemplate, MrrtFile


class MrrtExchange:
    """Takes templates in and gives them out."""

    def __init__(self, templates: FormTemplates) -> None:
        self._templates = templates

    def take_in(self, uow: UnitOfWork, caller: Caller, html: bytes, *, is_public: bool) -> ImportedTemplate:
        """Make a draft of a file and say what in it is not understood."""
        try:
            imported = read_mrrt(html)
        except MrrtError as error:
            code = ErrorCode.TOO_LARGE if len(html) > LARGEST else ErrorCode.INVALID
            raise Refusal(code, str(error), field="html") from None
        if not imported.template.title:
            raise invalid("html", "文件没有标题（dcterms.title），无法导入。")
        view = self._templates.take_in(uow, caller, imported.template, is_public=is_public)
        return ImportedTemplate(view=view, unknown=tuple(imported.unknown))

    def give_out(self, uow: UnitOfWork, caller: Caller, template_id: int, version: int) -> MrrtFile:
        """Return a version as a file."""
        view = self._templates.get(uow, caller, template_id, version)
        name = re.sub(r"[^\w\-]+", "_", view.template.title).strip("_")[:60] or "template"
        return MrrtFile(file_name=f"{name}.html", html=write_mrrt(msgspec.structs.replace(view.template)))
