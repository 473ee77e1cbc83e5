"""ECG file formats: ``read`` finds out from the content what a file is, ``write`` makes one.

    record = read(Path("a.scp"))
    made = write(record, Kind.DICOM)      # made.files, made.findings

Samples, gains, lead names and times go through unchanged; where a target cannot hold them, ``CannotHold`` is raised or
``Written.findings`` says what was re-scaled. Whatever the bytes are, ``read`` gives a record or EcgFormatError.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shared.waveform.formats.base import (
    MAX_FILE_BYTES,
    CannotHold,
    EcgFormatError,
    Kind,
    Source,
    Written,
    findings_of,
)
from shared.waveform.formats.sniffing import kind_of

if TYPE_CHECKING:
    from shared.waveform.record import EcgRecord

__all__ = ["CannotHold", "EcgFormatError", "Kind", "Written", "findings_of", "kind_of", "read", "write"]

_READERS = {
    Kind.DICOM: "dicom_reading",
    Kind.SCP: "scp_reading",
    Kind.AECG: "aecg_reading",
    Kind.MUSE: "muse",
    Kind.SIERRA: "sierra",
    Kind.MFER: "mfer_reading",
    Kind.EDF: "edf",
    Kind.WFDB: "wfdb_reading",
    Kind.ISHNE: "ishne",
    Kind.CSV: "csv_table",
    Kind.CONTEC: "contec",
    Kind.PDF: "pdf_reading",
}
_WRITERS = {
    Kind.DICOM: "dicom_writing",
    Kind.SCP: "scp_writing",
    Kind.AECG: "aecg_writing",
    Kind.MUSE: "muse",
    Kind.MFER: "mfer_writing",
    Kind.EDF: "edf",
    Kind.WFDB: "wfdb_writing",
    Kind.ISHNE: "ishne",
    Kind.CSV: "csv_table",
    Kind.PDF: "pdf_writing",
}
WRITABLE = tuple(_WRITERS)


def read(source: Path | str | bytes | Mapping[str, bytes]) -> EcgRecord:
    """The record in a file, in bytes, or in several files by name (WFDB: the header beside its signal files).

    Raises EcgFormatError for anything that is no ECG or contradicts itself, OSError when a path cannot be read.
    """
    given = _source(source)
    kind = kind_of(given.data)
    if kind is None and given.name:
        given, kind = _header_beside(given)
    if kind is None:
        raise EcgFormatError(_nothing_known(given.data))
    module = import_module(f"shared.waveform.formats.{_READERS[kind]}")
    try:
        record: EcgRecord = module.read(given)
    except MemoryError as error:
        raise EcgFormatError("the file asks for more memory than there is") from error
    return record


def write(record: EcgRecord, kind: Kind | str, name: str = "ecg") -> Written:
    """The record as file(s) of ``kind``; ``name`` is the file name without ending.

    Raises CannotHold when the format has no place for what the record is, ValueError for a kind that is not written.
    """
    kind = Kind(kind)
    if kind not in _WRITERS:
        raise CannotHold(f"{kind} files are read but not written")
    module = import_module(f"shared.waveform.formats.{_WRITERS[kind]}")
    made: Written = module.write(record, name)
    return made


def _source(source: Path | str | bytes | Mapping[str, bytes]) -> Source:
    if isinstance(source, bytes):
        return Source(source)
    if isinstance(source, Mapping):
        if not source:
            raise EcgFormatError("there is no file to read")
        names = sorted(source, key=lambda name: (not name.endswith(".hea"), name))
        return Source(source[names[0]], names[0], source.get)
    path = Path(source)
    folder = path.parent

    def neighbour(name: str) -> bytes | None:
        beside = folder / name
        return _bytes_of(beside) if beside.is_file() else None

    return Source(_bytes_of(path), path.name, neighbour)


def _bytes_of(path: Path) -> bytes:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise EcgFormatError(f"{path.name} is larger than 2 GB")
    return path.read_bytes()


def _header_beside(given: Source) -> tuple[Source, Kind | None]:
    """A WFDB signal or annotation file names no format itself: its header lies beside it."""
    stem, dot, _ = given.name.rpartition(".")
    header = given.beside(f"{stem}.hea") if dot else None
    if header is None or kind_of(header) is not Kind.WFDB:
        return given, None
    return Source(header, f"{stem}.hea", given.neighbour), Kind.WFDB


def _nothing_known(data: bytes) -> str:
    if not data:
        return "the file is empty"
    return (
        "this is no ECG file that Mingjing knows. It reads DICOM ECG, SCP-ECG, HL7 aECG, MUSE XML, Philips XML, MFER, "
        "EDF+, BDF, WFDB (give the .hea file), ISHNE, CSV, Contec and PDF with drawn traces"
    )
