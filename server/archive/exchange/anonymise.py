"""Takes identity out of objects by the profile of PS3.15 Annex E; knows no database, no file and no network.

`Anonymiser.anonymise` takes and gives Part 10 bytes. UIDs, dates and pseudonyms come from a keyed hash (HMAC-SHA-256)
of project and original: the same in every export of the project, and of no use to somebody without the key.
"""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any

from server.archive.exchange.cleaning import clean_text
from server.archive.exchange.confidentiality import CODES, SAFE_PRIVATE, Action, action_of
from server.archive.exchange.rewriting import written
from server.archive.exchange.traces import (
    KEPT_UIDS,
    WELL_KNOWN,
    NotAnonymised,
    demand_no_trace,
    fold,
    identifiers_of,
    is_list,
    text_of,
    values_of,
    warnings_of,
)
from shared.contract.exchange import AnonymiseOption, AnonymisePlan

if TYPE_CHECKING:
    from pydicom import DataElement, Dataset

MAX_RECTANGLES = 100
_PROJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}\Z")
_CONTENT = 0x0040A730
_WHOLE_MODULES = frozenset({0x00700001, 0x0040B020})  # graphic and waveform annotation: nothing is left without it
_STEPS = 0x00081111  # Referenced Performed Procedure Step Sequence: required of documents, elsewhere never empty
_CREATION = frozenset({0x00700082, 0x00700083})  # of a presentation state: removed by the table, required by its module
_DUMMIES = {
    "AE": "ANON",
    "AS": "000Y",
    "CS": "ANON",
    "DA": "20000101",
    "DT": "20000101000000",
    "TM": "000000",
    "DS": "0",
    "IS": "0",
    "PN": "Anonymous",
    "LO": "Anonymised",
    "SH": "Anonymised",
    "LT": "Anonymised",
    "ST": "Anonymised",
    "UT": "Anonymised",
    "UC": "Anonymised",
    "UR": "urn:anonymised",
}
_TEXT = frozenset("LO SH LT ST UT UC PN CS AE UR".split())
_ECHOES = frozenset("LO SH LT ST UT UC PN UR CS".split())  # VRs in which an identifier may be repeated by hand
_ENCODING = frozenset({0x00080005, 0x00080008, 0x00080060, 0x00280004, 0x0040A010, 0x0040A040, 0x0040A050})
"""Coded values without which an object cannot be read: never emptied, whatever a patient is called."""
_PRESENTATIONS = "1.2.840.10008.5.1.4.1.1.11."
_OBSERVERS = 0x0040A073  # Verifying Observer Sequence: a verified document must have one
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.88."
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
EMPTY_PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000053 00000 n \n0000000102 00000 n \ntrailer<</Size 4/Root 1 0 R>>\n"
    b"startxref\n164\n%%EOF\n"
)


@dataclass(frozen=True, slots=True)
class Anonymised:
    """An object without identity. `patient_id` and `patient_name` are those it had, for the table of pseudonyms."""

    data: bytes
    pseudonym: str
    patient_id: str
    patient_name: str
    study_uid: str
    series_uid: str
    sop_instance_uid: str
    warnings: tuple[str, ...] = field(default=())


def fault_of(plan: AnonymisePlan) -> str:
    """What is wrong with a plan, as a sentence for a person; empty when it can be done."""
    options = plan.options
    if not _PROJECT.match(plan.project):
        return "项目代号由 1 到 32 个英文字母、数字、“-”和“_”组成。"
    if AnonymiseOption.RETAIN_FULL_DATES in options and AnonymiseOption.RETAIN_MODIFIED_DATES in options:
        return "“保留完整日期”和“保留平移日期”只能选一个。"
    if len(plan.rectangles) > MAX_RECTANGLES:
        return f"最多 {MAX_RECTANGLES} 个遮盖区域。"
    if plan.rectangles and AnonymiseOption.CLEAN_PIXEL_DATA not in options:
        return "给出遮盖区域时，请同时选择“清理像素”。"
    if any(r.left < 0 or r.top < 0 or r.right <= r.left or r.bottom <= r.top for r in plan.rectangles):
        return "遮盖区域的右边应大于左边，下边应大于上边。"
    return ""


Decode = Callable[[bytes, str], bytes]
"""A data set and its transfer syntax to the same in Explicit VR Little Endian, uncompressed."""


class Anonymiser:
    """Anonymises objects for one project; may be used from many threads."""

    def __init__(self, secret: bytes, plan: AnonymisePlan, decode: Decode | None = None) -> None:
        """`secret`: the server's key. `decode` is needed for Clean Pixel Data of compressed images."""
        self.plan = plan
        self._options = frozenset(plan.options)
        self._key = hmac.digest(secret, b"project\0" + plan.project.encode(), "sha256")
        self._decode = decode

    # what depends on the key

    def uid(self, original: str) -> str:
        """The UID that stands for `original` in this project: a number under 2.25 (PS3.5 B.2)."""
        return original if AnonymiseOption.RETAIN_UIDS in self._options else self.replaced_uid(original)

    def replaced_uid(self, original: str) -> str:
        """The UID that stands for `original` whatever the options say."""
        digest = bytearray(self._digest("uid", original)[:16])
        digest[6] = digest[6] & 0x0F | 0x80  # a UUID of version 8, variant RFC 9562
        digest[8] = digest[8] & 0x3F | 0x80
        return f"2.25.{int.from_bytes(digest, 'big')}"

    def pseudonym(self, patient_id: str, issuer: str) -> str:
        """What stands for a patient: the project and 12 letters."""
        letters = base64.b32encode(self._digest("patient", patient_id, issuer))[:12].decode()
        return f"{self.plan.project}-{letters}"

    def days(self, patient_id: str, issuer: str) -> int:
        """By how many days a patient's dates are moved into the past: 30 to 3,679."""
        return 30 + int.from_bytes(self._digest("days", patient_id, issuer)[:4], "big") % 3650

    def _digest(self, *parts: str) -> bytes:
        return hmac.digest(self._key, "\0".join(parts).encode(), "sha256")

    # objects

    def anonymise(self, part10: bytes | memoryview) -> Anonymised:
        """The object without identity, in the transfer syntax it had (uncompressed if its pixels were cleaned).

        Raises NotAnonymised.
        """
        import pydicom
        from pydicom.errors import InvalidDicomError

        from shared.imaging.frames import careful_reading

        try:
            with careful_reading():
                ds = pydicom.dcmread(BytesIO(part10))
                return self._anonymise(ds)
        except (
            InvalidDicomError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            NotImplementedError,
            OSError,
        ) as bad:
            raise NotAnonymised(f"The object cannot be read ({type(bad).__name__}); it is left out.") from bad

    def _anonymise(self, ds: Dataset) -> Anonymised:
        patient_id, issuer = text_of(ds, 0x00100020), text_of(ds, 0x00100021)
        name = text_of(ds, 0x00100010)
        # without an ID the study stands for the patient, so that two unknown ones do not become one
        anchor = patient_id or f"study {text_of(ds, 0x0020000D)}"
        one = _OneObject(
            self,
            self._options,
            self.days(anchor, issuer),
            identifiers_of(ds, self._options),
            is_presentation=text_of(ds, 0x00080016).startswith(_PRESENTATIONS),
        )
        warnings = warnings_of(ds, self._options)
        pseudonym = self.pseudonym(anchor, issuer)
        syntax = str(ds.file_meta.TransferSyntaxUID)
        if AnonymiseOption.CLEAN_PIXEL_DATA in self._options:
            from server.archive.exchange.pixels import blacken

            ds, syntax, notes = blacken(ds, syntax, self.plan.rectangles, self._decode)
            warnings += notes
        one.walk(ds)
        ds.PatientName = pseudonym
        ds.PatientID = pseudonym
        self._state_method(ds)
        data = written(ds, syntax)
        demand_no_trace(data, ds, one.identifiers)
        return Anonymised(
            data=data,
            pseudonym=pseudonym,
            patient_id=patient_id,
            patient_name=name,
            study_uid=text_of(ds, 0x0020000D),
            series_uid=text_of(ds, 0x0020000E),
            sop_instance_uid=text_of(ds, 0x00080018),
            warnings=tuple(warnings),
        )

    def _state_method(self, ds: Dataset) -> None:
        """What PS3.15 E.1.1 asks to be said of it: (0012,0062) to (0012,0064), and (0028,0303)."""
        from pydicom.dataset import Dataset as New

        for tag in (0x00120062, 0x00120063, 0x00120064, 0x00280301, 0x00280303):
            if tag in ds and (tag != 0x00280301 or AnonymiseOption.CLEAN_PIXEL_DATA in self._options):
                del ds[tag]  # a wrong VR that the element had would stay with it
        ds.PatientIdentityRemoved = "YES"
        ds.DeidentificationMethod = "Mingjing, DICOM PS3.15 2026c Annex E"
        ds.DeidentificationMethodCodeSequence = []
        for option in (None, *sorted(self._options)):
            value, meaning = CODES[option]
            code = New()
            code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
            ds.DeidentificationMethodCodeSequence.append(code)
        if AnonymiseOption.RETAIN_FULL_DATES in self._options:
            ds.LongitudinalTemporalInformationModified = "UNMODIFIED"
        elif AnonymiseOption.RETAIN_MODIFIED_DATES in self._options:
            ds.LongitudinalTemporalInformationModified = "MODIFIED"
        else:
            ds.LongitudinalTemporalInformationModified = "REMOVED"
        if AnonymiseOption.CLEAN_PIXEL_DATA in self._options and "PixelData" in ds:
            ds.BurnedInAnnotation = "NO"


def anonymise(part10: bytes, plan: AnonymisePlan, secret: bytes, decode: Decode | None = None) -> bytes:
    """One object without identity, for the coercion of what is forwarded. Raises NotAnonymised."""
    return Anonymiser(secret, plan, decode).anonymise(part10).data


class _OneObject:
    """The walk through one object."""

    def __init__(
        self,
        rules: Anonymiser,
        options: frozenset[AnonymiseOption],
        days: int,
        identifiers: frozenset[str],
        *,
        is_presentation: bool = False,
    ) -> None:
        self._rules = rules
        self._options = options
        self._days = days
        self.identifiers = identifiers
        self._is_presentation = is_presentation
        self._folded = tuple(sorted(fold(one) for one in identifiers))

    def walk(self, ds: Dataset, *, strict: bool = False) -> None:
        """Apply the table to a data set and what is nested in it. `strict` keeps only UIDs (for X/Z/U*)."""
        for tag in list(ds.keys()):
            number = int(tag)
            group = number >> 16
            if group & 1:
                self._private(ds, number)
            elif 0x5000 <= group <= 0x501E or 0x6000 <= group <= 0x601E:
                del ds[tag]  # curves, overlays: whatever is drawn there cannot be judged
            else:
                self._standard(ds, number, ds[tag], strict)

    def _private(self, ds: Dataset, number: int) -> None:
        group, element = number >> 16, number & 0xFFFF
        if AnonymiseOption.RETAIN_SAFE_PRIVATE in self._options:
            if 0x10 <= element <= 0xFF:
                creator = text_of(ds, number)
                if any(creator == safe and group == g for safe, g, _ in SAFE_PRIVATE):
                    return
            elif element >= 0x1000:
                creator = text_of(ds, group << 16 | element >> 8)
                element_vr = ds[number].VR
                if (creator, group, element & 0xFF) in SAFE_PRIVATE and element_vr not in ("SQ", "UN", "PN"):
                    return
        del ds[number]

    def _standard(self, ds: Dataset, number: int, element: DataElement, strict: bool) -> None:
        from pydicom.datadict import dictionary_has_tag

        if not dictionary_has_tag(number) and number & 0xFFFF:
            del ds[number]  # a newer standard may call it anything
            return
        action = action_of(number, self._options)
        vr = element.VR
        if action is None:
            action = self._unnamed(number, element)
        if number in _CREATION and action is Action.REMOVE and self._is_presentation:
            action = Action.DUMMY
        if strict and vr not in ("UI", "SQ"):
            action = Action.REMOVE
        if action is Action.REMOVE:
            del ds[number]
        elif action is Action.EMPTY:
            self._empty(element)
        elif action is Action.DUMMY:
            self._dummy(ds, number, element)
        elif action is Action.UID:
            if vr == "SQ":
                for item in element.value or ():
                    self.walk(item, strict=True)
            else:
                element.value = _each(element.value, self._replaced)
        elif action is Action.CLEAN:
            self._clean(ds, number, element)
        elif vr == "SQ":
            for item in element.value or ():
                self.walk(item)
        else:
            self._check_echo(number, element)

    def _unnamed(self, number: int, element: DataElement) -> Action:
        """Attributes outside of the table are kept (PS3.15 E.1.1), but persons and unknown UIDs are not."""
        if element.VR == "PN":
            return Action.EMPTY
        if element.VR == "UI" and number not in KEPT_UIDS:
            return Action.KEEP if AnonymiseOption.RETAIN_UIDS in self._options else Action.UID
        if element.VR == "UN":
            return Action.REMOVE
        return Action.KEEP

    def _replaced(self, value: str) -> str:
        """Also with Retain UIDs: the table names UIDs that the option does not keep."""
        return value if not value or value.startswith(WELL_KNOWN) else self._rules.replaced_uid(value)

    def _empty(self, element: DataElement) -> None:
        element.value = [] if element.VR == "SQ" else None

    def _dummy(self, ds: Dataset, number: int, element: DataElement) -> None:
        vr = element.VR
        if number == _CONTENT:
            element.value = [_dummy_content()]
        elif number in _WHOLE_MODULES or (number == _STEPS and not text_of(ds, 0x00080016).startswith(_DOCUMENTS)):
            del ds[number]
        elif number == _OBSERVERS and element.value:
            element.value = [_dummy_observer()]
        elif vr == "SQ":
            element.value = []  # an item of invented values would say less than nothing
        elif vr == "UI":
            element.value = _each(element.value, self._replaced)
        elif number == 0x00420011:
            is_pdf = text_of(ds, 0x00080016) == _ENCAPSULATED_PDF
            document = EMPTY_PDF if is_pdf else b"\0\0"
            element.value = document + b"\0" * (len(document) % 2)
            if "EncapsulatedDocumentLength" in ds:
                ds.EncapsulatedDocumentLength = len(document)
        elif vr in _DUMMIES:
            element.value = _DUMMIES[vr]
        elif vr in ("OB", "OW", "UN", "OF", "OD", "OL", "OV"):
            element.value = b"\0\0"
        else:
            element.value = 0

    def _clean(self, ds: Dataset, number: int, element: DataElement) -> None:
        vr = element.VR
        if vr == "SQ":
            for item in element.value or ():
                self._clean_item(item) if number in (_CONTENT, 0x00400555) else self.walk(item)
        elif vr in ("DA", "DT"):
            element.value = _each(element.value, self._moved)
        elif vr == "TM":
            return
        elif vr == "PN":
            element.value = _DUMMIES["PN"]
        elif vr in _TEXT:
            cleaned = _each(element.value, clean_text)
            element.value = cleaned
            self._check_echo(number, element)
            if not element.value and action_of(number, frozenset()) is Action.DUMMY:
                element.value = _DUMMIES[vr]
        elif action_of(number, frozenset()) is Action.REMOVE:
            del ds[number]
        else:
            self._empty(element)

    def _clean_item(self, item: Dataset) -> None:
        """A content item of a structured document: codes, numbers and references stay, text is cleaned."""
        self.walk_without(item, _CONTENT)
        for keyword, dummy in (("TextValue", "Anonymised"), ("PersonName", "Anonymous")):
            if keyword in item:
                text = clean_text(str(item[keyword].value or "")) if keyword == "TextValue" else ""
                item[keyword].value = text or dummy
        for child in item.get("ContentSequence") or ():
            self._clean_item(child)

    def walk_without(self, ds: Dataset, kept: int) -> None:
        """Apply the table to all but one sequence and the values that a content item must have."""
        for tag in list(ds.keys()):
            number = int(tag)
            if number in (kept, 0x0040A160, 0x0040A123, 0x0040A168, 0x0040A043):
                continue
            if (number >> 16) & 1:
                del ds[tag]
            else:
                self._standard(ds, number, ds[tag], False)

    def _moved(self, value: str) -> str:
        """A DA or DT some days earlier; empty when it is no date (then it must not stay)."""
        text = str(value).replace(".", "", 2) if len(str(value)) == 10 and str(value)[4:5] == "." else str(value)
        digits = text[:8]
        if len(digits) < 8 or not digits.isdecimal():
            return ""
        try:
            moved = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8])) - timedelta(days=self._days)
        except (ValueError, OverflowError):
            return ""
        return f"{moved:%Y%m%d}{text[8:]}" if moved.year >= 1000 else ""

    def _check_echo(self, number: int, element: DataElement) -> None:
        """A kept text that repeats an identifier (somebody typed the name into it) loses it."""
        if number == 0x00101010 and str(element.value or "")[:3].isdecimal() and str(element.value)[3:4] == "Y":
            if int(str(element.value)[:3]) > 89:
                element.value = "090Y"  # so few are older that an age names them
            return
        if element.VR == "IS" and any(text in self.identifiers for text in values_of(element.value)):
            element.value = "0"
        if element.VR not in _ECHOES or number in _ENCODING or not element.value:
            return
        dummy = _DUMMIES[element.VR]  # not nothing: the attribute may be one that must have a value
        element.value = _each(element.value, lambda text: dummy if self._names_somebody(str(text)) else text)

    def _names_somebody(self, text: str) -> bool:
        folded = fold(text)
        return any(one in folded for one in self._folded)


def _dummy_content() -> Dataset:
    from pydicom.dataset import Dataset as New

    item, name = New(), New()
    name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "121071", "DCM", "Finding"
    item.RelationshipType = "CONTAINS"
    item.ValueType = "TEXT"
    item.ConceptNameCodeSequence = [name]
    item.TextValue = "Anonymised"
    return item


def _dummy_observer() -> Dataset:
    from pydicom.dataset import Dataset as New

    item = New()
    item.VerifyingObserverName = _DUMMIES["PN"]
    item.VerifyingOrganization = _DUMMIES["LO"]
    item.VerificationDateTime = _DUMMIES["DT"]
    item.VerifyingObserverIdentificationCodeSequence = []
    return item


def _each(value: Any, change: Callable[[str], Any]) -> Any:
    if value is None or value == "":
        return value
    if is_list(value):
        return [change(str(one)) for one in value]
    return change(str(value))
