"""Reads a whole data set with pydicom, carefully, and writes it in any uncompressed transfer syntax."""

from __future__ import annotations

import zlib
from io import BytesIO
from typing import TYPE_CHECKING, Final

from server.doors.dicom import uids
from server.doors.dicom.attributes import check_depth, encoding_of, inflate
from server.doors.dicom.ports import Refused

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

UNCOMPRESSED: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.EXPLICIT_BE, uids.DEFLATED_LE)
MAX_INFLATED_OBJECT: Final = 1 << 30
"""Bytes to which a stored deflated object may grow when it is rewritten."""

_WIDTHS: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


def read_dataset(data: memoryview, syntax: str) -> Dataset:
    """The data set as pydicom's, after the checks that keep a hostile one from hurting; bulk values little endian.

    Raises MalformedDataSet, and what pydicom raises for damage.
    """
    from pydicom.filereader import read_dataset as read

    raw = bytes(data)
    encoding = encoding_of(syntax)
    if encoding.deflated:
        raw = inflate(raw, MAX_INFLATED_OBJECT)
        syntax = uids.EXPLICIT_LE
    check_depth(raw, syntax)
    dataset: Dataset = read(BytesIO(raw), not encoding.explicit, encoding.order == "<")
    if encoding.order == ">":
        dataset.walk(_swap)
    return dataset


def check_native(dataset: Dataset) -> None:
    """Raise Refused when pixel data are in fragments though the transfer syntax is an uncompressed one: their bytes
    would become pixels in any other."""
    if "PixelData" in dataset and dataset["PixelData"].is_undefined_length:
        raise Refused(0x0110, "The pixel data are compressed, the transfer syntax says not")


def write_dataset(dataset: Dataset, syntax: str) -> bytes:
    """The data set in ``syntax``: uncompressed, or (for encapsulated pixel data) Explicit VR Little Endian."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset as write

    encoding = encoding_of(syntax)
    if encoding.order == ">":
        dataset.walk(_swap)
    out = DicomBytesIO()
    out.is_little_endian, out.is_implicit_VR = encoding.order == "<", not encoding.explicit
    write(out, dataset)
    raw: bytes = out.getvalue()
    if encoding.deflated:
        machine = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        raw = machine.compress(raw) + machine.flush()
        return raw + b"\0" if len(raw) & 1 else raw  # PS3.5 A.5
    return raw


def _swap(_dataset: Dataset, element: DataElement) -> None:
    """Turn the bytes of bulk values around: pydicom keeps them as they are."""
    import numpy as np

    width = _WIDTHS.get(element.VR)
    if width and isinstance(element.value, bytes) and len(element.value) % width == 0:
        element.value = np.frombuffer(element.value, f"u{width}").byteswap().tobytes()
