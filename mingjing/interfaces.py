"""`mingjing interface`: connections to hospital systems, and the journal of messages."""

from __future__ import annotations

import argparse
from typing import Any

from mingjing import session
from shared.contract.base import Page
from shared.contract.interfaces import (
    ConnectionView,
    ExamHappening,
    GetMessage,
    InterfaceKind,
    ListConnections,
    ListMessages,
    MessageState,
    ProcessMessageAgain,
    RemoveConnection,
    ResendMessage,
    SaveConnection,
    StatusForm,
    TestConnection,
)
from shared.rpc.client import RpcClient


def main(arguments: list[str]) -> int:
    """Add, list, test or remove connections; list, show, process or resend messages."""
    parser = argparse.ArgumentParser(prog="mingjing interface", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    _add_words(words)
    listing = words.add_parser("list", help="list all connections")
    remove = words.add_parser("remove", help="forget a connection with what waits for it")
    test = words.add_parser("test", help="try to reach the other side")
    for word in (remove, test):
        word.add_argument("name")
    messages = words.add_parser("messages", help="list the journal, newest first")
    messages.add_argument("--state", action="append", default=[], choices=[one.value for one in MessageState])
    messages.add_argument("--text", default="", help="a patient name, order, accession or control number")
    messages.add_argument("--limit", type=int, default=50)
    show = words.add_parser("show", help="show a message and its answer")
    again = words.add_parser("process", help="obey a refused message now")
    resend = words.add_parser("resend", help="send a message (again) at once")
    for word in (show, again, resend):
        word.add_argument("id", type=int)
    for word in (listing, remove, test, messages, show, again, resend):
        session.add_options(word)
    options = parser.parse_args(arguments)

    def run() -> int:
        with session.signed_in(options) as client:
            return _do(client, options)

    return session.explain(run)


def _add_words(words: Any) -> None:
    add = words.add_parser("add", help="add a connection, or change the one of this name")
    add.add_argument("name")
    add.add_argument("kind", choices=[one.value for one in InterfaceKind])
    add.add_argument("--host", default="", help="hl7_in: address or network that calls; hl7_out: where it listens")
    add.add_argument("--port", type=int, default=0)
    add.add_argument("--tls", action="store_true")
    add.add_argument("--url", default="", help="base of the FHIR server")
    add.add_argument("--token-file", default="", help="a file in the server's secrets folder")
    add.add_argument("--application", default="", help="theirs, MSH-3 of what comes")
    add.add_argument("--facility", default="", help="theirs, MSH-4 of what comes")
    add.add_argument("--own-application", default="MINGJING")
    add.add_argument("--own-facility", default="")
    add.add_argument("--version", dest="hl7_version", default="2.5.1", help="of what goes")
    add.add_argument("--character-set", default="", help="UTF-8, GBK, GB18030 or ASCII; empty: told apart")
    add.add_argument("--form", choices=[one.value for one in StatusForm], help="as what the states of exams are sent")
    add.add_argument("--tell", action="append", default=[], choices=[one.value for one in ExamHappening])
    add.add_argument("--code", action="append", default=[], metavar="THEIRS=OURS", help="an item, or a department")
    add.add_argument("--identifier", action="append", default=[], metavar="TYPE=FIELD", help="a type of PID-3.5")
    add.add_argument("--identifier-system", default="", help="FHIR: the system of order numbers")
    add.add_argument("--patient-system", default="", help="FHIR: the system of card numbers")
    add.add_argument("--allow-tests", dest="allows_tests", action="store_true", help="obey messages marked as test")
    add.add_argument("--timeout", dest="timeout_s", type=float, default=5.0, metavar="SECONDS")
    add.add_argument("--disabled", dest="enabled", action="store_false")
    session.add_options(add)


def _do(client: RpcClient, options: argparse.Namespace) -> int:
    if options.word == "messages":
        states = tuple(MessageState(one) for one in options.state)
        found = client.call(ListMessages(states=states, text=options.text, page=Page(limit=options.limit)))
        for row in found.rows:
            about = " ".join(part for part in (row.order_number, row.accession_number, row.ack_code) if part)
            when = row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
            print(f"{row.id:<7}{when}  {row.direction:<4}{row.state:<10}{row.message_type:<12}{about}  {row.sentence}")
        print(f"{len(found.rows)} of {found.total}")
    elif options.word == "show":
        shown = client.call(GetMessage(message_id=options.id))
        print(shown.text.rstrip())
        print(f"\n{shown.answer.rstrip()}" if shown.answer else "")
    elif options.word in ("process", "resend"):
        request = ProcessMessageAgain if options.word == "process" else ResendMessage
        row = client.call(request(message_id=options.id))
        print(f"{row.state}  {row.sentence}")
        return 0 if row.state in (MessageState.ACCEPTED, MessageState.WAITING) else 1
    else:
        return _do_connections(client, options)
    return 0


def _do_connections(client: RpcClient, options: argparse.Namespace) -> int:
    known = {one.name: one for one in client.call(ListConnections())}
    if options.word == "add":
        present = known.get(options.name)
        client.call(_saved(options, present))
    elif options.word in ("remove", "test"):
        if options.name not in known:
            raise SystemExit(f"mingjing interface: there is no connection {options.name!r}")
        if options.word == "test":
            sentence = client.call(TestConnection(id=known[options.name].id))
            print(sentence or "it answers")
            return 1 if sentence else 0
        client.call(RemoveConnection(id=known[options.name].id))
    for one in client.call(ListConnections()):
        state = "" if one.enabled else "  disabled"
        place = one.url or (f"{one.host}:{one.port}" if one.port else one.host or "any address")
        waiting = f"  {one.waiting} waiting" if one.waiting else ""
        trouble = f"  {one.dead} refused" if one.dead else ""
        print(f"{one.name:<20}{one.kind:<12}{place}{state}{waiting}{trouble}  {one.last_error}".rstrip())
    return 0


def _saved(options: argparse.Namespace, present: ConnectionView | None) -> SaveConnection:
    kind = InterfaceKind(options.kind)
    default = StatusForm.TASK if kind is InterfaceKind.FHIR_OUT else StatusForm.ORM
    names = (
        *("name", "enabled", "host", "port", "tls", "url", "token_file", "application", "facility", "own_application"),
        *("own_facility", "hl7_version", "character_set", "identifier_system", "patient_system", "allows_tests"),
        "timeout_s",
    )
    return SaveConnection(
        **{name: getattr(options, name) for name in names},
        id=0 if present is None else present.id,
        version=0 if present is None else present.version,
        kind=kind,
        form=StatusForm(options.form) if options.form else default,
        happenings=tuple(ExamHappening(one) for one in options.tell),
        codes=_table(options.code),
        identifiers=_table(options.identifier),
    )


def _table(pairs: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if not sign:
            raise SystemExit(f"mingjing interface: {pair!r} must read THEIRS=OURS")
        found[key] = value
    return found
