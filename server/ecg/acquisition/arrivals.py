"""ECG objects that modalities store by DICOM become traces: of the exam they name, of a task, or orphans."""

from __future__ import annotations

import logging

from sqlalchemy import select

from server.ecg.acquisition.receiving import Address, Receiving
from server.ecg.exams.service import ExamService
from server.ecg.traces.keeping import Origin, TraceKeeping
from server.ecg.traces.ports import Arrivals, ArrivedObject
from server.ecg.traces.reading import File, Unreadable, take_in
from server.ecg.traces.tables import EcgTraceRow
from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import SYSTEM
from server.kernel.jobs import JobContext, JobKind
from shared.domain.ecg import TraceSource

logger = logging.getLogger(__name__)

INTAKE_JOB = "ecg_acquisition.intake"
SOP_CLASSES = tuple(f"1.2.840.10008.5.1.4.1.1.9.1.{number}" for number in (1, 2, 3, 4))
"""12-lead, General, Ambulatory and General 32-bit ECG Waveform Storage."""
_LARGEST = 256 * 1024 * 1024


class ArrivalsIntake:
    """The job, and the claim by which the archive does not look for radiology exams of our studies."""

    def __init__(
        self,
        database: Database,
        exams: ExamService,
        keeping: TraceKeeping,
        receiving: Receiving,
        arrivals: Arrivals,
        clock: Clock,
    ) -> None:
        self._database = database
        self._exams = exams
        self._keeping = keeping
        self._receiving = receiving
        self._arrivals = arrivals
        self._clock = clock

    def kinds(self) -> list[JobKind]:
        """What the runner can do."""
        return [JobKind(INTAKE_JOB, self.take, lane="results", max_attempts=5)]

    def take(self, context: JobContext) -> str:
        """Make traces of the objects of a study that are none yet."""
        taken = 0
        for one in self._arrivals.of_study(int(context.payload["study"])):
            with self._database.read() as uow:
                known = uow.session.scalars(
                    select(EcgTraceRow.id).where(EcgTraceRow.object_uid == one.sop_uid).limit(1)
                ).first()
            if known is None:
                taken += self._take(one)
            context.step()
        return f"{taken} traces."

    def _take(self, one: ArrivedObject) -> int:
        data = self._arrivals.data(one.sop_uid)
        if len(data) > _LARGEST:
            logger.warning("ecg: the object %s is too large to be a trace", one.sop_uid)
            return 0
        numbers = (one.accession,) if one.accession else ()
        address = Address(study_uid=one.study_uid, numbers=numbers)
        with self._database.read() as uow:
            subject = self._receiving.subject(uow, self._receiving.target(uow, SYSTEM, address).exam)
        try:
            taken = take_in([File(f"{one.sop_uid}.dcm"[-200:], data)], subject, self._clock.now())
        except Unreadable as fault:
            logger.warning("ecg: the object %s is no trace: %s", one.sop_uid, fault)
            return 0
        address = Address(study_uid=one.study_uid, numbers=numbers, device_serial=taken.record.device.serial)
        put = self._keeping.put(taken)
        origin = Origin(TraceSource.DICOM, "DICOM", "", None, one.sop_uid, one.sop_class)
        with self._database.write() as uow:
            self._receiving.receive(uow, SYSTEM, taken, put, origin, address)
        return 1


def is_of_an_exam(exams: ExamService, uow: UnitOfWork, accession: str, uid: str) -> bool:
    """Whether a study, by accession number and UID, is that of an ECG exam: radiology looks for none then."""
    if exams.by_study(uow, uid) is not None:
        return True
    return bool(accession) and exams.by_accession(uow, accession) is not None
