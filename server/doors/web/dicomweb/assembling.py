"""Objects from metadata (DICOM JSON or XML) and bulk data of other parts, as DICOM files in explicit little endian."""

from __future__ import annotations

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
            yield failure
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, NotImplementedError) as error:
            yield NotStored(
                _CANNOT_UNDERSTAND, f"The metadata cannot be written as an object ({type(error).__name__})."
            )


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
            syntaxes.append(parse_one(found.content_type).syntax)
        return bytes(found.data)

    data_set: Dataset = Dataset.from_json(dict(sorted(metadata.items())), bulk_data_uri_handler=of_uri)
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
