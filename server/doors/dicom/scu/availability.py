"""Tells a peer that objects of a study can be retrieved here (Instance Availability Notification, PS3.4 annex R)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.doors.dicom import dimse, uids
from server.doors.dicom.ports import AttributeValue, ObjectReference, Peer
from server.doors.dicom.scu import nservice
from server.doors.dicom.scu.ours import Ours, association

MPPS_CLASS: Final = uids.MPPS
AVAILABILITIES: Final = ("ONLINE", "NEARLINE", "OFFLINE", "UNAVAILABLE")


@dataclass(frozen=True, slots=True)
class Announcement:
    """What is available: a study, its objects by series UID, where they are retrieved from and how soon.

    ``availability`` is one of ONLINE, NEARLINE, OFFLINE, UNAVAILABLE (PS3.3 C.4.23.1.1). ``steps``: UIDs of the
    performed procedure steps (MPPS) that made them, may be empty.
    """

    study_uid: str
    series: Mapping[str, Sequence[ObjectReference]]
    retrieve_ae: str
    availability: str = "ONLINE"
    steps: Sequence[str] = field(default_factory=tuple)


def announce_availability(peer: Peer, announcement: Announcement, instance_uid: str, ours: Ours) -> None:
    """N-CREATE of the notification ``instance_uid`` (a new UID; PS3.4 R.3.2). Raises ScuFailed; ValueError for an
    availability that does not exist."""
    if announcement.availability not in AVAILABILITIES:
        raise ValueError(f"availability must be one of {', '.join(AVAILABILITIES)}")
    body: dict[int, AttributeValue] = {
        0x00081111: [  # Referenced Performed Procedure Step Sequence
            {0x00081150: MPPS_CLASS, 0x00081155: step, 0x00404019: []} for step in announcement.steps
        ],
        0x0020000D: announcement.study_uid,
        0x00081115: [
            {
                0x0020000E: series_uid,
                0x00081199: [
                    {
                        0x00081150: reference.sop_class_uid,
                        0x00081155: reference.sop_instance_uid,
                        0x00080056: announcement.availability,
                        0x00080054: announcement.retrieve_ae,
                    }
                    for reference in references
                ],
            }
            for series_uid, references in announcement.series.items()
        ],
    }
    with association(peer, ours, [(uids.AVAILABILITY, (uids.EXPLICIT_LE, uids.IMPLICIT_LE))]) as opened:
        nservice.request(
            opened,
            opened.context(uids.AVAILABILITY),
            dimse.N_CREATE_RQ,
            uids.AVAILABILITY,
            instance_uid,
            body,
            "the notification",
        )
