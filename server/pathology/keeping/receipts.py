"""借阅回执. Draws without holding the database, then keeps the document."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from server.kernel.clock import HospitalTime
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.pathology.keeping.loans import Loans
from server.pathology.papers.drawing import draw, with_values
from server.printing.drawing import MEDIA
from server.printing.layout.sheet import Language
from shared.contract.pathology_keeping import KeptKind, LoanView
from shared.contract.printing import DocumentView, Output
from shared.domain.pathology import LOAN_STATES
from shared.paper.layout import Facts

RECEIPT = "pathology_loan_receipt"
_TITLES: dict[Language, str] = {"zh": "病理材料借阅回执", "en": "Receipt of lent pathology material"}
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
        now = self._time.now()
        title = _TITLES[spoken]
        more = {"title": title, "hospital": hospital, "printed_by": caller.name, "printed_at": self._minute(now)}
        facts = with_values(self._facts(loan, spoken), **more)
        data, warning = draw("loan_receipt", [facts], title, hospital, self._time.local(now), spoken, Output())
        with self._database.write() as uow:
            return self._documents.keep_view(
                uow, kind=RECEIPT, media_type=MEDIA["pdf"], data=data, subject_id=loan.id, warning=warning
            )

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
