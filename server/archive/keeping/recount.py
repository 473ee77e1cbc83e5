"""Derived columns of studies and series, counted anew from their instances."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.archive.tables import Instance, InstanceVersion, Series, Study


def derived(session: Session, study_pk: int) -> dict[str, Any]:
    """What the derived columns of a study should hold."""
    of_study = select(Series.id).where(Series.study_pk == study_pk)
    instances = session.execute(
        select(func.count(), func.coalesce(func.sum(Instance.size_bytes), 0)).where(Instance.series_pk.in_(of_study))
    ).one()
    versions = session.execute(
        select(func.count(), func.coalesce(func.sum(InstanceVersion.size_bytes), 0))
        .join(Instance, Instance.id == InstanceVersion.instance_pk)
        .where(Instance.series_pk.in_(of_study))
    ).one()
    modalities = session.execute(select(Series.modality).where(Series.study_pk == study_pk).distinct()).scalars()
    classes = session.execute(
        select(Instance.sop_class_uid).where(Instance.series_pk.in_(of_study)).distinct()
    ).scalars()
    return {
        "series_count": session.execute(select(func.count()).where(Series.study_pk == study_pk)).scalar_one(),
        "instance_count": int(instances[0]),
        "bytes_stored": int(instances[1]) + int(versions[1]),
        "conflicts": int(versions[0]),
        "modalities": "\\".join(sorted({one for one in modalities if one})),
        "sop_classes": "\\".join(sorted({one for one in classes if one})),
    }


def recount(session: Session, study_pk: int) -> None:
    """Set the derived columns of a study and of its series."""
    counted = select(func.count()).where(Instance.series_pk == Series.id).scalar_subquery()
    session.execute(update(Series).where(Series.study_pk == study_pk).values(instance_count=counted))
    values = derived(session, study_pk)
    session.execute(update(Study).where(Study.id == study_pk).values(**values, version=Study.version + 1))
