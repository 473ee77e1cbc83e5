"""What belongs to a study, where its copies are, and what may count as a copy: queries only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.lifecycle.tables import CopyState, StudyCopy
from server.archive.tables import Instance, InstanceVersion, Series, Study


@dataclass(frozen=True, slots=True)
class Contents:
    """The objects of a study, other versions included: keys sorted, sizes in bytes."""

    study_bytes: int
    sizes: dict[str, int]

    @property
    def keys(self) -> list[str]:
        return list(self.sizes)

    @property
    def total(self) -> int:
        return sum(self.sizes.values())

    @property
    def digest(self) -> str:
        """Tells two contents apart."""
        return hashlib.sha256(packed(self.keys)).hexdigest()


def contents(session: Session, study_uid: str) -> Contents | None:
    """The objects of a study as the index has them now; None when it is not there (any more)."""
    study = session.execute(select(Study.id, Study.bytes_stored).where(Study.uid == study_uid)).first()
    if study is None:
        return None
    own = (
        select(Instance.object_key, Instance.size_bytes)
        .join(Series, Series.id == Instance.series_pk)
        .where(Series.study_pk == study.id)
    )
    versions = (
        select(InstanceVersion.object_key, InstanceVersion.size_bytes)
        .join(Instance, Instance.id == InstanceVersion.instance_pk)
        .join(Series, Series.id == Instance.series_pk)
        .where(Series.study_pk == study.id)
    )
    found = {row.object_key: row.size_bytes for part in (own, versions) for row in session.execute(part)}
    return Contents(study.bytes_stored, dict(sorted(found.items())))


def copies(session: Session, study_uid: str) -> dict[str, StudyCopy]:
    """The rows of a study's copies by store."""
    rows = session.execute(select(StudyCopy).where(StudyCopy.study_uid == study_uid)).scalars()
    return {row.store: row for row in rows}


def is_good(copy: StudyCopy | None, of: Contents) -> bool:
    """Whether a copy was verified and holds what the study consists of now."""
    return copy is not None and copy.state == CopyState.VERIFIED and copy.digest == of.digest


def packed(keys: list[str]) -> bytes:
    """Keys as the bytes of a row."""
    return b"".join(map(bytes.fromhex, keys))


def unpacked(data: bytes | None) -> list[str]:
    """The keys that `packed` wrote."""
    whole = data or b""
    return [whole[start : start + 32].hex() for start in range(0, len(whole), 32)]
