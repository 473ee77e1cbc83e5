"""Writes the demonstration hospital of defaults.py into an empty database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from server.kernel.database import UnitOfWork
from server.organisation import defaults
from server.organisation.initials import initials
from server.organisation.tables import (
    BodyPartRow,
    CampusRow,
    DepartmentRow,
    DeviceRow,
    ExamItemRow,
    ExamTypeRow,
    HospitalRow,
    PatientTypeRow,
    RoomRow,
    WordRow,
)


def seed(uow: UnitOfWork, hospital_id: int) -> None:
    """Add every row of the demonstration hospital."""
    session = uow.session
    name, name_en = defaults.HOSPITAL
    session.add(HospitalRow(id=hospital_id, version=0, name=name, name_en=name_en))
    code, name, name_en = defaults.CAMPUS
    campus = CampusRow(code=code, name=name, name_en=name_en, pinyin=initials(name), position=1)
    session.add(campus)
    session.flush()
    for place, (code, name, name_en, performs) in enumerate(defaults.DEPARTMENTS, 1):
        session.add(
            DepartmentRow(
                campus_id=campus.id,
                code=code,
                position=place,
                name=name,
                name_en=name_en,
                performs=performs,
                pinyin=initials(name),
            )
        )
    for place, kind in enumerate(defaults.TYPES, 1):
        session.add(
            ExamTypeRow(
                id=place,
                code=kind.code,
                position=place,
                name=kind.name,
                name_en=kind.name_en,
                hp_required=False,
                slot_minutes=kind.slot_minutes,
                pinyin=initials(kind.name),
            )
        )
    for place, (code, name, name_en, colour) in enumerate(defaults.PATIENT_TYPES, 1):
        session.add(
            PatientTypeRow(
                code=code,
                position=place,
                name=name,
                name_en=name_en,
                priority=code,
                colour=colour,
                pinyin=initials(name),
            )
        )
    for place, (dictionary, text, text_en) in enumerate(defaults.WORDS, 1):
        session.add(
            WordRow(
                dictionary=dictionary,
                code=f"W{place:04d}",
                position=place,
                text=text,
                text_en=text_en,
                pinyin=initials(text),
            )
        )
    session.flush()
    for index, room in enumerate(defaults.ROOMS):
        _add_room(uow, campus.id, index, room)
    _add_items(uow)


def seed_type(uow: UnitOfWork, kind: defaults.DefaultType, items: Sequence[defaults.DefaultItem]) -> bool:
    """Add an exam type with its items, unless there is one of this code, in use or not; return whether it was added."""
    session = uow.session
    if session.get(ExamTypeRow, kind.code) is not None:
        return False
    last, place = session.execute(select(func.max(ExamTypeRow.id), func.max(ExamTypeRow.position))).one()
    session.add(
        ExamTypeRow(
            id=(last or 0) + 1,
            code=kind.code,
            position=(place or 0) + 1,
            name=kind.name,
            name_en=kind.name_en,
            hp_required=False,
            slot_minutes=kind.slot_minutes,
            pinyin=initials(kind.name),
        )
    )
    session.flush()
    known = set(session.scalars(select(ExamItemRow.code)))
    first = int(session.execute(select(func.coalesce(func.max(ExamItemRow.position), 0))).scalar_one())
    parts = {row.name: row.code for row in session.scalars(select(BodyPartRow))}
    for place, item in enumerate((one for one in items if one.code not in known), first + 1):
        session.add(_item_row(item, place, parts.get(item.body_part, "")))
    session.flush()
    return True


def _item_row(item: defaults.DefaultItem, place: int, body_part_code: str) -> ExamItemRow:
    return ExamItemRow(
        exam_type=item.exam_type,
        code=item.code,
        position=place,
        name=item.name,
        name_en=item.name_en,
        body_part=item.body_part,
        body_part_dicom=item.body_part_dicom,
        body_part_code=body_part_code,
        price_fen=item.price_yuan * 100,
        pinyin=item.initials,
    )


def _add_room(uow: UnitOfWork, campus_id: int, index: int, room: defaults.DefaultRoom) -> None:
    row = RoomRow(
        campus_id=campus_id,
        code=room.code,
        position=index + 1,
        name=room.name,
        name_en=room.name_en,
        spoken_name=room.spoken,
        spoken_name_en=room.name_en,
        queue_letter=chr(ord("A") + index),
        exam_types=list(room.exam_types),
        pinyin=initials(room.name),
    )
    uow.session.add(row)
    uow.session.flush()
    for place, (name, modality, ae_title) in enumerate(room.devices, 1):
        uow.session.add(
            DeviceRow(
                room_id=row.id,
                code=ae_title,
                name=name,
                modality=modality,
                ae_title=ae_title,
                position=index * 10 + place,
                pinyin=initials(name),
            )
        )


def _add_items(uow: UnitOfWork) -> None:
    parts: dict[tuple[str, str], str] = {}
    for place, item in enumerate(defaults.ITEMS, 1):
        part = (item.body_part, item.body_part_dicom)
        if part not in parts:
            double = item.body_part_dicom in parts.values()
            parts[part] = f"{item.body_part_dicom}{len(parts)}" if double else item.body_part_dicom
            uow.session.add(
                BodyPartRow(
                    code=parts[part],
                    position=len(parts),
                    name=item.body_part,
                    name_en=item.body_part_dicom.capitalize(),
                    dicom=item.body_part_dicom,
                    pinyin=initials(item.body_part),
                )
            )
        uow.session.add(_item_row(item, place, parts[part]))
