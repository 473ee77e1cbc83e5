"""Use cases of connections: what is known of hospital systems, and who may call."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from server.interfaces import rules
from server.interfaces.people import FIELDS
from server.interfaces.tables import InterfaceConnection as Row
from server.interfaces.tables import InterfaceMessage
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from shared.contract.base import Changed
from shared.contract.interfaces import (
    ConnectionView,
    ExamHappening,
    InterfaceKind,
    MessageState,
    SaveConnection,
    StatusForm,
)
from shared.hl7.charsets import NAMES_WE_WRITE

MAX_CONNECTIONS = 100
_MAX_CODES = 2000
_VERSION = re.compile(r"2\.[3-7](\.[12])?")
_TOKEN_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,253}[A-Za-z0-9])?")
_PLAIN = re.compile(r"[^\x00-\x1f\x7f|^~\\&]*")
_HL7 = (InterfaceKind.HL7_IN, InterfaceKind.HL7_OUT)
_FHIR_FORMS = (StatusForm.TASK, StatusForm.SERVICE_REQUEST, StatusForm.RESULTS)
_OUT = (InterfaceKind.HL7_OUT, InterfaceKind.FHIR_OUT)


class Connections:
    """Connections. Methods work in the caller's unit of work and never commit."""

    def all(self, uow: UnitOfWork) -> tuple[ConnectionView, ...]:
        """Return all connections by name."""
        rows = uow.session.scalars(select(Row).order_by(Row.name, Row.id)).all()
        counts = _counts(uow)
        return tuple(view_of(row, counts) for row in rows)

    def get(self, uow: UnitOfWork, connection_id: int) -> Row:
        """Return one row. Raises NOT_FOUND."""
        row = uow.session.get(Row, connection_id)
        if row is None:
            raise not_found("接口连接")
        return row

    def save(self, uow: UnitOfWork, request: SaveConnection) -> tuple[Row, ConnectionView]:
        """Add or change. Raises NOT_FOUND, CONFLICT, INVALID."""
        name = request.name.strip()
        if not 1 <= len(name) <= 64 or not name.isprintable():
            raise invalid("name", "请填写名称，最多 64 个字符。")
        taken = select(Row.id).where(Row.name == name, Row.id != request.id)
        if uow.session.execute(taken).first() is not None:
            raise invalid("name", "已有同名的连接，请换一个名称。")
        _check(request)
        if request.id:
            row = self.get(uow, request.id)
            row.expect(request.version)
            if row.kind != request.kind.value:
                raise invalid("kind", "连接的用途不能更改，请新建一个连接。")
            row.touch()
        else:
            if uow.session.execute(select(func.count()).select_from(Row)).scalar_one() >= MAX_CONNECTIONS:
                raise invalid("name", f"最多 {MAX_CONNECTIONS} 个连接，请先删除不用的连接。")
            row = Row(version=1)
        row.name, row.kind, row.enabled = name, request.kind.value, request.enabled
        is_hl7 = request.kind in _HL7
        row.host = request.host.strip() if is_hl7 else ""
        row.port = request.port if request.kind is InterfaceKind.HL7_OUT else 0
        row.tls = request.tls and is_hl7
        row.url = "" if is_hl7 else request.url.strip().rstrip("/")
        row.token_file = "" if is_hl7 else request.token_file.strip()
        row.application, row.facility = request.application.strip(), request.facility.strip()
        row.own_application, row.own_facility = request.own_application.strip(), request.own_facility.strip()
        row.hl7_version, row.character_set, row.form = request.hl7_version, request.character_set, request.form.value
        row.happenings = [one.value for one in request.happenings]
        row.codes, row.identifiers = _trimmed(request.codes), _trimmed(request.identifiers)
        row.identifier_system, row.patient_system = request.identifier_system.strip(), request.patient_system.strip()
        row.allows_tests, row.timeout_s = request.allows_tests, request.timeout_s
        row.failures, row.down_since, row.next_try, row.last_error = 0, None, None, ""
        uow.session.add(row)
        uow.session.flush()
        uow.publish(Changed("interface", row.id, row.version))
        return row, view_of(row, _counts(uow))

    def remove(self, uow: UnitOfWork, connection_id: int) -> None:
        """Forget a connection with what waits for it. Raises NOT_FOUND."""
        row = self.get(uow, connection_id)
        waiting = InterfaceMessage.state == MessageState.WAITING
        uow.session.execute(delete(InterfaceMessage).where(InterfaceMessage.connection_id == connection_id, waiting))
        uow.session.delete(row)
        uow.publish(Changed("interface", connection_id, 0))

    def admits(self, uow: UnitOfWork, address: str, *, is_tls: bool) -> bool:
        """Whether some connection lets this address call."""
        return any(_fits(row, address, is_tls=is_tls) for row in self._of_kind(uow, InterfaceKind.HL7_IN))

    def sender(self, uow: UnitOfWork, address: str, application: str, facility: str, *, is_tls: bool) -> Row | None:
        """Return the connection that a message came by: the one that names most of its sender; None if none fits."""
        fitting = [
            row
            for row in self._of_kind(uow, InterfaceKind.HL7_IN)
            if _fits(row, address, is_tls=is_tls)
            and row.application in ("", application)
            and row.facility in ("", facility)
        ]
        return max(fitting, key=lambda row: (bool(row.facility), bool(row.application), bool(row.host)), default=None)

    def hold(self, uow: UnitOfWork, connection_id: int) -> None:
        """Let what comes by one connection be obeyed one after the other: in order, and without deadlocks."""
        uow.session.execute(select(Row.id).where(Row.id == connection_id).with_for_update())

    def of_kind(self, uow: UnitOfWork, kind: InterfaceKind) -> tuple[Row, ...]:
        """Return the enabled connections of a kind."""
        return self._of_kind(uow, kind)

    def outgoing(self, uow: UnitOfWork) -> tuple[Row, ...]:
        """Return all connections that send, those that are switched off too."""
        kinds = [kind.value for kind in _OUT]
        return tuple(uow.session.scalars(select(Row).where(Row.kind.in_(kinds)).order_by(Row.id)))

    def told(self, uow: UnitOfWork, happening: ExamHappening) -> tuple[Row, ...]:
        """Return the connections that want to know of a happening."""
        rows = [row for kind in _OUT for row in self._of_kind(uow, kind)]
        return tuple(row for row in rows if happening.value in _wanted(row))

    def _of_kind(self, uow: UnitOfWork, kind: InterfaceKind) -> tuple[Row, ...]:
        statement = select(Row).where(Row.kind == kind.value, Row.enabled).order_by(Row.id)
        return tuple(uow.session.scalars(statement))


def _wanted(row: Row) -> Sequence[str]:
    if row.form == StatusForm.RESULTS:
        return ()
    if row.form == StatusForm.CHARGES:
        return row.happenings or rules.CHARGED_BY_DEFAULT
    return row.happenings or tuple(ExamHappening)


def _fits(row: Row, address: str, *, is_tls: bool) -> bool:
    if row.tls and not is_tls:
        return False
    if not row.host:
        return True
    try:
        caller = ipaddress.ip_address(address)
        if isinstance(caller, ipaddress.IPv6Address) and caller.ipv4_mapped is not None:
            caller = caller.ipv4_mapped
        if row.host == "localhost":
            return caller.is_loopback
        return caller in ipaddress.ip_network(row.host, strict=False)
    except ValueError:
        return False


def _check(request: SaveConnection) -> None:
    if request.kind is InterfaceKind.HL7_IN:
        _check_caller(request)
    elif request.kind is InterfaceKind.HL7_OUT:
        if not _HOST.fullmatch(request.host.strip()):
            raise invalid("host", "请填写对方的 IP 地址或主机名。")
        if not 1 <= request.port <= 65535:
            raise invalid("port", "端口须在 1 到 65535 之间。")
        if request.form not in (StatusForm.ORM, StatusForm.OMG, StatusForm.CHARGES, StatusForm.RESULTS):
            raise invalid("form", "HL7 连接请选择 ORM、OMG、计费或只发报告。")
        if request.form is StatusForm.CHARGES:
            _check_charges(request)
    else:
        _check_fhir(request)
    for field in ("application", "facility", "own_application", "own_facility"):
        text = getattr(request, field)
        if len(text) > 180 or not _PLAIN.fullmatch(text):
            raise invalid(field, "最多 180 个字符，不能含有 | ^ ~ \\ & 。")
    if not _VERSION.fullmatch(request.hl7_version):
        raise invalid("hl7_version", "HL7 版本请填 2.3 到 2.7，例如 2.5.1。")
    if request.character_set and request.character_set not in NAMES_WE_WRITE:
        raise invalid("character_set", f"字符集请选择 {'、'.join(NAMES_WE_WRITE)}。")
    if not 0.5 <= request.timeout_s <= 60:
        raise invalid("timeout_s", "等待时间须在 0.5 到 60 秒之间。")
    for field in ("identifier_system", "patient_system"):
        if len(getattr(request, field)) > 200 or not getattr(request, field).isprintable():
            raise invalid(field, "最多 200 个字符。")
    for field in ("codes", "identifiers"):
        _check_table(field, getattr(request, field))
    if any(value not in FIELDS for value in request.identifiers.values()):
        raise invalid("identifiers", f"号码类型只能对应 {'、'.join(FIELDS)}。")


def _check_charges(request: SaveConnection) -> None:
    """What is charged twice, or credited without a charge, is a mistake."""
    chosen = set(request.happenings)
    charged = {one for one in chosen if rules.CHARGES.get(one) == "CG"}
    if chosen - set(rules.CHARGES) or len(charged) > 1:
        raise invalid("happenings", "计费请只选“已登记”或“检查完成”之一；按登记计费时可加选“取消登记”。")
    if ExamHappening.CANCELLED in chosen and ExamHappening.REGISTERED not in chosen:
        raise invalid("happenings", "按登记计费时才能选“取消登记”（退费）。")


def _check_caller(request: SaveConnection) -> None:
    host = request.host.strip()
    if not host:
        if not request.application.strip() and not request.facility.strip():
            raise invalid("host", "请填写对方的 IP 地址，或至少填写对方的应用或机构名称。")
        return
    try:
        if host != "localhost":
            ipaddress.ip_network(host, strict=False)
    except ValueError:
        raise invalid("host", "请填写对方的 IP 地址或网段，例如 192.168.1.20 或 192.168.1.0/24。") from None


def _check_fhir(request: SaveConnection) -> None:
    url = request.url.strip()
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.username
        or parts.query
        or parts.fragment
        or not re.fullmatch(r"[\x21-\x7e]{8,400}", url)
    ):
        raise invalid("url", "请填写 http(s)://主机/… 形式的 FHIR 地址，不含账号和参数。")
    if request.token_file and not _TOKEN_FILE.fullmatch(request.token_file.strip()):
        raise invalid("token_file", "请填写 secrets 文件夹中的文件名，不含路径。")
    if request.kind is InterfaceKind.FHIR_OUT and request.form not in _FHIR_FORMS:
        raise invalid("form", "FHIR 连接请选择 Task、ServiceRequest 或只发报告。")


def _check_table(field: str, table: Mapping[str, str]) -> None:
    if len(table) > _MAX_CODES:
        raise invalid(field, f"最多 {_MAX_CODES} 行。")
    for key, value in table.items():
        if not 0 < len(key.strip()) <= 100 or not 0 < len(value.strip()) <= 32 or not (key + value).isprintable():
            raise invalid(field, f"“{key[:20]}”这一行不对：请写成 对方代码=本院代码。")


def _trimmed(table: Mapping[str, str]) -> dict[str, str]:
    return {key.strip(): value.strip() for key, value in table.items()}


Counts = Mapping[tuple[int, str], int]


def _counts(uow: UnitOfWork) -> dict[tuple[int, str], int]:
    states = (MessageState.WAITING, MessageState.DEAD, MessageState.REFUSED)
    statement = (
        select(InterfaceMessage.connection_id, InterfaceMessage.state, func.count())
        .where(InterfaceMessage.state.in_(states))
        .group_by(InterfaceMessage.connection_id, InterfaceMessage.state)
    )
    return {(one, state): count for one, state, count in uow.session.execute(statement)}


def view_of(row: Row, counts: Counts) -> ConnectionView:
    """Return a row as workstations see it."""

    def count(*states: MessageState) -> int:
        return sum(counts.get((row.id, state.value), 0) for state in states)

    return ConnectionView(
        id=row.id,
        version=row.version,
        name=row.name,
        kind=InterfaceKind(row.kind),
        enabled=row.enabled,
        host=row.host,
        port=row.port,
        tls=row.tls,
        url=row.url,
        token_file=row.token_file,
        application=row.application,
        facility=row.facility,
        own_application=row.own_application,
        own_facility=row.own_facility,
        hl7_version=row.hl7_version,
        character_set=row.character_set,
        form=StatusForm(row.form),
        happenings=tuple(ExamHappening(one) for one in row.happenings),
        codes=dict(row.codes),
        identifiers=dict(row.identifiers),
        identifier_system=row.identifier_system,
        patient_system=row.patient_system,
        allows_tests=row.allows_tests,
        timeout_s=row.timeout_s,
        waiting=count(MessageState.WAITING),
        dead=count(MessageState.DEAD, MessageState.REFUSED),
        failures=row.failures,
        down_since=row.down_since,
        next_try=row.next_try,
        last_error=row.last_error,
    )
