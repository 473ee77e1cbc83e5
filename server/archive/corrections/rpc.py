"""Handlers of shared/contract/corrections.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo

from sqlalchemy import select

from server.archive.corrections import events, identity, rules
from server.archive.corrections.ports import Registration
from server.archive.corrections.rejection import Rejection
from server.archive.corrections.rewriting import read_values
from server.archive.corrections.service import CorrectionService
from server.archive.objects import ArchiveObjects
from server.archive.part10 import read_meta
from server.archive.tables import Study
from server.archive.views import study_row
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract import corrections as contract


def _nobody_asks(_uow: UnitOfWork, _event: contract.CorrectionView) -> None:
    return


class CorrectionsRpc:
    """One handler per request."""

    def __init__(
        self,
        service: CorrectionService,
        rejection: Rejection,
        objects: ArchiveObjects,
        registration: Registration,
        zone: tzinfo,
        corrected: Callable[[UnitOfWork, contract.CorrectionView], None] = _nobody_asks,
    ) -> None:
        """`corrected` is told in the transaction what was corrected or taken back."""
        self._service = service
        self._rejection = rejection
        self._objects = objects
        self._registration = registration
        self._zone = zone
        self._corrected = corrected

    @handles
    def list_events(
        self, request: contract.ListCorrections, caller: Caller, uow: UnitOfWork
    ) -> contract.CorrectionList:
        return self._service.list_events(uow, request.study_uid, request.page)

    @handles_alone
    def get_original(self, request: contract.GetOriginal, caller: Caller) -> contract.OriginalView:
        original = self._objects.original_header(request.sop_instance_uid)
        before = _values(original)
        after = _values(self._objects.header(request.sop_instance_uid))
        return contract.OriginalView(
            sop_instance_uid=request.sop_instance_uid,
            original_study_uid=before.get(rules.STUDY_UID, ""),
            original_series_uid=before.get(rules.SERIES_UID, ""),
            differences=_changes(before, after),
            header=original,
        )

    @handles
    def correct_study(self, request: contract.CorrectStudy, caller: Caller, uow: UnitOfWork) -> contract.CorrectionView:
        return self._told(
            uow,
            self._service.correct_study(
                uow, caller.name, request.study_uid, request.version, request.values, request.reason
            ),
        )

    @handles
    def correct_series(
        self, request: contract.CorrectSeries, caller: Caller, uow: UnitOfWork
    ) -> contract.CorrectionView:
        event = self._service.correct_series(uow, caller.name, request.series_uid, request.values, request.reason)
        return self._told(uow, event)

    @handles
    def merge_patients(
        self, request: contract.MergePatients, caller: Caller, uow: UnitOfWork
    ) -> contract.CorrectionView:
        source, target = (request.patient_id, request.issuer), (request.into_patient_id, request.into_issuer)
        return self._told(uow, self._service.merge_patients(uow, caller.name, source, target, request.reason))

    @handles
    def merge_studies(self, request: contract.MergeStudies, caller: Caller, uow: UnitOfWork) -> contract.CorrectionView:
        uids = (request.study_uid, request.into_study_uid)
        return self._told(uow, self._service.merge_studies(uow, caller.name, *uids, request.reason))

    @handles
    def move_series(self, request: contract.MoveSeries, caller: Caller, uow: UnitOfWork) -> contract.CorrectionView:
        return self._told(
            uow,
            self._service.move_series(
                uow, caller.name, request.series_uids, request.into_study_uid, request.values, request.reason
            ),
        )

    @handles
    def move_instances(
        self, request: contract.MoveInstances, caller: Caller, uow: UnitOfWork
    ) -> contract.CorrectionView:
        return self._told(
            uow,
            self._service.move_instances(
                uow, caller.name, request.instance_uids, request.into_study_uid, request.reason
            ),
        )

    @handles
    def reject_instances(
        self, request: contract.RejectInstances, caller: Caller, uow: UnitOfWork
    ) -> contract.CorrectionView:
        return self._rejection.reject(uow, caller.name, request)

    @handles
    def undo(self, request: contract.UndoCorrection, caller: Caller, uow: UnitOfWork) -> contract.CorrectionView:
        return self._told(uow, self._service.undo(uow, caller.name, request.event_id, request.reason))

    @handles
    def offer_patient(
        self, request: contract.OfferPatientCorrection, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.OfferedStudy, ...]:
        offered = self._differing(uow, request.patient_id)
        return tuple(
            contract.OfferedStudy(
                study=study_row(study, self._zone),
                changes=_changes({tag: identity.identity_of(study)[tag] for tag in values}, values),
            )
            for study, values in offered
        )

    @handles
    def accept_patient(
        self, request: contract.AcceptPatientCorrection, caller: Caller, uow: UnitOfWork
    ) -> tuple[contract.CorrectionView, ...]:
        wanted = set(request.study_uids)
        done = [
            self._service.correct_by_values(uow, caller.name, study.uid, values, request.reason)
            for study, values in self._differing(uow, request.patient_id)
            if study.uid in wanted
        ]
        return tuple(self._told(uow, view) for view in done if view is not None)

    def _told(self, uow: UnitOfWork, event: contract.CorrectionView) -> contract.CorrectionView:
        self._corrected(uow, event)
        return event

    def _differing(self, uow: UnitOfWork, patient_id: int) -> list[tuple[Study, dict[int, str]]]:
        """Studies of the patient's exams, with what the registration says otherwise."""
        patient = self._registration.patient(uow, patient_id)
        statement = select(Study).where(Study.exam_id.in_(patient.exam_ids)).order_by(Study.id)
        found = []
        for study in uow.session.execute(statement).scalars():
            here = identity.identity_of(study)
            values = {tag: value for tag, value in patient.values.items() if value and here[tag] != value}
            if values:
                found.append((study, values))
        return found


def _values(header: bytes) -> dict[int, str]:
    what, offset = read_meta(header)
    return read_values(memoryview(header)[offset:], what.transfer_syntax_uid, set(rules.KEYWORDS))


def _changes(before: Mapping[int, str | None], after: Mapping[int, str | None]) -> tuple[contract.TagChange, ...]:
    return tuple(
        contract.TagChange(keyword=str(keyword), before=old, after=new)
        for keyword, old, new in events.changes_of(before, after)
    )
