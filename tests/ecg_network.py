"""Two hospitals of the ECG network on one running server: a clinic that records, a county hospital that reads."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from shared.contract import ecg
from shared.contract import ecg_acquisition as acquisition
from shared.contract import ecg_consultations as consultations
from shared.contract.identity import ResetPassword
from shared.contract.master import CampusEntry, SaveRow, StaffEntry
from shared.contract.organisation import GetHospital
from shared.contract.referrals import OrganisationView, SaveOrganisation
from shared.domain.ecg import TraceSource
from shared.domain.states import Sex
from shared.rpc.client import RpcClient
from tests.server_process import ServerProcess

MM = 72 / 25.4


@dataclass
class EcgNetwork:
    """The server, the two hospitals' campuses, and who is signed in."""

    server: ServerProcess
    admin: RpcClient
    clinic_id: int = 0
    county_id: int = 0
    team_id: int = 0
    clients: dict[str, RpcClient] = field(default_factory=dict)

    def account(self, login: str, name: str, campus: str, *roles: str) -> RpcClient:
        """A signed-in client of a new account."""
        row = self.admin.call(SaveRow(entry=StaffEntry(code=login, name=name, roles=roles, campuses=(campus,))))
        secret = self.admin.call(ResetPassword(user_id=row.id)).secret
        client = self.server.client(login, secret)
        self.clients[login] = client
        return client

    def registered(self, name: str = "赵大爷", **entry: Any) -> ecg.EcgExamView:
        """Step 1 at the clinic."""
        given: dict[str, Any] = {"sex": Sex.MALE, "age": "63", "campus_id": self.clinic_id, **entry}
        made = self.clients["nurse"].call(ecg.RegisterEcg(entry=ecg.EcgEntry(patient_name=name, **given)))
        found: ecg.EcgExamView = made.exam
        return found

    def acquired(self, exam_id: int, record: Any) -> ecg.EcgExamView:
        """Step 2 at the clinic: a DICOM file of the record arrives."""
        from shared.waveform import formats

        data = formats.write(record, "dicom").main
        part = acquisition.UploadPart(name="ecg.dcm", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        facts = acquisition.UploadFacts(parts=(part,), source=TraceSource.FILE, exam_id=exam_id)
        self.clients["nurse"].call(acquisition.AddTrace(key=secrets.token_hex(16), facts=facts, data=data))
        found: ecg.EcgExamView = self.clients["nurse"].call(ecg.GetEcgExam(exam_id=exam_id))
        return found

    def close(self) -> None:
        for client in (self.admin, *self.clients.values()):
            client.close()


@contextmanager
def an_ecg_network(server: ServerProcess) -> Iterator[EcgNetwork]:
    """Clinic with a nurse, county hospital with two consultants and a head, one team."""
    network = EcgNetwork(server, server.client())
    try:
        _found(network)
        yield network
    finally:
        network.close()


def _found(network: EcgNetwork) -> None:
    admin = network.admin
    admin.call(SaveRow(entry=CampusEntry(code="CLINIC", name="东山镇卫生院")))
    admin.call(SaveRow(entry=CampusEntry(code="COUNTY", name="县人民医院")))
    campuses = {one.code: one.id for one in admin.call(GetHospital()).campuses}
    network.clinic_id, network.county_id = campuses["CLINIC"], campuses["COUNTY"]
    for code, name, campus_id in (
        ("C1", "东山镇卫生院", network.clinic_id),
        ("H1", "县人民医院", network.county_id),
    ):
        view = OrganisationView(
            id=0, version=0, code=code, name=name, name_en="", group_ids=(), campus_ids=(campus_id,)
        )
        admin.call(SaveOrganisation(organisation=view))
    network.account("nurse", "王护士", "CLINIC", "ecg_operator", "ecg_doctor")
    network.account("li", "李主治", "COUNTY", "ecg_consultant")
    network.account("zhou", "周主治", "COUNTY", "ecg_consultant")
    network.account("head", "何主任", "COUNTY", "ecg_head")
    head = network.clients["head"]
    names = ("李主治", "周主治")
    chosen = head.call(consultations.ListCandidates(campus_id=network.county_id))
    members = tuple(one for one in chosen if one.name in names)
    team = consultations.TeamView(
        id=0, version=0, name="心电会诊中心", campus_id=network.county_id, hospital="", members=members
    )
    network.team_id = head.call(consultations.SaveTeam(team=team)).id


# ── what stands on paper, in the PDF's own coordinates ──────────────────────────────────────────────


def polylines(pdf: bytes, page: int = 0) -> list[list[tuple[float, float]]]:
    """Every stroked path of a page as points in millimetres from the lower left, as an outside reader finds them."""
    import pypdf
    from pypdf.generic import ContentStream

    reader = pypdf.PdfReader(BytesIO(pdf))
    sheet = reader.pages[page]
    found: list[list[tuple[float, float]]] = []
    path: list[tuple[float, float]] = []
    for operands, operator in ContentStream(sheet.get_contents(), reader).operations:
        if operator == b"m":
            path = [(float(operands[0]) / MM, float(operands[1]) / MM)]
        elif operator == b"l":
            path.append((float(operands[0]) / MM, float(operands[1]) / MM))
        elif operator == b"S" and path:
            found.append(path)
            path = []
    return found
