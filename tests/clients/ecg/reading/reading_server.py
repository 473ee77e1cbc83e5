"""A whole server with ECG exams of a phantom, and a reading page on it as the workstation makes one."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import delete

from clients.ecg.app import register_texts
from clients.ecg.reading.keys import ACTIONS
from clients.ecg.reading.page import ReadingPage
from clients.kit.actions import ActionGroup
from clients.kit.drafts import DraftStore
from clients.kit.messages import CollectedMessages
from clients.kit.printing.documents import ServerDocuments
from clients.kit.server_connection import ServerConnection
from clients.kit.settings import UserSettings
from clients.kit.tasks import QtTaskRunner
from shared.contract.ecg import EcgEntry, RegisterEcg
from shared.contract.ecg_acquisition import AddTrace, UploadFacts, UploadPart
from shared.contract.identity import CreateUser
from shared.domain.ecg import EcgKind
from shared.domain.states import Sex, VisitKind
from shared.waveform import compact
from tests.clients.ecg.reading.reading_house import DeskOfTest
from tests.ecg_phantom import Heart, twelve_leads
from tests.server_process import ServerProcess

PASSWORD = "Test-pass-2026"


class RealHouse:
    """A server with a doctor who may do everything of reading."""

    def __init__(self, server: ServerProcess) -> None:
        self.server = server
        self.admin = ServerConnection(str(server.connection))
        self.admin.login("admin", server.admin_password)
        self.admin.call(CreateUser(login="li", name="李医生", password=PASSWORD, roles=("ecg_head",)))
        self.patient_id: int | None = None

    def exam(
        self,
        rr_ms: float = 820.0,
        *,
        p_waves: bool = True,
        acquired: bool = True,
        kind: EcgKind = EcgKind.TWELVE_LEAD,
    ) -> int:
        """Register an exam of the same patient and record it; its id."""
        entry = EcgEntry(
            patient_id=self.patient_id,
            patient_name="欧阳明远",
            sex=Sex.MALE,
            age="64岁",
            visit_kind=VisitKind.OUTPATIENT,
            outpatient_number="MZ0001",
            complaint="胸闷 3 天",
            kind=kind,
        )
        made = self.admin.call(RegisterEcg(entry=entry))
        self.patient_id = made.exam.row.patient_id
        if acquired:
            self.record(made.exam.row.id, rr_ms, p_waves=p_waves)
        return made.exam.row.id

    def record(self, exam_id: int, rr_ms: float = 820.0, *, p_waves: bool = True) -> None:
        """Upload a phantom's record for an exam."""
        spread = 15.0 if p_waves else 160.0
        record, _truth = twelve_leads(Heart(rr_ms=rr_ms, p_waves=p_waves, rr_sd_ms=spread, seed=exam_id))
        data = compact.pack(record)
        part = UploadPart(name="record.mjecg", size_bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
        facts = UploadFacts(parts=(part,), exam_id=exam_id)
        self.admin.call(AddTrace(key=secrets.token_hex(16), facts=facts, data=data))

    def close(self) -> None:
        self.admin.close()


class Seat:
    """The doctor at a workstation: connection, runner, settings of this computer, a page."""

    def __init__(self, house: RealHouse, folder: Path) -> None:
        register_texts()
        self.connection = ServerConnection(str(house.server.connection))
        session = self.connection.login("li", PASSWORD)
        self.runner = QtTaskRunner()
        self.messages = CollectedMessages()
        desk_settings = UserSettings(folder / "desk.json")
        desk_settings.set("printing/folder", str(folder / "prints"))
        self.desk = DeskOfTest(ServerDocuments(self.connection, desk_settings))
        self.drafts = DraftStore(folder / "drafts")
        self.place: Any = SimpleNamespace(
            connection=self.connection,
            runner=self.runner,
            messages=self.messages,
            drafts=self.drafts,
            settings=UserSettings(folder / "user.json"),
            desk_settings=desk_settings,
            session=session,
            shell=QWidget(),
            on_notice=self.connection.on_notice,
            may=lambda permission: permission in session.permissions,
        )
        self.host: QWidget | None = None

    def read(self, exam_id: int, **options: Any) -> ReadingPage:
        """阅图: the page in a window, as the shell holds it."""
        self.host = QWidget()
        self.host.resize(1278, 664)
        place = SimpleNamespace(**vars(self.place), actions=ActionGroup(ACTIONS, self.host))
        page = ReadingPage(place, exam_id, desk=self.desk, **options)  # type: ignore[arg-type]
        box = QVBoxLayout(self.host)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(page)
        self.host.show()
        return page

    def leave(self, page: ReadingPage) -> None:
        """Close the tab."""
        page.close()
        if self.host is not None:
            self.host.close()
            self.host.deleteLater()
            self.host = None

    def close(self) -> None:
        delete(self.place.shell)  # the session ends: its line is closed
        self.runner.close()
        self.drafts.close()
        self.connection.close()
