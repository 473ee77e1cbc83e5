"""The price list and the reagents' lots."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.clock import HospitalTime
from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found, stale
from server.pathology.orders.tables import PriceBookRow, ReagentRow
from shared.contract.base import Changed
from shared.contract.pathology_orders import PRICE_ENTITY, REAGENT_ENTITY, Price, PriceList, Reagent
from shared.domain.pathology import OrderKind

_BOOK = 1
_MOST_PRICES = 2000
_MOST_FEN = 100_000_000
_MOST_STOCK = 100_000


class Prices:
    """计费价目."""

    def listed(self, uow: UnitOfWork) -> PriceList:
        """Return all prices."""
        row = uow.session.get(PriceBookRow, _BOOK)
        if row is None:
            return PriceList(version=0, prices=())
        return PriceList(version=row.version, prices=msgspec.convert(row.prices, tuple[Price, ...]))

    def of(self, uow: UnitOfWork, kind: OrderKind, marker: str) -> Price:
        """Return the marker's own price, else the kind's, else 0."""
        prices = {(one.kind, one.marker): one for one in self.listed(uow).prices}
        return prices.get((kind, marker)) or prices.get((kind, "")) or Price(kind=kind, price_fen=0)

    def save(self, uow: UnitOfWork, version: int, prices: tuple[Price, ...]) -> PriceList:
        """Replace the list. Raises CONFLICT, INVALID."""
        if len(prices) > _MOST_PRICES:
            raise invalid("prices", f"价目最多 {_MOST_PRICES} 行。")
        keys = [(one.kind, one.marker) for one in prices]
        if len(set(keys)) != len(keys):
            raise invalid("prices", "同一类型和标记物只能有一个价格。")
        if any(not 0 <= one.price_fen <= _MOST_FEN or len(one.marker) > 60 or len(one.code) > 40 for one in prices):
            raise invalid("prices", "单价应为 0 到 1000000 元，收费代码最多 40 个字。")
        row = uow.session.scalars(select(PriceBookRow).where(PriceBookRow.id == _BOOK).with_for_update()).first()
        if row is None:
            row = PriceBookRow(id=_BOOK, version=0, prices=[])
            uow.session.add(row)
        if row.version != version:
            raise stale(row.version)
        row.prices = msgspec.to_builtins(prices)
        row.touch()
        uow.session.flush()
        uow.publish(Changed(PRICE_ENTITY, _BOOK, row.version))
        return self.listed(uow)


class Reagents:
    """试剂库存."""

    def __init__(self, time: HospitalTime) -> None:
        self._time = time

    def listed(self, uow: UnitOfWork) -> tuple[Reagent, ...]:
        """Return all lots by marker and expiry."""
        statement = select(ReagentRow).order_by(ReagentRow.marker, ReagentRow.expires_on, ReagentRow.id)
        return tuple(self._view(row) for row in uow.session.scalars(statement))

    def save(self, uow: UnitOfWork, given: Reagent) -> Reagent:
        """Add or change a lot. Raises INVALID, NOT_FOUND, CONFLICT."""
        marker, lot, clone = given.marker.strip(), given.lot.strip(), given.clone.strip()
        for field, text in (("marker", marker), ("lot", lot)):
            if not 1 <= len(text) <= 60:
                raise invalid(field, "请填写标记物和批号，最多 60 个字。")
        if len(clone) > 60 or not 0 <= given.stock <= _MOST_STOCK:
            raise invalid("stock", f"库存应为 0 到 {_MOST_STOCK}，克隆号最多 60 个字。")
        same = select(ReagentRow.id).where(ReagentRow.marker == marker, ReagentRow.lot == lot)
        known = uow.session.scalar(same)
        if known is not None and known != given.id:
            raise invalid("lot", f"{marker} 的批号 {lot} 已登记。")
        row = uow.session.get(ReagentRow, given.id, with_for_update=True) if given.id else ReagentRow(version=0)
        if row is None:
            raise not_found("该试剂批号")
        if given.id:
            row.expect(given.version)
        else:
            uow.session.add(row)
        row.marker, row.clone, row.lot = marker, clone, lot
        row.expires_on, row.stock = given.expires_on, given.stock
        row.touch()
        uow.session.flush()
        uow.publish(Changed(REAGENT_ENTITY, row.id, row.version))
        return self._view(row)

    def take(self, uow: UnitOfWork, marker: str, count: int) -> tuple[str, str, str]:
        """Take from the lot that expires first; returns clone, lot and a sentence about what is wrong (empty: nothing).

        A marker of which no lot is kept is not counted. The order is executed in any case: the tube stands before the
        technician, the list does not.
        """
        kept = uow.session.scalars(
            select(ReagentRow)
            .where(ReagentRow.marker == marker)
            .order_by(ReagentRow.expires_on, ReagentRow.id)
            .with_for_update()
        ).all()
        if not kept:
            return "", "", ""
        good = [row for row in kept if row.expires_on >= self._time.today()]
        if not good:
            return "", "", f"{marker} 的试剂已全部过期，请更换批号并登记。"
        row = next((one for one in good if one.stock >= count), None)
        if row is None:
            return "", "", f"{marker} 的试剂库存不足 {count} 张，请补货并登记。"
        row.stock -= count
        row.touch()
        uow.publish(Changed(REAGENT_ENTITY, row.id, row.version))
        return row.clone, row.lot, ""

    def _view(self, row: ReagentRow) -> Reagent:
        return Reagent(
            id=row.id,
            version=row.version,
            marker=row.marker,
            clone=row.clone,
            lot=row.lot,
            expires_on=row.expires_on,
            stock=row.stock,
            is_expired=row.expires_on < self._time.today(),
        )
