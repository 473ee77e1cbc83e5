"""A small hospital system on real sockets: sends orders by MLLP, takes states by MLLP, answers FHIR R4 over HTTP.

Its HL7 side is python-hl7 and its FHIR side fhir.resources, so that what the server writes is read by others.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import hl7

START, END = b"\x0b", b"\x1c\x0d"
TOKEN = "hospital-token"
PATIENT_SYSTEM = "urn:hospital:card"
ORDER_SYSTEM = "urn:hospital:order"


class MllpListener:
    """Takes messages by MLLP; `answer` decides the acknowledgement code, None stays silent."""

    def __init__(self, port: int = 0, codec: str = "utf-8") -> None:
        self.codec = codec
        self.messages: list[hl7.Message] = []
        self.raw: list[bytes] = []
        self.answer: Callable[[hl7.Message], str | None] = lambda _message: "AA"
        self.arrived = threading.Condition()
        listener = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                listener._converse(self.request)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._open: set[socket.socket] = set()
        self._server = Server(("127.0.0.1", port), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def _converse(self, sock: socket.socket) -> None:
        self._open.add(sock)
        buffer = b""
        with contextlib.suppress(OSError):
            while data := sock.recv(65536):
                buffer += data
                while END in buffer:
                    block, buffer = buffer.split(END, 1)
                    self._take(sock, block.split(START, 1)[1])
        self._open.discard(sock)

    def _take(self, sock: socket.socket, data: bytes) -> None:
        message = hl7.parse(data.decode(self.codec))
        code = self.answer(message)
        with self.arrived:
            self.messages.append(message)
            self.raw.append(data)
            self.arrived.notify_all()
        if code is not None:
            acknowledgement = message.create_ack(code)
            sock.sendall(START + str(acknowledgement).encode(self.codec) + END)

    def wait_for(self, count: int, seconds: float = 20.0) -> list[hl7.Message]:
        """Return the first `count` messages; fails when they do not come."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: len(self.messages) >= count, seconds):
                raise AssertionError(f"{len(self.messages)} messages came, not {count}")
            return self.messages[:count]

    def stop(self) -> None:
        """Close the port and all lines."""
        self._server.shutdown()
        self._server.server_close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)


class MllpSender:
    """Sends messages by one connection and returns the acknowledgements, as python-hl7 reads them."""

    def __init__(self, port: int, codec: str = "utf-8", timeout_s: float = 10.0) -> None:
        self.codec = codec
        self._socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        self._buffer = b""

    def send(self, text: str | bytes) -> hl7.Message:
        """Send one message and return the next acknowledgement."""
        data = text if isinstance(text, bytes) else text.replace("\n", "\r").encode(self.codec)
        self.push(START + data + END)
        return self.next()

    def push(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(data)

    def next(self) -> hl7.Message:
        """Return the next acknowledgement. Raises ConnectionError when the line is closed."""
        while END not in self._buffer:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("the line was closed")
            self._buffer += data
        block, self._buffer = self._buffer.split(END, 1)
        return hl7.parse(block.split(START, 1)[1].decode(self.codec))

    def is_closed(self, seconds: float = 10.0) -> bool:
        """Whether the other side closes within so many seconds without another byte."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(1) == b""
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> MllpSender:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def validated(resource: dict[str, Any]) -> dict[str, Any]:
    """Let fhir.resources check a resource. Raises its ValidationError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fhir.resources.R4B import get_fhir_model_class

        get_fhir_model_class(resource["resourceType"]).model_validate_json(json.dumps(resource))
    return resource


class FhirServer:
    """Keeps resources; searches ServiceRequest by patient or number; checks whatever is written."""

    def __init__(self, port: int = 0) -> None:
        self.store: dict[str, dict[str, dict[str, Any]]] = {"Patient": {}, "ServiceRequest": {}, "Task": {}}
        self.seen: list[tuple[str, str]] = []
        self.history: list[dict[str, Any]] = []
        self.token = TOKEN
        self.status = 0  # answered instead of anything else
        self.delay_s = 0.0
        self.wait: Callable[[], object] = lambda: None
        self.raw: bytes | None = None  # answered instead of JSON
        self.changed = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}/fhir"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def add_patient(self, number: str, name: str, **more: Any) -> dict[str, Any]:
        """Keep a patient with a card number."""
        patient = {
            "resourceType": "Patient",
            "id": f"p-{number}",
            "identifier": [{"system": PATIENT_SYSTEM, "value": number}],
            "name": [{"text": name, "family": name[:1], "given": [name[1:]]}],
            "gender": "female",
            "birthDate": "1985-03-12",
            **more,
        }
        return self._put("Patient", validated(patient))

    def add_order(self, number: str, patient: dict[str, Any], code: str, **more: Any) -> dict[str, Any]:
        """Keep an active order of a patient."""
        order = {
            "resourceType": "ServiceRequest",
            "id": f"o-{number}",
            "identifier": [{"system": ORDER_SYSTEM, "value": number}],
            "status": "active",
            "intent": "order",
            "code": {"coding": [{"code": code}]},
            "subject": {"reference": f"Patient/{patient['id']}"},
            "authoredOn": "2026-11-20T10:00:00+08:00",
            **more,
        }
        return self._put("ServiceRequest", validated(order))

    def wait_for(self, count: int, seconds: float = 20.0) -> list[dict[str, Any]]:
        """Return the first `count` resources that were written."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.history) >= count, seconds):
                raise AssertionError(f"{len(self.history)} resources came, not {count}")
            return self.history[:count]

    def _put(self, kind: str, resource: dict[str, Any]) -> dict[str, Any]:
        known = self.store[kind].get(resource["id"])
        version = 1 if known is None else int(known["meta"]["versionId"]) + 1
        resource = resource | {"meta": {"versionId": str(version)}}
        self.store[kind][resource["id"]] = resource
        return resource

    # what the handler asks

    def search(self, query: dict[str, list[str]]) -> dict[str, Any]:
        """Answer a search of ServiceRequest."""
        wanted = query.get("patient.identifier", [""])[0].split("|")[-1]
        number = query.get("identifier", [""])[0].split("|")[-1]
        states = query.get("status", [""])[0].split(",")
        found = []
        for order in self.store["ServiceRequest"].values():
            patient = self.store["Patient"][order["subject"]["reference"].split("/")[1]]
            is_his = any(one["value"] == wanted for one in patient["identifier"])
            is_it = any(one["value"] == number for one in order["identifier"])
            if (wanted and is_his and (order["status"] in states or states == [""])) or (number and is_it):
                found.append((order, patient))
        entries = [{"fullUrl": f"{self.url}/ServiceRequest/{order['id']}", "resource": order} for order, _ in found]
        if "ServiceRequest:subject" in query.get("_include", []):
            entries += [
                {"fullUrl": f"{self.url}/Patient/{one['id']}", "resource": one}
                for one in {patient["id"]: patient for _, patient in found}.values()
            ]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(found), "entry": entries}

    def transact(self, bundle: dict[str, Any]) -> dict[str, Any]:
        """Obey a transaction of conditional updates: references by urn:uuid become those of this server."""
        validated(bundle)
        assert bundle["type"] == "transaction"
        text = json.dumps(bundle["entry"])
        found = []
        for entry in bundle["entry"]:
            kind, _, query = entry["request"]["url"].partition("?")
            system, _, value = parse_qs(query)["identifier"][0].partition("|")
            kept = self.store.setdefault(kind, {}).values()
            known = [
                one["id"]
                for one in kept
                if any(i.get("system") == system and i["value"] == value for i in one["identifier"])
            ]
            assert len(known) < 2, "a conditional update fits two resources"
            key = known[0] if known else f"t{len(self.store[kind]) + 1}"
            found.append((kind, key, bool(known)))
            text = text.replace(entry["fullUrl"], f"{kind}/{key}")
        with self.changed:
            for (kind, key, _), entry in zip(found, json.loads(text), strict=True):
                self.history.append(self._put(kind, entry["resource"] | {"id": key}))
            self.changed.notify_all()
        status = [{"response": {"status": "200" if known else "201"}} for _, _, known in found]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": status}

    def write(self, path: str, query: dict[str, list[str]], resource: dict[str, Any], match: str) -> int:
        """Answer a PUT; returns the status."""
        validated(resource)
        kind, _, key = path.partition("/")
        if not key:
            wanted = query["identifier"][0].split("|")[-1]
            known = next(
                (one for one in self.store[kind].values() if one["identifier"][0]["value"] == wanted),
                {"id": f"n-{wanted}"},
            )
            resource = resource | {"id": known["id"]}
        elif match and f'W/"{self.store[kind][key]["meta"]["versionId"]}"' != match:
            return 412
        is_new = resource["id"] not in self.store[kind]
        with self.changed:
            self.history.append(self._put(kind, resource))
            self.changed.notify_all()
        return 201 if is_new else 200


def _handler(server: FhirServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, query = self._asked()
            if path.startswith("/"):
                self._say(404, {"resourceType": "OperationOutcome", "issue": []})
            elif path == "metadata":
                self._say(200, {"resourceType": "CapabilityStatement"})
            elif self._may():
                self._say(200, server.search(query) if path == "ServiceRequest" else {"resourceType": "Bundle"})

        def do_PUT(self) -> None:
            path, query = self._asked()
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self._may():
                status = server.write(path, query, body, self.headers.get("If-Match", ""))
                self._say(status, {"resourceType": "OperationOutcome", "issue": []})

        def do_POST(self) -> None:
            self._asked()
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self._may():
                self._say(200, server.transact(body))

        def _asked(self) -> tuple[str, dict[str, list[str]]]:
            parts = urlsplit(self.path)
            server.seen.append((self.command, unquote(self.path)))
            return parts.path.removeprefix("/fhir/"), parse_qs(parts.query)

        def _may(self) -> bool:
            time.sleep(server.delay_s)
            server.wait()
            if server.raw is not None:
                self._send(200, server.raw)
                return False
            status = server.status or (0 if self.headers.get("Authorization") == f"Bearer {server.token}" else 401)
            if status:
                issue = {"severity": "error", "code": "processing", "diagnostics": "no"}
                self._say(status, {"resourceType": "OperationOutcome", "issue": [issue]})
            return not status

        def _say(self, status: int, body: dict[str, Any]) -> None:
            self._send(status, json.dumps(body).encode())

        def _send(self, status: int, data: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/fhir+json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            return

    return Handler


@contextmanager
def a_listener(port: int = 0, codec: str = "utf-8") -> Iterator[MllpListener]:
    """A listener for the length of a test."""
    listener = MllpListener(port, codec)
    try:
        yield listener
    finally:
        listener.stop()


@contextmanager
def a_fhir_server(port: int = 0) -> Iterator[FhirServer]:
    """A FHIR server for the length of a test."""
    server = FhirServer(port)
    try:
        yield server
    finally:
        server.stop()


def an_order(
    number: str = "REQ1",
    *,
    control: str = "NW",
    control_id: str = "M1",
    card: str = "C0001",
    name: str = "王^小明",
    items: tuple[tuple[str, str], ...] = (("CT001", "颅脑平扫"),),
    charset: str = "UNICODE UTF-8",
    message: str = "ORM^O01",
    version: str = "2.5.1",
    more: str = "",
    header: str = "",
) -> str:
    """Return an order as a Chinese hospital system writes it; lines end with a newline."""
    lines = [
        f"MSH|^~\\&|HIS|东区医院|MINGJING|RIS|20261121081500||{message}|{control_id}|P|{version}||||||{charset}{header}",
        f"PID|1||{card}^^^HIS^PI~11010519491231002X^^^GA^NI||{name}||19491231|F|||朝阳路1号^^北京市^^100020||13800138000",
        "PV1|1|O|内科门诊^^^东区||||||||||||||||V1",
    ]
    for index, (code, text) in enumerate(items, 1):
        lines += [
            f"ORC|{control}|{number}|||||1^^^20261121080000^^R||20261121080000|||D01^李^医生||||内科门诊",
            f"OBR|{index}|{number}||{code}^{text}^L|||||||||头痛三天||||||||||||||||||^除外出血",
            "DG1|1||R51^头痛^I10",
        ]
    return "\n".join([*lines, *([more] if more else [])]) + "\n"
