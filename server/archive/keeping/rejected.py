"""Objects that are sent again although they lie in the recycle bin: what a person deleted does not return by itself.

They are answered with success and stay in the bin, as further versions when their bytes are others; so nothing that was
acknowledged is lost, and restoring brings all of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from server.archive.keeping.binrows import packed
from server.archive.keeping.tables import BinEntry, BinObject


@dataclass(frozen=True, slots=True)
class Rejected:
    """An instance in the bin: its entry, and the keys of the bytes that are there already."""

    entry_id: int
    series_uid: str
    keys: frozenset[str]


def bin_is_empty(session: Session) -> bool:
    """Whether nothing lies in the bin."""
    return session.execute(select(BinObject.id).limit(1)).first() is None


def rejected(session: Session, uids: Collection[str]) -> dict[str, Rejected]:
    """Those of the SOP Instance UIDs that lie in the bin and are not accepted again (yet)."""
    now = datetime.now(UTC)
    statement = (
        select(BinObject.uid, BinObject.entry_id, BinObject.series_uid, BinObject.object_key, BinObject.received_key)
        .join(BinEntry, BinEntry.id == BinObject.entry_id)
        .where(BinObject.uid.in_(uids), or_(BinEntry.accept_again_at.is_(None), BinEntry.accept_again_at > now))
    )
    found: dict[str, Rejected] = {}
    for row in session.execute(statement):
        keys = {row.object_key, row.received_key or row.object_key}
        before = found.get(row.uid)
        found[row.uid] = Rejected(row.entry_id, row.series_uid, frozenset(keys | (before.keys if before else set())))
    return found


def keep_version(
    session: Session,
    into: Rejected,
    *,
    uid: str,
    study_uid: str,
    series_uid: str,
    sop_class_uid: str,
    transfer_syntax_uid: str,
    object_key: str,
    size_bytes: int,
    data_offset: int,
    calling_ae: str,
    received_at: datetime,
) -> None:
    """Keep other bytes that came for an instance in the bin beside it, in the bin."""
    shared = {
        "sop_class_uid": sop_class_uid,
        "transfer_syntax_uid": transfer_syntax_uid,
        "object_key": object_key,
        "size_bytes": size_bytes,
        "data_offset": data_offset,
        "series_uid": series_uid,
    }
    row = {**shared, "study_uid": study_uid, "calling_ae": calling_ae, "received_at": received_at}
    values = {**shared, "series_uid": into.series_uid}
    session.execute(
        insert(BinObject).values(entry_id=into.entry_id, uid=uid, is_version=True, row=packed(row), **values)
    )
