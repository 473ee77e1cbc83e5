"""Gives objects of a foreign medium the identity of a patient or exam of ours, and keeps the original inside.

After IHE IRWF: UIDs stay; patient attributes and accession number are replaced; what they were stands in Original
Attributes Sequence (0400,0561), PS3.3 C.12.1.1.9.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.archive.exchange.rewriting import written
from shared.dicomkit.charsets import CharsetError, fitted_name
from shared.dicomkit.headers import PatientFacts

if TYPE_CHECKING:
    from pydicom import Dataset

_REPLACED = (
    "PatientName PatientID IssuerOfPatientID IssuerOfPatientIDQualifiersSequence OtherPatientIDs "
    "OtherPatientIDsSequence OtherPatientNames PatientBirthDate PatientSex"
).split()
_UTF8 = "ISO_IR 192"
_TEXT_VRS = frozenset({"PN", "LO", "SH", "LT", "ST", "UT", "UC"})


class NotRewritable(Exception):
    """The object cannot be written again without loss; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose the objects become. `accession` and `study_uid` are those of an exam, else empty."""

    patient: PatientFacts
    accession: str = ""
    study_uid: str = ""


def adopted(part10: memoryview, owner: Owner, made_at: datetime, source: str) -> bytes:
    """The object (Part 10) as `owner`'s. `source`: who it came from, at most 64 characters. Raises NotRewritable.

    The result depends on the arguments only, so that an import that is done twice makes the same bytes.
    """
    import pydicom

    from shared.imaging.frames import careful_reading

    try:
        with careful_reading():
            ds = pydicom.dcmread(BytesIO(part10), force=True)
            _keep_original(ds, owner, made_at, source)
            _replace(ds, owner)
            return written(ds, str(ds.file_meta.TransferSyntaxUID))
    except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, OSError) as bad:
        raise NotRewritable(
            f"文件内容不规范，无法改写患者身份（{type(bad).__name__}）；可选择“保留原身份”导入。"
        ) from bad


def _keep_original(ds: Dataset, owner: Owner, made_at: datetime, source: str) -> None:
    from pydicom.dataset import Dataset as New

    original = New()
    keywords = [*_REPLACED, "AccessionNumber"] if owner.accession else _REPLACED
    for keyword in keywords:
        if keyword in ds:
            original[keyword] = deepcopy(ds[keyword])  # else it would change with the original
    item = New()
    item.SourceOfPreviousValues = source[:64]
    item.AttributeModificationDateTime = made_at.strftime("%Y%m%d%H%M%S%z")
    item.ModifyingSystem = "Mingjing"
    item.ReasonForTheAttributeModification = "COERCE"
    item.ModifiedAttributesSequence = [original]
    ds.OriginalAttributesSequence = [*(ds.get("OriginalAttributesSequence") or []), item]


def _replace(ds: Dataset, owner: Owner) -> None:
    patient = owner.patient
    name = _fitting_name(ds, patient.name)
    for keyword in _REPLACED:
        if keyword in ds:
            del ds[keyword]
    ds.PatientName = name
    ds.PatientID = patient.patient_id
    if patient.issuer:
        ds.IssuerOfPatientID = patient.issuer
    ds.PatientBirthDate = patient.birth_date.strftime("%Y%m%d") if patient.birth_date else ""
    ds.PatientSex = patient.sex
    if owner.accession:
        ds.AccessionNumber = owner.accession


def _fitting_name(ds: Dataset, name: str) -> str:
    """The name as the object's character set can hold it; an object that is plain ASCII becomes UTF-8 instead."""
    declared = ds.get("SpecificCharacterSet")
    terms = [declared] if isinstance(declared, str) or declared is None else list(declared)
    label = str(terms[-1] or "")
    if label in ("", "ISO_IR 6") and not name.isascii():
        if _is_ascii(ds):
            ds.SpecificCharacterSet = _UTF8
            return name
        return fitted_name(name, "ISO_IR 6")
    try:
        return fitted_name(name, label)
    except CharsetError:
        return fitted_name(name, "ISO_IR 6")


def _is_ascii(ds: Dataset) -> bool:
    """Whether no text value of the object has a byte above 127, at any depth."""
    for tag in list(ds.keys()):
        raw: Any = ds.get_item(tag)
        vr, value = raw.VR, raw.value
        if vr == "SQ" or (vr in (None, "UN") and ds[tag].VR == "SQ"):
            if not all(_is_ascii(item) for item in ds[tag].value or ()):
                return False
        elif isinstance(value, bytes | str) and not value.isascii() and (vr or ds[tag].VR) in _TEXT_VRS:
            return False
    return True
