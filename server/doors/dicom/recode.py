"""Which transfer syntaxes an object can be sent in, and the object in one of them.

Between uncompressed syntaxes this process rewrites the data set itself; where pixel data have to be decoded or encoded
it asks the :class:`Transcoder`, which runs codecs in a child process (``transcoding``).
"""

from __future__ import annotations

from server.doors.dicom import uids
from server.doors.dicom.attributes import MalformedDataSet
from server.doors.dicom.ports import Refused, Transcoder
from server.doors.dicom.rewriting import UNCOMPRESSED, check_native, read_dataset, write_dataset

NATIVE = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE)
"""What we write without a codec, best first."""


def targets(stored: str, transcoder: Transcoder | None) -> tuple[str, ...]:
    """The transfer syntaxes in which an object stored in ``stored`` can be sent, best first; as stored comes first."""
    others: list[str] = [t for t in NATIVE if t != stored] if stored in UNCOMPRESSED else []
    if transcoder is not None:
        others += transcoder.targets(stored)
    return (stored, *dict.fromkeys(t for t in others if t != stored))


def recode(data: memoryview, stored: str, wanted: str, transcoder: Transcoder | None) -> bytes | bytearray | memoryview:
    """The data set in ``wanted``; raises :class:`Refused` when it cannot be written so."""
    if stored == wanted:
        return data
    if stored not in UNCOMPRESSED or wanted not in UNCOMPRESSED:
        if transcoder is None:
            raise Refused(0x0110, "No codec for the stored transfer syntax")
        return transcoder.transcode(data, stored, wanted)
    from shared.imaging.frames import careful_reading

    try:
        with careful_reading():  # values that break the rules of their VR are sent as they are
            dataset = read_dataset(data, stored)
            check_native(dataset)
            return write_dataset(dataset, wanted)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, NotImplementedError, MalformedDataSet) as error:
        raise Refused(0x0110, f"The object cannot be written in another syntax: {type(error).__name__}") from None
