"""The half-typed booking in the kit's journaled drafts."""

from __future__ import annotations

from typing import Any

import msgspec

from clients.kit.drafts import DraftStore
from clients.registration.booking.state import BookingForm

DRAFT_ID = "booking"


class BookingDrafts:
    """One draft per user and desk: the new booking."""

    def __init__(self, store: DraftStore, name: str = DRAFT_ID) -> None:
        self._store = store
        self._name = name

    def load(self) -> BookingForm | None:
        """The form as last kept; None if there is none, or if an older version of the suite wrote it."""
        values = self._store.restore(self._name)
        if values is None:
            return None
        try:
            return msgspec.convert(values, BookingForm)
        except msgspec.ValidationError:
            return None

    def save(self, form: BookingForm) -> None:
        """Keep the form; returns at once."""
        values: dict[str, Any] = msgspec.to_builtins(form)
        self._store.record(self._name, values)

    def discard(self) -> None:
        """The form was submitted or cleared."""
        self._store.discard(self._name)
