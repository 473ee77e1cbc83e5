"""Changes attributes of what comes in, by sender: what the rules for it do, for corrections.placement."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.archive.corrections import rules as corrections
from server.archive.corrections.placement import Coercion
from server.archive.routing import rules
from server.archive.routing.tables import CoercionRule
from shared.contract.routing import TagRule

COERCIBLE = frozenset(one.tag for one in {**corrections.STUDY, **corrections.SERIES}.values())
"""The attributes that can be changed on the way in: those that the index keeps and corrections can replace."""


def coercion_of(session: Session) -> Coercion | None:
    """What the rules for incoming images do (corrections.placement.Coercion); None when there is no rule."""
    rows = session.execute(select(CoercionRule).where(CoercionRule.enabled).order_by(CoercionRule.id)).scalars()
    loaded = [
        (row.name, tuple(row.sender_aes), tuple(row.modalities), msgspec.convert(row.changes, tuple[TagRule, ...]))
        for row in rows
    ]
    if not loaded:
        return None

    def coerce(_session: Session, sender: str, present: Mapping[int, str]) -> tuple[str, dict[int, str]]:
        names: list[str] = []
        values: dict[int, str] = dict(present)
        for name, senders, modalities, changes in loaded:
            if not rules.fits_any(senders, {sender}):
                continue
            if modalities and not rules.fits_any(modalities, {present.get(0x00080060, "")}):
                continue
            changed = {tag: value or "" for tag, value in rules.applied(changes, values).items() if tag in COERCIBLE}
            if changed:
                names.append(name)
                values.update(changed)
        return ", ".join(names), {tag: value for tag, value in values.items() if present.get(tag) != value}

    return coerce
