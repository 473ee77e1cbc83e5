"""Assisted reading (AI诊断): services that are configured, requests to them, their answers.

A service is a JSON endpoint or a DICOM node; what it knows is its own. Images go to it through a routing target. After
a change `Changed("remote_order", exam_id, 0)` goes out. A JSON service gets `POST url` with a ServiceCall; it answers
a ServiceAnswer, and while its `state` is "working" it is asked again with `GET url/id`.
A DICOM service answers with structured reports and segmentations of the exam's study.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from shared.contract.base import AuditClass, Command, Query
from shared.domain.permissions import Permission


class ServiceKind(StrEnum):
    """How a service is spoken to."""

    JSON = "json"
    DICOM = "dicom"


class OrderState(StrEnum):
    """Where a request stands."""

    WAITING = "waiting"  # not yet at the service
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ServiceField(msgspec.Struct, frozen=True, kw_only=True):
    """What a service wants to be told; with choices one of them."""

    key: str
    label: str
    is_required: bool = False
    choices: tuple[str, ...] = ()


class AssistService(msgspec.Struct, frozen=True, kw_only=True):
    """A configured service. `target_id`: routing target that gets the images first; 0: none.

    `token_file` names a file in the server's secrets folder whose text is sent as bearer token.
    """

    id: int
    version: int
    name: str
    kind: ServiceKind
    url: str = ""  # of a JSON service
    token_file: str = ""
    target_id: int = 0
    exam_types: tuple[str, ...] = ()  # empty: all
    fields: tuple[ServiceField, ...] = ()
    timeout_minutes: int = 60
    is_active: bool = True


class ServiceCall(msgspec.Struct, frozen=True, kw_only=True):
    """What a JSON service is sent; no name and no number of the patient."""

    order: str  # the same for a repetition
    service: str
    accession_number: str
    exam_type: str
    body_part: str
    sex: str
    age: str
    study_uids: tuple[str, ...]
    fields: dict[str, str]


class ServiceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a JSON service answers; `state` is done, working or failed. Texts are plain."""

    state: str
    id: str = ""  # to ask again with
    findings: str = ""
    impression: str = ""
    message: str = ""


class AssistOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A request to a service, and its answer; texts are the report's rich text subset."""

    id: int
    version: int
    state: OrderState
    exam_id: int
    service_id: int
    service: str
    fields: dict[str, str]
    asked_by: str
    asked_at: datetime
    answered_at: datetime | None
    findings: str
    impression: str
    sentence: str  # why it failed, or what the service says
    object_uids: tuple[str, ...]  # structured reports and segmentations that came


class ListServices(Query[tuple[AssistService, ...]], frozen=True, kw_only=True):
    """The services; with `exam_type` only active ones for it."""

    method = "remote_services.list"
    permission = Permission.REPORT
    audit = AuditClass.ROUTINE

    exam_type: str = ""


class SaveService(Command[AssistService], frozen=True, kw_only=True):
    """Add (`id` 0) or change a service. Refusals: INVALID, CONFLICT, NOT_FOUND."""

    method = "remote_services.save"
    permission = Permission.ADMINISTER
    audit = AuditClass.SETTINGS

    service: AssistService


class OrderService(Command[AssistOrder], frozen=True, kw_only=True):
    """Send a request. Refusals: INVALID (a field), ILLEGAL_ACTION (no images, one runs already), NOT_FOUND."""

    method = "remote_services.order"
    permission = Permission.REPORT
    audit = AuditClass.EXPORT

    exam_id: int
    service_id: int
    fields: dict[str, str] = msgspec.field(default_factory=dict)


class CancelOrder(Command[AssistOrder], frozen=True, kw_only=True):
    """Do not wait any longer. Refusals: NOT_FOUND, ILLEGAL_ACTION (answered)."""

    method = "remote_services.cancel"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    exam_id: int
    order_id: int


class ListOrders(Query[tuple[AssistOrder, ...]], frozen=True, kw_only=True):
    """The requests for an exam, newest first (订单记录)."""

    method = "remote_services.list_orders"
    permission = Permission.REPORT
    audit = AuditClass.REPORT

    exam_id: int
