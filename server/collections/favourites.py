"""Favourites (收藏): an account's own cases in folders, with disease marks (RIS-RPD-07, RIS-RSM-03)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from server.collections.cases import case_of, facts_of, short, words_in
from server.collections.ports import Reports, Rows
from server.collections.tables import Favourite
from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from shared.contract.collections import (
    FavouriteList,
    FavouriteOfReport,
    FavouriteView,
    ListFavourites,
    SaveFavourite,
)
from shared.contract.reporting import ReportRow

_MOST = 20_000
_MOST_ROWS = 500


class Favourites:
    """Keeps them; nobody sees another account's."""

    def __init__(self, reports: Reports, rows: Rows, time: HospitalTime) -> None:
        self._reports = reports
        self._rows = rows
        self._time = time

    def page(self, uow: UnitOfWork, caller: Caller, request: ListFavourites) -> FavouriteList:
        """Return one page, newest first."""
        if not 1 <= request.page.limit <= _MOST_ROWS or request.page.offset < 0:
            raise invalid("page", f"每页 1 到 {_MOST_ROWS} 行，起始行不能为负。")
        where: list[ColumnElement[bool]] = [Favourite.owner_id == caller.user_id]
        if request.folder is not None:
            where.append(Favourite.folder == request.folder)
        if request.disease:
            where.append(Favourite.disease == request.disease)
        if request.text.strip():
            columns = (Favourite.patient_name, Favourite.accession_number, Favourite.items, Favourite.disease)
            where.append(words_in(request.text.strip(), *columns, Favourite.note))
        total = uow.session.scalar(select(func.count()).select_from(Favourite).where(*where)) or 0
        statement = select(Favourite).where(*where).order_by(Favourite.added_at.desc(), Favourite.id.desc())
        found = list(uow.session.scalars(statement.offset(request.page.offset).limit(request.page.limit)))
        now = self._rows.rows_of(uow, caller, {one.report_id for one in found})
        return FavouriteList(
            total=total,
            rows=tuple(_view(one, now.get(one.report_id)) for one in found),
            folders=self._counted(uow, caller, Favourite.folder),
            diseases={name: count for name, count in self._counted(uow, caller, Favourite.disease).items() if name},
        )

    def of_report(self, uow: UnitOfWork, caller: Caller, report_id: int) -> FavouriteOfReport:
        """Return the favourite of a report, if it is one, and the words in use."""
        found = self._own(uow, caller, report_id)
        row = self._rows.rows_of(uow, caller, [report_id]).get(report_id)
        return FavouriteOfReport(
            favourite=None if found is None else _view(found, row),
            folders=tuple(sorted(name for name in self._counted(uow, caller, Favourite.folder) if name)),
            diseases=tuple(sorted(name for name in self._counted(uow, caller, Favourite.disease) if name)),
        )

    def save(self, uow: UnitOfWork, caller: Caller, request: SaveFavourite) -> FavouriteView:
        """File a report, or change how it is filed."""
        row = self._reports.get(uow, caller, request.report_id).row
        found = self._own(uow, caller, request.report_id)
        if found is None:
            count = uow.session.scalar(
                select(func.count()).select_from(Favourite).where(Favourite.owner_id == caller.user_id)
            )
            if (count or 0) >= _MOST:
                raise invalid("report_id", f"收藏最多 {_MOST} 份，请先移除一些。")
            found = Favourite(owner_id=caller.user_id, added_at=self._time.now(), **facts_of(row))
        found.folder = short("folder", request.folder, 60)
        found.disease = short("disease", request.disease, 60)
        found.note = short("note", request.note, 400)
        uow.session.add(found)
        uow.session.flush()
        return _view(found, row)

    def remove(self, uow: UnitOfWork, caller: Caller, favourite_id: int) -> None:
        """Take a case out."""
        found = uow.session.get(Favourite, favourite_id)
        if found is None or found.owner_id != caller.user_id:
            raise not_found("收藏")
        uow.session.delete(found)

    def rename_folder(self, uow: UnitOfWork, caller: Caller, folder: str, name: str) -> None:
        """Rename a folder, or join it with the one of that name."""
        name = short("name", name, 60, least=1)
        changed: Any = uow.session.execute(
            update(Favourite)
            .where(Favourite.owner_id == caller.user_id, Favourite.folder == folder)
            .values(folder=name)
        )
        if not changed.rowcount:
            raise not_found("收藏目录")

    @staticmethod
    def _own(uow: UnitOfWork, caller: Caller, report_id: int) -> Favourite | None:
        return uow.session.scalar(
            select(Favourite).where(Favourite.owner_id == caller.user_id, Favourite.report_id == report_id)
        )

    @staticmethod
    def _counted(uow: UnitOfWork, caller: Caller, column: Any) -> dict[str, int]:
        rows = uow.session.execute(
            select(column, func.count()).where(Favourite.owner_id == caller.user_id).group_by(column).order_by(column)
        )
        return {str(name): int(count) for name, count in rows}


def _view(one: Favourite, now: ReportRow | None) -> FavouriteView:
    return FavouriteView(
        id=one.id,
        case=case_of(one, now),
        folder=one.folder,
        disease=one.disease,
        note=one.note,
        added_at=one.added_at,
    )
