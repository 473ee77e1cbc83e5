"""The statements of the index that run for each object, batch or new series, made once."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, bindparam, insert, update
from sqlalchemy.orm import Session

from server.archive.tables import ImagePatient, Instance, Series, Study
from server.kernel.database.prepared import PreparedInsert, PreparedRow

INSTANCE_COLUMNS = (
    "uid",
    "series_pk",
    "number",
    "sop_class_uid",
    "transfer_syntax_uid",
    "object_key",
    "size_bytes",
    "data_offset",
    "attributes",
)
"""What a new instance has; columns beyond these must be nullable or have a default in the database."""

# Through the tables and not the mapped classes: a third of the cost. What others add to the tables needs a default.
_instances, _series, _studies = (cast("Table", mapped.__table__) for mapped in (Instance, Series, Study))
INSERT_INSTANCES = PreparedInsert(insert(_instances), INSTANCE_COLUMNS)
COUNT_SERIES = (
    update(_series)
    .where(_series.c.id == bindparam("this"))
    .values(instance_count=_series.c.instance_count + bindparam("more"))
)
DESCRIBE_STUDY = (
    update(_studies)
    .where(_studies.c.id == bindparam("this"))
    .values(modalities=bindparam("modalities"), sop_classes=bindparam("classes"))
)
GROW_STUDY = (
    update(_studies)
    .where(_studies.c.id == bindparam("this"))
    .values(
        instance_count=_studies.c.instance_count + bindparam("instances"),
        series_count=_studies.c.series_count + bindparam("series"),
        bytes_stored=_studies.c.bytes_stored + bindparam("size"),
        conflicts=_studies.c.conflicts + bindparam("others"),
        changed_at=bindparam("now"),  # not the version: that is of what people change, and images come all the time
    )
)


_inserts = {mapped: PreparedRow(cast("Table", mapped.__table__)) for mapped in (ImagePatient, Study, Series)}


def inserted(session: Session, mapped: type[ImagePatient | Study | Series], values: dict[str, Any]) -> int:
    """Insert a row and return its id."""
    return _inserts[mapped].run(session, values)
