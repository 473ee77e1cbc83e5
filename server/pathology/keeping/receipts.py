"""借阅回执 and the list of loans. Draws without holding the database, then keeps the document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid
from server.pathology.keeping.loans import Loans
from server.pathology.papers.drawing import draw, with_values
from server.printing.drawing import MEDIA
from server.printing.layout.sheet import Language
from shared.contract.pathology_keeping import MOST_ROWS, KeptKind, ListLoans, LoanFilter, LoanView
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import LOAN_STATES
from shared.paper.layout import Facts

RECEIPT, LIST = "pathology_loan_receipt", "pathology_loan_list"
_FORMS = {RECEIPT: "loan_receipt", LIST: "loan_list"}
_TITLES: dict[Language, dict[str, str]] = {
    "zh": {RECEIPT: "病理材料借阅回执", LIST: "病理材料借阅清单"},
    "en": {RECEIPT: "Receipt of lent pathology material", LIST: "Loans of pathology material"},
}
_PAGE = 100
_KINDS: dict[Language, dict[KeptKind, str]] = {
    "zh": {KeptKind.BLOCK: "蜡块", KeptKind.SLIDE: "切片", KeptKind.PAPER: "资料"},
    "en": {KeptKind.BLOCK: "Block", KeptKind.SLIDE: "Slide", KeptKind.PAPER: "Papers"},
}


class HospitalName(Protocol):
    """organisation, as needed here."""

    def name(self, uow: UnitOfWork, language: str) -> str: ...


class Documents(Protocol):
    """printing.documents, as needed here."""

    def keep_view(
        self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int, warning: str = ""
    ) -> DocumentView:
        """Keep bytes and return the document. Raises DISK_FULL."""


class LoanReceipts:
    """Papers of loans."""

    def __init__(
        self, database: Database, loans: Loans, hospital: HospitalName, documents: Documents, time_: HospitalTime
    ) -> None:
        self._database, self._loans, self._time = database, loans, time_
        self._hospital, self._documents = hospital, documents

    def receipt(self, caller: Caller, loan_id: int, language: str) -> DocumentView:
        """Raises NOT_FOUND."""
        spoken: Language = "en" if language == "en" else "zh"
        with self._database.read() as uow:
            loan = self._loans.get(uow, caller, loan_id)
            hospital = self._hospital.name(uow, spoken)
        return self._keep(caller, RECEIPT, self._facts(loan, spoken), hospital, loan.id, spoken)

    def loan_list(self, caller: Caller, wanted: LoanFilter, language: str) -> DocumentView:
        """Raises INVALID."""
        spoken: Language = "en" if language == "en" else "zh"
        found: list[LoanView] = []
        with self._database.read() as uow:
            while len(found) <= MOST_ROWS:
                before = found[-1].id if found else None
                request = ListLoans(filter=wanted, before_id=before, limit=_PAGE)
                page = self._loans.list_of(uow, caller, request)
                found += page
                if len(page) < _PAGE:
                    break
            hospital = self._hospital.name(uow, spoken)
        if not found:
            raise invalid("filter", "没有符合条件的借阅，请放宽查询条件。")
        if len(found) > MOST_ROWS:
            raise invalid("filter", f"一张借阅清单最多 {MOST_ROWS} 份，请缩小日期范围。")
        return self._keep(caller, LIST, self._list_facts(found, wanted, spoken), hospital, 0, spoken)

    def _keep(
        self, caller: Caller, kind: str, facts: Facts, hospital: str, subject_id: int, language: Language
    ) -> DocumentView:
        now, title = self._time.now(), _TITLES[language][kind]
        more = {"title": title, "hospital": hospital, "printed_by": caller.name, "printed_at": self._minute(now)}
        full = [with_values(facts, **more)]
        data, warning = draw(_FORMS[kind], full, title, hospital, self._time.local(now), language, Output())
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow, kind=kind, media_type=MEDIA["pdf"], data=data, subject_id=subject_id, warning=warning
            )

    def _list_facts(self, loans: Sequence[LoanView], wanted: LoanFilter, language: Language) -> Facts:
        rows = [
            {
                "loan": loan.number,
                "state": LOAN_STATES[loan.state].zh if language == "zh" else LOAN_STATES[loan.state].en,
                "borrower": loan.borrower.name,
                "unit": loan.borrower.unit,
                "purpose": loan.purpose,
                "count": str(len(loan.items)),
                "lent_at": self._minute(loan.lent_at),
                "due_day": loan.due_day.isoformat(),
                "closed_at": self._minute(loan.closed_at) if loan.closed_at else "",
                "by": loan.lent_by,
            }
            for loan in loans
        ]
        days = f"{wanted.lent_from or ''} – {wanted.lent_to or ''}" if wanted.lent_from or wanted.lent_to else ""
        values = {
            "range": days,
            "total": str(len(loans)),
            "item_total": str(sum(len(loan.items) for loan in loans)),
            "out_total": str(sum(loan.closed_at is None for loan in loans)),
        }
        return Facts(values, {"rows": rows})

    def _facts(self, loan: LoanView, language: Language) -> Facts:
        borrower = loan.borrower
        rows = [
            {
                "kind": _KINDS[language][item.kind],
                "piece": item.number,
                "case": item.case_number,
                "name": item.patient_name,
                "state": LOAN_STATES[item.state].zh if language == "zh" else LOAN_STATES[item.state].en,
            }
            for item in loan.items
        ]
        values = {
            "number": loan.number,
            "borrower": borrower.name,
            "id_number": borrower.id_number,
            "phone": borrower.phone,
            "unit": borrower.unit,
            "relation": borrower.relation,
            "purpose": loan.purpose,
            "lent_at": self._minute(loan.lent_at),
            "due_day": loan.due_day.isoformat(),
            "deposit": f"¥ {loan.deposit_fen / 100:.2f}",
            "lent_by": loan.lent_by,
            "total": str(len(rows)),
        }
        return Facts(values, {"items": rows})

    def _minute(self, moment: datetime) -> str:
        return f"{self._time.local(moment):%Y-%m-%d %H:%M}"
