"""Connections and a journal of messages for the administrator's screens; what is saved is kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared.contract.base import Nothing
from shared.contract.errors import ErrorBody, ErrorCode, error_for
from shared.contract.interfaces import (
    ConnectionView,
    Direction,
    GetMessage,
    GiveUpMessage,
    InterfaceKind,
    ListConnections,
    ListMessages,
    MessageList,
    MessageState,
    MessageText,
    MessageView,
    ProcessMessageAgain,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    StatusForm,
    TestConnection,
)

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
ORDER = (
    "MSH|^~\\&|HIS|东区医院|MINGJING|RIS|20261121081500||ORM^O01|M1|P|2.5.1||||||UNICODE UTF-8\n"
    "PID|1||C0001^^^HIS^PI~11010519491231002X^^^GA^NI||王^小明||19491231|F|||朝阳路1号^^北京市^^100020||13800138000\n"
    "ORC|NW|REQ1|||||1^^^20261121080000^^R||20261121080000|||D01^李^医生||||内科门诊\n"
    "OBR|1|REQ1||HIS-77^头颅检查^L|||||||||头痛三天\n"
)
ANSWER = (
    "MSH|^~\\&|MINGJING|RIS|HIS|东区医院|20261121081501+0800||ACK^O01^ACK|1A|P|2.5.1\nMSA|AE|M1|the item code\n"
    "ERR||OBR^1^4|204^Unknown key identifier^HL70357|E\n"
)


def a_connection(number: int, kind: InterfaceKind, **changes: Any) -> ConnectionView:
    """Return a connection; tests name only what matters."""
    values: dict[str, Any] = {
        "id": number,
        "version": 1,
        "name": f"{kind}",
        "kind": kind,
        "enabled": True,
        "host": "192.168.1.20" if kind in (InterfaceKind.HL7_IN, InterfaceKind.HL7_OUT) else "",
        "port": 6661 if kind is InterfaceKind.HL7_OUT else 0,
        "tls": False,
        "url": "https://his.example/fhir" if kind in (InterfaceKind.FHIR_QUERY, InterfaceKind.FHIR_OUT) else "",
        "token_file": "",
        "application": "",
        "facility": "东区医院",
        "own_application": "MINGJING",
        "own_facility": "",
        "hl7_version": "2.5.1",
        "character_set": "GBK",
        "form": StatusForm.TASK if kind is InterfaceKind.FHIR_OUT else StatusForm.ORM,
        "happenings": (),
        "codes": {"HIS-77": "CT001"},
        "identifiers": {},
        "identifier_system": "",
        "patient_system": "",
        "allows_tests": False,
        "timeout_s": 5.0,
        "waiting": 3 if kind is InterfaceKind.HL7_OUT else 0,
        "dead": 1,
        "failures": 0,
        "down_since": None,
        "next_try": None,
        "last_error": "对方没有应答：192.168.1.20:6661 does not answer (Connection refused)"
        if kind is InterfaceKind.HL7_OUT
        else "",
    }
    return ConnectionView(**(values | changes))


def a_message(number: int, state: MessageState, **changes: Any) -> MessageView:
    """Return a message of the journal."""
    direction = Direction.IN if state in (MessageState.ACCEPTED, MessageState.REFUSED) else Direction.OUT
    sentences = {
        MessageState.ACCEPTED: f"申请单 REQ{number} 已接收",
        MessageState.REFUSED: "找不到对应的记录或代码（OBR-4）：the item code 'HIS-77' is not in the dictionary",
        MessageState.WAITING: "对方没有应答：192.168.1.20:6661 does not answer (Connection refused)",
        MessageState.DEAD: "对方返回 AR：Unknown order",
    }
    codes = {MessageState.ACCEPTED: "AA", MessageState.REFUSED: "AE", MessageState.SENT: "AA", MessageState.DEAD: "AR"}
    values: dict[str, Any] = {
        "id": number,
        "direction": direction,
        "connection_id": 1,
        "connection_name": "东区 HIS",
        "at": NOW - timedelta(minutes=number),
        "message_type": "ORM^O01",
        "control_id": f"M{number}",
        "state": state,
        "ack_code": codes.get(state, ""),
        "sentence": sentences.get(state, ""),
        "patient_name": ("王小明", "李小红", "欧阳娜娜")[number % 3],
        "order_number": f"REQ{number}",
        "accession_number": "" if direction is Direction.IN else f"261121CT{number:04}",
        "attempts": 1,
        "repeats": 0,
        "next_try": None,
        "finished_at": NOW,
    }
    return MessageView(**(values | changes))


class FakeInterfaces:
    """`replies` is for a FakeConnection."""

    def __init__(self) -> None:
        self.connections = {n: a_connection(n, kind) for n, kind in enumerate(InterfaceKind, 1)}
        self.messages = {n: a_message(n, state) for n, state in enumerate((*MessageState, *MessageState), 1)}
        self.answer = ""

    def replies(self) -> dict[type[Any], Callable[[Any], Any]]:
        """Each request's answer."""
        return {
            ListConnections: lambda _request: tuple(self.connections.values()),
            SaveConnection: self._save,
            RemoveConnection: self._remove,
            TestConnection: lambda _request: self.answer,
            ListMessages: self._list,
            GetMessage: lambda request: MessageText(
                message=self.messages[request.message_id], text=ORDER, answer=ANSWER
            ),
            ProcessMessageAgain: lambda request: self._become(request, MessageState.ACCEPTED),
            ResendMessage: lambda request: self._become(request, MessageState.WAITING),
            GiveUpMessage: lambda request: self._become(request, MessageState.CANCELLED),
        }

    def _save(self, request: SaveConnection) -> ConnectionView:
        if request.kind is InterfaceKind.HL7_IN and request.host == "wrong":
            raise error_for(ErrorBody(code=ErrorCode.INVALID, message="请填写对方的 IP 地址或网段。", field="host"))
        number = request.id or max(self.connections, default=0) + 1
        values = msgspec.structs.asdict(request) | {"id": number, "version": request.version + 1}
        values.pop("key", None)
        state = dict.fromkeys(("waiting", "dead", "failures"), 0) | {"down_since": None, "next_try": None}
        fields = ConnectionView.__struct_fields__
        known = {name: value for name, value in values.items() if name in fields}
        self.connections[number] = ConnectionView(**(known | state), last_error="")
        return self.connections[number]

    def _remove(self, request: RemoveConnection) -> Nothing:
        del self.connections[request.id]
        return Nothing()

    def _list(self, request: ListMessages) -> MessageList:
        rows = tuple(
            one
            for one in self.messages.values()
            if (not request.states or one.state in request.states)
            and (request.direction is None or one.direction is request.direction)
            and (not request.text or request.text in (one.patient_name, one.order_number, one.accession_number))
        )
        return MessageList(total=len(rows), rows=rows)

    def _become(self, request: Any, state: MessageState) -> MessageView:
        changed = msgspec.structs.replace(self.messages[request.message_id], state=state)
        self.messages[request.message_id] = changed
        return changed
