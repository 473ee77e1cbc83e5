"""Writes a data set that was read and changed as a file again, in any transfer syntax, also those that pydicom does not
know (they are explicit little endian with encapsulated pixels, PS3.5 A.4)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from server.archive.header import DEFLATED, EXPLICIT_BIG, IMPLICIT_LITTLE
from server.archive.receive import ObjectName, file_meta

if TYPE_CHECKING:
    from pydicom import Dataset


def written(ds: Dataset, transfer_syntax_uid: str) -> bytes:
    """Part 10 bytes with a fresh preamble and file meta information. Raises ValueError, TypeError and the like for
    values that cannot be written."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    name = ObjectName(str(ds.SOPClassUID), str(ds.SOPInstanceUID), transfer_syntax_uid)
    for tag in [tag for tag in list(ds.keys()) if tag.group in (0, 2)]:
        del ds[tag]  # command and meta elements do not belong into a data set (PS3.10 7.1)
    out = DicomBytesIO()
    out.is_implicit_VR = transfer_syntax_uid == IMPLICIT_LITTLE
    out.is_little_endian = transfer_syntax_uid != EXPLICIT_BIG
    write_dataset(out, ds)
    data = out.getvalue()
    if transfer_syntax_uid in DEFLATED:
        deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = deflate.compress(data) + deflate.flush()
        data += b"\0" * (len(data) % 2)
    return file_meta(name) + data
