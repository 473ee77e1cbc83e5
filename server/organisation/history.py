"""The history of the master data's rows: who changed what, when, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import insert, select

from server.kernel.clock import Clock
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.rows.fields import differences
from server.kernel.rows.kinds import Kind
from server.organisation.tables import MasterChangeRow
from shared.contract.master import MasterAction, MasterChange, MasterEntry, MasterKind

_SHOWN = 200
_TOGETHER = "master_changes_together"
_encode = msgspec.msgpack.Encoder().encode
_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(MasterEntry)


class History:
    """Writes changes in the transaction that makes them; they are never altered."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def note(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: MasterKind,
        row: Any,
        action: MasterAction,
        before: Any | None,
        after: Any | None,
    ) -> None:
        """Keep a change."""
        change = {
            "at": self._clock.now(),
            "user_name": caller.name[:64],
            "kind": kind.value,
            "action": action.value,
            "before": b"" if before is None else _encode(before),
            "after": b"" if after is None else _encode(after),
        }
        waiting = uow.session.info.get(_TOGETHER)
        if waiting is None:
            uow.session.execute(insert(MasterChangeRow), [{**change, "subject_id": row.id}])
        else:
            waiting.append((row, change))  # the row may have no id yet

    @contextmanager
    def together(self, uow: UnitOfWork) -> Iterator[None]:
        """Write the changes of an import at its end, all at once."""
        waiting: list[tuple[Any, dict[str, Any]]] = []
        uow.session.info[_TOGETHER] = waiting
        try:
            yield
        finally:
            del uow.session.info[_TOGETHER]
        if waiting:
            uow.session.flush()
            changes = [{**change, "subject_id": row.id} for row, change in waiting]
            uow.session.execute(insert(MasterChangeRow), changes)

    def of(self, uow: UnitOfWork, kind: Kind, row_id: int) -> tuple[MasterChange, ...]:
        """Return the changes of a row, newest first."""
        rows = uow.session.scalars(
            select(MasterChangeRow)
            .where(MasterChangeRow.kind == kind.kind.value, MasterChangeRow.subject_id == row_id)
            .order_by(MasterChangeRow.id.desc())
            .limit(_SHOWN)
        )
        return tuple(
            MasterChange(
                at=row.at,
                user_name=row.user_name,
                action=MasterAction(row.action),
                differences=differences(kind.fields, _decoded(row.before), _decoded(row.after)),
            )
            for row in rows
        )


def _decoded(body: bytes) -> Any | None:
    try:
        return _decoder.decode(body) if body else None
    except msgspec.ValidationError:  # written by a program that knew other values
        return None
