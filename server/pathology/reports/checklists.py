"""The synoptic checklist of a case: answers with their versions, text, stage, and what an audit waits for."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid, not_found, stale
from server.pathology.reports.books import Books, is_locked
from server.pathology.reports.tables import FilledRow, FilledVersion
from shared.contract.pathology_checklists import ChecklistRow, FilledChecklist, OldAnswers, SaveFilled
from shared.domain import pathology_checklists as checklists
from shared.domain.pathology_checklists.building import in_language
from shared.domain.structured import (
    LONGEST_TEXT,
    MOST_VALUES,
    Code,
    CodedValue,
    FieldKind,
    FormContent,
    Part,
)


class Checklists:
    """Keeps filled checklists; every method works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @staticmethod
    def every() -> tuple[ChecklistRow, ...]:
        """Return the checklists in their newest version."""
        newest = {one.key: one for one in checklists.CHECKLISTS}
        return tuple(
            ChecklistRow(
                key=one.key,
                version=one.version,
                name=in_language(one.name, "zh"),
                name_en=in_language(one.name, "en"),
                words=one.asks,
                staging=one.staging,
            )
            for one in newest.values()
        )

    def filled(self, uow: UnitOfWork, caller: Caller, case_id: int) -> FilledChecklist | None:
        """Return the answers of a case, None where none were given."""
        self._books.cases.facts(uow, caller, case_id)
        row = self._row(uow, case_id)
        return None if row is None else _view(row)

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveFilled) -> FilledChecklist:
        """Keep answers. Raises INVALID, CONFLICT, ILLEGAL_ACTION."""
        self._demand_open(uow, caller, request.case_id)
        content = request.content
        _check(request.key, content)
        row = uow.session.get(FilledRow, request.case_id)
        present = 0 if row is None or row.is_gone else row.version
        if request.version != present:
            raise stale(present)
        if row is None:
            row = FilledRow(case_id=request.case_id, version=0, is_gone=False)
            uow.session.add(row)
        else:
            _keep_old(uow, row)
        row.key, row.checklist_version = request.key, content.template_version
        row.body = msgspec.json.encode(content)
        row.text = checklists.text(request.key, content)
        row.stage = checklists.stage(request.key, content).words()[:80]
        row.by, row.at, row.is_gone = caller.name[:80], self._books.time.now(), False
        row.touch()
        uow.session.flush()
        self._books.log(uow, caller, request.case_id, "checklist_saved", note=row.stage)
        self._books.cases.touch(uow, request.case_id)
        return _view(row)

    def remove(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """Take the checklist off a case. Raises NOT_FOUND, ILLEGAL_ACTION."""
        self._demand_open(uow, caller, case_id)
        row = self._row(uow, case_id)
        if row is None:
            raise not_found("结构化报告")
        _keep_old(uow, row)
        row.is_gone = True
        row.touch()
        uow.session.flush()
        self._books.log(uow, caller, case_id, "checklist_removed")
        self._books.cases.touch(uow, case_id)

    def old(self, uow: UnitOfWork, caller: Caller, case_id: int) -> tuple[OldAnswers, ...]:
        """Return the versions before the present one, newest first."""
        self._books.cases.facts(uow, caller, case_id)
        found = select(FilledVersion).where(FilledVersion.case_id == case_id)
        return tuple(
            OldAnswers(version=one.version, key=one.key, by=one.by, at=one.at, text=one.text, stage=one.stage)
            for one in uow.session.scalars(found.order_by(FilledVersion.version.desc()).limit(100))
        )

    # ── for the audit and the paper ──────────────────────────────────────────────────────────────────

    def obstacles(self, uow: UnitOfWork, case_id: int, diagnosis: str, *, wants: bool) -> list[str]:
        """Return what stands against an audit: required elements, faults, or a checklist that is asked for."""
        row = self._row(uow, case_id)
        if row is None:
            asked = checklists.asked_for(diagnosis) if wants else None
            if asked is None:
                return []
            return [f"诊断为肿瘤，请填写结构化报告“{in_language(asked.name, 'zh')}”。"]
        content = msgspec.json.decode(row.body, type=FormContent)
        missing = checklists.missing(row.key, content)
        found = [f"结构化报告缺少：{'、'.join(missing)}。"] if missing else []
        return found + list(checklists.faults(row.key, content))

    def is_filled(self, uow: UnitOfWork, case_id: int) -> bool:
        """Whether a checklist was begun."""
        return self._row(uow, case_id) is not None

    def text(self, uow: UnitOfWork, case_id: int, language: str = "zh") -> str:
        """Return the checklist's lines; empty without one."""
        row = self._row(uow, case_id)
        if row is None:
            return ""
        if language == "zh":
            return row.text
        return checklists.text(row.key, msgspec.json.decode(row.body, type=FormContent), language)

    def coded(self, uow: UnitOfWork, case_id: int) -> tuple[CodedValue, ...]:
        """Return every answer with its codes, the stage first; empty without a checklist."""
        row = self._row(uow, case_id)
        if row is None:
            return ()
        answers = checklists.filled(row.key, msgspec.json.decode(row.body, type=FormContent)).coded()
        if not row.stage:
            return answers
        name = Code("LN", "21908-9", "Stage group.clinical or pathological")
        stage = CodedValue(
            path="stage",
            section="",
            part=Part.IMPRESSION,
            kind=FieldKind.TEXT,
            label="病理分期",
            name=name,
            text=row.stage,
        )
        return (stage, *answers)

    def head(self, uow: UnitOfWork, case_id: int) -> tuple[str, str, str]:
        """Return key, text and stage of a case's checklist; empty without one."""
        row = self._row(uow, case_id)
        return ("", "", "") if row is None else (row.key, row.text, row.stage)

    def copy(self, uow: UnitOfWork, caller: Caller, from_case: int, to_case: int) -> None:
        """Put the answers of one case into another that has none."""
        there, target = self._row(uow, from_case), self._row(uow, to_case)
        if there is None or target is not None:
            return
        gone = uow.session.get(FilledRow, to_case)
        content = msgspec.json.decode(there.body, type=FormContent)
        self.save(uow, caller, SaveFilled(case_id=to_case, key=there.key, content=content, version=0))
        del gone

    @staticmethod
    def _row(uow: UnitOfWork, case_id: int) -> FilledRow | None:
        row = uow.session.get(FilledRow, case_id)
        return None if row is None or row.is_gone else row

    def _demand_open(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        self._books.cases.lock(uow, case_id)
        case = self._books.cases.facts(uow, caller, case_id)
        if is_locked(case):
            raise illegal_action(case.state, "病例已审核锁定，结构化报告不能再改。")


def _keep_old(uow: UnitOfWork, row: FilledRow) -> None:
    if uow.session.get(FilledVersion, (row.case_id, row.version)) is None:
        uow.session.add(
            FilledVersion(
                case_id=row.case_id,
                version=row.version,
                key=row.key,
                checklist_version=row.checklist_version,
                body=row.body,
                text=row.text,
                stage=row.stage,
                by=row.by,
                at=row.at,
            )
        )
        uow.session.flush()


def _check(key: str, content: FormContent) -> None:
    """Raise INVALID for answers that are none of this checklist's; what comes over the wire may be anything."""
    found = checklists.checklist(key, content.template_version)
    if found is None:
        raise invalid("key", "没有这个结构化报告模板，请重新选择。")
    if len(content.values) > MOST_VALUES:
        raise invalid("content", "填写的内容过多。")
    form = checklists.filled(key, content)
    for path, value in content.values.items():
        place = form.find(path)
        if place is None:
            raise invalid("content", "填写的内容与模板不符，请重新打开。")
        if len(value.text) > LONGEST_TEXT:
            raise invalid("content", f"“{place[1].label}”的文字过长。")
        if any(place[1].option(one) is None for one in value.options):
            raise invalid("content", f"“{place[1].label}”没有这个选项。")


def _view(row: FilledRow) -> FilledChecklist:
    content = msgspec.json.decode(row.body, type=FormContent)
    return FilledChecklist(
        case_id=row.case_id,
        version=row.version,
        key=row.key,
        checklist_version=row.checklist_version,
        content=content,
        text=row.text,
        stage=row.stage,
        stage_notes=checklists.stage(row.key, content).notes,
        missing=checklists.missing(row.key, content),
        by=row.by,
        at=row.at,
    )
