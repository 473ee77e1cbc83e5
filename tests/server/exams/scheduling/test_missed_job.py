"""The regular job that finds missed appointments, as the server's job runner calls it."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from server.bootstrap.appointments import FIND_MISSED, SCHEDULES, job_kinds
from server.kernel.jobs import JobContext, enqueue
from shared.contract.exams import ListExams
from tests.hospital import CLERK, Hospital
from tests.server.exams.scheduling.test_appointments import MONDAY, slots_of


def test_the_job_finds_every_missed_appointment_once(hospital: Hospital) -> None:
    for index, slot in enumerate(slots_of(hospital)[:3]):
        hospital.registered(f"患者{index}", slot_id=slot.id)
    house: Any = SimpleNamespace(areas=SimpleNamespace(exams=hospital.exams))
    (kind,) = job_kinds(house)
    assert [kind.name] == [FIND_MISSED] == [schedule.kind for schedule in SCHEDULES]
    with hospital.write() as uow:
        job_id = enqueue(uow, FIND_MISSED, {})
    context = JobContext(hospital.database, job_id, {}, threading.Event())
    hospital.clock.forward(days=(MONDAY - hospital.time.today()).days)
    assert kind.handler(context) == "0 missed appointments were found."
    hospital.clock.forward(days=1)
    assert kind.handler(context) == "3 missed appointments were found."
    assert kind.handler(context) == "0 missed appointments were found."
    assert hospital.call(ListExams(no_show=True), CLERK).total == 3
