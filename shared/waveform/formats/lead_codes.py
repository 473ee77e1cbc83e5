"""Numbers of leads as SCP-ECG (EN 1064 5.6.3), MDC (`2:n`, PS3.16 CID 3001) and MFER write them: one table."""

from __future__ import annotations

from shared.waveform.leads import standard_name

_FIRST = "I II V1 V2 V3 V4 V5 V6 V7 V2R V3R V4R V5R V6R V7R X Y Z CC5 CM5 LA RA LL fI fE fC fA fM fF fH".split()
_DERIVED = "dI dII dV1 dV2 dV3 dV4 dV5 dV6 dV7 dV2R dV3R dV4R dV5R dV6R dV7R dX dY dZ dCC5 dCM5 dLA dRA dLL".split()
_LATER = "III aVR aVL aVF -aVR V8 V9 V8R V9R D A J".split()

NAMES: dict[int, str] = {
    **dict(enumerate(_FIRST, start=1)),
    **dict(enumerate(_DERIVED, start=31)),
    **dict(enumerate(_LATER, start=61)),
    **dict(zip(range(75, 79), "A1 A2 A3 A4".split(), strict=True)),
    **dict(zip(range(131, 135), "ES AS AI S".split(), strict=True)),
}
CODES: dict[str, int] = {name: code for code, name in NAMES.items()}

_MEANINGS = {
    "aVR": "aVR, augmented voltage, right",
    "aVL": "aVL, augmented voltage, left",
    "aVF": "aVF, augmented voltage, foot",
    "ES": "EASI Lead ES",
    "AS": "EASI Lead AS",
    "AI": "EASI Lead AI",
}


def name_of(code: int) -> str:
    """The lead of an SCP, MDC or MFER number; empty where it is none that is named here."""
    return NAMES.get(code, "")


def code_of(name: str) -> int:
    """The number of a lead, 0 (unspecified) where it has none."""
    return CODES.get(standard_name(name), 0)


def meaning_of(name: str) -> str:
    """The words of PS3.16 CID 3001."""
    return _MEANINGS.get(name, f"Lead {name}")
