"""Settings that are one row each: a version and a packed body under a key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect

from server.kernel.database.base import Versioned
from server.kernel.database.unit import UnitOfWork
from shared.contract.base import Changed


def keep_settings(uow: UnitOfWork, kind: type[Versioned], key: int, *, version: int, body: bytes, entity: str) -> None:
    """Replace the `body` of a row, made where there is none, and tell the workstations. Raises CONFLICT.

    `kind` has one column for its key, `version` and `body`; `version` is the one that the change was made on.
    """
    row: Any = uow.session.get(kind, key, with_for_update=True)
    if row is None:
        [name] = [column.key for column in inspect(kind).primary_key]
        row = kind(**{str(name): key, "version": 0, "body": b""})
        uow.session.add(row)
    row.expect(version)
    row.body = body
    row.touch()
    uow.session.flush()
    uow.publish(Changed(entity=entity, id=key, version=row.version))
