"""What the exchange holds true, without database or sockets: message types, states of orders, pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.contract.interfaces import ExamHappening

ORDER_TYPES: Final = frozenset({("ORM", "O01"), ("OMG", "O19"), ("OMI", "O23")})
"""Orders (chapter 4.4); an ORM without an event is one too."""
PATIENT_EVENTS: Final = frozenset({"A01", "A02", "A03", "A04", "A05", "A06", "A07", "A08", "A28", "A31"})
"""ADT events whose PID tells of a patient (chapter 3.3)."""
MERGE_EVENTS: Final = frozenset({"A34", "A36", "A40"})
"""ADT events that say that two numbers are one person's (A34 and A36 before version 2.3.1)."""

PLACES: Final = frozenset({"NW", "SN", "XO", "XX", "RP", "RO"})
"""Order controls (table 0119) that give an order or change it."""
CANCELS: Final = frozenset({"CA", "DC", "OC", "OD"})
"""Order controls that take an order back."""

VERSIONS: Final = ("2.2", "2.3", "2.4", "2.5", "2.6", "2.7", "2.8", "2.9")
"""Beginnings of versions that are read: each is compatible with those before it."""


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """How a happening is told of."""

    order: str  # ORC-5, table 0038
    result: str  # OBR-25, table 0123
    task: str  # FHIR Task.status
    request: str  # FHIR ServiceRequest.status
    words: str  # FHIR Task.businessStatus


STATUSES: Final = {
    ExamHappening.REGISTERED: OrderStatus("SC", "S", "accepted", "active", "registered"),
    ExamHappening.CANCELLED: OrderStatus("CA", "X", "cancelled", "active", "registration cancelled"),
    ExamHappening.STARTED: OrderStatus("IP", "I", "in-progress", "active", "exam in progress"),
    ExamHappening.WAITS_AGAIN: OrderStatus("SC", "S", "accepted", "active", "registered"),
    ExamHappening.EXAMINED: OrderStatus("CM", "R", "in-progress", "active", "examined, report to come"),
    ExamHappening.REPORT_APPROVED: OrderStatus("CM", "F", "completed", "completed", "report approved"),
    ExamHappening.REPORT_WITHDRAWN: OrderStatus("CM", "R", "in-progress", "active", "report withdrawn"),
}
"""A cancelled registration leaves the order open: the clerk may register it again."""

CHARGES: Final = {
    ExamHappening.REGISTERED: "CG",
    ExamHappening.EXAMINED: "CG",
    ExamHappening.CANCELLED: "CD",
}
"""What is charged when (FT1-6, table 0017); a cancelled registration is credited where registering was charged."""
PAYMENT_TYPE: Final = ("DFT", "P03")
"""Financial transactions of the cashier (chapter 6.4.1)."""
PAYMENTS: Final = {"PY": True, "CD": False}
"""Transactions (FT1-6, table 0017) that pay for an order, or give the money back."""
MAX_TRANSACTIONS: Final = 500
CHARGED_BY_DEFAULT: Final = (ExamHappening.EXAMINED.value,)

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
MAX_ERRORS: Final = 5
"""How often a message is sent that the other side answers with an error (AE): such an error may pass."""


def pause_after(failures: int) -> float:
    """Return how long to wait after so many tries in a row that met nobody, in seconds."""
    return float(min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(max(failures - 1, 0), 10)))
