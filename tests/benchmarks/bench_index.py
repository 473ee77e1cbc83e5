"""Queries at study level as the index grows: C-FIND's own path without network, by kind of key.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_index.py [--studies 20000,200000] [--database URL]
        [--repeat 200] [--bar-ms 2]

Rows are made in the database, with realistic Chinese and pinyin names, 30 studies a patient-less day, CT and MR. Each
query asks for 12 return keys and reads all its answers. Times are milliseconds, p50 and p95. With --bar-ms the exit
code tells whether every exact key stays below it at p50. The plain column is the same SQL through sqlite3 alone.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from server.archive.find import find
from server.archive.rules import MatchState, search_key
from server.archive.tables import ImagePatient, Study
from server.bootstrap import load_tables
from server.kernel.database import Database

FAMILY = dict(zip("王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗", "Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Gao Lin Luo".split(), strict=True))  # fmt: skip # noqa: E501
GIVEN = dict(zip("伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉", "Wei Fang Na Min Jing Li Qiang Lei Jun Yang Yong Yan Jie Juan Tao Ming Chao Xiu Xia Ping Gang Gui Ying Hua Yu".split(), strict=True))  # fmt: skip # noqa: E501
RETURN = (0x00080020, 0x00080030, 0x00080050, 0x00080061, 0x00080090, 0x00081030, 0x00100010, 0x00100020, 0x00100030)
RETURN += (0x00100040, 0x0020000D, 0x00201208)


def studies(count: int) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Rows of patients and studies; the same for the same count."""
    chance = random.Random(1)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    first = date(2010, 1, 1)
    per_day = max(count // 5000, 1)
    for number in range(1, count + 1):
        family = chance.choice(list(FAMILY))
        given = "".join(chance.choices(list(GIVEN), k=chance.choice((1, 2, 2))))
        latin = f"{FAMILY[family]}^{''.join(GIVEN[one] for one in given).capitalize()}"
        person = {
            "patient_id": f"P{number // 2:08d}",
            "issuer": "",
            "name_key": search_key(latin),
            "ideographic_key": f"{family}^{given}",
            "phonetic_key": "",
            "birth_date": f"{1930 + number % 80}0101",
            "sex": "MF"[number % 2],
        }
        patient = {**person, "id": number, "identity": f"{number}", "name": f"{latin}={family}^{given}"}
        day = first + timedelta(days=number // per_day)
        study = {
            **person,
            "id": number,
            "version": 1,
            "image_patient_id": number,
            "uid": f"1.2.826.0.1.3680043.10.1.{number}",
            "patient_name": patient["name"],
            "accession": f"A{number:09d}",
            "study_date": day.strftime("%Y%m%d"),
            "study_time": f"{8 + number % 10:02d}{number % 60:02d}00",
            "description": "胸部平扫",
            "modalities": "CT" if number % 3 else "MR",
            "series_count": 2,
            "instance_count": 300,
            "received_at": now,
            "changed_at": now,
            "match_state": MatchState.UNMATCHED,
        }
        yield patient, study


def fill(database: Database, count: int) -> float:
    """Make the rows; seconds."""
    start = time.perf_counter()
    for batch in itertools.batched(studies(count), 5000) if sys.version_info >= (3, 12) else _batched(studies(count)):
        with database.write() as uow:
            uow.session.execute(insert(ImagePatient), [patient for patient, _ in batch])
            uow.session.execute(insert(Study), [study for _, study in batch])
    with database.write() as uow:
        uow.session.connection().exec_driver_sql("ANALYZE")
    return time.perf_counter() - start


def _batched(rows: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(rows, 5000)):
        yield batch


def queries(count: int) -> dict[str, dict[int, str]]:
    """Keys by name of the query; None stands for a random number."""
    middle = (date(2010, 1, 1) + timedelta(days=(count // 2) // max(count // 5000, 1))).strftime("%Y%m%d")
    return {
        "exact patient id": {0x00100020: "P{n:08d}"},
        "exact accession": {0x00080050: "A{n:09d}"},
        "exact study uid": {0x0020000D: "1.2.826.0.1.3680043.10.1.{n}"},
        "one day": {0x00080020: middle},
        "one day + CT": {0x00080020: middle, 0x00080061: "CT"},
        "name Zhang^Wei": {0x00100010: "Zhang^Wei"},
        "name 张伟": {0x00100010: "张伟"},
        "name 张*, first 100": {0x00100010: "张*"},
        "name wang^lei*, first 100": {0x00100010: "wang^lei*"},
        "name *伟英, first 100": {0x00100010: "*伟英"},
        "everything, first 100": {},
    }


def measure(database: Database, keys: dict[int, str], count: int, repeat: int) -> tuple[float, float, int]:
    """p50 and p95 in milliseconds and the number of answers of the last query."""
    chance = random.Random(2)
    times, answers = [], 0
    for _ in range(repeat):
        number = chance.randrange(2, count)
        asked = dict.fromkeys(RETURN, "") | {tag: text.format(n=number) for tag, text in keys.items()}
        start = time.perf_counter()
        answers = sum(1 for _ in find(database, "STUDY", asked, limit=100))
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1], answers


def plain(path: Path, count: int, repeat: int) -> float:
    """p50 of one exact query through sqlite3 alone, milliseconds."""
    connection = sqlite3.connect(path)
    chance = random.Random(2)
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        number = chance.randrange(2, count)
        connection.execute("SELECT * FROM studies WHERE accession = ?", (f"A{number:09d}",)).fetchall()
        times.append((time.perf_counter() - start) * 1000)
    connection.close()
    return statistics.median(times)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", default="20000,200000")
    parser.add_argument(
        "--database", help="SQLAlchemy URL of an empty database; SQLite in a temporary folder otherwise"
    )
    parser.add_argument("--repeat", type=int, default=200)
    parser.add_argument("--bar-ms", type=float)
    options = parser.parse_args()
    load_tables()
    failed = []
    for count in map(int, options.studies.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            database = Database(options.database) if options.database else Database.in_folder(Path(folder))
            database.create_schema()
            seconds = fill(database, count)
            base = (
                "" if options.database else f"; sqlite3 alone {plain(Path(folder) / 'mingjing.db', count, 200):.3f} ms"
            )
            print(f"\n{count} studies, filled at {count / seconds:.0f}/s{base}")
            print("| query | answers | p50 ms | p95 ms |\n| --- | --- | --- | --- |")
            for name, keys in queries(count).items():
                p50, p95, answers = measure(database, keys, count, options.repeat)
                print(f"| {name} | {answers} | {p50:.2f} | {p95:.2f} |", flush=True)
                if options.bar_ms is not None and name.startswith("exact") and p50 > options.bar_ms:
                    failed.append(f"{name} at {count}: {p50:.2f} ms")
            database.close()
    for sentence in failed:
        print("above the bar:", sentence)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
