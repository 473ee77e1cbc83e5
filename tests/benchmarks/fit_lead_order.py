"""Fit the coefficients between leads that `shared/waveform/lead_order.py` expects: `FOLDER… > lead_order.json`.

Ridge regression of each lead on the others over the P waves, QRS complexes and T waves of the median beats of right
12-lead records (LUDB of PhysioNet and sample files of carts); --left-out prints what is found when the record tried is
not among those fitted.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shared.waveform import lead_order
from shared.waveform.formats import EcgFormatError, read
from shared.waveform.measuring import analyse

_RIDGE = 0.04


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--left-out", action="store_true")
    options = parser.parse_args()
    waves = _waves(options.folders)
    if options.left_out:
        _left_out(waves)
        return 0
    fitted = {wave: np.round(_fit(wave, list(waves.values())), 4).tolist() for wave in ("p", "qrs", "t")}
    print(json.dumps({"leads": lead_order.EIGHT, "records": len(waves), "coefficients": fitted}))
    return 0


def _waves(folders: list[Path]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in {".hea", ".xml", ".dcm", ".scp"}:
                continue
            try:
                beat = analyse(read(path)).median
            except EcgFormatError as error:
                print(path.name, error, file=sys.stderr)
                continue
            waves = lead_order.waves_of(beat) if beat is not None else {}
            if waves:
                found[str(path)] = waves
    return found


def _fit(wave: str, records: list[dict[str, Any]]) -> np.ndarray:
    data = np.hstack([lead_order.normed(waves[wave]) for waves in records if wave in waves])
    matrix = np.zeros((8, 8))
    for lead in range(8):
        given = data[lead_order.others(lead)]
        square = given @ given.T + _RIDGE * data.shape[1] * np.eye(len(given))
        matrix[lead, lead_order.others(lead)] = data[lead] @ given.T @ np.linalg.inv(square)
    return matrix


def _left_out(waves: dict[str, dict[str, Any]]) -> None:
    names = ("", *lead_order.LIMB_SWAPS, *lead_order.CHEST_SWAPS)
    found = dict.fromkeys(names, 0)
    for name, own in waves.items():
        rest = [each for other, each in waves.items() if other != name]
        fitted = {wave: _fit(wave, rest) for wave in ("p", "qrs", "t")}
        lead_order._coefficients = fitted.__getitem__  # type: ignore[assignment]
        for swap in names:
            swapped = {wave: lead_order.exchange(swap) @ part for wave, part in own.items()}
            lead_order.waves_of = lambda _, swapped=swapped: swapped  # type: ignore[assignment,misc]
            answer = lead_order.suspected_swap(None)  # type: ignore[arg-type]
            found[swap] += answer is not None
            if not swap and answer is not None:
                print("taken for swapped:", Path(name).name, answer)
    for swap, count in found.items():
        print(f"{swap or 'as recorded':<12} suspected in {count} of {len(waves)}")


if __name__ == "__main__":
    sys.exit(main())
