"""Small synthetic DICOM objects and rows for the DICOM door's tests; Chinese names, no real patients."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from server.doors.dicom.attributes import Writer
from server.doors.dicom.part10 import dataset_of, read_meta
from shared.dicomkit.charsets import character_set
from tests.fakes.dicom_ports import FakeStored

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT_LE = "1.2.840.10008.1.2.1"


def element(tag: int, vr: str, value: bytes) -> bytes:
    """One element in Explicit VR Little Endian."""
    if len(value) & 1:
        value += b"\0" if vr in ("UI", "OB") else b" "
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    if vr in ("OB", "OW", "SQ", "UN", "UT"):
        return head + struct.pack("<HI", 0, len(value)) + value
    return head + struct.pack("<H", len(value)) + value


def part10(sop_class: str, instance: str, transfer_syntax: str, dataset: bytes) -> bytes:
    """A Part 10 file."""
    meta = (
        element(0x00020001, "OB", b"\0\1")
        + element(0x00020002, "UI", sop_class.encode())
        + element(0x00020003, "UI", instance.encode())
        + element(0x00020010, "UI", transfer_syntax.encode())
        + element(0x00020012, "UI", b"2.25.1")
    )
    return bytes(128) + b"DICM" + element(0x00020000, "UL", struct.pack("<I", len(meta))) + meta + dataset


def ct_dataset(
    instance: str,
    *,
    study: str = "1.2.3.1",
    series: str = "1.2.3.1.1",
    number: int = 1,
    rows: int = 64,
    columns: int = 64,
) -> bytes:
    """A CT slice in Explicit VR Little Endian."""
    pixels = bytes(range(256)) * (rows * columns * 2 // 256)
    attributes = {
        0x00080016: CT,
        0x00080018: instance,
        0x00080020: "20240102",
        0x00080060: "CT",
        0x00100010: "Zhang^San=张^三",
        0x00100020: "P1",
        0x0020000D: study,
        0x0020000E: series,
        0x00200013: number,
        0x00280002: 1,
        0x00280004: "MONOCHROME2",
        0x00280010: rows,
        0x00280011: columns,
        0x00280100: 16,
        0x00280101: 16,
        0x00280102: 15,
        0x00280103: 0,
    }
    return Writer(EXPLICIT_LE, (character_set("ISO_IR 192"),)).encode(attributes) + element(0x7FE00010, "OW", pixels)


def ct_file(folder: Path, number: int, *, rows: int = 64, columns: int = 64) -> Path:
    """A CT slice as a file."""
    instance = f"1.2.3.1.1.{number + 1}"
    path = folder / f"ct{number}.dcm"
    path.write_bytes(
        part10(CT, instance, EXPLICIT_LE, ct_dataset(instance, number=number + 1, rows=rows, columns=columns))
    )
    return path


@dataclass(frozen=True)
class FakePatient:
    """A patient with one study."""

    patient_id: str
    name: str
    date: str


PATIENTS = (
    FakePatient("P1", "Zhang^San=张^三", "20240102"),
    FakePatient("P2", "Wang^Xiao Ming=王^小明", "20240315"),
    FakePatient("P3", "Wang^Wu=王^五", "20240901"),
)


def patient_rows() -> list[dict[int, str]]:
    """Instances of three patients: one study each, two series, two and one instances."""
    out = []
    for index, patient in enumerate(PATIENTS, start=1):
        for series, modality, count in ((1, "CT", 2), (2, "SR", 1)):
            for instance in range(1, count + 1):
                out.append(
                    {
                        0x00080018: f"1.2.3.{index}.{series}.{instance}",
                        0x00080020: patient.date,
                        0x00080060: modality,
                        0x00100010: patient.name,
                        0x00100020: patient.patient_id,
                        0x0020000D: f"1.2.3.{index}",
                        0x0020000E: f"1.2.3.{index}.{series}",
                        0x00200013: str(instance),
                    }
                )
    return out


def stored_objects(folder: Path) -> list[FakeStored]:
    """Two studies, the first with two series (2 and 1 slices), the second with one slice."""
    out = []
    for study, series, number in (
        ("1.2.3.1", "1.2.3.1.1", 1),
        ("1.2.3.1", "1.2.3.1.1", 2),
        ("1.2.3.1", "1.2.3.1.2", 1),
        ("1.2.3.2", "1.2.3.2.1", 1),
    ):
        instance = f"{series}.{number}"
        file = part10(CT, instance, EXPLICIT_LE, ct_dataset(instance, study=study, series=series, number=number))
        meta = read_meta(file)
        out.append(FakeStored("P1", study, series, instance, CT, meta.transfer_syntax_uid, bytes(dataset_of(file))))
    return out


def worklist_item(accession: str, modality: str, name: str = "Zhang^San=张^三") -> dict[int, object]:
    """A worklist item with one scheduled procedure step."""
    return {
        0x00080050: accession,
        0x00100010: name,
        0x00100020: "P1",
        0x00100030: "19600101",
        0x00100040: "M",
        0x0020000D: "1.2.3.1",
        0x00321060: "胸部平扫",
        0x00400100: [
            {
                0x00080060: modality,
                0x00400001: "CT1",
                0x00400002: "20260105",
                0x00400003: "101500",
                0x00400007: "胸部平扫",
                0x00400009: f"SPS-{accession}",
            }
        ],
        0x00401001: f"RP-{accession}",
    }
