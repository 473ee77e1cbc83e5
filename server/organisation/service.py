"""Use cases of the master data; hands out one immutable picture of the hospital, kept until it changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.organisation import defaults
from server.organisation.rules import fault_of_ae_title, fault_of_encoding, fault_of_endpoint
from server.organisation.tables import (
    CampusRow,
    DeviceRow,
    ExamItemRow,
    ExamTypeRow,
    HospitalRow,
    PeerRow,
    RoomRow,
)
from shared.contract.base import Changed
from shared.contract.organisation import (
    CampusView,
    DeviceView,
    ExamItemView,
    ExamTypeView,
    HospitalView,
    PeerView,
    RoomView,
    SavePeer,
)

_HOSPITAL_ID = 1
_CHANGED = "organisation_changed"
_SEEN = "organisation_seen"


@dataclass(frozen=True)
class Hospital:
    """The master data at one version, with the look-ups that other areas need."""

    view: HospitalView
    queue_letters: dict[int, str]
    spoken_en: dict[int, str]

    @cached_property
    def rooms(self) -> dict[int, RoomView]:
        return {room.id: room for room in self.view.rooms}

    @cached_property
    def exam_types(self) -> dict[str, ExamTypeView]:
        return {exam_type.code: exam_type for exam_type in self.view.exam_types}

    @cached_property
    def items(self) -> dict[str, ExamItemView]:
        return {item.code: item for item in self.view.exam_items}

    @cached_property
    def devices_of_room(self) -> dict[int, tuple[DeviceView, ...]]:
        return {room.id: tuple(d for d in self.view.devices if d.room_id == room.id) for room in self.view.rooms}

    @cached_property
    def device_of_ae(self) -> dict[str, DeviceView]:
        return {device.ae_title: device for device in self.view.devices}

    def room(self, room_id: int, field: str = "room_id") -> RoomView:
        """Return the room. Raises INVALID naming `field` when there is none."""
        found = self.rooms.get(room_id)
        if found is None:
            raise invalid(field, "请选择一个检查室。")
        return found

    def exam_type(self, code: str, field: str = "exam_type") -> ExamTypeView:
        """Return the exam type. Raises INVALID naming `field` when there is none."""
        found = self.exam_types.get(code)
        if found is None:
            raise invalid(field, f"没有检查类型“{code}”，请从列表中选择。")
        return found


class OrganisationService:
    """Master data and DICOM peers. Thread-safe: the kept picture is replaced as a whole."""

    def __init__(self) -> None:
        self._kept: Hospital | None = None

    def hospital(self, uow: UnitOfWork) -> Hospital:
        """Return the present master data; one tiny query per unit of work when nothing changed."""
        seen: Hospital | None = uow.session.info.get(_SEEN)
        if seen is not None:
            return seen
        row = uow.session.get(HospitalRow, _HOSPITAL_ID)
        if row is None:
            raise not_found("医院基础数据")
        kept = self._kept
        if kept is not None and kept.view.version == row.version:
            uow.session.info[_SEEN] = kept
            return kept
        fresh = uow.session.info[_SEEN] = _read(uow, row)
        if _CHANGED not in uow.session.info:  # a change may still be rolled back and its version given again
            self._kept = fresh
        return fresh

    def seed_defaults(self, uow: UnitOfWork) -> bool:
        """Make the demonstration hospital unless there is a hospital already; return whether it was made."""
        if uow.session.get(HospitalRow, _HOSPITAL_ID) is not None:
            return False
        session = uow.session
        name, name_en = defaults.HOSPITAL
        session.add(HospitalRow(id=_HOSPITAL_ID, version=0, name=name, name_en=name_en))
        code, campus_name, campus_name_en = defaults.CAMPUS
        campus = CampusRow(code=code, name=campus_name, name_en=campus_name_en)
        session.add(campus)
        for position, kind in enumerate(defaults.TYPES):
            session.add(
                ExamTypeRow(
                    code=kind.code,
                    position=position,
                    name=kind.name,
                    name_en=kind.name_en,
                    hp_required=False,
                    slot_minutes=kind.slot_minutes,
                )
            )
        session.flush()
        for index, room in enumerate(defaults.ROOMS):
            _add_room(uow, campus.id, index, room)
        for item in defaults.ITEMS:
            session.add(
                ExamItemRow(
                    exam_type=item.exam_type,
                    code=item.code,
                    name=item.name,
                    name_en=item.name_en,
                    body_part=item.body_part,
                    body_part_dicom=item.body_part_dicom,
                    price_fen=item.price_yuan * 100,
                    pinyin=item.initials,
                )
            )
        self._count_change(uow)
        return True

    def list_peers(self, uow: UnitOfWork) -> tuple[PeerView, ...]:
        """Return all peers by AE title."""
        return tuple(_peer_view(row) for row in uow.session.scalars(select(PeerRow).order_by(PeerRow.ae_title)))

    def find_peer(self, uow: UnitOfWork, ae_title: str) -> PeerView | None:
        """Return the peer of this AE title (surrounding spaces do not count, PS3.5 6.2)."""
        row = uow.session.get(PeerRow, ae_title.strip(" "))
        return None if row is None else _peer_view(row)

    def save_peer(self, uow: UnitOfWork, caller: Caller, request: SavePeer) -> PeerView:
        """Add or change a peer. Raises INVALID."""
        fault = fault_of_ae_title(request.ae_title)
        if fault is not None:
            raise invalid("ae_title", fault)
        wrong = fault_of_endpoint(request.host, request.port) or fault_of_encoding(
            request.character_set, request.transfer_syntaxes
        )
        if wrong is not None:
            raise invalid(*wrong)
        row = uow.session.get(PeerRow, request.ae_title) or PeerRow(ae_title=request.ae_title)
        row.host, row.port, row.description = request.host, request.port, request.description
        for name in _PEER_OPTIONS:
            setattr(row, name, getattr(request, name))
        row.transfer_syntaxes = "\\".join(dict.fromkeys(request.transfer_syntaxes))
        uow.session.add(row)
        self._count_change(uow)
        return _peer_view(row)

    def remove_peer(self, uow: UnitOfWork, caller: Caller, ae_title: str) -> None:
        """Forget a peer. Raises NOT_FOUND."""
        row = uow.session.get(PeerRow, ae_title.strip(" "))
        if row is None:
            raise not_found(f"DICOM 节点“{ae_title}”")
        uow.session.delete(row)
        self._count_change(uow)

    def _count_change(self, uow: UnitOfWork) -> None:
        hospital = uow.session.get_one(HospitalRow, _HOSPITAL_ID)
        hospital.version += 1
        uow.session.info[_CHANGED] = True
        uow.session.info.pop(_SEEN, None)
        uow.session.flush()
        uow.publish(Changed(entity="hospital", id=_HOSPITAL_ID, version=hospital.version))


def _add_room(uow: UnitOfWork, campus_id: int, index: int, room: defaults.DefaultRoom) -> None:
    row = RoomRow(
        campus_id=campus_id,
        code=room.code,
        name=room.name,
        name_en=room.name_en,
        spoken_name=room.spoken,
        spoken_name_en=room.name_en,
        queue_letter=chr(ord("A") + index),
        exam_types=list(room.exam_types),
    )
    uow.session.add(row)
    uow.session.flush()
    for name, modality, ae_title in room.devices:
        uow.session.add(DeviceRow(room_id=row.id, name=name, modality=modality, ae_title=ae_title))


def _read(uow: UnitOfWork, hospital: HospitalRow) -> Hospital:
    session = uow.session
    rooms = session.scalars(select(RoomRow).order_by(RoomRow.id)).all()
    view = HospitalView(
        version=hospital.version,
        name=hospital.name,
        name_en=hospital.name_en,
        campuses=tuple(
            CampusView(id=row.id, code=row.code, name=row.name, name_en=row.name_en)
            for row in session.scalars(select(CampusRow).order_by(CampusRow.id))
        ),
        rooms=tuple(
            RoomView(
                id=row.id,
                campus_id=row.campus_id,
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                spoken_name=row.spoken_name,
                exam_types=tuple(row.exam_types),
            )
            for row in rooms
        ),
        devices=tuple(
            DeviceView(id=row.id, room_id=row.room_id, name=row.name, modality=row.modality, ae_title=row.ae_title)
            for row in session.scalars(select(DeviceRow).order_by(DeviceRow.id))
        ),
        exam_types=tuple(
            ExamTypeView(
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                hp_required=row.hp_required,
                slot_minutes=row.slot_minutes,
            )
            for row in session.scalars(select(ExamTypeRow).order_by(ExamTypeRow.position))
        ),
        exam_items=tuple(
            ExamItemView(
                id=row.id,
                exam_type=row.exam_type,
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                body_part=row.body_part,
                body_part_dicom=row.body_part_dicom,
                price_fen=row.price_fen,
                pinyin=row.pinyin,
            )
            for row in session.scalars(select(ExamItemRow).order_by(ExamItemRow.id))
        ),
    )
    return Hospital(
        view=view,
        queue_letters={row.id: row.queue_letter for row in rooms},
        spoken_en={row.id: row.spoken_name_en for row in rooms},
    )


def _peer_view(row: PeerRow) -> PeerView:
    return PeerView(
        ae_title=row.ae_title,
        host=row.host,
        port=row.port,
        description=row.description,
        **{name: getattr(row, name) for name in _PEER_OPTIONS},
        transfer_syntaxes=tuple(row.transfer_syntaxes.split("\\")) if row.transfer_syntaxes else (),
    )


_PEER_OPTIONS = (
    "may_store",
    "may_query",
    "may_retrieve",
    "may_use_worklist",
    "may_report_steps",
    "may_request_commitment",
    "tls",
    "character_set",
    "ascii_names",
)
"""What a peer's row, its view and the command to save it call alike."""
