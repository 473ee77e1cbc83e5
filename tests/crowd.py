"""Many exams at once, written past the use cases: for lists that must stay fast and right with a hospital's years."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import insert

from server.exams.bodies import OrderBody, packed
from server.exams.rules import PRIORITIES, registration_state
from server.exams.tables import ExamTableRow
from server.patients.names import initials_for
from server.patients.rules import flat
from server.patients.tables import PatientRow
from shared.dicomkit.names import romanised
from shared.domain.states import ExamState, PatientType, ReportState
from tests.hospital import CHEST, HEAD, Hospital, a_patient

_FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
_BATCH = 2000


def crowd(hospital: Hospital, count: int, days: int, seed: int = 7) -> None:
    """Write `count` exams of as many patients, spread over the `days` before tomorrow; past ones are mostly done."""
    rows = list(_rows(hospital, count, days, random.Random(seed)))
    for start in range(0, count, _BATCH):
        with hospital.write() as uow:
            part = rows[start : start + _BATCH]
            uow.session.execute(insert(PatientRow), [patient for patient, _ in part])
            uow.session.execute(insert(ExamTableRow), [exam for _, exam in part])


def _rows(hospital: Hospital, count: int, days: int, chance: random.Random) -> Iterator[tuple[Any, Any]]:
    today = hospital.time.today()
    names = [f + g for f in _FAMILIES for g in _GIVEN] + [f + g + h for f in _FAMILIES for g in _GIVEN for h in _GIVEN]
    keys = {name: (romanised(name), initials_for(name, "")) for name in names}
    rooms = [hospital.rooms["CT1"], hospital.rooms["CT2"]]
    bodies = {item.code: packed(OrderBody(patient=a_patient(), items=(item,))) for item in (HEAD, CHEST)}
    for number in range(1, count + 1):
        name, item = chance.choice(names), chance.choice((HEAD, CHEST))
        pinyin, initials = keys[name]
        planned = hospital.time.day_bounds(today - timedelta(days=chance.randrange(days)))[0] + timedelta(
            minutes=480 + chance.randrange(560)
        )
        is_past = hospital.time.local(planned).date() < today
        state = chance.choices(list(ExamState), (0.05, 0, 0.9, 0.05) if is_past else (0.5, 0.05, 0.4, 0.05))[0]
        report = chance.choice((None, *ReportState)) if state is ExamState.EXAMINED else None
        kind = chance.choices(list(PatientType), (0.08, 0.02, 0.9))[0]
        who = {
            "pinyin": pinyin,
            "pinyin_flat": flat(pinyin),
            "initials": initials,
            "sex": chance.choice("MF"),
            "birth_date": date(1930, 1, 1) + timedelta(days=chance.randrange(33000)),
            "card_number": f"K{number:08d}",
        }
        patient = who | {
            "id": number,
            "version": 1,
            "number": f"P{number:08d}",
            "name": name,
            "id_number": "",
            "inpatient_number": "",
            "health_check_number": "",
            "phone": "",
            "address": "",
            "created_at": planned,
        }
        exam = who | {
            "id": number,
            "version": 1,
            "accession_number": f"X{number:09d}",
            "image_number": f"CT{number:07d}",
            "study_uid": f"2.25.{number}",
            "state": state.value,
            "registration_state": registration_state(state, report).value,
            "exam_type": "CT",
            "campus_id": hospital.campus_id,
            "room_id": chance.choice(rooms),
            "priority": PRIORITIES[kind],
            "planned_at": planned,
            "registered_at": planned - timedelta(minutes=chance.randrange(5, 400)),
            "registered_by": "clerk",
            "started_at": None,
            "finished_at": planned if state is ExamState.EXAMINED else None,
            "cancelled_at": None,
            "cancel_reason": "",
            "patient_id": number,
            "patient_number": f"P{number:08d}",
            "patient_name": name,
            "patient_type": kind.value,
            "is_in_arrears": False,
            "items_text": item.name,
            "body_part": item.body_part,
            "his_number": f"H{number}",
            "application_id": None,
            "body": bodies[item.code],
            "has_images": state is ExamState.EXAMINED,
            "image_count": 0,
            "report_id": None,
            "report_state": None if report is None else report.value,
        }
        yield patient, exam
