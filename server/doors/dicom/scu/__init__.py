"""What we ask of peers (SCU): send, find, move, get, commitment, announcements of availability, printing, echo.

Every function takes the peer (``ports.Peer``) and :class:`Ours` (our AE title, time limits, TLS, transcoder), opens
the associations it needs and ends them. All raise :class:`ScuFailed` with a DIMSE status and a sentence when the peer
cannot be reached or refuses the whole request; what goes wrong with one object is in the report. All may be called
from any thread, and block; ``cancelled`` is asked between objects and four times a second while waiting.

- :func:`echo` C-ECHO
- :func:`store_objects` C-STORE of archived objects, transcoded without loss where the peer needs it
- :func:`find` C-FIND, matches as they come
- :func:`move` C-MOVE at a peer to a destination it knows
- :func:`get` C-GET from a peer into an ``ObjectSink``
- :func:`request_commitment` N-ACTION of Storage Commitment, and the report when it comes on the same association
- :func:`announce_availability` Instance Availability Notification
- :func:`print_films`, :func:`printer_status` Basic Grayscale and Color Print Management
"""

from server.doors.dicom.scu.availability import Announcement, announce_availability
from server.doors.dicom.scu.commitment import CommitmentAnswer, request_commitment
from server.doors.dicom.scu.echo import echo
from server.doors.dicom.scu.fetch import get
from server.doors.dicom.scu.ours import Ours, ScuFailed
from server.doors.dicom.scu.printing import Film, FilmImage, FilmSession, PrinterStatus, print_films, printer_status
from server.doors.dicom.scu.query import RetrieveReport, find, move
from server.doors.dicom.scu.store import StoreReport, store_objects
from server.doors.dicom.sending import Sent

__all__ = [
    "Announcement",
    "CommitmentAnswer",
    "Film",
    "FilmImage",
    "FilmSession",
    "Ours",
    "PrinterStatus",
    "RetrieveReport",
    "ScuFailed",
    "Sent",
    "StoreReport",
    "announce_availability",
    "echo",
    "find",
    "get",
    "move",
    "print_films",
    "printer_status",
    "request_commitment",
    "store_objects",
]
