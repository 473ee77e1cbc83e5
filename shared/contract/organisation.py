"""The hospital as workstations hold it in memory, and DICOM peers; how its rows are kept stands in master.py."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Nothing, Query
from shared.domain.permissions import Permission
from shared.domain.states import PatientType


class CampusView(msgspec.Struct, frozen=True, kw_only=True):
    """院区 (科室/部门): the department that performs exams."""

    id: int
    code: str
    name: str
    name_en: str
    pinyin: str = ""  # initials, for quick entry


class DepartmentView(msgspec.Struct, frozen=True, kw_only=True):
    """科室 of a campus. Only what `performs` has rooms; every active one may ask for exams (请检科室)."""

    id: int
    campus_id: int
    code: str
    name: str
    name_en: str
    performs: bool
    pinyin: str = ""


class RoomView(msgspec.Struct, frozen=True, kw_only=True):
    """检查室. `spoken_name` is what the voice says."""

    id: int
    campus_id: int
    code: str
    name: str
    name_en: str
    spoken_name: str
    exam_types: tuple[str, ...]  # codes of ExamTypeView
    department_id: int | None = None
    location: str = ""  # the way there, printed on tickets: "门诊楼一层"
    pinyin: str = ""


class DeviceView(msgspec.Struct, frozen=True, kw_only=True):
    """A modality in a room; `ae_title` is how it calls us."""

    id: int
    room_id: int
    name: str
    modality: str  # DICOM (0008,0060)
    ae_title: str
    code: str = ""


class ExamTypeView(msgspec.Struct, frozen=True, kw_only=True):
    """检查类型: CT, MR, DR, CR, MG …; `code` is the DICOM modality where there is one."""

    code: str
    name: str
    name_en: str
    hp_required: bool  # RIS-OPN-08
    slot_minutes: int
    id: int = 0
    choices: str = ""  # what its reports ask for beside HP, as shared.domain.report_choices reads it


class BodyPartView(msgspec.Struct, frozen=True, kw_only=True):
    """检查部位. `dicom` is the defined term of (0018,0015), PS3.16 annex L."""

    id: int
    code: str
    name: str
    name_en: str
    dicom: str
    pinyin: str = ""


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
    duration_minutes: int = 0  # of this item; 0: the exam type's slot_minutes
    preparation: str = ""  # 检查前准备, printed on the ticket
    preparation_en: str = ""
    body_part_code: str = ""  # of BodyPartView


class MarkColour(StrEnum):
    """Colour of a mark; workstations draw it as their theme can show it."""

    RED = "red"
    ORANGE = "orange"
    BLUE = "blue"
    CYAN = "cyan"
    GREEN = "green"
    GREY = "grey"


class PatientTypeView(msgspec.Struct, frozen=True, kw_only=True):
    """患者类型 as configured (RIS-REG-26): what exams name as `patient_kind`.

    `priority` is the class that orders lists and queues; an exam's `patient_type` is always the class of its kind.
    The rows coded "emergency", "vip" and "ordinary" are there from the first start.
    """

    id: int
    code: str
    name: str
    name_en: str
    priority: PatientType
    colour: MarkColour
    pinyin: str = ""


class Dictionary(StrEnum):
    """A list of words that a form offers."""

    REQUESTING_DOCTOR = "requesting_doctor"  # 请检医生
    DIAGNOSIS = "diagnosis"  # 临床诊断
    PURPOSE = "purpose"  # 检查目的
    HISTORY = "history"  # 病史摘要
    SIGNS = "signs"  # 患者体征
    CANCEL_REASON = "cancel_reason"  # 取消原因
    RETURN_REASON = "return_reason"  # 退回理由, of reports


class WordView(msgspec.Struct, frozen=True, kw_only=True):
    """A word of a dictionary."""

    id: int
    dictionary: Dictionary
    code: str
    text: str
    text_en: str
    pinyin: str = ""


class HospitalView(msgspec.Struct, frozen=True, kw_only=True):
    """All master data that a workstation holds in memory: what may be chosen now, in the hospital's order.

    Fetched at start and on notice. Rows out of use are left out, and what the account's limits shut off.
    """

    version: int
    name: str
    name_en: str
    campuses: tuple[CampusView, ...]
    rooms: tuple[RoomView, ...]
    devices: tuple[DeviceView, ...]
    exam_types: tuple[ExamTypeView, ...]
    exam_items: tuple[ExamItemView, ...]
    departments: tuple[DepartmentView, ...] = ()
    body_parts: tuple[BodyPartView, ...] = ()
    patient_types: tuple[PatientTypeView, ...] = ()
    words: tuple[WordView, ...] = ()


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
