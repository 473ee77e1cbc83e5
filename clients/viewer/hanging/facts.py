"""What hanging knows of an image, out of headers that may lack anything: values of `contract.hanging.ATTRIBUTES`.

Texts come as `shared.dicomkit.hanging_facts.texts_of` gives them. No Qt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.dicomkit import hanging_words as words
from shared.dicomkit.hanging_facts import PROJECTIONS

NOTHING: frozenset[str] = frozenset()
_TOKENS = re.compile(r"[a-z]+\d*[a-z]*|\d+(?:\.\d+)?|[\u3400-\u9fff]+")
_TOMO_CLASS = "1.2.840.10008.5.1.4.1.1.13.1.3"
_CAPTURES = ("1.2.840.10008.5.1.4.1.1.7",)
FLAT_ENOUGH = 0.8
"""Cosine between the normal and an axis of the body from which on a plane is named after it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Values by attribute; an attribute that is not known is absent."""

    values: Mapping[str, frozenset[str]]
    numbers: Mapping[str, float] = field(default_factory=dict)
    text: str = ""  # description of series and protocol, casefolded

    def of(self, attribute: str) -> frozenset[str]:
        return self.values.get(attribute, NOTHING)

    def one(self, attribute: str) -> str:
        """The only value, empty when there is none or are several."""
        found = self.of(attribute)
        return next(iter(found)) if len(found) == 1 else ""


def tokens_of(text: str) -> frozenset[str]:
    """Latin words, numbers and runs of Chinese; "T1_SAG_GAD", "t1sag" and "T2-FLAIR" come apart at the signs."""
    folded = text.casefold().replace("_", " ")
    return frozenset(_TOKENS.findall(folded))


def found_in(text: str, vocabulary: Sequence[str]) -> bool:
    """True when one of the words stands in the text: Latin ones as tokens, Chinese ones anywhere."""
    folded, tokens = text.casefold(), tokens_of(text)
    return any(word in tokens if word.isascii() else word in folded for word in vocabulary)


def all_in(text: str, vocabulary: words.Words) -> list[str]:
    """The keys whose words stand in the text, in the order of the vocabulary."""
    folded, tokens = text.casefold(), tokens_of(text)
    return [
        key
        for key, known in vocabulary.items()
        if any(word in tokens if word.isascii() else word in folded for word in known)
    ]


def facts_of(texts: Mapping[str, str], *, count: int = 1) -> Facts:
    """Facts of one image, or of a series of ``count`` images that one header stands for."""
    modality = texts.get("Modality", "").upper()
    described = " ".join(texts.get(k, "") for k in ("SeriesDescription", "ProtocolName", "ImageComments")).strip()
    study = " ".join(texts.get(k, "") for k in ("StudyDescription", "RequestedProcedureDescription", "ProcedureCode"))
    found: dict[str, frozenset[str]] = {"modality": frozenset({modality} - {""})}
    found["body_part"] = body_parts(texts, f"{described} {study}")
    found["kind"] = frozenset({_kind(texts, described)})
    if modality in PROJECTIONS:
        view, side = _view(texts, described, modality)
        found |= {"view": frozenset({view} - {""}), "side": frozenset({side} - {""})}
    if modality == "MG":
        found |= {"displaced": _yes_no(_is_displaced(texts, described)), "spot": _yes_no(_is_spot(texts, described))}
    plane = _plane(texts, described)
    found["plane"] = frozenset({plane} - {""})
    if modality == "MR":
        found["sequence"] = _sequence(texts, described)
    if modality in ("CT", "MR"):
        found["contrast"] = _contrast(texts, described)
    if modality == "CT":
        found["kernel"] = frozenset({_kernel(texts, described)} - {""})
    frames = _number(texts.get("NumberOfFrames", "")) or 1
    found["cine"] = _yes_no(modality in ("US", "XA", "RF", "IVUS") and frames > 1)
    numbers = {"images": max(float(count), frames)}
    thickness = _number(texts.get("SliceThickness", ""))
    if thickness:
        numbers["thickness"] = thickness
    return Facts({key: values for key, values in found.items() if values}, numbers, described.casefold())


def body_parts(texts: Mapping[str, str], described: str) -> frozenset[str]:
    """Parts named by Body Part Examined and its code; only where both say nothing, by descriptions."""
    stated = " ".join((texts.get("BodyPartExamined", ""), texts.get("AnatomicRegion", ""))).strip()
    found = set(all_in(stated, words.BODY_PARTS))
    if not found and texts.get("Modality", "").upper() == "MG":
        found = {"breast"}
    if not found:
        found = set(all_in(described, words.BODY_PARTS))
    if found & words.SPINES:
        found |= {"spine"}
    return frozenset(found)


def _yes_no(value: bool) -> frozenset[str]:
    return frozenset({"yes" if value else "no"})


def _number(text: str) -> float | None:
    try:
        value = float(text.split("\\", maxsplit=1)[0])
    except ValueError:
        return None
    return value if 0 <= value < 1e7 else None


def _kind(texts: Mapping[str, str], described: str) -> str:
    image_type = texts.get("ImageType", "").upper()
    parts = image_type.split("\\")
    if "LOCALIZER" in parts:
        return "localizer"
    if texts.get("SOPClassUID", "") == _TOMO_CLASS or ("TOMOSYNTHESIS" in parts and "GENERATED_2D" not in parts):
        return "tomo"
    if "GENERATED_2D" in parts:
        return "synthetic"
    if texts.get("SOPClassUID", "").startswith(_CAPTURES) and texts.get("Modality", "") in ("CT", "MR", "PT"):
        return "capture"
    named = all_in(described, words.KIND_WORDS)
    if named:
        return named[0]
    if any(part in image_type for part in ("MIP", "PROJECTION IMAGE", "MAX_IP")):
        return "mip"
    return "original"


def _view(texts: Mapping[str, str], described: str, modality: str) -> tuple[str, str]:
    """View and side of a projection."""
    side = (texts.get("ImageLaterality") or texts.get("Laterality") or "").upper()[:1]
    if modality == "MG":
        view, told = _mammo_view(texts, described)
        side = side or told
    else:
        stated = " ".join((texts.get("ViewPosition", ""), texts.get("ViewCode", "")))
        named = all_in(stated, words.VIEW_WORDS) or all_in(described, words.VIEW_WORDS)
        # "Cervical LAT" with View Position AP happens; an explicit oblique or lateral in words is the stronger.
        spoken = [word for word in all_in(described, words.VIEW_WORDS) if word in ("OBL", "LAT")]
        view = (spoken or named or [""])[0]
    if side not in ("L", "R", "B"):
        named_sides = all_in(described, words.SIDE_WORDS)
        side = named_sides[0] if len(named_sides) == 1 else ""
    return view, side


_MAMMO = re.compile(r"\b([LR])?\s*[-_]?\s*(XCCL|XCCM|MLO|LMO|SIO|ISO|CC|ML|LM|FB|CV|AT|TAN)(ID|S|M)?\b", re.IGNORECASE)


def _mammo_view(texts: Mapping[str, str], described: str) -> tuple[str, str]:
    """View Position, else the code, else the description ("RCCID", "R MLO", "左乳头尾位")."""
    code = texts.get("ViewCode", "").split("\\")
    by_code = words.MAMMO_CODES.get(code[0], "") if code else ""
    for text in (texts.get("ViewPosition", ""), described.replace("_", " ")):
        found = _MAMMO.search(text)
        if found is not None:
            return by_code or found[2].upper(), (found[1] or "").upper()
    if by_code:
        return by_code, ""
    meaning = f"{code[2] if len(code) > 2 else ''} {described}".casefold()
    for view, known in words.MAMMO_WORDS.items():
        if any(word in meaning for word in known):
            return view, ""
    return "", ""


def _is_displaced(texts: Mapping[str, str], described: str) -> bool:
    """Implant displaced views ("Eklund", RCCID); PS3.16 CID 4015."""
    modifiers = texts.get("ViewModifiers", "")
    if set(modifiers.split("\\")) & words.DISPLACED_CODES or "implant displaced" in modifiers.casefold():
        return True
    stated = f"{texts.get('ViewPosition', '')} {described}".replace("_", " ")
    suffixed = any((found[3] or "").upper() == "ID" for found in _MAMMO.finditer(stated))
    return suffixed or found_in(stated, words.DISPLACED_WORDS)


def _is_spot(texts: Mapping[str, str], described: str) -> bool:
    modifiers = texts.get("ViewModifiers", "")
    folded = modifiers.casefold()
    if set(modifiers.split("\\")) & words.SPOT_CODES or "spot" in folded or "magnification" in folded:
        return True
    return texts.get("PartialView", "").upper() == "YES" or found_in(described, words.SPOT_WORDS)


def _plane(texts: Mapping[str, str], described: str) -> str:
    """By the orientation; where there is none by words. Images of several planes (localizers) have none."""
    values = [v for part in texts.get("Orientation", "").split("\\") if (v := _signed(part)) is not None]
    if len(values) == 6:
        a, b = values[:3], values[3:]
        normal = (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
        size, axis = max((abs(component), n) for n, component in enumerate(normal))
        return ("sagittal", "coronal", "axial")[axis] if size >= FLAT_ENOUGH else "oblique"
    named = all_in(described, words.PLANE_WORDS)
    return named[0] if len(named) == 1 else ""


def _signed(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) <= 1.01 else None


def _sequence(texts: Mapping[str, str], described: str) -> frozenset[str]:
    """The weighting by words, else by echo, repetition and inversion times in ms; "fatsat" beside it."""
    spread = re.sub(r"(?<=[a-z])(?=t[12])|(?<=t[12])(?=[a-z])", " ", described.casefold().replace("*", "star"))
    named = all_in(f"{described} {spread}", words.SEQUENCE_WORDS)
    found = {named[0]} if named else _by_times(texts)
    if found_in(f"{described} {spread}", words.FATSAT_WORDS):
        found.add("fatsat")
    return frozenset(found)


def _by_times(texts: Mapping[str, str]) -> set[str]:
    tr, te, ti = (_number(texts.get(k, "")) for k in ("RepetitionTime", "EchoTime", "InversionTime"))
    if (_number(texts.get("DiffusionBValue", "")) or 0) > 0:
        return {"dwi"}
    if tr is None or te is None or "GR" in texts.get("ScanningSequence", ""):
        return set()
    if te > 60:
        return {"flair"} if (ti or 0) > 1500 else {"t2"}
    return {"t1"} if tr < 1000 else {"pd"} if tr > 1500 and te < 50 else set()


def _contrast(texts: Mapping[str, str], described: str) -> frozenset[str]:
    """Phase by words of the series, else by the agent; "plain" where nothing speaks for contrast."""
    folded = described.casefold()
    named = all_in(described, words.CONTRAST_WORDS)
    if "c+" in folded or "+c" in folded:
        named.append("contrast")
    if "plain" in named and not {"arterial", "portal", "delayed"} & set(named):
        return frozenset({"plain"})
    if named:
        return frozenset({"contrast", *(name for name in named if name != "plain")})
    agent = texts.get("ContrastBolusAgent", "").strip().upper()
    return frozenset({"contrast"} if agent not in words.NO_AGENT else {"plain"})


_SHARPNESS = re.compile(r"[a-z]{1,2}(\d{2})[a-z]?\d?")


def _kernel(texts: Mapping[str, str], described: str) -> str:
    """Lung, bone or soft: by words, else by the kernel (Siemens counts from 10 soft to 90 sharp)."""
    kernel = texts.get("ConvolutionKernel", "").split("\\")[0]
    for text in (described, kernel):
        named = all_in(text, words.KERNEL_WORDS)
        if named:
            return named[0]
    found = _SHARPNESS.fullmatch(kernel.strip().casefold())
    if found is None:
        return ""
    return "lung" if int(found[1]) >= 50 else "soft"
