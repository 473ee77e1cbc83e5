"""Writes a stored data set in another transfer syntax for a peer that does not take the stored one."""

from __future__ import annotations

import warnings
from io import BytesIO

from server.doors.dicom import uids
from server.doors.dicom.attributes import check_depth
from server.doors.dicom.ports import Refused, Transcoder

NATIVE = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)
"""What we write, best first."""
_UNCOMPRESSED = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE)


def targets(stored: str, can_decode: bool) -> tuple[str, ...]:
    """The transfer syntaxes in which an object stored in ``stored`` can be sent, best first."""
    if stored in _UNCOMPRESSED or can_decode:
        return (stored, *(t for t in NATIVE if t != stored))
    return (stored,)


def recode(data: memoryview, stored: str, wanted: str, transcoder: Transcoder | None) -> bytes | bytearray | memoryview:
    """The data set in ``wanted``; raises :class:`Refused` when it cannot be written so."""
    if stored == wanted:
        return data
    if stored not in _UNCOMPRESSED:
        if transcoder is None:
            raise Refused(0x0110, "No decoder for the stored transfer syntax")
        decoded = transcoder.to_explicit_little_endian(data, stored)
        return recode(memoryview(decoded), uids.EXPLICIT_LE, wanted, None)
    check_depth(data, stored)
    from pydicom import Dataset, dcmread
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    meta = Dataset()
    meta.TransferSyntaxUID = stored
    head = DicomBytesIO()
    head.is_little_endian, head.is_implicit_VR = True, False
    write_dataset(head, meta)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # values that break the rules of their VR are sent as they are
            dataset = dcmread(BytesIO(bytes(128) + b"DICM" + head.getvalue() + bytes(data)))
            out = BytesIO()
            dataset.save_as(out, implicit_vr=wanted == uids.IMPLICIT_LE, little_endian=True, enforce_file_format=False)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, NotImplementedError) as error:
        raise Refused(0x0110, f"The object cannot be written in another syntax: {type(error).__name__}") from None
    return _without_meta(out.getvalue())


def _without_meta(written: bytes) -> bytes | memoryview:
    from server.doors.dicom.part10 import NotPart10, dataset_of

    try:
        return dataset_of(written)
    except NotPart10:
        return written


class PydicomTranscoder:
    """The transcoder that pydicom's decoders make (``ports.Transcoder``): any syntax that the installed plug-ins
    decode."""

    def to_explicit_little_endian(self, data: memoryview, transfer_syntax_uid: str) -> bytes:
        """Decode all frames; raises :class:`Refused` when no decoder can."""
        from pydicom import Dataset, dcmread
        from pydicom.filebase import DicomBytesIO
        from pydicom.filewriter import write_dataset

        check_depth(data, transfer_syntax_uid)
        meta = Dataset()
        meta.TransferSyntaxUID = transfer_syntax_uid
        head = DicomBytesIO()
        head.is_little_endian, head.is_implicit_VR = True, False
        write_dataset(head, meta)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = dcmread(BytesIO(bytes(128) + b"DICM" + head.getvalue() + bytes(data)))
                dataset.decompress(generate_instance_uid=False)
                out = BytesIO()
                dataset.save_as(out, implicit_vr=False, little_endian=True, enforce_file_format=False)
        except Exception as error:  # noqa: BLE001 - codecs raise whatever they like for damaged frames
            raise Refused(0x0110, f"The pixel data cannot be decoded: {type(error).__name__}") from None
        return bytes(_without_meta(out.getvalue()))
