"""Sends critical values to the hospital systems that take them, in the transaction of the loop's own step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import SYSTEM, Caller
from server.results.documents.critical import CriticalNews, critical_message
from server.results.documents.hl7 import CODECS, Envelope
from server.results.ports import Letter, Post
from server.results.rules import told_of_critical
from shared.contract.exams import ExamView
from shared.contract.results import ResultSettingsView

if TYPE_CHECKING:
    from server.critical.ports import LoopStep

_NEWS = {
    "report": CriticalNews.REPORTED,
    "correct": CriticalNews.CORRECTED,
    "reopen": CriticalNews.CORRECTED,
    "cancel": CriticalNews.CANCELLED,
}
"""Steps of a loop that the hospital system hears of; telling and answering are between people."""


class Rules(Protocol):
    """The rules of results."""

    def settings(self, uow: UnitOfWork) -> ResultSettingsView: ...


class Exams(Protocol):
    """The exams area."""

    def view(self, uow: UnitOfWork, caller: Caller, exam_id: int) -> ExamView: ...


class CriticalToHospital:
    """server.critical.ports.LoopFollower over the rules of results and the durable outgoing queue."""

    def __init__(self, rules: Rules, exams: Exams, post: Post, time: HospitalTime) -> None:
        self._rules = rules
        self._exams = exams
        self._post = post
        self._time = time

    def __call__(self, uow: UnitOfWork, caller: Caller, step: LoopStep) -> None:
        """Queue a message for each connection, once for each step of each loop: its version counts them."""
        news, loop = _NEWS.get(step.action), step.loop
        if news is None:
            return
        rules = self._rules.settings(uow).rules
        told = told_of_critical(rules, exam_type=loop.exam_type, campus_id=loop.campus_id)
        if not told:
            return
        connections = self._post.connections(uow)
        exam = self._exams.view(uow, SYSTEM, loop.exam_id)
        at, zone = self._time.now(), self._time.zone
        for connection_id in told:
            to = connections.get(connection_id)
            if to is None or to.is_fhir:
                continue  # removed after the rule was saved
            letter = Letter(
                connection_id=connection_id,
                exam_id=loop.exam_id,
                message_type="ORU^R01",
                write=lambda control_id, to=to: critical_message(  # type: ignore[misc]
                    loop, exam, news, Envelope(to, control_id, at, zone, "", loop.version)
                ),
                character_set=CODECS.get(to.character_set, "utf-8"),
                order_number=exam.requester.his_number,
                accession_number=loop.accession_number,
                patient_name=loop.patient_name,
                identity=f"critical-{loop.id}-{loop.version}-{connection_id}",
            )
            self._post.put(uow, letter)
