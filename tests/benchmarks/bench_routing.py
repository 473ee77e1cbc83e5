"""Forwarding beside dcmtk's storescu with the same files, and retrieval of a corrected study beside an uncorrected one.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_routing.py [--count 300] [--rows 512] [--rounds 3]

forward     our queue sends a study of --count CT slices to dcmtk's `storescp --ignore` (it keeps nothing, so that the
            sender is what is measured), from the moment of the order until every object is acknowledged; beside it
            `storescu` sends the same files to the same receiver, with TCP_NODELAY=1 for both.
corrected   C-GET-like reading of all objects of a study through `ArchiveObjects`: the study as it came, after a
            correction of patient's name and id that fits its character set, and after one that does not (all text
            becomes UTF-8). Both studies are read in turn in every round.

A figure is the median of the rounds; a ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

from server_process import running_server

from shared.contract.archive import ListUnmatched
from shared.contract.corrections import TagValue
from shared.contract.organisation import SavePeer
from shared.contract.routing import ForwardState, ListForwards, ResendForward, SaveTarget, SendStudy, TargetKind
from shared.dicomkit.synthetic import ct_series
from shared.dicomkit.uids import new_uid
from tests.benchmarks.bench_store import free_port


def study_files(folder: Path, count: int, rows: int) -> tuple[str, list[Any]]:
    """Slices of one study, as files and as data sets."""
    folder.mkdir(parents=True, exist_ok=True)
    uid = new_uid()
    made = [deepcopy(one) for one in ct_series(None, count, rows, study_uid=uid, series_uid=new_uid())]
    for number, dataset in enumerate(made):
        dataset.save_as(folder / f"{number:05}.dcm", enforce_file_format=True)
    return uid, made


def forwarding(count: int, rows: int, rounds: int) -> None:
    """Print how fast the queue sends beside storescu."""
    folder = Path(tempfile.mkdtemp())
    port = free_port()
    environment = dict(os.environ, TCP_NODELAY="1")
    receiver = subprocess.Popen(["storescp", "--ignore", "-pdu", "131072", str(port)], env=environment)
    ours: list[float] = []
    theirs: list[float] = []
    try:
        uid, _ = study_files(folder / "files", count, rows)
        with running_server(folder / "data") as server, closing(server.client()) as client:
            send = ["storescu", "-aec", "MINGJING", "127.0.0.1", str(server.dicom_port), "+sd", str(folder / "files")]
            subprocess.run(send, check=True, env=environment)
            until(lambda: any(row.instance_count == count for row in client.call(ListUnmatched()).rows))
            client.call(SavePeer(ae_title="SINK", host="127.0.0.1", port=port))
            target = client.call(SaveTarget(name="SINK", kind=TargetKind.DICOM, ae_title="SINK")).id
            for number in range(rounds + 1):
                begin = time.perf_counter()
                if number:
                    (row,) = client.call(ListForwards(study_uid=uid)).rows
                    client.call(ResendForward(forward_id=row.id, everything=True))
                else:
                    client.call(SendStudy(study_uid=uid, target_id=target))
                until(lambda: client.call(ListForwards(study_uid=uid)).rows[0].state is ForwardState.SENT, 0.005)
                seconds = time.perf_counter() - begin
                begin = time.perf_counter()
                command = ["storescu", "-pdu", "131072", "-aec", "SINK", "127.0.0.1", str(port)]
                subprocess.run([*command, "+sd", str(folder / "files")], check=True, env=environment)
                if number:  # the first round warms both up
                    ours.append(count / seconds)
                    theirs.append(count / (time.perf_counter() - begin))
    finally:
        receiver.terminate()
        receiver.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"forward {count} x {rows}x{rows}: ours {statistics.median(ours):.0f} objects/s, "
        f"storescu {statistics.median(theirs):.0f} objects/s, ratio {ratio:.2f}"
    )


def until(holds: Any, pause_s: float = 0.05) -> None:
    end = time.monotonic() + 300
    while not holds():
        if time.monotonic() > end:
            raise SystemExit("It did not happen within five minutes.")
        time.sleep(pause_s)


def corrected(count: int, rows: int, rounds: int) -> None:
    """Print what a correction costs when a study is read."""
    from server.archive.corrections.service import CorrectionService
    from server.bootstrap import load_tables
    from tests.server.archive.archive_house import House

    load_tables()
    folder = Path(tempfile.mkdtemp())
    house = House(folder).start()
    try:
        plain, fitting, foreign = ("plain", {}), ("fits", {"PatientID": "P9"}), ("utf8", {"PatientName": "王^五"})
        studies: dict[str, str] = {}
        service = CorrectionService(house.exams)
        for name, values in (plain, fitting, foreign):
            uid, slices = study_files(folder / name, count, rows)
            for dataset in slices:
                if name == "utf8":
                    dataset.SpecificCharacterSet = "ISO_IR 100"
                    for element in list(dataset):
                        if element.VR in ("LO", "SH", "PN", "LT") and not str(element.value).isascii():
                            del dataset[element.tag]
                house.send(dataset)
            house.indexer.wait_until_idle(60)
            studies[name] = uid
            if values:
                with house.database.write() as uow:
                    row = house.service.get_study(uow, uid).row
                    asked = tuple(TagValue(keyword=keyword, value=value) for keyword, value in values.items())
                    service.correct_study(uow, "bench", uid, row.version, asked, "measured")
        seconds: dict[str, list[float]] = {name: [] for name in studies}
        for number in range(rounds + 1):
            for name, uid in studies.items():
                begin = time.perf_counter()
                total = 0
                for one in house.service.objects.objects(study_uids=[uid]):
                    with one.open() as data:
                        total += sum(data[::4096])  # every page is touched, as sending would
                if number:
                    seconds[name].append(time.perf_counter() - begin)
        base = seconds["plain"]
        for name in ("fits", "utf8"):
            ratio = statistics.median(a / b for a, b in zip(seconds[name], base, strict=True))
            extra = statistics.median(a - b for a, b in zip(seconds[name], base, strict=True)) / count * 1e6
            print(
                f"corrected ({name}) {count} x {rows}x{rows}: {ratio:.2f} times the time of an uncorrected study, "
                f"{extra:.0f} us more for each object"
            )
        print(f"uncorrected: {statistics.median(base) / count * 1e6:.0f} us for each object")
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rows", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    corrected(options.count, options.rows, options.rounds)
    forwarding(options.count, options.rows, options.rounds)
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.exit(main())
