"""Templates of documents: the hospital's own with their history, and the suite's where it has none."""

from __future__ import annotations

import re

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found, stale
from server.printing.tables import PaperTemplate
from shared.contract.base import Changed
from shared.contract.printing import PaperTemplateView, TemplateInfo
from shared.paper.builtin import builtin, builtin_text
from shared.paper.checking import TemplateFault, read
from shared.paper.kinds import DocumentKind
from shared.paper.template import Template

LONGEST_NOTE = 200


class PaperTemplates:
    """Reads and keeps templates; a version once kept is never changed, so every printed copy can be explained.

    A key names a design: a document's kind, or `report:N` for the further templates of reports.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._read: dict[tuple[str, int, str], Template] = {}

    def in_force(self, uow: UnitOfWork, key: str) -> Template:
        """Return the template that documents of this key are drawn with."""
        row = self._newest(uow, key)
        if row is None:
            return builtin(document_kind(key))
        known = (key, row.version, row.text)
        if known not in self._read:
            self._read = {one: kept for one, kept in self._read.items() if one[0] != key}
            self._read[known] = read(row.text, document_kind(key))
        return self._read[known]

    def list(self, uow: UnitOfWork) -> tuple[TemplateInfo, ...]:
        """Return what is in force for every kind."""
        return tuple(_info(kind, self._newest(uow, kind), is_current=True) for kind in DocumentKind)

    def newest_versions(self, uow: UnitOfWork) -> dict[str, int]:
        """Return the newest version of every key that was ever saved."""
        rows = uow.session.execute(
            select(PaperTemplate.kind, func.max(PaperTemplate.version)).group_by(PaperTemplate.kind)
        )
        return {str(key): int(version) for key, version in rows}

    def versions(self, uow: UnitOfWork, key: str) -> tuple[TemplateInfo, ...]:
        """Return every version of one key, newest first, the suite's own last."""
        document_kind(key)
        rows = uow.session.scalars(
            select(PaperTemplate).where(PaperTemplate.kind == key).order_by(PaperTemplate.version.desc())
        ).all()
        newest = rows[0].version if rows else 0
        kept = tuple(_info(key, row, is_current=row.version == newest) for row in rows)
        return (*kept, _info(key, None, is_current=not rows))

    def view(self, uow: UnitOfWork, key: str, version: int | None) -> PaperTemplateView:
        """Return one version, the one in force without `version`; raises NOT_FOUND."""
        document_kind(key)
        newest = self._newest(uow, key)
        if version is None or (newest is not None and newest.version == version):
            return _view(key, newest, is_current=True)
        if version == 0:
            return _view(key, None, is_current=newest is None)
        row = uow.session.scalar(
            select(PaperTemplate).where(PaperTemplate.kind == key, PaperTemplate.version == version)
        )
        if row is None:
            raise not_found("模板版本")
        return _view(key, row, is_current=False)

    def save(
        self, uow: UnitOfWork, caller: Caller, key: str, text: str, base_version: int, note: str
    ) -> PaperTemplateView:
        """Keep a new version; raises INVALID with line and field, CONFLICT if somebody saved meanwhile."""
        wanted = document_kind(key)
        if len(note) > LONGEST_NOTE:
            raise invalid("note", f"说明最多 {LONGEST_NOTE} 个字。")
        try:
            read(text, wanted)
        except TemplateFault as fault:
            raise invalid("text", fault.problems[0].sentence_zh) from fault
        newest = self._newest(uow, key, locked=True)
        present = newest.version if newest is not None else 0
        if present != base_version:
            raise stale(present)
        if text == (newest.text if newest is not None else builtin_text(wanted)):
            return _view(key, newest, is_current=True)
        row = PaperTemplate(
            kind=key,
            version=present + 1,
            text=text,
            note=note.strip(),
            saved_by=caller.name or caller.login,
            saved_at=self._clock.now(),
        )
        uow.session.add(row)
        try:
            uow.session.flush()
        except IntegrityError as collision:  # two first versions at once: there was no row to lock
            raise stale(present + 1) from collision
        uow.publish(Changed(entity="paper_template", id=row.id, version=row.version))
        return _view(key, row, is_current=True)

    def restore(self, uow: UnitOfWork, caller: Caller, key: str, version: int, base_version: int) -> PaperTemplateView:
        """Keep an earlier version once more as the newest."""
        earlier = self.view(uow, key, version)
        note = f"恢复版本 {version}" if version else "恢复系统自带模板"
        return self.save(uow, caller, key, earlier.text, base_version, note)

    def _newest(self, uow: UnitOfWork, key: str, *, locked: bool = False) -> PaperTemplate | None:
        found = select(PaperTemplate).where(PaperTemplate.kind == key).order_by(PaperTemplate.version.desc()).limit(1)
        return uow.session.scalar(found.with_for_update() if locked else found)


_FURTHER = re.compile(r"report:[1-9][0-9]{0,8}")


def document_kind(key: str) -> DocumentKind:
    """Return the document that a key designs; raises INVALID."""
    if _FURTHER.fullmatch(key):
        return DocumentKind.REPORT
    try:
        return DocumentKind(key)
    except ValueError as unknown:
        raise invalid("kind", f"没有这种文档，可用：{'、'.join(DocumentKind)}。") from unknown


def _info(key: str, row: PaperTemplate | None, *, is_current: bool) -> TemplateInfo:
    if row is None:
        return TemplateInfo(kind=str(key), version=0, is_current=is_current)
    return TemplateInfo(
        kind=str(key),
        version=row.version,
        is_current=is_current,
        saved_by=row.saved_by,
        saved_at=row.saved_at,
        note=row.note,
    )


def _view(key: str, row: PaperTemplate | None, *, is_current: bool) -> PaperTemplateView:
    return PaperTemplateView(
        info=_info(key, row, is_current=is_current), text=builtin_text(document_kind(key)) if row is None else row.text
    )
