"""Handlers of connections and the journal of messages."""

from __future__ import annotations

from server.interfaces import journal, outgoing
from server.interfaces.connections import Connections
from server.interfaces.intake import Intake
from server.interfaces.lines import Unreachable
from server.interfaces.outgoing import Outgoing
from server.interfaces.sending import Lines
from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller, handles, handles_alone
from shared.contract.base import Nothing
from shared.contract.interfaces import (
    ConnectionView,
    GetMessage,
    GiveUpMessage,
    InterfaceKind,
    ListConnections,
    ListMessages,
    MessageList,
    MessageText,
    MessageView,
    ProcessMessageAgain,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    TestConnection,
)


class InterfacesRpc:
    """What administrators ask about the exchange with hospital systems."""

    def __init__(
        self, database: Database, connections: Connections, intake: Intake, outgoing_: Outgoing, lines: Lines
    ) -> None:
        self._database = database
        self._connections = connections
        self._intake = intake
        self._outgoing = outgoing_
        self._lines = lines

    @handles
    def list_connections(self, request: ListConnections, caller: Caller, uow: UnitOfWork) -> tuple[ConnectionView, ...]:
        return self._connections.all(uow)

    @handles
    def save_connection(self, request: SaveConnection, caller: Caller, uow: UnitOfWork) -> ConnectionView:
        row, view = self._connections.save(uow, request)
        if view.kind in (InterfaceKind.HL7_OUT, InterfaceKind.FHIR_OUT):
            outgoing.drive(uow, row)  # what waits goes by the new settings, at once
        return view

    @handles
    def remove_connection(self, request: RemoveConnection, caller: Caller, uow: UnitOfWork) -> Nothing:
        self._connections.remove(uow, request.id)
        return Nothing()

    @handles_alone
    def test_connection(self, request: TestConnection, caller: Caller) -> str:
        with self._database.read() as uow:
            row = self._connections.get(uow, request.id)
        try:
            if row.kind == InterfaceKind.HL7_IN:
                return "该连接由对方发起，请让对方发送一条消息，再查看消息记录。"
            if row.kind == InterfaceKind.HL7_OUT:
                self._lines.mllp(row).close()
                return ""
            answer = self._lines.fhir(row).get("metadata")
        except Unreachable as unreachable:
            return f"对方没有应答：{unreachable}"
        if answer.status != 200:
            return f"对方有应答，但返回 {answer.status}，请核对地址和令牌。"
        is_fhir = (answer.body or {}).get("resourceType") == "CapabilityStatement"
        return "" if is_fhir else "对方有应答，但不是 FHIR 服务，请核对地址。"

    @handles
    def list_messages(self, request: ListMessages, caller: Caller, uow: UnitOfWork) -> MessageList:
        return journal.listed(uow, request)

    @handles
    def get_message(self, request: GetMessage, caller: Caller, uow: UnitOfWork) -> MessageText:
        return journal.text_of(journal.get(uow, request.message_id))

    @handles_alone
    def process_again(self, request: ProcessMessageAgain, caller: Caller) -> MessageView:
        return self._intake.process_again(request.message_id)

    @handles
    def resend(self, request: ResendMessage, caller: Caller, uow: UnitOfWork) -> MessageView:
        return journal.view_of(self._outgoing.resend(uow, request.message_id))

    @handles
    def give_up(self, request: GiveUpMessage, caller: Caller, uow: UnitOfWork) -> MessageView:
        return journal.view_of(self._outgoing.give_up(uow, request.message_id, request.reason))
