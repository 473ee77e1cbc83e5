"""Puts rows that come out of the recycle bin among those that have come since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.archive import attributes
from server.archive.keeping.binrows import Row, known_columns, put_back
from server.archive.keeping.discards import announce
from server.archive.tables import ImagePatient, Instance, InstanceVersion, Series, Study

_NOW = timedelta(0)


def restored_study(session: Session, whole: dict[str, Any]) -> tuple[int, bool]:
    """The id of the study, and whether it had to be made."""
    row = whole["study"]
    here = session.execute(select(Study).where(Study.uid == row["uid"]).with_for_update()).scalar_one_or_none()
    if here is not None:
        here.correction = here.correction or row.get("correction")
        return here.id, False
    patient = session.execute(
        select(ImagePatient.id).where(ImagePatient.identity == whole["patient"]["identity"])
    ).scalar_one_or_none()
    if patient is None:
        patient = put_back(session, ImagePatient, whole["patient"])
    return put_back(session, Study, row, image_patient_id=patient, version=row["version"] + 1), True


def restored_series(
    session: Session, rows: Sequence[Row], study_id: int
) -> dict[int, tuple[int, attributes.Attributes, attributes.Attributes]]:
    """Old id → (present id, attributes as they were, attributes as they are)."""
    found = {}
    for row in rows:
        here = session.execute(select(Series).where(Series.uid == row["uid"])).scalar_one_or_none()
        before = attributes.unpacked(row["attributes"])
        if here is None:
            found[row["id"]] = (put_back(session, Series, row, study_pk=study_id), before, before)
        else:
            here.correction = here.correction or row.get("correction")
            found[row["id"]] = (here.id, before, attributes.unpacked(here.attributes))
    return found


def restored_instances(
    session: Session,
    rows: Sequence[Row],
    series: dict[int, tuple[int, attributes.Attributes, attributes.Attributes]],
) -> dict[int, int]:
    """Old id → present id. Those of which nothing has come since go in together."""
    found: dict[int, int] = {}
    waiting: list[Row] = []
    for start in range(0, len(rows), 500):
        part = rows[start : start + 500]
        uids, ids = [row["uid"] for row in part], [row["id"] for row in part]
        taken_uids = set(session.execute(select(Instance.uid).where(Instance.uid.in_(uids))).scalars())
        taken_ids = set(session.execute(select(Instance.id).where(Instance.id.in_(ids))).scalars())
        plain, others = [], []
        for row in part:
            if row["uid"] in taken_uids or row["id"] in taken_ids:
                others.append(row)
                continue
            series_id, before, after = series[row["series_pk"]]
            own = _moved(row["attributes"], before, after)
            plain.append(known_columns(Instance, row) | {"series_pk": series_id, "attributes": own})
            found[row["id"]] = row["id"]
        if plain:
            session.execute(insert(Instance), plain)
        waiting += others
    for row in waiting:  # these get new ids, which must not be ones that are put back
        found[row["id"]] = _restored_instance(session, row, series)
    return found


def _restored_instance(
    session: Session, row: Row, series: dict[int, tuple[int, attributes.Attributes, attributes.Attributes]]
) -> int:
    here = session.execute(
        select(Instance.id, Instance.object_key, Instance.received_key).where(Instance.uid == row["uid"])
    ).first()
    if here is not None:
        if not {row["object_key"], row["received_key"]} & ({here.object_key, here.received_key} - {None}):
            row = {**row, "received_at": datetime.now(UTC), "calling_ae": "", "series_uid": "", "study_uid": ""}
            place = (
                select(Series.uid, Study.uid.label("study")).join(Study).join(Instance, Instance.series_pk == Series.id)
            )
            found = session.execute(place.where(Instance.id == here.id)).one()
            row.pop("id")
            restored_version(session, {**row, "series_uid": found.uid, "study_uid": found.study}, here.id)
        elif row["object_key"] != here.object_key:
            announce(session, [(row["object_key"], row["uid"])], "superseded", _NOW)
        return int(here.id)
    series_id, before, after = series[row["series_pk"]]
    return put_back(session, Instance, row, series_pk=series_id, attributes=_moved(row["attributes"], before, after))


def restored_version(session: Session, row: Row, instance_id: int) -> None:
    if session.execute(select(InstanceVersion.id).where(InstanceVersion.object_key == row["object_key"])).first():
        return
    if session.execute(
        select(Instance.id).where(Instance.id == instance_id, Instance.object_key == row["object_key"])
    ).first():
        return
    put_back(session, InstanceVersion, row, instance_pk=instance_id)


def _moved(own: bytes | None, before: attributes.Attributes, after: attributes.Attributes) -> bytes | None:
    """An instance's differences from its series' attributes, when those are others now."""
    if before == after:
        return own
    charset = 0x00080005
    old = {tag: value for tag, value in before.items() if tag != charset}
    new = {tag: value for tag, value in after.items() if tag != charset}
    mine = attributes.merged(old, own)
    changed: attributes.Attributes = {tag: value for tag, value in mine.items() if tag not in new or new[tag] != value}
    changed.update({tag: None for tag in new if tag not in mine})
    return attributes.packed(changed) if changed else None
