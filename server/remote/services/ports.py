"""What assisted reading takes from other areas and from outside; bootstrap hands in the adapters."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.remote.ports import ReportFacts
from shared.contract.remote_services import AssistService, ServiceAnswer, ServiceCall


class ServiceTrouble(Exception):
    """The service did not answer as it should; `is_final`: asking again is no use. The text is a sentence."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        super().__init__(sentence)
        self.is_final = is_final


class JsonServices(Protocol):
    """The way to JSON services. Both raise ServiceTrouble."""

    def order(self, service: AssistService, call: ServiceCall) -> ServiceAnswer:
        """Send a request."""
        ...

    def ask(self, service: AssistService, remote_id: str) -> ServiceAnswer:
        """Ask how a request stands."""
        ...


class Images(Protocol):
    """The archive, and the way images leave it."""

    def newest(self, uow: UnitOfWork) -> int:
        """Return the id of the newest object."""
        ...

    def send(self, uow: UnitOfWork, study_uid: str, target_id: int) -> None:
        """Send a study to a routing target. Raises Refusal."""
        ...

    def has_target(self, uow: UnitOfWork, target_id: int) -> bool:
        """Whether there is such a target."""
        ...

    def answers(self, uow: UnitOfWork, study_uids: Collection[str], after_id: int) -> tuple[tuple[str, bool], ...]:
        """Return structured reports and segmentations newer than an object, and whether each is a report."""
        ...

    def text(self, sop_instance_uid: str) -> str:
        """Return what a structured report says, one line an item; empty where it cannot be read."""
        ...


class Exams(Protocol):
    """Exams and their reports."""

    def facts(self, uow: UnitOfWork, exam_id: int) -> ReportFacts | None:
        """Return what a request says of the exam."""
        ...

    def demand(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> None:
        """Raise NOT_FOUND where there is no such exam."""
        ...
