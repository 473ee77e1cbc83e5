"""Self-service printing: who may have the papers, for how long, and what wrong tries lead to."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.printing.ports import PatientAtKiosk
from server.printing.tables import SelfPrintTry

SESSION = timedelta(minutes=3)
SHUT = timedelta(minutes=10)
TRIES_OF_CODE = 3
TRIES_OF_KIOSK = 10
PAUSE_OF_KIOSK = timedelta(minutes=2)
MOST_SESSIONS = 1000
_CODE = re.compile(r"[A-Z0-9][A-Z0-9._-]{3,31}")
_FOUR = re.compile(r"[0-9]{3}[0-9X]")


@dataclass
class Opened:
    """What a patient proved to own: reports by item number, and the copies given out by it."""

    kiosk: str
    until: datetime
    reports: dict[int, int]
    copies: dict[int, int] = field(default_factory=dict)  # item → copy


class Sessions:
    """Opened papers in memory: a restart of the server closes them, and the patient scans again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open: dict[str, Opened] = {}

    def begin(self, kiosk: str, reports: dict[int, int]) -> str:
        """Open papers on one kiosk; what it had open before is closed."""
        token = secrets.token_urlsafe(24)
        now = self._clock.now()
        with self._lock:
            kept = {key: one for key, one in self._open.items() if one.until > now and one.kiosk != kiosk}
            self._open = dict(list(kept.items())[-MOST_SESSIONS:])
            self._open[token] = Opened(kiosk, now + SESSION, reports)
        return token

    def get(self, kiosk: str, token: str) -> Opened:
        """Return what is open; raises NOT_FOUND when it is over, or another kiosk's. Use keeps it open."""
        now = self._clock.now()
        with self._lock:
            opened = self._open.get(token)
            if opened is None or opened.kiosk != kiosk or opened.until <= now:
                self._open.pop(token, None)
                raise not_found("本次自助打印")
            opened.until = now + SESSION
            return opened


class Tries:
    """Counts wrong tries in the database, so that neither a restart nor another kiosk gives more of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def pause_s(self, uow: UnitOfWork, kiosk: str, code: str) -> int:
        """Return for how many seconds this code, or this kiosk, gets no answer."""
        now = self._clock.now()
        rows = uow.session.scalars(
            select(SelfPrintTry).where(SelfPrintTry.at > now - SHUT).order_by(SelfPrintTry.at)
        ).all()
        of_code = [row.at for row in rows if row.code == hashed(code)]
        of_kiosk = [row.at for row in rows if row.kiosk == kiosk]
        left = timedelta()
        if len(of_code) >= TRIES_OF_CODE:
            left = of_code[-TRIES_OF_CODE] + SHUT - now
        if len(of_kiosk) >= TRIES_OF_KIOSK and of_kiosk[-1] + PAUSE_OF_KIOSK - now > left:
            left = of_kiosk[-1] + PAUSE_OF_KIOSK - now
        return max(0, int(left.total_seconds() + 0.999))

    def wrong(self, uow: UnitOfWork, kiosk: str, code: str) -> int:
        """Count a wrong try; return how many are left for this code."""
        now = self._clock.now()
        uow.session.execute(delete(SelfPrintTry).where(SelfPrintTry.at <= now - 6 * SHUT))
        uow.session.add(SelfPrintTry(kiosk=kiosk[:160], code=hashed(code), at=now))
        uow.session.flush()
        tries = uow.session.scalars(
            select(SelfPrintTry.id).where(SelfPrintTry.code == hashed(code), SelfPrintTry.at > now - SHUT)
        ).all()
        return max(0, TRIES_OF_CODE - len(tries))

    def right(self, uow: UnitOfWork, code: str) -> None:
        """The patient proved it: earlier slips of this code are forgotten."""
        uow.session.execute(delete(SelfPrintTry).where(SelfPrintTry.code == hashed(code)))


def hashed(code: str) -> str:
    """What is kept of a code."""
    return hashlib.sha256(code.encode()).hexdigest()


def read_code(typed: str) -> str:
    """The code as scanned, in plain capitals; raises INVALID."""
    code = unicodedata.normalize("NFKC", typed[:64]).strip().upper()
    if not _CODE.fullmatch(code):
        raise invalid("code", "这不是登记条码，请重新扫描小票或登记单上的条码，或到窗口领取。")
    return code


def read_four(typed: str) -> str:
    """The last four characters as typed; raises INVALID."""
    four = unicodedata.normalize("NFKC", typed[:16]).strip().upper()
    if not _FOUR.fullmatch(four):
        raise invalid("last_four", "请输入证件号码或手机号码的后四位。")
    return four


def proves(patient: PatientAtKiosk | None, four: str) -> bool:
    """Whether the characters end one of the patient's numbers; takes as long for an unknown patient."""
    numbers = patient.secrets if patient is not None else ("-" * 18, "-" * 11)
    right = [
        hmac.compare_digest(number.strip().upper()[-4:].encode(), four.encode())
        for number in numbers
        if len(number.strip()) >= 4
    ]
    return any(right)
