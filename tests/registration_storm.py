"""Many clerks registering at once against a real server, while open stations follow the lists.

A station refreshes as the workstation does: a short pause after a notice, never two questions at a time. A list has
"followed" a registration when its total holds it.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import cycle

from shared.contract.base import Page
from shared.contract.errors import ErrorCode, Refused, RpcError
from shared.contract.exams import ExamView, ItemEntry, ListExams, ListSlots, PatientEntry, RegisterExam
from shared.contract.identity import CreateUser, SessionView
from shared.contract.organisation import GetHospital, HospitalView
from shared.contract.queueing import GetQueue
from shared.domain.states import Sex
from shared.rpc.client import RpcClient, ZmqTransport
from shared.rpc.connection import Connection

ACCOUNTS = 6
PASSWORD = "storm-2026-clerk"
PAUSE_S = 0.2  # clients.kit.coalescing
EMPTY_S = 5.0  # a station that hears nothing asks again, as 自动刷新 does
SLOT_DAYS = 60
DONE_WAIT_S = 20.0


@dataclass(frozen=True)
class Storm:
    """How many, how fast, how long. `with_slots`: the part of registrations that take an appointment."""

    clerks: int = 30
    per_second: float = 5.0
    seconds: float = 600.0
    stations: int = 20
    with_slots: float = 0.3
    seed: int = 1


@dataclass
class Outcome:
    """What happened, and what must never have happened."""

    replies_s: list[float] = field(default_factory=list)
    registered: list[ExamView] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    taken: int = 0  # slots that another clerk got first
    failures: list[str] = field(default_factory=list)
    lags_s: list[float] = field(default_factory=list)
    never_followed: int = 0
    oversold: list[int] = field(default_factory=list)  # slots with more bookings than places, or miscounted
    refreshes: int = 0

    def part(self, values: list[float], percent: float) -> float:
        """Return a percentile in seconds; 0 of nothing."""
        ordered = sorted(values)
        return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0

    def doubled(self) -> dict[str, list[str]]:
        """Return accession numbers, image numbers, tickets of a room and slots that were given twice."""
        rows = [view.row for view in self.registered]
        given = {
            "accession": [row.accession_number for row in rows],
            "image": [row.image_number for row in rows],
            "ticket": [f"{row.room_id}/{row.ticket_number}" for row in rows if row.ticket_number],
        }
        return {name: [one for one, times in Counter(all_).items() if times > 1] for name, all_ in given.items()}


class Station:
    """One workstation that stays open: hears notices, asks again, notes when its total grew."""

    def __init__(self, client: RpcClient, room_id: int | None, today: date) -> None:
        self._client = client
        self._request: ListExams | GetQueue = (
            ListExams(planned_from=today, planned_to=today, page=Page(limit=50))
            if room_id is None
            else GetQueue(room_id=room_id)
        )
        self._woken, self._ended = threading.Event(), threading.Event()
        self.room_id = room_id
        self.totals: list[tuple[float, int]] = []
        self.failures: list[str] = []
        client.on_notice = lambda _notice: self._woken.set()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._ask()
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._woken.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._ended.is_set():
            self._woken.wait(EMPTY_S)
            time.sleep(PAUSE_S)
            self._woken.clear()
            self._ask()

    def _ask(self) -> None:
        try:
            total = self._total()
            self.totals.append((time.perf_counter(), total))
        except RpcError as error:
            self.failures.append(str(error))

    def _total(self) -> int:
        if isinstance(self._request, GetQueue):
            return self._client.call(self._request).waiting
        return self._client.call(self._request).total

    def lags(self, moments: list[float]) -> tuple[list[float], int]:
        """Return how late each of the registrations (at these moments) was seen, and how many never were."""
        before = self.totals[0][1]
        lags, place, seen = list[float](), 0, 0
        for at, total in self.totals:
            while place < total - before and place < len(moments):
                lags.append(max(at - moments[place], 0.0))
                place, seen = place + 1, seen + 1
        return lags, len(moments) - seen


@contextmanager
def opened(connection: Connection, station: str, session: SessionView) -> Iterator[RpcClient]:
    """A client with sockets of its own, as a workstation has, in a session that exists."""
    client = RpcClient(ZmqTransport(connection), station=station, timeout_s=30)
    try:
        client.adopt(session)
        yield client
    finally:
        client.close()


def sessions(connection: Connection, admin: RpcClient) -> list[SessionView]:
    """Make accounts of clerks and sign in once each: passwords are slow on purpose."""
    found = []
    for number in range(ACCOUNTS):
        login = f"storm{number:02d}"
        admin.call(CreateUser(login=login, name=login, password=PASSWORD, roles=("clerk", "technician")))
        client = RpcClient(ZmqTransport(connection), station=login, timeout_s=30)
        try:
            found.append(client.login(login, PASSWORD))
        finally:
            client.close()
    return found


def play(connection: Connection, admin: RpcClient, storm: Storm) -> Outcome:
    """Let the clerks register and the stations follow; returns when everybody is done."""
    outcome = Outcome()
    hospital = admin.call(GetHospital())
    today = date.today()
    accounts = cycle(sessions(connection, admin))
    with ExitStack() as lines:
        clerks = [
            lines.enter_context(opened(connection, f"clerk {number}", next(accounts))) for number in range(storm.clerks)
        ]
        rooms = [room.id for room in hospital.rooms if "CT" in room.exam_types]
        seats = [None if number % 4 else rooms[number // 4 % len(rooms)] for number in range(storm.stations)]
        stations = [
            Station(lines.enter_context(opened(connection, f"station {number}", next(accounts))), seat, today)
            for number, seat in enumerate(seats)
        ]
        for station in stations:
            station.start()
        lock, moments = threading.Lock(), list[tuple[float, int, bool]]()
        begun = time.perf_counter() + 0.2
        threads = [
            threading.Thread(target=_clerk, args=(clerk, number, storm, hospital, begun, outcome, moments, lock))
            for number, clerk in enumerate(clerks)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        _wait_for(stations, moments)
        for station in stations:
            station.end()
        outcome.oversold = _oversold(admin, hospital, outcome.slots)
        for station in stations:
            own = sorted(at for at, room, is_today in moments if is_today and station.room_id in (None, room))
            lags, missing = station.lags(own)
            outcome.lags_s += lags
            outcome.never_followed += missing
            outcome.refreshes += len(station.totals)
            outcome.failures += station.failures
    return outcome


def _oversold(admin: RpcClient, hospital: HospitalView, booked: list[int]) -> list[int]:
    """Return the slots whose bookings exceed their places, or are not those that the clerks were told."""
    told, wrong = Counter(booked), list[int]()
    for room in (room for room in hospital.rooms if "CT" in room.exam_types):
        for ahead in range(1, SLOT_DAYS + 1):
            slots = admin.call(ListSlots(room_id=room.id, day=date.today() + timedelta(days=ahead)))
            wrong += [slot.id for slot in slots if slot.taken > slot.capacity or slot.taken != told.get(slot.id, 0)]
    return wrong


def _wait_for(stations: list[Station], moments: list[tuple[float, int, bool]]) -> None:
    """Give the last refreshes their time."""
    end = time.monotonic() + DONE_WAIT_S
    while time.monotonic() < end:
        if all(
            station.totals[-1][1] - station.totals[0][1]
            >= sum(is_today and station.room_id in (None, room) for _, room, is_today in moments)
            for station in stations
        ):
            return
        time.sleep(0.1)


def _clerk(
    client: RpcClient,
    number: int,
    storm: Storm,
    hospital: HospitalView,
    begun: float,
    outcome: Outcome,
    moments: list[tuple[float, int, bool]],
    lock: threading.Lock,
) -> None:
    """One clerk: a registration whenever it is due; who is late goes on at once, nothing is left out."""
    random_ = random.Random(storm.seed * 1000 + number)
    rooms = [room for room in hospital.rooms if "CT" in room.exam_types]
    item = next(item for item in hospital.exam_items if item.exam_type == "CT")
    items = (ItemEntry(code=item.code, name=item.name, body_part=item.body_part, price_fen=item.price_fen),)
    every = storm.clerks / storm.per_second
    for count in range(max(1, round(storm.seconds / every))):
        due = begun + count * every + number * every / storm.clerks
        time.sleep(max(0.0, due - time.perf_counter()))
        room = random_.choice(rooms)
        slot = _free_slot(client, room.id, random_) if random_.random() < storm.with_slots else None
        request = RegisterExam(
            patient=PatientEntry(
                name=f"登记{number:02d}{count:04d}",
                sex=Sex.FEMALE,
                birth_date=date(1950 + number, 1 + count % 12, 1 + count % 28),
            ),
            exam_type="CT",
            items=items,
            campus_id=room.campus_id,
            room_id=room.id,
            slot_id=slot,
        )
        sent = time.perf_counter()
        try:
            view = client.call(request)
        except Refused as refused:
            with lock:
                if refused.code is ErrorCode.SLOT_TAKEN:
                    outcome.taken += 1
                else:
                    outcome.failures.append(str(refused))
            continue
        except RpcError as error:
            with lock:
                outcome.failures.append(str(error))
            continue
        came = time.perf_counter()
        with lock:
            outcome.replies_s.append(came - sent)
            outcome.registered.append(view)
            if slot is not None:
                outcome.slots.append(slot)
            moments.append((came, room.id, slot is None))


def _free_slot(client: RpcClient, room_id: int, random_: random.Random) -> int | None:
    """Return a slot that looks free on some coming day; somebody else may be faster."""
    day = date.today() + timedelta(days=random_.randint(1, SLOT_DAYS))
    free = [slot for slot in client.call(ListSlots(room_id=room_id, day=day)) if slot.taken < slot.capacity]
    return random_.choice(free[:3]).id if free else None


def report(storm: Storm, outcome: Outcome) -> str:
    """The figures in one paragraph."""
    replies, lags = outcome.replies_s, outcome.lags_s
    milli = 1000
    return (
        f"{storm.clerks} clerks, {storm.per_second:g}/s, {storm.seconds:g} s, {storm.stations} stations: "
        f"{len(replies)} registered ({len(outcome.slots)} with a slot, {outcome.taken} slots lost to others), "
        f"doubled {sum(map(len, outcome.doubled().values()))}, oversold {len(outcome.oversold)}, "
        f"failures {len(outcome.failures)}; "
        f"reply p50 {outcome.part(replies, 50) * milli:.0f} ms, p95 {outcome.part(replies, 95) * milli:.0f} ms, "
        f"max {max(replies, default=0) * milli:.0f} ms; "
        f"lists follow p50 {outcome.part(lags, 50):.2f} s, p95 {outcome.part(lags, 95):.2f} s, "
        f"max {max(lags, default=0):.2f} s, never {outcome.never_followed} ({outcome.refreshes} refreshes)"
    )
