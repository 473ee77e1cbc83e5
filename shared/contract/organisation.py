"""The hospital: campuses, rooms, devices, exam types and items, DICOM peers."""

from __future__ import annotations

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission


class CampusView(msgspec.Struct, frozen=True, kw_only=True):
    """院区 (科室/部门): the department that performs exams."""

    id: int
    code: str
    name: str
    name_en: str


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """检查室. `spoken_name` is what the voice says."""

    id: int
    campus_id: int
    code: str
    name: str
    name_en: str
    spoken_name: str
    exam_types: tuple[str, ...]  # codes of ExamTypeView


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A modality in a room; `ae_title` is how it calls us."""

    id: int
    room_id: int
    name: str
    modality: str  # DICOM (0008,0060)
    ae_title: str


class ExamTypeView(msgspec.Struct, frozen=True, kw_only=True):
    """检查类型: CT, MR, DR, CR, MG …; `code` is the DICOM modality where there is one."""

    code: str
    name: str
    name_en: str
    hp_required: bool  # RIS-OPN-08
    slot_minutes: int


class ExamItemView(msgspec.Struct, frozen=True, kw_only=True):
    """检查项目 of the dictionary. Price in fen (1/100 yuan)."""

    id: int
    exam_type: str
    code: str
    name: str
    name_en: str
    body_part: str
    body_part_dicom: str  # (0018,0015)
    price_fen: int
    pinyin: str  # initials, for quick entry


class HospitalView(msgspec.Struct, frozen=True, kw_only=True):
    """All master data that a workstation holds in memory; small, fetched at start and on notice."""

    version: int
    name: str
    name_en: str
    campuses: tuple[CampusView, ...]
    rooms: tuple[RoomView, ...]
    devices: tuple[DeviceView, ...]
    exam_types: tuple[ExamTypeView, ...]
    exam_items: tuple[ExamItemView, ...]


class GetHospital(Query[HospitalView], frozen=True, kw_only=True):
    """The master data."""

    method = "organisation.get_hospital"
    permission = Permission.SIGNED_IN
    audit = AuditClass.ROUTINE


class PeerView(msgspec.Struct, frozen=True, kw_only=True):
    """A DICOM peer known to the server."""

    ae_title: str
    host: str
    port: int
    description: str
    may_store: bool
    may_query: bool
    may_retrieve: bool
    may_use_worklist: bool = True
    may_report_steps: bool = True
    may_request_commitment: bool = True
    tls: bool = False  # it is called by TLS and must call by TLS
    character_set: str = ""  # for answers, e.g. "GB18030" or "\\ISO 2022 IR 58"; empty: as the peer asks
    ascii_names: bool = False  # the device knows ASCII only: names and texts go to it in pinyin
    transfer_syntaxes: tuple[str, ...] = ()  # UIDs it shall get objects in where that loses nothing; empty: as stored


class ListPeers(Query[tuple[PeerView, ...]], frozen=True, kw_only=True):
    """All DICOM peers."""

    method = "organisation.list_peers"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS


class SavePeer(Command[PeerView], frozen=True, kw_only=True):
    """Add or change a DICOM peer (`mingjing ae add`).

    Refusals: INVALID (AE title PS3.5 6.2: 1 to 16 characters; a character set or transfer syntax that does not exist).
    """

    method = "organisation.save_peer"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    ae_title: str
    host: str
    port: int
    description: str = ""
    may_store: bool = True
    may_query: bool = True
    may_retrieve: bool = True
    may_use_worklist: bool = True
    may_report_steps: bool = True
    may_request_commitment: bool = True
    tls: bool = False
    character_set: str = ""
    ascii_names: bool = False
    transfer_syntaxes: tuple[str, ...] = ()


class RemovePeer(Command[Nothing], frozen=True, kw_only=True):
    """Forget a DICOM peer. Refusals: NOT_FOUND."""

    method = "organisation.remove_peer"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    ae_title: str
