"""The hospital system of the demo: it sends the clinician's application as an HL7 order over MLLP."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime

from mingjing.demo.hospital import Hospital, ServerFailed, item_of, the_patient
from shared.contract.interfaces import InterfaceKind, ListConnections, SaveConnection
from shared.contract.organisation import GetHospital

_PATIENCE_S = 30.0
_CONNECTION = "HIS"


@dataclass(frozen=True)
class Acknowledged:
    """An order and what the server answered: MSH-10 of the order, MSA-1 and MSA-2 of the answer."""

    order_number: str
    control_id: str
    code: str
    answered_id: str


def send_application(hospital: Hospital) -> Acknowledged:
    """Order the story's exam as ORM^O01. Raises ServerFailed unless it is acknowledged with AA."""
    now = datetime.now()
    admin = hospital.client("admin")
    if not any(one.name == _CONNECTION for one in admin.call(ListConnections())):
        admin.call(SaveConnection(name=_CONNECTION, kind=InterfaceKind.HL7_IN, host="127.0.0.1", application="HIS"))
    item = item_of(admin.call(GetHospital()), "CT", ("腹部", "全腹", "上腹"))
    admin.close()
    number, control_id = f"HIS{now:%Y%m%d%H%M%S}", f"M{now:%H%M%S%f}"
    answer = _ask(hospital.hl7_port, _order(number, control_id, f"{item.code}^{item.name}", now))
    answered = next(line.split("|") for line in answer.split("\r") if line.startswith("MSA|"))
    if answered[1:3] != ["AA", control_id]:
        raise ServerFailed(f"the order was answered with {answer!r}")
    return Acknowledged(number, control_id, answered[1], answered[2])


def _order(number: str, control_id: str, item: str, now: datetime) -> str:
    """ORM^O01 as hospital systems write it; https://hl7.org v2.5.1, chapter 4.4.1."""
    patient, at = the_patient(), f"{now:%Y%m%d%H%M%S}"
    name = f"{patient.name[0]}^{patient.name[1:]}"
    segments = (
        f"MSH|^~\\&|HIS|EAST|MINGJING|RIS|{at}||ORM^O01^ORM_O01|{control_id}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{patient.card_number}^^^HIS^PI~{patient.id_number}^^^GA^NI||{name}||{patient.birth_date:%Y%m%d}|M"
        f"|||{patient.address}||{patient.phone}",
        "PV1|1|O|消化内科",
        f"ORC|NW|{number}|||||1^^^{at}^^R||{at}|||D07^孙^明||||消化内科",
        f"OBR|1|{number}||{item}^L|||||||||上腹部隐痛两周，无发热。||||||||||||||||||^了解腹部脏器情况",
        "DG1|1||R10.1^腹痛待查^I10",
        f"OBX|1|NM|8302-2^Body height^LN||{patient.height_cm}|cm|||||F",
        f"OBX|2|NM|29463-7^Body weight^LN||{patient.weight_kg}|kg|||||F",
    )
    return "\r".join(segments) + "\r"


def _ask(port: int, message: str) -> str:
    """Send one block of MLLP and return the answer's text."""
    answer = b""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as line:
        line.sendall(b"\x0b" + message.encode("utf-8") + b"\x1c\x0d")
        while not answer.endswith(b"\x1c\x0d"):
            piece = line.recv(65536)
            if not piece:
                raise ServerFailed("the HL7 door closed the line")
            answer += piece
    return answer[1:-2].decode("utf-8")
