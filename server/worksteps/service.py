"""Use cases of workitems. Data sets travel as DICOM JSON; knows no network."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import select

from server.kernel.clock import Clock
from server.kernel.database import Database, UnitOfWork
from server.worksteps.rules import (
    FINAL,
    FORBIDDEN,
    NOT_CHANGEABLE,
    PRIORITIES,
    REQUIRED,
    StepError,
    StepState,
    check_move,
)
from server.worksteps.tables import Workitem
from shared.dicomkit import uids

Json: TypeAlias = dict[str, Any]

UPS_CLASS = "1.2.840.10008.5.1.4.34.6.1"
MAX_BODY_BYTES = 4 << 20
_UID = re.compile(r"[0-9][0-9.]{0,63}\Z")
_EXAMINED = 5000

_STATE, _TRANSACTION, _CLASS, _INSTANCE = "00741000", "00081195", "00080016", "00080018"
_COLUMNS = {0x00741200: Workitem.priority, 0x00741204: Workitem.label, 0x00100020: Workitem.patient_id}


class Worksteps:
    """Every call is one transaction. Raises StepError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(self, uid: str, body: Json, by: str) -> tuple[str, list[str]]:
        """A new workitem, SCHEDULED; its UID (made here when none is given) and warnings."""
        named = _text(body, _INSTANCE)
        if uid and named and uid != named:
            raise StepError(400, "The UID in the address is not the SOP Instance UID of the data set.")
        uid = uid or named or uids.new_uid()
        if not _UID.match(uid):
            raise StepError(400, "The UID of a workitem is made of digits and points.")
        for tag, name in REQUIRED.items():
            if not _text(body, tag):
                raise StepError(400, f"The workitem lacks {name} ({tag[:4]},{tag[4:]}).")
        if _text(body, "00741200") not in PRIORITIES:
            raise StepError(400, "The Scheduled Procedure Step Priority is HIGH, MEDIUM or LOW.")
        if _text(body, _STATE) not in ("", StepState.SCHEDULED) or any(_text(body, tag) for tag in FORBIDDEN):
            raise StepError(400, "A new workitem is SCHEDULED and has no Transaction UID.")
        now = self._clock.now()
        body = {**body, _CLASS: _ui(UPS_CLASS), _INSTANCE: _ui(uid), _STATE: _cs(StepState.SCHEDULED)}
        body.pop(_TRANSACTION, None)
        row = Workitem(uid=uid, state=StepState.SCHEDULED, created_by=by[:60], created_at=now, changed_at=now)
        _fill(row, body)
        with self._database.write() as uow:
            if uow.session.scalar(select(Workitem.id).where(Workitem.uid == uid)) is not None:
                raise StepError(409, "A workitem with this UID exists already.")
            uow.session.add(row)
        return uid, []

    def retrieve(self, uid: str) -> Json:
        """The data set, without the Transaction UID (PS3.4 CC.2.7)."""
        with self._database.read() as uow:
            body = uow.session.scalar(select(Workitem).where(Workitem.uid == uid))
            if body is None:
                raise StepError(404, "There is no workitem with this UID.")
            return _body(body)

    def update(self, uid: str, transaction_uid: str, changes: Json, by: str) -> None:
        """Change attributes; one that is in progress only by who holds its Transaction UID."""
        with self._database.write() as uow:
            row = self._row(uow, uid)
            if row.state in FINAL:
                raise StepError(409, f"The workitem is {row.state} and can no longer change.")
            if row.state == StepState.IN_PROGRESS and not _holds(row, transaction_uid):
                raise StepError(
                    400 if not transaction_uid else 409, "The workitem is in progress: give its Transaction UID."
                )
            if row.state == StepState.SCHEDULED and transaction_uid:
                raise StepError(409, "The workitem is not in progress: it has no Transaction UID yet.")
            if any(tag in NOT_CHANGEABLE and _text(changes, tag) for tag in changes):
                raise StepError(400, "Class, UID, state and Transaction UID are not changed by an update.")
            body = {**_body(row), **{tag: value for tag, value in changes.items() if tag not in NOT_CHANGEABLE}}
            _fill(row, body)
            row.changed_at = self._clock.now()
            row.touch()

    def change_state(self, uid: str, wanted: str, transaction_uid: str, by: str) -> None:
        """Take, finish or give up a workitem."""
        with self._database.write() as uow:
            row = self._row(uow, uid)
            has = bool(_UID.match(transaction_uid))
            state = check_move(
                StepState(row.state), wanted, holds_lock=_holds(row, transaction_uid), has_transaction=has
            )
            body = _body(row)
            if state is StepState.IN_PROGRESS:
                row.transaction_hash = _digest(transaction_uid)
            elif state is StepState.COMPLETED and not body.get("00741216", {}).get("Value"):
                raise StepError(
                    409, "Before COMPLETED, update the Unified Procedure Step Performed Procedure Sequence."
                )
            body[_STATE] = _cs(state)
            _fill(row, body)
            row.state = state
            row.changed_at = self._clock.now()
            row.touch()

    def request_cancel(self, uid: str, reason: Json, by: str) -> None:
        """Cancel what nobody has begun; of one in progress the performer is told by `cancel_asked` of the row."""
        with self._database.write() as uow:
            row = self._row(uow, uid)
            if row.state == StepState.CANCELED:
                raise StepError(409, "The workitem is already CANCELED.")
            if row.state == StepState.COMPLETED:
                raise StepError(409, "The workitem is COMPLETED and can no longer be canceled.")
            why = _text(reason, "00741238")[:120]
            row.cancel_asked = f"{by[:60]}: {why}"
            if row.state == StepState.SCHEDULED:
                body = _body(row)
                body[_STATE] = _cs(StepState.CANCELED)
                body["00741002"] = {
                    "vr": "SQ",
                    "Value": [{"00404052": {"vr": "DT", "Value": [_moment(self._clock.now())]}, **_reason(why)}],
                }
                _fill(row, body)
                row.state = StepState.CANCELED
            row.changed_at = self._clock.now()
            row.touch()

    def search(self, keys: Mapping[int, str], offset: int, limit: int) -> list[Json]:
        """Data sets that match, by priority of time. Columns narrow down; the rest is compared in the data sets."""
        statement = select(Workitem).order_by(Workitem.scheduled_at, Workitem.id)
        rest: dict[int, str] = {}
        for tag, value in keys.items():
            if not value.strip("*"):
                continue
            if tag == 0x00741000:
                statement = statement.where(Workitem.state == value)
            elif tag in _COLUMNS and "*" not in value and "?" not in value:
                statement = statement.where(_COLUMNS[tag] == value)
            elif tag == 0x00404005:
                statement = _in_time(statement, value)
            elif tag == int(_INSTANCE, 16):
                statement = statement.where(Workitem.uid.in_(value.replace(",", "\\").split("\\")[:1000]))
            else:
                rest[tag] = value
        if not rest:
            statement = statement.offset(offset).limit(limit)
        found: list[Json] = []
        with self._database.read() as uow:
            for row in uow.session.scalars(statement.limit(limit if not rest else _EXAMINED)):
                body = _body(row)
                if all(_matches(body, tag, value) for tag, value in rest.items()):
                    found.append(body)
        return found[offset : offset + limit] if rest else found

    def _row(self, uow: UnitOfWork, uid: str) -> Workitem:
        row = uow.session.scalar(select(Workitem).where(Workitem.uid == uid).with_for_update())
        if row is None:
            raise StepError(404, "There is no workitem with this UID.")
        return row


def _in_time(statement: Any, value: str) -> Any:
    first, dash, last = value.partition("-")
    if not re.fullmatch(r"[0-9.]{0,26}", first) or not re.fullmatch(r"[0-9.]{0,26}", last):
        raise StepError(400, "Times are written in digits, a range as A-B.")
    if not dash:
        return statement.where(Workitem.scheduled_at.startswith(first))
    if first:
        statement = statement.where(Workitem.scheduled_at >= first)
    return statement.where(Workitem.scheduled_at < last + "~") if last else statement


def _matches(body: Json, tag: int, value: str) -> bool:
    """Single value and wildcard matching of top-level text."""
    pattern = value[:200].replace("[", "[[]")
    for one in body.get(f"{tag:08X}", {}).get("Value", ()):
        texts = one.values() if isinstance(one, dict) else [one]
        if any(isinstance(text, str | int | float) and fnmatchcase(str(text)[:1000], pattern) for text in texts):
            return True
    return False


def _fill(row: Workitem, body: Json) -> None:
    packed = gzip.compress(msgspec.json.encode(dict(sorted(body.items()))), 6, mtime=0)
    if len(packed) > MAX_BODY_BYTES:
        raise StepError(413, "The workitem is too large.")
    row.body = packed
    row.priority = _text(body, "00741200")[:16]
    row.label = _text(body, "00741204")[:64]
    row.patient_id = _text(body, "00100020")[:64]
    row.scheduled_at = _text(body, "00404005")[:26]


def _body(row: Workitem) -> Json:
    found: Json = msgspec.json.decode(gzip.decompress(row.body))
    return found


def _text(body: Json, tag: str) -> str:
    values: Sequence[Any] = (body.get(tag) or {}).get("Value") or [""]
    return values[0] if isinstance(values[0], str) else ""


def _ui(value: str) -> Json:
    return {"vr": "UI", "Value": [value]}


def _cs(value: str) -> Json:
    return {"vr": "CS", "Value": [str(value)]}


def _reason(why: str) -> Json:
    return {"00741238": {"vr": "LT", "Value": [why]}} if why else {}


def _moment(now: datetime) -> str:
    return now.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def _digest(transaction_uid: str) -> str:
    return hashlib.sha256(transaction_uid.encode()).hexdigest()


def _holds(row: Workitem, transaction_uid: str) -> bool:
    return bool(row.transaction_hash) and row.transaction_hash == _digest(transaction_uid)
