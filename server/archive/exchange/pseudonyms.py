"""Keeps who is behind the pseudonyms that left the house: read with a permission of its own (service.reidentify)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from server.archive.exchange.tables import Pseudonym
from server.kernel.database import Database

if TYPE_CHECKING:
    from server.archive.exchange.anonymise import Anonymised


def remember(database: Database, project: str, made: Anonymised) -> None:
    """Note the patient behind an object that leaves anonymously; once is enough."""
    known = select(Pseudonym.id).where(Pseudonym.project == project, Pseudonym.pseudonym == made.pseudonym)
    with database.read() as uow:
        if uow.session.execute(known).first() is not None:
            return
    values = {
        "project": project,
        "pseudonym": made.pseudonym,
        "patient_id": made.patient_id,
        "patient_name": made.patient_name,
        "created_at": datetime.now(UTC),
    }
    try:
        with database.write() as uow:
            uow.session.execute(insert(Pseudonym).values(**values))
    except IntegrityError:  # another job of the project was quicker
        return
