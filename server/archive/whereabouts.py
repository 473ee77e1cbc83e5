"""Which study an object belongs to, for those who limit access by the exam's place."""

from __future__ import annotations

from sqlalchemy import select

from server.archive.tables import Instance, Series, Study
from server.kernel.database import UnitOfWork


def study_of_object(uow: UnitOfWork, sop_instance_uid: str) -> str | None:
    """Return the Study Instance UID of an archived object, or None when there is no such object."""
    found = (
        select(Study.uid)
        .join(Series, Series.study_pk == Study.id)
        .join(Instance, Instance.series_pk == Series.id)
        .where(Instance.uid == sop_instance_uid)
        .limit(1)
    )
    return uow.session.scalar(found)
