"""Templates and phrases: public ones for all, own ones of an account (RIS-RPF)."""

from __future__ import annotations

from sqlalchemy import func, or_, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal, invalid, not_found
from server.reporting.tables import Template
from server.reporting.template_catalogue import PUBLIC_TEMPLATES
from shared.contract.errors import ErrorCode
from shared.contract.reporting import SaveTemplate, TemplateView
from shared.domain.permissions import Permission
from shared.domain.rich_text import plain, sanitised

_PUBLIC = 0
_LIMIT = 20_000


class Templates:
    """Keeps templates and phrases."""

    def install(self, uow: UnitOfWork) -> int:
        """Put the supplied public templates in when there is none; return how many were put in."""
        there = uow.session.scalar(select(func.count()).select_from(Template).where(Template.owner_id == _PUBLIC))
        if there:
            return 0
        for supplied in PUBLIC_TEMPLATES:
            uow.session.add(
                Template(
                    owner_id=_PUBLIC,
                    is_phrase=False,
                    folder=supplied.folder,
                    name=supplied.name,
                    exam_type=supplied.exam_type,
                    findings=_paragraphs(supplied.findings),
                    impression=_paragraphs(supplied.impression),
                )
            )
        return len(PUBLIC_TEMPLATES)

    def find(self, uow: UnitOfWork, caller: Caller, text: str = "") -> tuple[TemplateView, ...]:
        """Return the public templates and the caller's own, by folder and name; `text` searches names and contents."""
        statement = select(Template).where(or_(Template.owner_id == _PUBLIC, Template.owner_id == caller.user_id))
        words = text.strip()
        if words:
            columns = (Template.name, Template.folder, Template.findings, Template.impression)
            statement = statement.where(or_(*(column.icontains(words, autoescape=True) for column in columns)))
        rows = uow.session.scalars(statement.order_by(Template.owner_id, Template.folder, Template.id))
        return tuple(_view(row) for row in rows)

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveTemplate) -> TemplateView:
        """Add or change a template of the caller; administrators may change public ones."""
        name = request.name.strip()
        if not 1 <= len(name) <= 60:
            raise invalid("name", "请填写名称（1 到 60 个字）。")
        if not plain(request.findings) and not plain(request.impression):
            raise invalid("findings", "模板没有内容，请填写后再保存。")
        if len(request.findings) + len(request.impression) > _LIMIT:
            raise invalid("findings", f"模板太长，最多 {_LIMIT} 个字符。")
        row = Template(owner_id=caller.user_id) if request.id is None else self._own(uow, caller, request.id)
        row.is_phrase = request.is_phrase
        row.folder = request.folder.strip()[:200]
        row.name = name
        row.exam_type = request.exam_type.strip()[:16]
        row.findings = sanitised(request.findings)
        row.impression = "" if request.is_phrase else sanitised(request.impression)
        uow.session.add(row)
        uow.session.flush()
        return _view(row)

    def delete(self, uow: UnitOfWork, caller: Caller, template_id: int) -> None:
        """Delete a template of the caller."""
        uow.session.delete(self._own(uow, caller, template_id))

    def _own(self, uow: UnitOfWork, caller: Caller, template_id: int) -> Template:
        row = uow.session.get(Template, template_id)
        if row is None or row.owner_id not in (_PUBLIC, caller.user_id):
            raise not_found("模板")
        if row.owner_id == _PUBLIC and not caller.may(Permission.ADMINISTER):
            raise Refusal(ErrorCode.PERMISSION_MISSING, "公共模板只能由管理员修改，您可以另存为个人模板。")
        return row


def _view(row: Template) -> TemplateView:
    return TemplateView(
        id=row.id,
        owner_id=row.owner_id,
        is_phrase=row.is_phrase,
        folder=row.folder,
        name=row.name,
        exam_type=row.exam_type,
        findings=row.findings,
        impression=row.impression,
    )


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{line.strip()}</p>" for line in text.strip().splitlines() if line.strip())
