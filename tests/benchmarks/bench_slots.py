"""How fast slots are listed and the first free one is found while the books hold 100,000 appointments.

Run: python tests/benchmarks/bench_slots.py [--database postgresql] [--bookings 100000]
Prints one line per figure: median and p95 in milliseconds with few and with many bookings, their ratio, and the limit
of the ratio. Ends with 1 when a limit is passed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sqlalchemy import insert

from server.exams.bodies import OrderBody, packed
from server.exams.scheduling.tables import SlotDayRow
from server.exams.tables import BookingRow, SlotRow
from server.exams.tables import ExamTableRow as Exam
from shared.contract.exams import HoldSlot, ListSlots
from shared.contract.scheduling import FindFreeSlots, RoomLoad
from shared.domain.states import VisitKind
from tests.databases import a_database
from tests.hospital import CLERK, HEAD, Hospital, a_patient

LIMIT = 3.0
"""How many times slower a figure may be with many bookings than with few."""
WEEK_MS, FREE_MS = 60.0, 200.0
"""Limits of the median with many bookings, in milliseconds, on the machine of the tests."""
_ROUNDS = 40
_DAY_SLOTS = 48


def fill(hospital: Hospital, bookings: int) -> None:
    """Put so many appointments into the books: before and after today, in all rooms; next month stays half empty."""
    rooms = list(hospital.rooms.values())
    patient = hospital.registered("基准").row

    days_needed = -(-bookings // (_DAY_SLOTS * len(rooms)))
    today = hospital.time.today()
    days = [today - timedelta(days=days_needed - n) for n in range(days_needed)]
    body = packed(OrderBody(patient=a_patient(), items=(HEAD,)))
    number = 0
    for day in days:
        with hospital.write() as uow:
            for room_id in rooms:
                uow.session.execute(insert(SlotDayRow), [{"room_id": room_id, "day": day, "version": 1}])
                begin = datetime(day.year, day.month, day.day, tzinfo=UTC)
                slots = [
                    {
                        "room_id": room_id,
                        "day": day,
                        "starts_at": begin + timedelta(minutes=10 * n),
                        "ends_at": begin + timedelta(minutes=10 * n + 10),
                        "capacity": 1,
                    }
                    for n in range(_DAY_SLOTS)
                ]
                ids = list(uow.session.scalars(insert(SlotRow).returning(SlotRow.id), slots))
                count = min(_DAY_SLOTS, bookings - number)
                exams = [_exam(patient.patient_id, room_id, number + n, begin, body) for n in range(count)]
                if not exams:
                    continue
                exam_ids = list(uow.session.scalars(insert(Exam).returning(Exam.id), exams))
                uow.session.execute(
                    insert(BookingRow),
                    [
                        {"slot_id": slot, "exam_id": exam, "user_id": 1, "kind": "outpatient", "minutes": 10}
                        for slot, exam in zip(ids, exam_ids, strict=False)
                    ],
                )
                number += count


def _exam(patient_id: int, room_id: int, number: int, planned_at: datetime, body: bytes) -> dict[str, object]:
    return {
        "version": 1,
        "accession_number": f"B{number:08d}",
        "image_number": f"I{number:08d}",
        "study_uid": f"2.25.{number}",
        "state": "examined",
        "registration_state": "completed",
        "exam_type": "CT",
        "campus_id": 1,
        "room_id": room_id,
        "priority": 2,
        "planned_at": planned_at,
        "registered_at": planned_at,
        "registered_by": "x",
        "patient_id": patient_id,
        "patient_number": "P1",
        "patient_name": "基准",
        "pinyin": "Ji Zhun",
        "pinyin_flat": "jizhun",
        "initials": "jz",
        "sex": "M",
        "card_number": "",
        "patient_type": "ordinary",
        "is_in_arrears": False,
        "items_text": HEAD.name,
        "body_part": HEAD.body_part,
        "his_number": "",
        "body": body,
        "cancel_reason": "",
    }


def book_ahead(hospital: Hospital, days: int) -> None:
    """Make the days ahead and fill every other slot of them."""
    with hospital.write() as uow:
        for room_id in hospital.rooms.values():
            for n in range(days):
                day = hospital.time.today() + timedelta(days=n)
                for index, slot in enumerate(hospital.slots.make_day(uow, room_id, day)):
                    if index % 2:
                        uow.session.add(
                            BookingRow(
                                slot_id=slot.id,
                                exam_id=None,
                                user_id=9,
                                expires_at=hospital.clock.now() + timedelta(days=400),
                                kind=VisitKind.OUTPATIENT.value,
                                minutes=10,
                            )
                        )


def milliseconds(step: Callable[[int], object]) -> tuple[float, float]:
    """Median and p95 of the rounds."""
    taken = []
    for number in range(_ROUNDS):
        begin = time.perf_counter()
        step(number)
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def figures(hospital: Hospital) -> dict[str, tuple[float, float]]:
    """All figures by name."""
    rooms = list(hospital.rooms.values())
    today = hospital.time.today()

    def week(number: int) -> object:
        return hospital.call(RoomLoad(room_id=rooms[number % len(rooms)], first_day=today, days=7), CLERK)

    def day(number: int) -> object:
        chosen: date = today + timedelta(days=number % 14)
        return hospital.call(
            ListSlots(room_id=rooms[number % len(rooms)], day=chosen, exam_type="CT", item_codes=("CT001",)), CLERK
        )

    def free(_number: int) -> object:
        return hospital.call(FindFreeSlots(exam_type="CT", item_codes=("CT001", "CT005"), limit=5), CLERK)

    def hold(number: int) -> object:
        slots = hospital.call(ListSlots(room_id=rooms[0], day=today + timedelta(days=1 + number % 10)), CLERK)
        return hospital.call(HoldSlot(slot_id=slots[(number * 2) % len(slots)].id, only=True), CLERK)

    return {
        "slot list of a room-week": milliseconds(week),
        "slot list of a room-day": milliseconds(day),
        "first free, two items, 30 full days": milliseconds(free),
        "list a day and hold a slot": milliseconds(hold),
    }


def measured(kind: str, bookings: int) -> dict[str, tuple[float, float]]:
    """Figures of a fresh hospital with so many bookings."""
    with tempfile.TemporaryDirectory() as folder, a_database(kind, Path(folder)) as database:
        hospital = Hospital(database)
        fill(hospital, bookings)
        book_ahead(hospital, 30)
        return figures(hospital)


def main() -> int:
    """Print every figure; 1 when a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="sqlite", choices=("sqlite", "postgresql"))
    parser.add_argument("--bookings", type=int, default=100_000)
    chosen = parser.parse_args()
    few = measured(chosen.database, min(1000, chosen.bookings))
    many = measured(chosen.database, chosen.bookings)
    passed = False
    for name, (median, p95) in many.items():
        ratio = median / few[name][0]
        passed = passed or ratio > LIMIT
        print(
            f"{name:42} {chosen.bookings:>7} bookings: median {median:7.2f} ms  p95 {p95:7.2f} ms   "
            f"1000: {few[name][0]:7.2f} ms   ratio {ratio:4.2f} (limit {LIMIT:.1f})"
        )
    week, free = many["slot list of a room-week"][0], many["first free, two items, 30 full days"][0]
    passed = passed or week > WEEK_MS or free > FREE_MS
    print(f"limits: room-week {WEEK_MS:.0f} ms, first free {FREE_MS:.0f} ms: {'passed' if passed else 'kept'}")
    return int(passed)


if __name__ == "__main__":
    sys.exit(main())
