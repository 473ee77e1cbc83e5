"""Tags that the administrator lets the index keep besides its own: asked for in queries, filled while the server runs.

A custom tag remembers the instance up to which headers were looked at. Filling goes on from there, whether for images
that were here before or for those that came just now, so that nothing is left out and nothing is done twice after a
crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.archive.query_matching import text_condition
from server.archive.tables import CustomTag, CustomValue

_OFFERED = {"STUDY": ("STUDY",), "SERIES": ("STUDY", "SERIES"), "IMAGE": ("STUDY", "SERIES", "IMAGE")}


def asked_tags(
    session: Session, level: str, tags: Sequence[int], keys: Mapping[int, object]
) -> list[tuple[int, CustomTag]]:
    """The custom tags that a query at `level` means by tags that are none of the index's own.

    A private tag is meant by its creator, which the query gives in (gggg,00bb) for the block bb that it uses; without
    one, a private tag is meant by its number alone.
    """
    wanted = {tag: normal(tag) for tag in tags if tag & 0xFFFF > 0xFF or not tag >> 16 & 1}
    if not wanted:
        return []
    statement = select(CustomTag).where(
        CustomTag.tag.in_(sorted(set(wanted.values()))), CustomTag.level.in_(_OFFERED[level])
    )
    known = list(session.execute(statement).scalars())
    found = []
    for tag, number in wanted.items():
        creator = keys.get(tag & 0xFFFF0000 | tag >> 8 & 0xFF) if tag >> 16 & 1 else ""
        stated = creator.strip() if isinstance(creator, str) else ""
        for custom in known:
            if custom.tag == number and (not stated or custom.creator == stated):
                found.append((tag, custom))
                break
    return found


def normal(tag: int) -> int:
    """The number by which a tag is kept: private ones as if their block were 0x10."""
    return tag & 0xFFFF00FF | 0x1000 if tag >> 16 & 1 else tag


def custom_condition(owner: Any, custom_tag_id: int, value: str) -> ColumnElement[bool]:
    """The rows (by their id column `owner`) whose value matches."""
    values = select(CustomValue.owner).where(
        CustomValue.custom_tag_id == custom_tag_id, text_condition(CustomValue.value, value)
    )
    found: ColumnElement[bool] = owner.in_(values)
    return found


def value_column(owner: Any, custom_tag_id: int) -> Any:
    """A column with the value of a custom tag for each row."""
    statement = select(CustomValue.value).where(CustomValue.custom_tag_id == custom_tag_id, CustomValue.owner == owner)
    return statement.correlate(owner.class_).scalar_subquery()
