"""Standard names of leads, and the limb leads that follow from two of them (Einthoven 1913, Goldberger 1942)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
CHEST = ("V1", "V2", "V3", "V4", "V5", "V6")
TWELVE = LIMB + CHEST
CABRERA = ("aVL", "I", "-aVR", "II", "aVF", "III")  # aVR turned over: the order of IEC 60601-2-25
POSTERIOR = ("V7", "V8", "V9")
RIGHT = ("V1R", "V2R", "V3R", "V4R", "V5R", "V6R")
FRANK = ("X", "Y", "Z")
OTHERS = ("MLI", "MLII", "MLIII", "ES", "AS", "AI")

_STANDARD = {name.upper(): name for name in TWELVE + POSTERIOR + RIGHT + FRANK + OTHERS}
_OTHER_WORDS = {"VX": "X", "VY": "Y", "VZ": "Z", "D1": "I", "D2": "II", "D3": "III", "DI": "I", "DII": "II"}
_OTHER_WORDS |= {"DIII": "III", "L1": "I", "L2": "II", "L3": "III", "V3RIGHT": "V3R", "V4RIGHT": "V4R"}
_OTHER_WORDS |= {"ML2": "MLII", "ML1": "MLI", "ML3": "MLIII", "MCL1": "V1", "MLI": "MLI", "CM5": "V5"}

# How each limb lead is written with I and II: coefficients of (I, II).
FROM_I_AND_II: Mapping[str, tuple[float, float]] = {
    "I": (1.0, 0.0),
    "II": (0.0, 1.0),
    "III": (-1.0, 1.0),
    "aVR": (-0.5, -0.5),
    "aVL": (1.0, -0.5),
    "aVF": (-0.5, 1.0),
}


def standard_name(name: str) -> str:
    """The standard spelling of a lead (``avf``, ``Lead AVF``, ``MDC_ECG_LEAD_AVF`` → ``aVF``); unknown ones stay.

    >>> standard_name("MDC_ECG_LEAD_II"), standard_name("lead avf"), standard_name("v1"), standard_name("ECG1")
    ('II', 'aVF', 'V1', 'ECG1')
    """
    word = " ".join(name.split())
    short = word.upper().removeprefix("MDC_ECG_LEAD_").removeprefix("LEAD ").removeprefix("LEAD_")
    short = short.replace(" ", "").replace("(EINTHOVEN)", "")
    return _STANDARD.get(short) or _STANDARD.get(_OTHER_WORDS.get(short, "")) or word


def is_lead(name: str) -> bool:
    """Whether a channel's name is one of an ECG lead: a standard one, a monitor's ``V``, or ``ECG`` with a number.

    >>> [is_lead(one) for one in ("II", "V", "ECG 1", "PLETH", "RESP")]
    [True, True, True, False, False]
    """
    word = standard_name(name)
    return word.upper() in _STANDARD or word.upper() == "V" or word.upper().startswith("ECG")


def with_derived_limb_leads(leads: Mapping[str, NDArray]) -> dict[str, NDArray]:  # type: ignore[type-arg]
    """All limb leads that two of the given ones determine, those given first; chest and other leads are kept.

    Values are (samples,) arrays of one unit. Needs any two of the six limb leads, otherwise nothing is added.
    """
    import numpy as np

    found = dict(leads)
    given = [name for name in LIMB if name in leads]
    for position, first in enumerate(given):
        for second in given[position + 1 :]:
            matrix = np.array([FROM_I_AND_II[first], FROM_I_AND_II[second]])
            if abs(np.linalg.det(matrix)) < 0.2:
                continue
            inverse = np.linalg.inv(matrix)
            one = inverse[0, 0] * leads[first] + inverse[0, 1] * leads[second]
            two = inverse[1, 0] * leads[first] + inverse[1, 1] * leads[second]
            for name, (of_one, of_two) in FROM_I_AND_II.items():
                if name not in found:
                    found[name] = of_one * one + of_two * two
            return found
    return found


def limb_law_residual(leads: Mapping[str, NDArray]) -> float | None:  # type: ignore[type-arg]
    """How far the six limb leads are from Einthoven's and Goldberger's laws: largest RMS of a law's misfit, relative to
    the RMS of the limb leads. 0 where they are exact; None where nothing can be checked (fewer than three limb leads).
    """
    import numpy as np

    given = [name for name in LIMB if name in leads]
    if len(given) < 3:
        return None
    stacked = np.vstack([np.asarray(leads[name], dtype=float) for name in given])
    design = np.array([FROM_I_AND_II[name] for name in given])
    solution, *_ = np.linalg.lstsq(design, stacked, rcond=None)
    misfit = np.sqrt(np.mean((stacked - design @ solution) ** 2, axis=1)).max()
    power = float(np.sqrt(np.mean(stacked**2)))
    return float(misfit / power) if power > 0 else 0.0
