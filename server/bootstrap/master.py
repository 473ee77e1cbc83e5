"""Tells the master data what other areas have standing on its rows."""

from __future__ import annotations

from typing import Any

from server.exams.whereabouts import open_exams_in_room, open_exams_of_kind
from server.kernel.database import UnitOfWork
from server.organisation.master import MasterService
from shared.contract.master import MasterKind


def tell_master_of_exams(master: MasterService) -> None:
    """Open exams keep their room and their patient type in use."""

    def in_room(uow: UnitOfWork, row: Any) -> str:
        number = open_exams_in_room(uow, row.id)
        return f"{number} 个未完成的检查" if number else ""

    def of_kind(uow: UnitOfWork, row: Any) -> str:
        number = open_exams_of_kind(uow, row.code)
        return f"{number} 个未完成的检查" if number else ""

    master.add_uses(MasterKind.ROOM, in_room)
    master.add_uses(MasterKind.PATIENT_TYPE, of_kind)
