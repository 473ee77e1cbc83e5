"""Beats in noise: `bench_ecg_noise.py FOLDER… [--write]`: annotated rhythm records with made noise added.

As the MIT-BIH noise stress test does it (Moody, Muldrow & Mark 1984): every other minute is noisy, the noise calibrated
against the height of the complexes of each lead. Electrode movement: bumps of 0.1 to 0.6 s with drift, 0.6–12 Hz;
muscle: 15–100 Hz, its strength changing every second. Prints Markdown: sensitivity and positive predictive value.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy import signal

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.bench_ecg import _count
from benchmarks.truth_page import printed, write_section
from ecg_truth import reference_beats_ms

from shared.waveform.delineating import delineate
from shared.waveform.formats import read
from shared.waveform.record import record_from_microvolts

_MINUTES = 15
_ABOUT = """\
The first 15 minutes of five annotated records (208 and 800 as below, three of the QT Database), every other minute with
made noise of 12, 6 and 0 dB (seeded), as the MIT-BIH noise stress test does it. Before each lead was compared with its
own shapes, noise of the same kinds (another draw) left 99.64 / 98.31 % (movement, 0 dB), 99.23 / 98.90 % (muscle, 6 dB)
and 97.34 / 84.69 % (muscle, 0 dB); with it that draw gave 99.73 / 98.66, 99.75 / 99.71 and 98.91 / 95.53 %.
Repeated with

    python tests/benchmarks/bench_ecg_noise.py FOLDER… --write
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="folders with .hea, .dat and .atr")
    parser.add_argument("--write", action="store_true", help="put the table into docs/measured-truth.md")
    options = parser.parse_args()
    text = printed(lambda: _all(options.folders))
    if options.write:
        write_section("ECG: beats in noise", f"{_ABOUT}\n{text}")
    return 0


def _all(folders: list[Path]) -> None:
    headers = [path for folder in folders for path in sorted(folder.glob("*.hea")) if path.with_suffix(".atr").exists()]
    print("| noise | dB | beats | missed | invented | Se % | PPV % |\n|---|---|---|---|---|---|---|")
    for kind in ("electrode movement", "muscle"):
        for decibel in (12, 6, 0):
            counts = [0, 0, 0]
            for header in headers:
                truth, found = _tried(header, kind, decibel)
                _count(counts, truth, found)
            both, missed, invented = counts
            se, ppv = 100.0 * both / (both + missed), 100.0 * both / (both + invented)
            print(f"| {kind} | {decibel} | {both} | {missed} | {invented} | {se:.2f} | {ppv:.2f} |", flush=True)


def _tried(header: Path, kind: str, decibel: int) -> tuple[list[float], list[float]]:
    """Beats of the reference and those found, in ms."""
    record = read(header)
    rate = record.sampling_hz
    values = np.nan_to_num(record.microvolts(0, min(record.sample_count, int(_MINUTES * 60 * rate))))
    count = values.shape[1]
    truth = [r for r in reference_beats_ms(header, rate) if r < 1000.0 * count / rate]
    random = np.random.default_rng(7)
    noisy = (np.arange(count) / rate // 60.0) % 2 == 1
    around = round(0.05 * rate)
    places = [int(r * rate / 1000.0) for r in truth[2:-2]]
    for lead, row in enumerate(values):
        height = float(np.median([np.ptp(row[place - around : place + around]) for place in places]))
        noise = _noise(kind, count, rate, random)
        values[lead] += noisy * noise / noise.std() * np.sqrt(height**2 / 8.0 / 10.0 ** (decibel / 10.0))
    found = delineate(record_from_microvolts(record.leads, values, rate)).beats
    return truth, [beat.r_ms for beat in found]


def _noise(kind: str, count: int, rate: float, random: np.random.Generator) -> np.ndarray:
    if kind == "muscle":
        band = signal.butter(2, [15.0, min(100.0, 0.45 * rate)], "band", fs=rate, output="sos")
        strength = np.repeat(random.uniform(0.3, 1.5, count // int(rate) + 1), int(rate))[:count]
        return np.asarray(signal.sosfiltfilt(band, random.normal(0.0, 1.0, count)) * strength)
    made = np.cumsum(random.normal(0.0, 0.05, count))
    place = 0
    while place < count:
        width = int(random.uniform(0.1, 0.6) * rate)
        part = min(width, count - place)
        made[place : place + part] += random.laplace(0.0, 1.0) * np.sin(np.pi * np.arange(part) / width) ** 2
        place += int(random.exponential(0.25) * rate) + 1
    band = signal.butter(2, [0.6, min(12.0, 0.4 * rate)], "band", fs=rate, output="sos")
    return np.asarray(signal.sosfiltfilt(band, made))


if __name__ == "__main__":
    sys.exit(main())
