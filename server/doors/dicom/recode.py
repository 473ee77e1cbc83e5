"""Writes a stored data set in another transfer syntax for a peer that does not take the stored one."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING, Final

from server.doors.dicom import uids
from server.doors.dicom.attributes import MalformedDataSet, check_depth, encoding_of, inflate
from server.doors.dicom.ports import Refused, Transcoder

if TYPE_CHECKING:
    from pydicom import Dataset

MAX_INFLATED_OBJECT: Final = 1 << 30
"""Bytes to which a stored deflated object may grow when it is rewritten."""

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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # values that break the rules of their VR are sent as they are
            return _written(_read(data, stored), implicit=wanted == uids.IMPLICIT_LE)
    except (ValueError, KeyError, TypeError, AttributeError, OSError, NotImplementedError, MalformedDataSet) as error:
        raise Refused(0x0110, f"The object cannot be written in another syntax: {type(error).__name__}") from None


class PydicomTranscoder:
    """The transcoder that pydicom's decoders make (``ports.Transcoder``): any syntax that the installed plug-ins
    decode."""

    def to_explicit_little_endian(self, data: memoryview, transfer_syntax_uid: str) -> bytes:
        """Decode all frames; raises :class:`Refused` when no decoder can."""
        from pydicom.dataset import FileMetaDataset
        from pydicom.uid import UID

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                dataset = _read(data, transfer_syntax_uid)
                dataset.file_meta = FileMetaDataset()
                dataset.file_meta.TransferSyntaxUID = UID(transfer_syntax_uid)
                dataset.decompress(generate_instance_uid=False)
                return _written(dataset, implicit=False)
        except Exception as error:  # noqa: BLE001 - codecs raise whatever they like for damaged frames
            raise Refused(0x0110, f"The pixel data cannot be decoded: {type(error).__name__}") from None


def _read(data: memoryview, syntax: str) -> Dataset:
    """The data set as pydicom's, after the checks that keep a hostile one from hurting."""
    from pydicom.filereader import read_dataset

    raw = bytes(data)
    encoding = encoding_of(syntax)
    if encoding.deflated:
        raw = inflate(raw, MAX_INFLATED_OBJECT)
        syntax = uids.EXPLICIT_LE
    check_depth(raw, syntax)
    return read_dataset(BytesIO(raw), not encoding.explicit, encoding.order == "<")


def _written(dataset: Dataset, *, implicit: bool) -> bytes:
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = True, implicit
    write_dataset(out, dataset)
    return out.getvalue()
