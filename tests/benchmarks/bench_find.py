"""C-FIND at STUDY level through the whole server, on SQLite and PostgreSQL, beside Orthanc as Debian packages it.

    PYTHONPATH=. .venv/bin/python tests/benchmarks/bench_find.py [--studies 1000000] [--small 20000] [--repeat 40]
        [--databases sqlite,postgresql] [--no-orthanc] [--keep FOLDER] [--bar]

Our rows are made in the database (studies, one series each, patients, names); Orthanc gets its studies by C-STORE,
one tiny image each. One association stays open; twelve return keys. Times are from the request's first byte to the
last answer, client and server on this machine. `--keep` keeps the filled SQLite database for the next run. `--bar`
ends with 1 when the large store is slower than: exact keys p50 2 ms and p95 5 ms, 100 answers 8 ms, Chinese names of
two characters 10 ms, or the small one less than five times as fast as Orthanc.
"""

from __future__ import annotations

import argparse
import random
import shutil
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from server.archive.name_index import infixes_of
from server.archive.rules import search_key
from server.bootstrap import load_tables
from server.kernel.database import Database, migrate
from shared.dicomkit.names import romanised
from tests.benchmarks.bench_store import Target, element, start_orthanc

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
EXPLICIT_LE = "1.2.840.10008.1.2.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
ROOT = "1.2.826.0.1.3680043.10.54321.9"
SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙胡朱高林何郭马罗"
    "梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国文斌宇浩然子轩雨涵欣怡梓晨"
    "佳琪思远志鹏海燕春雪晓东小丹凤琴云飞龙波辉鑫婷慧莹"
)
RETURN = {
    0x00080020: "", 0x00080030: "", 0x00080050: "", 0x00080061: "", 0x00081030: "", 0x00100010: "", 0x00100020: "",
    0x00100030: "", 0x00100040: "", 0x0020000D: "", 0x00200010: "", 0x00201208: "",
}  # fmt: skip
VRS = {0x00080020: "DA", 0x00080030: "TM", 0x00080050: "SH", 0x00080061: "CS", 0x00081030: "LO", 0x00100010: "PN",
       0x00100020: "LO", 0x00100030: "DA", 0x00100040: "CS", 0x0020000D: "UI", 0x00200010: "SH", 0x00201208: "IS",
       0x00080005: "CS", 0x00080052: "CS"}  # fmt: skip


# the store


def person(number: int) -> tuple[str, str]:
    """The n-th patient's Chinese name, and the same in pinyin; names repeat as they do."""
    rng = random.Random(number)
    given = rng.choice(GIVEN) + (rng.choice(GIVEN) if rng.random() < 0.75 else "")
    return rng.choice(SURNAMES[: 20 if rng.random() < 0.6 else None]), given


def study(number: int, total: int) -> dict[str, Any]:
    """The n-th study: its patient has one or two, and there are as many on each day."""
    patient = number * 2 // 3
    family, given = person(patient)
    per_day = max(25, total // 3650)
    day = date(2020, 1, 1) + timedelta(days=number // per_day)
    return {
        "patient": patient,
        "chinese": f"{family}^{given}",
        "latin": romanised(family + given),
        "date": f"{day:%Y%m%d}",
        "time": f"{8 + number % 10:02d}{number % 60:02d}{number * 7 % 60:02d}",
        "uid": f"{ROOT}.{number + 1}",
        "accession": f"A{number:09d}",
        "patient_id": f"P{patient:08d}",
        "modality": ("CT", "MR", "DX", "US")[number % 4],
    }


def fill(database: Database, total: int) -> None:
    """All rows in one go, by the database's own fast way."""
    from server.archive.tables import ImagePatient, NameInfix, Series, Study

    now = datetime.now(UTC).replace(tzinfo=None)
    names: dict[str, str] = {}
    latin_of: dict[tuple[str, str], str] = {}

    def rows() -> Iterator[dict[str, Any]]:
        for number in range(total):
            patient = number * 2 // 3
            family, given = person(patient)
            if (family, given) not in latin_of:
                latin_of[family, given] = romanised(family + given)
            per_day = max(25, total // 3650)
            day = date(2020, 1, 1) + timedelta(days=number // per_day)
            latin, chinese = latin_of[family, given], f"{family}^{given}"
            names[search_key(latin)] = names[search_key(chinese)] = ""
            yield {
                "number": number, "patient": patient + 1, "latin": latin, "chinese": chinese, "date": f"{day:%Y%m%d}",
                "time": f"{8 + number % 10:02d}{number % 60:02d}{number * 7 % 60:02d}",
                "modality": ("CT", "MR", "DX", "US")[number % 4],
            }  # fmt: skip

    def study_row(r: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": r["number"] + 1, "uid": f"{ROOT}.{r['number'] + 1}", "version": 1, "image_patient_id": r["patient"],
            "patient_id": f"P{r['patient'] - 1:08d}", "issuer": "", "patient_name": f"{r['latin']}={r['chinese']}",
            "name_key": search_key(r["latin"]), "ideographic_key": search_key(r["chinese"]), "phonetic_key": "",
            "birth_date": "19600101", "sex": "M", "age": "", "accession": f"A{r['number']:09d}",
            "study_date": r["date"], "study_time": r["time"], "timezone": "", "study_id": str(r["number"]),
            "description": "CHEST ROUTINE", "referring_name": "", "institution": "", "manufacturer": "BENCH",
            "modalities": r["modality"], "sop_classes": CT, "series_count": 1, "instance_count": 1,
            "bytes_stored": 1600, "conflicts": 0, "calling_ae": "BENCH", "received_at": now, "changed_at": now,
            "match_state": "unmatched", "why_unmatched": "", "completeness": "unknown", "missing_count": 0,
            "availability": "ONLINE", "charset_note": "", "forced_charset": "",
        }  # fmt: skip

    def series_row(number: int) -> dict[str, Any]:
        return {
            "id": number + 1, "uid": f"{ROOT}.{number + 1}.1", "study_pk": number + 1,
            "modality": ("CT", "MR", "DX", "US")[number % 4], "number": 1, "description": "", "body_part": "",
            "protocol": "", "laterality": "", "series_date": "", "series_time": "", "station": "", "manufacturer": "",
            "model": "", "institution": "", "frame_of_reference_uid": "", "instance_count": 1, "calling_ae": "",
            "attributes": b"",
        }  # fmt: skip

    def patient_row(number: int) -> dict[str, Any]:
        family, given = person(number)
        latin, chinese = latin_of[family, given], f"{family}^{given}"
        return {
            "id": number + 1, "identity": f"P{number:08d}\n", "patient_id": f"P{number:08d}", "issuer": "",
            "name": f"{latin}={chinese}", "name_key": search_key(latin), "ideographic_key": search_key(chinese),
            "phonetic_key": "", "birth_date": "19600101", "sex": "M",
        }  # fmt: skip

    for number in range(max(total * 2 // 3 + 1, 1)):
        family, given = person(number)
        if (family, given) not in latin_of:
            latin_of[family, given] = romanised(family + given)
    insert(database, ImagePatient.__table__, (patient_row(n) for n in range(total * 2 // 3 + 1)))
    insert(database, Study.__table__, map(study_row, rows()))
    insert(database, Series.__table__, map(series_row, range(total)))
    insert(
        database,
        NameInfix.__table__,
        ({"infix": infix, "name": name} for name in sorted(names) for infix in sorted(infixes_of(name))),
    )


def insert(database: Database, table: Any, rows: Iterator[dict[str, Any]]) -> None:
    """Fill a table past the ORM: executemany on SQLite, COPY on PostgreSQL."""
    first = next(rows)
    columns = list(first)
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        if database.is_sqlite:
            marks = ",".join("?" * len(columns))

            def values() -> Iterator[tuple[Any, ...]]:
                yield _sqlite(first)
                yield from map(_sqlite, rows)

            cursor.execute("BEGIN")
            cursor.executemany(f"INSERT INTO {table.name} ({','.join(columns)}) VALUES ({marks})", values())
        else:
            with cursor.copy(f"COPY {table.name} ({','.join(columns)}) FROM STDIN") as copy:
                copy.write_row(tuple(first.values()))
                for row in rows:
                    copy.write_row(tuple(row.values()))
        raw.commit()
        if not database.is_sqlite:
            if "id" in columns:
                place = f"pg_get_serial_sequence('{table.name}', 'id')"
                cursor.execute(f"SELECT setval({place}, (SELECT max(id) FROM {table.name}))")
            cursor.execute(f"ANALYZE {table.name}")
            raw.commit()
    finally:
        raw.close()


def _sqlite(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(f"{v:%Y-%m-%d %H:%M:%S.%f}" if isinstance(v, datetime) else v for v in row.values())


@contextmanager
def our_server(kind: str, total: int, keep: Path | None) -> Iterator[Target]:
    """`mingjing server` over a filled database."""
    load_tables()
    folder = Path(tempfile.mkdtemp(prefix="bench-find-"))
    options: list[str] = []
    cleanup: list[Callable[[], object]] = [lambda: shutil.rmtree(folder, ignore_errors=True)]
    try:
        started = time.perf_counter()
        if kind == "sqlite":
            kept = keep / f"find-{total}.db" if keep else None
            if kept and kept.exists():
                shutil.copy(kept, folder / "mingjing.db")
            else:
                database = Database.in_folder(folder)
                migrate.upgrade(database)
                fill(database, total)
                database.close()
                if kept:
                    shutil.copy(folder / "mingjing.db", kept)
        else:
            from tests.databases import an_empty_database

            manager = an_empty_database(kind, folder)
            database = manager.__enter__()
            cleanup.append(lambda: manager.__exit__(None, None, None))
            migrate.upgrade(database)
            fill(database, total)
            (folder / "server.toml").write_text(f"database = {database.url!r}\n")
            options = ["--settings", str(folder / "server.toml")]
        print(f"{kind}: {total} studies filled in {time.perf_counter() - started:.0f} s", flush=True)
        command = [sys.executable, "-m", "mingjing", "server", "--data", str(folder), "--end-with-input", *options]
        command += ["--rpc-port", "0", "--dicom-port", "0", "--http-port", "0", "--hl7-port", "0"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None and process.stdin is not None
        line = next((line for line in process.stdout if line.startswith("ready")), "")
        if not line:
            raise SystemExit("The server did not start; see its output above.")
        port = int(line.split("dicom=")[1].split()[0].rsplit(":", 1)[1])
        try:
            yield Target("127.0.0.1", port, "MINGJING", lambda: None)
        finally:
            process.stdin.close()
            process.terminate()
            process.wait(30)
            process.stdout.close()
    finally:
        for one in reversed(cleanup):
            one()


# the client


class Client:
    """A C-FIND user on a plain socket that costs next to nothing."""

    def __init__(self, target: Target) -> None:
        self._socket = socket.create_connection((target.host, target.port), 120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb", 1 << 20)
        context = _item(0x20, b"\1\0\0\0" + _item(0x30, STUDY_ROOT_FIND.encode()) + _item(0x40, EXPLICIT_LE.encode()))
        store = _item(0x20, b"\3\0\0\0" + _item(0x30, CT.encode()) + _item(0x40, EXPLICIT_LE.encode()))
        user = _item(0x50, _item(0x51, struct.pack(">I", 0)) + _item(0x52, b"2.25.1"))
        body = struct.pack(">HH", 1, 0) + target.ae_title.encode().ljust(16) + b"BENCH".ljust(16) + bytes(32)
        body += _item(0x10, b"1.2.840.10008.3.1.1.1") + context + store + user
        self._socket.sendall(struct.pack(">BBI", 1, 0, len(body)) + body)
        kind, _ = self._pdu()
        if kind != 2:
            raise SystemExit("The association was not accepted.")

    def find(self, keys: dict[int, str]) -> tuple[int, int]:
        """How many answers a STUDY query gets, and the last status."""
        whole = {**RETURN, **keys, 0x00080005: "ISO_IR 192", 0x00080052: "STUDY"}
        data = b"".join(element(tag, VRS[tag], whole[tag]) for tag in sorted(whole))
        command = _command((2, STUDY_ROOT_FIND), (0x100, 0x20), (0x110, 1), (0x700, 0), (0x800, 1))
        self._send(1, command, data)
        count, status = 0, 0xFF00
        while status in (0xFF00, 0xFF01):
            status = self._status()
            count += status in (0xFF00, 0xFF01)
        return count, status

    def store(self, uid: str, data: bytes) -> None:
        """C-STORE of one data set."""
        self._send(3, _command((2, CT), (0x100, 1), (0x110, 1), (0x700, 0), (0x800, 1), (0x1000, uid)), data)
        if self._status():
            raise SystemExit("An object was refused.")

    def close(self) -> None:
        self._socket.sendall(b"\5\0\0\0\0\4\0\0\0\0")
        self._socket.close()

    def _send(self, context: int, command: bytes, data: bytes) -> None:
        parts = b""
        for control, piece in ((3, command), (2, data)):
            pdv = struct.pack(">IBB", len(piece) + 2, context, control) + piece
            parts += struct.pack(">BBI", 4, 0, len(pdv)) + pdv
        self._socket.sendall(parts)

    def _pdu(self) -> tuple[int, bytes]:
        kind, _, length = struct.unpack(">BBI", self._file.read(6))
        return kind, self._file.read(length)

    def _status(self) -> int:
        """The status of the next command; data sets are read past."""
        while True:
            kind, body = self._pdu()
            if kind != 4:
                raise SystemExit(f"The peer ended the association (PDU {kind}).")
            at = 0
            status = -1
            while at < len(body):
                length = struct.unpack_from(">I", body, at)[0]
                if body[at + 5] & 1:
                    place = body.index(b"\0\0\0\x09\2\0\0\0", at)
                    status = struct.unpack_from("<H", body, place + 8)[0]
                    self._more = status in (0xFF00, 0xFF01)
                at += 4 + length
            if status >= 0:
                return status


def _item(kind: int, data: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(data)) + data


def _command(*elements: tuple[int, str | int]) -> bytes:
    body = b""
    for number, value in elements:
        raw = struct.pack("<H", value) if isinstance(value, int) else value.encode() + b"\0" * (len(value) & 1)
        body += struct.pack("<HHI", 0, number, len(raw)) + raw
    return struct.pack("<HHII", 0, 0, 4, len(body)) + body


# the queries


def queries(total: int) -> dict[str, Callable[[random.Random], dict[int, str]]]:
    """Query name → a maker of keys."""
    per_day = max(25, total // 3650)
    days = max(1, total // per_day)

    def day(rng: random.Random, length: int = 1) -> str:
        first = date(2020, 1, 1) + timedelta(days=rng.randrange(max(1, days - length)))
        return f"{first:%Y%m%d}" if length == 1 else f"{first:%Y%m%d}-{first + timedelta(days=length - 1):%Y%m%d}"

    def name(rng: random.Random, length: int) -> tuple[str, str]:
        while True:
            family, given = person(rng.randrange(total * 2 // 3))
            if len(given) == length - 1:
                return family, given

    span = max(1, round(100 / per_day))
    return {
        "patient ID": lambda r: {0x00100020: f"P{r.randrange(total * 2 // 3):08d}"},
        "accession": lambda r: {0x00080050: f"A{r.randrange(total):09d}"},
        "study UID": lambda r: {0x0020000D: f"{ROOT}.{1 + r.randrange(total)}"},
        "20 study UIDs": lambda r: {0x0020000D: "\\".join(f"{ROOT}.{1 + r.randrange(total)}" for _ in range(20))},
        "about 100 by date": lambda r: (
            {0x00080020: day(r, span)}
            if per_day <= 100
            else {0x00080020: day(r), 0x00080030: f"{8 + r.randrange(8):02d}00-{9 + r.randrange(8):02d}3000"}
        ),
        "day and modality": lambda r: {0x00080020: day(r), 0x00080061: "CT"},
        "accession prefix": lambda r: {0x00080050: f"A{r.randrange(total // 10):08d}*"},
        "pinyin, exact": lambda r: {0x00100010: romanised("".join(name(r, 3)))},
        "pinyin, part": lambda r: {0x00100010: f"*{romanised(''.join(name(r, 3))).split('^')[1].lower()}*"},
        "pinyin, two letters (budget)": lambda r: {0x00100010: f"*{romanised(''.join(name(r, 2))).split('^')[1][:2]}*"},
        "Chinese, three": lambda r: {0x00100010: "".join(name(r, 3))},
        "Chinese, two": lambda r: {0x00100010: "".join(name(r, 2))},
        "Chinese, given of two": lambda r: {0x00100010: f"*{name(r, 3)[1]}"},
        "Chinese, surname and day": lambda r: {0x00100010: f"{name(r, 3)[0]}*", 0x00080020: day(r)},
        "unknown name": lambda r: {0x00100010: f"*猫{r.randrange(10)}狗*"},
    }


BARS = {"patient ID": (2, 5), "accession": (2, 5), "study UID": (2, 5), "about 100 by date": (8, 20),
        "Chinese, two": (10, 25)}  # fmt: skip


def measure(target: Target, total: int, repeat: int) -> dict[str, tuple[float, float, float]]:
    """Query name → answers, p50 and p95 in milliseconds."""
    found = {}
    for label, make in queries(total).items():
        rng = random.Random(label)
        client = Client(target)
        client.find(make(rng))
        times, counts = [], []
        for _ in range(repeat):
            keys = make(rng)
            begun = time.perf_counter()
            count, status = client.find(keys)
            times.append((time.perf_counter() - begun) * 1e3)
            counts.append(count)
            if status not in (0, 0xA700 if "budget" in label else 0):
                raise SystemExit(f"{label}: status {status:04X}")
        client.close()
        times.sort()
        found[label] = (statistics.mean(counts), statistics.median(times), times[int(len(times) * 0.95) - 1])
    return found


def fill_orthanc(target: Target, total: int) -> None:
    """One tiny image for each study."""
    client = Client(target)
    for number in range(total):
        one = study(number, total)
        uid = f"{one['uid']}.1.1"
        values: list[tuple[int, str, str | int]] = [
            (0x00080005, "CS", "ISO_IR 192"), (0x00080016, "UI", CT), (0x00080018, "UI", uid),
            (0x00080020, "DA", one["date"]), (0x00080030, "TM", one["time"]), (0x00080050, "SH", one["accession"]),
            (0x00080060, "CS", one["modality"]), (0x00081030, "LO", "CHEST ROUTINE"),
            (0x00100010, "PN", f"{one['latin']}={one['chinese']}"), (0x00100020, "LO", one["patient_id"]),
            (0x00100030, "DA", "19600101"), (0x00100040, "CS", "M"), (0x0020000D, "UI", one["uid"]),
            (0x0020000E, "UI", f"{one['uid']}.1"), (0x00200010, "SH", str(number)), (0x00200011, "IS", "1"),
            (0x00200013, "IS", "1"),
        ]  # fmt: skip
        client.store(uid, b"".join(element(*value) for value in values))
    client.close()


def table(title: str, columns: dict[str, dict[str, tuple[float, float, float]]]) -> None:
    print(f"\n{title}\n")
    print("| query | answers | " + " | ".join(f"{name} p50 | p95" for name in columns) + " |")
    print("| --- | --- |" + " --- | --- |" * len(columns))
    for label in next(iter(columns.values())):
        cells = " | ".join(f"{one[label][1]:.2f} | {one[label][2]:.2f}" for one in columns.values())
        print(f"| {label} | {next(iter(columns.values()))[label][0]:.0f} | {cells} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=40)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--no-orthanc", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--bar", action="store_true")
    options = parser.parse_args()
    failed = []
    kinds = options.databases.split(",")
    if options.studies:
        large = {}
        for kind in kinds:
            with our_server(kind, options.studies, options.keep) as target:
                large[kind] = measure(target, options.studies, options.repeat)
        table(f"{options.studies} studies, milliseconds", large)
        for kind, found in large.items():
            for label, (p50, p95) in BARS.items():
                if found[label][1] > p50 or found[label][2] > p95:
                    failed.append(f"{kind}: {label}")
    if options.small and not options.no_orthanc:
        if not Path("/usr/sbin/Orthanc").exists() and not shutil.which("Orthanc"):
            print("The comparison needs Orthanc: apt-get install orthanc", file=sys.stderr)
            return 2
        folder = Path(tempfile.mkdtemp(prefix="bench-find-orthanc-"))
        orthanc = start_orthanc(folder, DicomAlwaysAllowFind=True)
        try:
            fill_orthanc(orthanc, options.small)
            small = {}
            for kind in kinds:
                with our_server(kind, options.small, options.keep) as target:
                    small[kind] = measure(target, options.small, options.repeat)
                    small[f"Orthanc beside {kind}"] = measure(orthanc, options.small, options.repeat)
            table(f"{options.small} studies, milliseconds", small)
            print("\n| query | " + " | ".join(f"Orthanc / {kind}" for kind in kinds) + " |")
            print("| --- |" + " --- |" * len(kinds))
            for label in small[kinds[0]]:
                ratios = [small[f"Orthanc beside {kind}"][label][1] / small[kind][label][1] for kind in kinds]
                print(f"| {label} | " + " | ".join(f"{ratio:.1f}" for ratio in ratios) + " |")
                if label in BARS and min(ratios) < 5:
                    failed.append(f"less than five times Orthanc: {label}")
        finally:
            orthanc.stop()
            shutil.rmtree(folder, ignore_errors=True)
    if failed:
        print("\nBelow the bar: " + "; ".join(failed))
    return 1 if failed and options.bar else 0


if __name__ == "__main__":
    sys.exit(main())
