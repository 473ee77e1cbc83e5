"""Signing over a real reporting area on a database of its own; printing is a few lines of PDF."""

from __future__ import annotations

import datetime as dt
from functools import cache
from io import BytesIO
from typing import Any, ClassVar

from server.kernel.database import Database, UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import not_found
from server.reporting.ports import ReportStep
from server.signing import certificates
from server.signing.certificates import Identity
from server.signing.key_ring import KEY_BYTES, KeyRing
from server.signing.keys import Keys
from server.signing.papers import SignedPapers
from server.signing.ports import Doctor, DrawnPaper
from server.signing.service import SigningService
from shared.domain.permissions import Permission
from shared.domain.states import ReportAction
from tests.server.reporting.reporting_world import LI, QIAN, WANG, ZHAO, World

NOW = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)
BOSS = Caller(user_id=1, login="admin", name="管理员", permissions=frozenset(Permission))


@cache
def an_authority() -> Identity:
    """An authority that all tests share: making one takes time."""
    return certificates.new_authority("明镜医院", NOW)


@cache
def a_clock() -> Identity:
    return certificates.new_clock(an_authority(), "明镜医院", NOW)


@cache
def a_pdf(words: str = "report") -> bytes:
    from reportlab.pdfgen.canvas import Canvas

    buffer = BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.setTitle("检查报告 A0000001")
    canvas.drawString(100, 700, words)
    canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def a_keystore(identity: Identity, password: str = "开门", name: str = "x") -> bytes:
    """The identity as a PKCS#12 file, as an outside authority hands it out."""
    from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, NoEncryption, pkcs12

    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(
        name.encode(), identity.key, identity.certificate, list(identity.chain), encryption
    )


class FakeAccounts:
    people: ClassVar = {one.user_id: (one.login, one.name) for one in (LI, WANG, ZHAO, QIAN, BOSS)}

    def person(self, uow: UnitOfWork, account_id: int) -> tuple[str, str]:
        if account_id not in self.people:
            raise not_found("账号")
        return self.people[account_id]

    def doctors(self, uow: UnitOfWork) -> tuple[Doctor, ...]:
        return tuple(
            Doctor(account_id=key, login=login, name=name, is_active=True, may_report=login != "admin")
            for key, (login, name) in self.people.items()
        )


class FakeHospital:
    def name(self, uow: UnitOfWork) -> str:
        return "明镜医院"


class FakePrinting:
    """Draws what the report is; counts."""

    def __init__(self) -> None:
        self.drawn: list[tuple[int, str]] = []
        self.before_answer: Any = None

    def draw_approved(self, caller: Caller, report_id: int, language: str) -> DrawnPaper:
        self.drawn.append((report_id, language))
        if self.before_answer is not None:
            self.before_answer()
        return DrawnPaper(a_pdf(f"report {report_id} {language}"))


class KeepingDocuments:
    """Keeps documents in memory under ids of their own."""

    def __init__(self) -> None:
        self.kept: dict[int, bytes] = {}

    def keep(self, uow: UnitOfWork, *, kind: str, media_type: str, data: bytes, subject_id: int = 0) -> int:
        self.kept[len(self.kept) + 1] = data
        return len(self.kept)

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        return self.kept[document_id]


class SigningWorld:
    """Reports that are signed at approval."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.world = World(database)
        self.reports = self.world.reports
        self.clock = self.world.clock
        self.ring = KeyRing(b"\x07" * KEY_BYTES)
        self.keys = Keys(lambda: self.ring, FakeHospital(), self.world.time)
        self.signing = SigningService(self.keys, self.reports.corrections, FakeAccounts(), self.world.time)
        self.printing = FakePrinting()
        self.documents = KeepingDocuments()
        self.papers = SignedPapers(
            database,
            self.keys,
            self.reports.corrections,
            self.printing,
            self.documents,
            FakeHospital(),
            self.world.time,
        )

        def stepped(uow: UnitOfWork, caller: Caller, step: ReportStep) -> None:
            if step.action in (ReportAction.APPROVE, ReportAction.ADD):
                self.signing.sign_edition(uow, caller, step.report_id)

        self.reports.follow(stepped)

    def root(self) -> tuple[Any, ...]:
        with self.database.write() as uow:
            return (self.keys.root(uow),)
