"""Keeps accounts within their campuses and departments (RIS-EX-12): what a request names is looked up and checked.

It stands before every handler, so that an area's new request is limited by the names of its fields alone. Lists are
narrowed by the areas themselves, with the rooms that the caller is given here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from server.archive.whereabouts import study_of_object
from server.attachments.whereabouts import exam_of_attachment
from server.exams.views import NO_ROOM
from server.exams.whereabouts import Place, exam_of_study, place_of_exam, place_of_slot
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.organisation.service import OrganisationService
from server.printing.whereabouts import report_of_copy, subject_of_document
from server.queueing.whereabouts import exam_of_call, exam_of_ticket
from server.reporting.whereabouts import exam_of_report
from server.results.whereabouts import exam_of_result
from shared.contract.base import Request
from shared.contract.errors import ErrorCode
from shared.domain.ecg_reports import FIRST_ECG_REPORT_ID

_WHOLE_HOSPITAL = frozenset({"archive.list_studies"})
"""Requests that show the images of every campus."""

_LIMIT_THEMSELVES = ("ecg.", "ecg_")
"""Areas whose exams are no exams of imaging: the ids in their requests mean something else, they look by themselves."""

Opens = Callable[[UnitOfWork, Caller, int, str], bool]
"""Whether a request to another hospital opens an exam (its id) to an account for a method, or for an item in bulk."""

Finds = Callable[[UnitOfWork, int], int | None]

_AGAIN_S = 2.0
"""So long an account's own images are not asked for again: a viewer fetches hundreds of frames at once."""
_MOST_SEEN = 1000


class CampusLimits:
    """Narrows callers and refuses what lies elsewhere."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation
        self.sees_ecg: Callable[[UnitOfWork, Caller, int], bool] | None = None
        """Whether an account sees what a report of the ECG network is about; running binds it."""
        self.opens: Opens = lambda _uow, _caller, _exam_id, _method: False
        """Asked where an exam is not of the caller's campuses; running binds remote consultation."""
        self._seen: dict[tuple[object, ...], float] = {}  # account and study → until when it need not be asked again

    def admit(self, uow: UnitOfWork, caller: Caller, request: Request[Any]) -> Caller:
        """Return the caller with the rooms of its campuses and departments. Raises PERMISSION_MISSING."""
        rooms = self._rooms(uow, caller)
        if request.method in _WHOLE_HOSPITAL:
            raise _refused()
        if request.method.startswith(_LIMIT_THEMSELVES):
            return replace(caller, room_ids=rooms)
        self._check_places(caller, request, rooms)
        for exam_id, place in self._places(uow, request):
            if place is None or _is_within(place, rooms, caller):
                continue
            if exam_id is None or not self.opens(uow, caller, exam_id, request.method):
                raise _refused()
        return replace(caller, room_ids=rooms)

    def check_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> None:
        """Raise PERMISSION_MISSING for a document of another campus; for the bulk channel."""
        subject = subject_of_document(uow, document_id)
        if subject is not None and subject[0] >= FIRST_ECG_REPORT_ID:
            if self.sees_ecg is not None and caller.is_limited and not self.sees_ecg(uow, caller, subject[0]):
                raise _refused()
            return
        self._check_exam(uow, caller, _exam_of_document(uow, document_id), "bulk.document")

    def check_attachment(self, uow: UnitOfWork, caller: Caller, attachment_id: int) -> None:
        """Raise PERMISSION_MISSING for a picture of another campus; for the bulk channel."""
        self._check_exam(uow, caller, exam_of_attachment(uow, attachment_id), "bulk.attachment")

    def check_image(self, uow: UnitOfWork, caller: Caller, sop_instance_uid: str) -> None:
        """Raise PERMISSION_MISSING for an object of another campus's exam; for the bulk channel."""
        study_uid = study_of_object(uow, sop_instance_uid)
        if study_uid is None:
            return
        seen = (caller.user_id, caller.campus_ids, caller.department_ids, study_uid)
        now = time.monotonic()
        if self._seen.get(seen, 0.0) > now:
            return
        is_own = self._check_exam(uow, caller, exam_of_study(uow, study_uid), "bulk.image")
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        if is_own:
            self._seen[seen] = now + _AGAIN_S

    def _check_exam(self, uow: UnitOfWork, caller: Caller, exam_id: int | None, item: str) -> bool:
        """Return whether it is the caller's own; False where only a request to another hospital opens it, for now."""
        if exam_id is None or not caller.is_limited:
            return True
        place = place_of_exam(uow, exam_id)
        if place is None or _is_within(place, self._rooms(uow, caller), caller):
            return True
        if not self.opens(uow, caller, exam_id, item):
            raise _refused()
        return False

    def _rooms(self, uow: UnitOfWork, caller: Caller) -> frozenset[int]:
        rooms = self._organisation.hospital(uow).rooms.values()
        return frozenset(
            room.id
            for room in rooms
            if (not caller.campus_ids or room.campus_id in caller.campus_ids)
            and (not caller.department_ids or room.department_id in caller.department_ids)
        )

    @staticmethod
    def _check_places(caller: Caller, request: Request[Any], rooms: Collection[int]) -> None:
        for name in ("campus_id", "from_campus_id"):
            campus = getattr(request, name, None)
            if campus is not None and caller.campus_ids and campus not in caller.campus_ids:
                raise _refused()
        named = [getattr(request, name, None) for name in ("room_id", "from_room_id", "to_room_id")]
        if any(room is not None and room not in rooms for room in (*named, *getattr(request, "room_ids", ()))):
            raise _refused()

    @staticmethod
    def _places(uow: UnitOfWork, request: Request[Any]) -> list[tuple[int | None, Place | None]]:
        exams: list[int | None] = [getattr(request, "exam_id", None)]
        for name, finds in _EXAM_OF.items():
            subject = getattr(request, name, None)
            if isinstance(subject, int):
                exams.append(finds(uow, subject))
        exams += [exam_of_report(uow, one) for one in getattr(request, "report_ids", ())]
        study_uid, object_uid = getattr(request, "study_uid", None), getattr(request, "sop_instance_uid", None)
        if not study_uid and isinstance(object_uid, str) and object_uid:
            study_uid = study_of_object(uow, object_uid)
        if isinstance(study_uid, str) and study_uid:
            exams.append(exam_of_study(uow, study_uid))
        found: list[tuple[int | None, Place | None]] = [
            (exam_id, place_of_exam(uow, exam_id)) for exam_id in exams if exam_id is not None
        ]
        slot_id = getattr(request, "slot_id", None)
        if isinstance(slot_id, int):
            found.append((None, place_of_slot(uow, slot_id)))
        return found


def _exam_of_document(uow: UnitOfWork, document_id: int) -> int | None:
    subject = subject_of_document(uow, document_id)
    if subject is None:
        return None
    return exam_of_report(uow, subject[0]) if subject[1] else subject[0]


def _exam_of_copy(uow: UnitOfWork, copy_id: int) -> int | None:
    report_id = report_of_copy(uow, copy_id)
    return None if report_id is None else exam_of_report(uow, report_id)


_EXAM_OF: dict[str, Finds] = {
    "ticket_id": exam_of_ticket,
    "call_id": exam_of_call,
    "report_id": exam_of_report,
    "attachment_id": exam_of_attachment,
    "document_id": _exam_of_document,
    "copy_id": _exam_of_copy,
    "result_id": exam_of_result,
}


def _is_within(place: Place, rooms: Collection[int], caller: Caller) -> bool:
    waits_here = place.room_id == NO_ROOM and place.campus_id in caller.campus_ids  # a referral that was sent here
    return waits_here or place.room_id in rooms or place.from_campus_id in caller.campus_ids


def _refused() -> Refusal:
    return Refusal(
        ErrorCode.PERMISSION_MISSING, "您的账号只能查看和处理所属院区与科室的内容；如需其他院区，请联系管理员。"
    )
