"""Codes beside the text: ICD-O-3 topography and morphology, ICD-10, SNOMED CT (EX-PA-07)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import illegal_action, invalid
from server.pathology.reports.books import Books, is_locked
from server.pathology.reports.tables import CodeRow
from shared.contract.pathology_reports import CodeView
from shared.domain.pathology_icd import CODES, meaning_of

_FORMS = {
    "icdo-t": re.compile(r"C[0-9]{2}(\.[0-9])?"),
    "icdo-m": re.compile(r"[89][0-9]{3}/[0-369]"),
    "icd10": re.compile(r"[A-Z][0-9]{2}(\.[0-9]{1,4}[A-Za-z0-9]{0,3})?"),
    "snomed": re.compile(r"[1-9][0-9]{5,17}"),
    "tbs": re.compile(r"[A-Za-z0-9_.\-]{1,32}"),
}
_WORDS = {"icdo-t": "ICD-O 部位", "icdo-m": "ICD-O 形态学", "icd10": "ICD-10", "snomed": "SNOMED CT", "tbs": "TBS"}
_MOST = 60
_MOST_FOUND = 50


class Coding:
    """Keeps the codes of cases; every method works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    @staticmethod
    def of_case(uow: UnitOfWork, case_id: int) -> tuple[CodeView, ...]:
        """Return the codes of a case in their order."""
        found = select(CodeRow).where(CodeRow.case_id == case_id).order_by(CodeRow.position, CodeRow.id)
        return tuple(
            CodeView(system=one.system, code=one.code, meaning=one.meaning) for one in uow.session.scalars(found)
        )

    def set(self, uow: UnitOfWork, caller: Caller, case_id: int, codes: Sequence[CodeView]) -> None:
        """Replace the codes of a case. Raises INVALID, ILLEGAL_ACTION."""
        self._books.cases.lock(uow, case_id)
        case = self._books.cases.facts(uow, caller, case_id)
        if is_locked(case):
            raise illegal_action(case.state, "病例已审核锁定，编码不能再改。")
        if len(codes) > _MOST:
            raise invalid("codes", f"一个病例最多 {_MOST} 个编码。")
        checked = [self._checked(one) for one in codes]
        if len({(one.system, one.code) for one in checked}) != len(checked):
            raise invalid("codes", "同一编码只需填写一次。")
        uow.session.execute(delete(CodeRow).where(CodeRow.case_id == case_id))
        uow.session.add_all(
            CodeRow(case_id=case_id, position=position, system=one.system, code=one.code, meaning=one.meaning)
            for position, one in enumerate(checked, 1)
        )
        uow.session.flush()
        self._books.log(uow, caller, case_id, "coded", note="、".join(one.code for one in checked))
        self._books.cases.touch(uow, case_id)

    @staticmethod
    def search(uow: UnitOfWork, text: str, system: str = "") -> tuple[CodeView, ...]:
        """Return codes of the suite's list, and of codes used before, that begin or mean so."""
        wanted = text.strip()[:60].upper()
        if not wanted:
            return ()
        found = [
            CodeView(system=one.system, code=one.code, meaning=one.meaning)
            for one in CODES
            if (not system or one.system == system) and (one.code.startswith(wanted) or wanted in one.meaning.upper())
        ]
        known = {(one.system, one.code) for one in found}
        used = select(CodeRow.system, CodeRow.code, CodeRow.meaning).distinct()
        used = used.where(
            CodeRow.code.startswith(wanted, autoescape=True) | CodeRow.meaning.contains(text.strip(), autoescape=True)
        )
        if system:
            used = used.where(CodeRow.system == system)
        for row in uow.session.execute(used.limit(_MOST_FOUND)):
            if (row[0], row[1]) not in known:
                known.add((row[0], row[1]))
                found.append(CodeView(system=row[0], code=row[1], meaning=row[2]))
        return tuple(found[:_MOST_FOUND])

    @staticmethod
    def _checked(one: CodeView) -> CodeView:
        form = _FORMS.get(one.system)
        code = one.code.strip() if one.system in ("snomed", "tbs") else one.code.strip().upper()
        if form is None:
            raise invalid("codes", "编码体系只能是 ICD-O 部位、ICD-O 形态学、ICD-10、SNOMED CT 或 TBS。")
        if not form.fullmatch(code):
            raise invalid("codes", f"“{code[:20]}”不是正确的{_WORDS[one.system]}编码，请更正。")
        return CodeView(
            system=one.system, code=code, meaning=(one.meaning.strip() or meaning_of(one.system, code))[:200]
        )
