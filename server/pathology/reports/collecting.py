"""Follow-up and favourites of pathology cases."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, func, select

from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import invalid, not_found
from server.pathology.reports.books import Books
from server.pathology.reports.ports import CaseFacts
from server.pathology.reports.tables import Favourite, FollowUp
from shared.contract.pathology_reports import FavouriteView, FollowUpView, OpinionText, SaveFavourite, SaveFollowUp
from shared.domain.pathology import CaseFlag
from shared.domain.pathology_reports import Concordance

_MOST = 500
_MOST_FAVOURITES = 10_000
_FURTHEST = timedelta(days=3660)


class Collecting:
    """Keeps what doctors collect; every method works in the caller's unit of work."""

    def __init__(self, books: Books) -> None:
        self._books = books

    # ── follow-up ────────────────────────────────────────────────────────────────────────────────────

    def follow_ups(self, uow: UnitOfWork, caller: Caller, case_id: int, *, open_only: bool) -> tuple[FollowUpView, ...]:
        """Return follow-ups of a case or of all, due first."""
        found = select(FollowUp)
        if case_id:
            self._books.cases.facts(uow, caller, case_id)
            found = found.where(FollowUp.case_id == case_id)
        if open_only:
            found = found.where(FollowUp.closed_at.is_(None))
        rows = list(uow.session.scalars(found.order_by(FollowUp.due_on, FollowUp.id).limit(_MOST)))
        cases = self._books.cases.many(uow, {one.case_id for one in rows})
        return tuple(self._follow_up(one, cases[one.case_id]) for one in rows if one.case_id in cases)

    def save_follow_up(self, uow: UnitOfWork, caller: Caller, request: SaveFollowUp) -> FollowUpView:
        """Add or change a follow-up. Raises INVALID, NOT_FOUND, CONFLICT."""
        books, today = self._books, self._books.time.today()
        books.cases.lock(uow, request.case_id)
        case = books.cases.facts(uow, caller, request.case_id)
        contact = books.note("contact", request.contact, "请填写随访对象（患者或送检医生）及联系方式。")[:200]
        result = books.clean(OpinionText(comment=request.result)).comment
        if request.due_on > today + _FURTHEST:
            raise invalid("due_on", "随访日期过远，请更正。")
        if request.agrees is not None and not result:
            raise invalid("result", "请填写随访结果。")
        if request.id:
            row = uow.session.get(FollowUp, request.id)
            if row is None or row.case_id != request.case_id:
                raise not_found("随访记录")
            row.expect(request.version)
        else:
            row = FollowUp(version=0, case_id=request.case_id, closed_at=None)
            uow.session.add(row)
        row.due_on, row.contact = request.due_on, contact
        row.reason, row.result = books.note("reason", request.reason), result
        row.agrees = request.agrees.value if request.agrees is not None else ""
        row.by_id, row.by, row.at = caller.user_id, caller.name[:80], books.time.now()
        row.closed_at = (row.closed_at or books.time.now()) if result else None
        row.touch()
        uow.session.flush()
        still = select(func.count()).where(FollowUp.case_id == case.id, FollowUp.closed_at.is_(None))
        books.cases.flag(uow, caller, case.id, CaseFlag.FOLLOW_UP, on=bool(uow.session.scalar(still)))
        books.log(uow, caller, case.id, "followed_up" if result else "follow_up_planned", note=result or contact)
        books.cases.touch(uow, case.id)
        return self._follow_up(row, case)

    def follow_up_counts(self, uow: UnitOfWork, case_id: int = 0) -> tuple[int, int]:
        """Return how many open follow-ups are due, and how many there are (PA-DX-19: 1/2)."""
        where: list[ColumnElement[bool]] = [FollowUp.closed_at.is_(None)]
        if case_id:
            where.append(FollowUp.case_id == case_id)
        total = uow.session.scalar(select(func.count()).select_from(FollowUp).where(*where)) or 0
        due = select(func.count()).select_from(FollowUp).where(*where, FollowUp.due_on <= self._books.time.today())
        return uow.session.scalar(due) or 0, total

    def _follow_up(self, row: FollowUp, case: CaseFacts) -> FollowUpView:
        return FollowUpView(
            id=row.id,
            version=row.version,
            case_id=row.case_id,
            case_number=case.number,
            patient_name=case.entry.patient_name,
            due_on=row.due_on,
            contact=row.contact,
            reason=row.reason,
            result=row.result,
            agrees=Concordance(row.agrees) if row.agrees else None,
            by=row.by,
            at=row.at,
            closed_at=row.closed_at,
            is_due=row.closed_at is None and row.due_on <= self._books.time.today(),
        )

    # ── favourites ───────────────────────────────────────────────────────────────────────────────────

    def favourites(self, uow: UnitOfWork, caller: Caller, text: str) -> tuple[FavouriteView, ...]:
        """Return the caller's collection, newest first."""
        found = select(Favourite).where(Favourite.owner_id == caller.user_id)
        rows = list(uow.session.scalars(found.order_by(Favourite.added_at.desc()).limit(_MOST_FAVOURITES)))
        cases = self._books.cases.many(uow, {one.case_id for one in rows})
        wanted = text.strip().lower()
        views = (
            FavouriteView(
                case_id=one.case_id,
                case_number=cases[one.case_id].number,
                patient_name=cases[one.case_id].entry.patient_name,
                state=cases[one.case_id].state,
                folder=one.folder,
                note=one.note,
                added_at=one.added_at,
            )
            for one in rows
            if one.case_id in cases
        )
        return tuple(
            one for one in views if wanted in f"{one.case_number} {one.patient_name} {one.folder} {one.note}".lower()
        )[:_MOST]

    def save_favourite(self, uow: UnitOfWork, caller: Caller, request: SaveFavourite) -> None:
        """收藏病例. Raises NOT_FOUND, INVALID."""
        self._books.cases.facts(uow, caller, request.case_id)
        if len(request.folder) > 60 or len(request.note) > 400:
            raise invalid("note", "目录最多 60 字，备注最多 400 字。")
        row = uow.session.get(Favourite, (caller.user_id, request.case_id))
        if row is None:
            if self.favourite_count(uow, caller) >= _MOST_FAVOURITES:
                raise invalid("case_id", f"最多收藏 {_MOST_FAVOURITES} 个病例。")
            row = Favourite(owner_id=caller.user_id, case_id=request.case_id, added_at=self._books.time.now())
            uow.session.add(row)
        row.folder, row.note = request.folder.strip(), request.note.strip()
        uow.session.flush()

    def remove_favourite(self, uow: UnitOfWork, caller: Caller, case_id: int) -> None:
        """Take a case out of the caller's collection. Raises NOT_FOUND."""
        row = uow.session.get(Favourite, (caller.user_id, case_id))
        if row is None:
            raise not_found("收藏")
        uow.session.delete(row)
        uow.session.flush()

    @staticmethod
    def favourite_count(uow: UnitOfWork, caller: Caller) -> int:
        """Return how many cases the caller collected."""
        return uow.session.scalar(select(func.count()).where(Favourite.owner_id == caller.user_id)) or 0

    @staticmethod
    def is_favourite(uow: UnitOfWork, caller: Caller, case_id: int) -> bool:
        """Whether a case is in the caller's collection."""
        return uow.session.get(Favourite, (caller.user_id, case_id)) is not None
