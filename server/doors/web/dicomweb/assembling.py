"""Objects from metadata (DICOM JSON or XML) and bulk data of other parts, as DICOM files in explicit little endian."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec

from server.doors.web.dicomweb.negotiation import parse_one
from server.doors.web.dicomweb.ports import Json, NotStored, Refusal
from server.doors.web.dicomweb.xml_model import from_xml
from shared.imaging.frames import careful_reading

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

EXPLICIT_LE = "1.2.840.10008.1.2.1"
_MAX_DEPTH = 64
_CANNOT_UNDERSTAND = 0xC000
_UID = re.compile(r"[0-9][0-9.]{0,63}\Z")
_UNWRITABLE = (
    ValueError, TypeError, KeyError, AttributeError, OverflowError, NotImplementedError, OSError, struct.error,
)  # fmt: skip
"""What pydicom raises for values that their VR does not hold."""
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*={0,2}\s*\Z")
_TAG = re.compile(r"[0-9A-Fa-f]{8}\Z")
_INTEGERS = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "IS"})
_JPEG_PROCESSES = {0xC0: "1.2.840.10008.1.2.4.50", 0xC1: "1.2.840.10008.1.2.4.51", 0xC3: "1.2.840.10008.1.2.4.57"}
_SYNTAXES = {
    "image/jls": "1.2.840.10008.1.2.4.80",
    "image/jp2": "1.2.840.10008.1.2.4.90",
    "image/jpx": "1.2.840.10008.1.2.4.92",
    "image/jphc": "1.2.840.10008.1.2.4.201",
    "image/jxl": "1.2.840.10008.1.2.4.110",
    "image/dicom-rle": "1.2.840.10008.1.2.5",
}
"""Default transfer syntaxes of media types (PS3.18 table 8.7.3-5)."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """The content of a part."""

    data: memoryview
    content_type: str


def json_objects(document: bytes) -> list[Json]:
    """One or several data sets of a DICOM JSON document. Raises Refusal (400)."""
    try:
        decoded = msgspec.json.decode(document)
    except (msgspec.DecodeError, RecursionError):
        raise Refusal(400, "The JSON is not well-formed.") from None
    found = decoded if isinstance(decoded, list) else [decoded]
    for one in found:
        check(one)
    return found


def check(data_set: Any, depth: int = 0) -> None:
    """Raise Refusal (400) unless it has the shape of the DICOM JSON Model."""
    if not isinstance(data_set, dict) or depth > _MAX_DEPTH:
        raise Refusal(400, "The JSON is no data set of the DICOM JSON Model (PS3.18 F), or nests too deeply.")
    for tag, element in data_set.items():
        is_tag = len(tag) == 8 and all(character in "0123456789ABCDEFabcdef" for character in tag)
        vr = element.get("vr") if isinstance(element, dict) else None
        if not is_tag or not isinstance(vr, str) or len(vr) != 2 or not isinstance(element.get("Value", []), list):
            raise Refusal(400, "The JSON is no data set of the DICOM JSON Model (PS3.18 F).")
        if vr == "SQ":
            for item in element.get("Value", ()):
                check({} if item is None else item, depth + 1)


def assemble(document: bytes, is_xml: bool, bulk: Mapping[str, Bulk]) -> Iterator[bytes | NotStored]:
    """DICOM files of what the document describes; why not, for those that cannot be written. Raises Refusal."""
    for one in [from_xml(document)] if is_xml else json_objects(document):
        try:
            with careful_reading():
                yield _file(one, bulk)
        except NotStored as failure:
            yield _named(failure, one)
        except _UNWRITABLE as error:
            why = f"The metadata cannot be written as an object ({type(error).__name__})."
            yield _named(NotStored(_CANNOT_UNDERSTAND, why), one)


def _named(failure: NotStored, metadata: Json) -> NotStored:
    failure.sop_class_uid, failure.sop_instance_uid = (_uid(metadata, tag) for tag in ("00080016", "00080018"))
    return failure


def _uid(metadata: Json, tag: str) -> str:
    values = metadata.get(tag, {}).get("Value") or [""]
    return values[0] if isinstance(values[0], str) and _UID.match(values[0]) else ""


def _without_character_set(metadata: Json) -> Json:
    """The texts of both models are Unicode, whatever (0008,0005) was before (PS3.18 F.2)."""
    found: Json = {}
    for tag, element in sorted(metadata.items()):
        if tag == "00080005":
            continue
        if not _is_of_its_vr(element):
            raise NotStored(_CANNOT_UNDERSTAND, f"({tag[:4]},{tag[4:]}) holds what its VR cannot hold.")
        if element["vr"] == "SQ":
            items = [_without_character_set(item or {}) for item in element.get("Value", ())]
            found[tag] = {"vr": "SQ", "Value": items}
        else:
            found[tag] = element
    return found


def _is_of_its_vr(element: Json) -> bool:
    """False for values that pydicom would leave out or change without a word."""
    if "InlineBinary" in element:
        text = element["InlineBinary"]
        return isinstance(text, str) and _BASE64.match(text) is not None
    vr = element["vr"]
    for value in element.get("Value", ()):
        if vr in _INTEGERS and isinstance(value, float) and not value.is_integer():
            return False
        if vr == "AT" and value is not None and not (isinstance(value, str) and _TAG.match(value)):
            return False
    return True


def _syntax_of(bulk: Bulk) -> str:
    """The transfer syntax of pixel data: as its part says, else the one that its media type means; empty for none."""
    media = parse_one(bulk.content_type)
    if media.syntax or media.name != "image/jpeg":
        return media.syntax or _SYNTAXES.get(media.name, "")
    head = bytes(bulk.data[: 64 << 10])
    position = 2
    while position + 4 <= len(head) and head[position] == 0xFF:
        process = _JPEG_PROCESSES.get(head[position + 1])
        if process:
            return process
        position += 2 + int.from_bytes(head[position + 2 : position + 4], "big")
    raise NotStored(_CANNOT_UNDERSTAND, "The pixel data are said to be image/jpeg and are none that DICOM knows.")


def _file(metadata: Json, bulk: Mapping[str, Bulk]) -> bytes:
    from pydicom import dcmwrite
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import UID

    syntaxes: list[str] = []

    def of_uri(tag: str, _vr: str, uri: str) -> Any:
        found = bulk.get(uri)
        if found is None:
            raise NotStored(_CANNOT_UNDERSTAND, "A BulkDataURI names no part of the body.")
        if tag in ("7FE00010", "7FE00008", "7FE00009"):
            syntaxes.append(_syntax_of(found))
        return bytes(found.data)

    if not _uid(metadata, "00080016") or not _uid(metadata, "00080018"):
        raise NotStored(_CANNOT_UNDERSTAND, "The metadata name no SOP Class UID or no SOP Instance UID.")
    data_set: Dataset = Dataset.from_json(_without_character_set(metadata), bulk_data_uri_handler=of_uri)
    data_set.SpecificCharacterSet = "ISO_IR 192"
    syntax = next((one for one in syntaxes if one), EXPLICIT_LE)
    meta = data_set.group_dataset(2)
    stated = str(meta.get("TransferSyntaxUID", "") or "")
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID
    data_set.file_meta.TransferSyntaxUID = UID(stated if syntax == EXPLICIT_LE and stated else syntax)
    for element in list(meta):
        del data_set[element.tag]
    if data_set.file_meta.TransferSyntaxUID.is_compressed and "PixelData" in data_set:
        data_set.PixelData = _encapsulated(bytes(data_set.PixelData))
        data_set["PixelData"].is_undefined_length = True
    out = BytesIO()
    dcmwrite(out, data_set, enforce_file_format=True)
    return out.getvalue()


def _encapsulated(frame: bytes) -> bytes:
    from pydicom.encaps import encapsulate

    return frame if frame[:4] == b"\xfe\xff\x00\xe0" else encapsulate([frame])
