"""How long ECG files of each format take to open, and how many bytes a packed record needs.

    .venv/bin/python tests/benchmarks/bench_ecg_formats.py [FILE …]

Prints for each file the median of seven readings in this run, its share of 300 ms (a reading page opens in that), and
the packed size as a share of 20 000 bytes (a 10-s 12-lead record on a thin line). Without files: made records.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1])]

from ecg_records import full

from shared.waveform.compact import pack, unpack
from shared.waveform.formats import WRITABLE, read, write
from shared.waveform.paper import Look
from shared.waveform.paper_pdf import pdf_of

_PAGE_MS, _LINE_BYTES = 300.0, 20_000


def _median_ms(work: object, *given: object) -> float:
    times = []
    for _ in range(7):
        began = time.perf_counter()
        work(*given)  # type: ignore[operator]
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times)[3]


def main(names: list[str]) -> None:
    """Print a line for each file."""
    cases: list[tuple[str, object]] = [(Path(name).name, Path(name)) for name in names]
    if not cases:
        record = full()
        cases = [(f"made.{kind}", dict(write(record, kind).files)) for kind in WRITABLE]
    titles = ("open ms", "of 300 ms", "packed", "of 20 kB", "pack ms", "unpack ms", "print ms")
    print(f"{'file':<42}" + "".join(f"{title:>11}" for title in titles))
    for name, source in cases:
        opened = _median_ms(read, source)
        record = read(source)  # type: ignore[arg-type]
        ten = round(10 * record.sampling_hz)
        line = f"{name[-40:]:<42}{opened:>11.1f}{opened / _PAGE_MS:>11.2f}"
        if len(record.leads) <= 16 and record.sample_count >= ten // 2:
            short = replace(record, samples=record.samples[:, :ten].copy(), annotations=(), median=None)
            packed = pack(short)
            line += f"{len(packed):>11}{len(packed) / _LINE_BYTES:>11.2f}"
            line += f"{_median_ms(pack, short):>11.0f}{_median_ms(unpack, packed):>11.0f}"
            line += f"{_median_ms(pdf_of, short, Look()):>11.0f}"
        print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
