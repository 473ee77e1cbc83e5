"""Forwarding beside dcmtk's storescu with the same files, and retrieval of a corrected study beside an uncorrected one.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_routing.py [--count 300] [--rows 512] [--rounds 3]

forward     a job of our queue sends a study of --count CT slices to dcmtk's `storescp --ignore` (it keeps nothing, so
            that the sender is what is measured), from the beginning of the job until every object is acknowledged and
            written down in the database; beside it `storescu` sends the same files to the same receiver, with
            TCP_NODELAY=1 for both. The jobs process looks into its queue every half second: that comes on top.
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
from copy import deepcopy
from pathlib import Path
from typing import Any

from shared.contract.corrections import TagValue
from shared.contract.routing import ForwardState, TargetKind
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
    from server.bootstrap import load_tables
    from server.bootstrap.routing import DicomWayOut
    from server.doors.dicom.ports import Peer
    from server.kernel.database import Database
    from server.settings import load
    from tests.server.archive.routing.test_routing import Post

    load_tables()
    folder = Path(tempfile.mkdtemp())
    port = free_port()
    environment = dict(os.environ, TCP_NODELAY="1")
    receiver = subprocess.Popen(["storescp", "--ignore", "-pdu", "131072", str(port)], env=environment)
    ours: list[float] = []
    theirs: list[float] = []
    database = Database.in_folder(folder)
    database.create_schema()
    post = Post(folder, database)
    try:
        way = DicomWayOut(lambda title: Peer(title, "127.0.0.1", port), load(None, {"data": folder}))
        post.service.ways_out = {TargetKind.DICOM: way}
        uid, slices = study_files(folder / "files", count, rows)
        post.receive(slices)
        target = post.target()
        with database.write() as uow:
            post.service.send_study(uow, uid, target)
        for number in range(rounds + 1):
            if number:
                with database.write() as uow:
                    post.service.resend(uow, post.forwards()[0].id, everything=True)
            begin = time.perf_counter()
            post.work()
            seconds = time.perf_counter() - begin
            assert post.forwards()[0].state is ForwardState.SENT
            begin = time.perf_counter()
            command = ["storescu", "-pdu", "131072", "-aec", "SINK", "127.0.0.1", str(port)]
            subprocess.run([*command, "+sd", str(folder / "files")], check=True, env=environment)
            if number:  # the first round warms both up
                ours.append(count / seconds)
                theirs.append(count / (time.perf_counter() - begin))
    finally:
        post.house.stop()
        receiver.terminate()
        receiver.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
    ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    print(
        f"forward {count} x {rows}x{rows}: ours {statistics.median(ours):.0f} objects/s, "
        f"storescu {statistics.median(theirs):.0f} objects/s, ratio {ratio:.2f}"
    )


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
