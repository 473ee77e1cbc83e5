"""Use cases of administrators: stores, storage rules, pre-fetch rules."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server.archive.lifecycle.fill import StoreFills
from server.archive.lifecycle.registry import ONLINE, StoreRegistry, definition_of, row_of
from server.archive.lifecycle.selecting import compiled, entry_of, every_unsettled
from server.archive.lifecycle.tables import PrefetchRule, StorageRule, StoreRow, StudyCopy
from server.kernel import secretfiles
from server.kernel.database import Database, UnitOfWork
from server.kernel.errors import illegal_action, invalid, not_found
from server.kernel.storage.definition import StoreDefinition, WrongDefinition, built, checked, with_secret
from server.kernel.storage.medium import prepare
from server.kernel.storage.port import StorageError
from server.kernel.storage.tiers import Role
from server.organisation.service import Hospital
from shared.contract.storage import (
    PrefetchEntry,
    PrefetchView,
    PreviewView,
    RuleEntry,
    RuleView,
    SaveStore,
    StoreView,
)

_MOST_DAYS = 36_500
_LONGEST = 200
_IN_USE = "存储“{}”中有影像副本，不能{}。请先通过规则把影像迁走。"


class StorageSetup:
    """Stores and rules. `hospital` gives the master data of a unit of work, for rules that name a campus."""

    def __init__(
        self,
        database: Database,
        registry: StoreRegistry,
        fills: StoreFills,
        hospital: Callable[[UnitOfWork], Hospital],
    ) -> None:
        self._database = database
        self._registry = registry
        self._fills = fills
        self._hospital = hospital

    # stores

    def save_store(self, request: SaveStore) -> StoreView:
        """Add or change a store after trying it. Raises Refusal. Not inside of a transaction: it may take seconds."""
        made = self._definition(request)
        with self._database.read() as uow:
            old = uow.session.get(StoreRow, made.name)
            in_use = _has_copies(uow.session, made.name)
        if self._registry.from_settings(made.name) is not None or made.name == ONLINE:
            raise illegal_action("settings", f"存储“{made.name}”由配置文件设定，请在配置文件中修改。")
        if old is not None and in_use and made.moved_from(definition_of(old)):
            raise illegal_action("in_use", _IN_USE.format(made.name, "更改位置"))
        if old is not None and not made.access_key:
            made = dataclasses.replace(made, access_key=old.access_key)
        medium = self._tried(made, old)
        self._require_own_place(made, medium)
        with self._database.write() as uow:
            uow.session.merge(row_of(made, medium, from_settings=False))
        if made.secret_key:
            secretfiles.write(self._registry.secret_file(made.name), made.secret_key.encode())
        self._registry.look_again()
        with self._database.read() as uow:
            return next(view for view in self._fills.views(uow.session) if view.name == made.name)

    def _require_own_place(self, made: StoreDefinition, medium: str) -> None:
        """Raise INVALID when another store lies in the same place: two copies there would be one."""
        with self._database.read() as uow:
            same = select(StoreRow.name).where(StoreRow.medium == medium, StoreRow.name != made.name)
            taken = uow.session.execute(same).scalars().first() if medium else None
        for store in self._registry.stores():
            if store.name != made.name and not made.moved_from(store.definition):
                taken = store.name
        if taken:
            field = "path" if made.kind == "folder" else "bucket"
            raise invalid(field, f"该位置已是存储“{taken}”，同一位置的两份副本等于一份，请另选位置。")

    def remove_store(self, uow: UnitOfWork, name: str) -> None:
        """Forget a store that holds nothing. Raises Refusal."""
        if self._registry.from_settings(name) is not None or name == ONLINE:
            raise illegal_action("settings", f"存储“{name}”由配置文件设定，请在配置文件中删除。")
        row = uow.session.get(StoreRow, name)
        if row is None:
            raise not_found("该存储")
        if _has_copies(uow.session, name):
            raise illegal_action("in_use", _IN_USE.format(name, "删除"))
        for rule in uow.session.execute(select(StorageRule)).scalars():
            if name in entry_of(rule).keep_in:
                raise illegal_action("in_use", f"存储规则“{entry_of(rule).name}”使用存储“{name}”，请先修改该规则。")
        uow.session.delete(row)
        uow.session.flush()
        self._registry.secret_file(name).unlink(missing_ok=True)
        self._registry.look_again()

    def _definition(self, request: SaveStore) -> StoreDefinition:
        values = {item.name: getattr(request, item.name) for item in msgspec.structs.fields(SaveStore)}
        try:
            return checked(StoreDefinition(**{**values, "role": Role(request.role)}))
        except WrongDefinition as wrong:
            raise invalid(wrong.field, f"存储设置有误：{wrong}。") from wrong
        except ValueError:
            raise invalid("role", "存储的用途应为 nearline、archive 或 offline。") from None

    def _tried(self, made: StoreDefinition, old: StoreRow | None) -> str:
        """Use the store once; returns the id on a folder's medium. Raises INVALID with what went wrong."""
        try:
            medium = ""
            if made.kind == "folder":
                if old is not None and old.medium and not made.moved_from(definition_of(old)):
                    return old.medium  # its medium may be away at present
                medium = prepare(Path(made.path), made.name)
            store = built(with_secret(made, self._registry.secret_file(made.name)), medium)
            probe = getattr(store, "probe", None)
            if probe is not None:
                probe()
        except WrongDefinition as wrong:
            raise invalid(wrong.field, f"存储设置有误：{wrong}。") from wrong
        except StorageError as trouble:
            field = "path" if made.kind == "folder" else "endpoint"
            raise invalid(field, f"存储无法使用：{trouble}") from trouble
        return medium

    # rules

    def list_rules(self, uow: UnitOfWork) -> tuple[RuleView, ...]:
        """All rules by position."""
        rows = uow.session.execute(select(StorageRule).order_by(StorageRule.position, StorageRule.id)).scalars()
        return tuple(self._rule_view(row) for row in rows)

    def save_rule(self, uow: UnitOfWork, entry: RuleEntry, rule_id: int | None, version: int) -> RuleView:
        """Add or change a rule. Raises INVALID, NOT_FOUND, CONFLICT."""
        self._check_rule(entry)
        body = msgspec.to_builtins(entry)
        if rule_id is None:
            row = StorageRule(position=entry.position, body=body, version=1)
            uow.session.add(row)
        else:
            found = uow.session.get(StorageRule, rule_id)
            if found is None:
                raise not_found("该存储规则")
            found.expect(version)
            found.position, found.body = entry.position, body
            found.touch()
            row = found
        uow.session.flush()
        return self._rule_view(row)

    def remove_rule(self, uow: UnitOfWork, rule_id: int) -> None:
        """Remove a rule. Raises NOT_FOUND."""
        row = uow.session.get(StorageRule, rule_id)
        if row is None:
            raise not_found("该存储规则")
        uow.session.delete(row)
        uow.session.flush()

    def preview(self, uow: UnitOfWork, entry: RuleEntry) -> PreviewView:
        """Reckon what a rule would do now. Raises INVALID."""
        self._check_rule(entry)
        rule = compiled(entry, 0, self._hospital(uow))
        studies = to_copy = to_free = 0
        others = rule.keep_in - {ONLINE}
        for row in every_unsettled(uow.session, rule, datetime.now(UTC)):
            studies += 1
            have = select(StudyCopy.store).where(
                StudyCopy.study_uid == row.uid, StudyCopy.state == "verified", StudyCopy.store.in_(others)
            )
            to_copy += row.bytes_stored * (len(others) - len(uow.session.execute(have).all()))
            if ONLINE not in rule.keep_in and row.availability == "ONLINE":
                to_free += row.bytes_stored
        return PreviewView(
            studies=studies,
            bytes_to_copy=to_copy,
            bytes_to_free_online=to_free,
            sentence=f"该规则现在会迁移 {studies} 个检查，复制 {_size(to_copy)}，释放在线空间 {_size(to_free)}。",
        )

    def _check_rule(self, entry: RuleEntry) -> None:
        if not entry.name.strip() or len(entry.name) > _LONGEST:
            raise invalid("entry.name", "请填写规则名称。")
        for name, value in (("after_days", entry.after_days), ("unused_days", entry.unused_days)):
            if not 0 <= value <= _MOST_DAYS:
                raise invalid(f"entry.{name}", "天数应为 0 到 36500。")
        if len(entry.calling_aes) > 500 or len(entry.modalities) > 100 or len(entry.keep_in) > 20:
            raise invalid("entry", "条件过多，请拆分为多条规则。")
        if not entry.keep_in:
            raise invalid("entry.keep_in", "请至少选择一个存储。")
        for name in entry.keep_in:
            if name != ONLINE and self._registry.get(name) is None:
                raise invalid("entry.keep_in", f"没有名为“{name}”的存储，请从列表中选择。")

    def _rule_view(self, row: StorageRule) -> RuleView:
        entry = entry_of(row)
        gone = [name for name in entry.keep_in if name != ONLINE and self._registry.get(name) is None]
        trouble = f"存储“{gone[0]}”已不存在，规则暂停执行。" if gone else ""
        return RuleView(id=row.id, version=row.version, entry=entry, trouble=trouble)

    # pre-fetch

    def list_prefetch(self, uow: UnitOfWork) -> tuple[PrefetchView, ...]:
        """All pre-fetch rules."""
        rows = uow.session.execute(select(PrefetchRule).order_by(PrefetchRule.id)).scalars()
        return tuple(_prefetch_view(row) for row in rows)

    def save_prefetch(self, uow: UnitOfWork, entry: PrefetchEntry, rule_id: int | None, version: int) -> PrefetchView:
        """Add or change a pre-fetch rule. Raises INVALID, NOT_FOUND, CONFLICT."""
        if not 1 <= entry.newest <= 100:
            raise invalid("entry.newest", "预取的检查数应为 1 到 100。")
        if not 1 <= entry.within_years <= 100:
            raise invalid("entry.within_years", "年数应为 1 到 100。")
        if len(entry.exam_type) > 20 or len(entry.modalities) > 100:
            raise invalid("entry", "条件过多或过长。")
        body = msgspec.to_builtins(entry)
        if rule_id is None:
            row = PrefetchRule(body=body, version=1)
            uow.session.add(row)
        else:
            found = uow.session.get(PrefetchRule, rule_id)
            if found is None:
                raise not_found("该预取规则")
            found.expect(version)
            found.body = body
            found.touch()
            row = found
        uow.session.flush()
        return _prefetch_view(row)

    def remove_prefetch(self, uow: UnitOfWork, rule_id: int) -> None:
        """Remove a pre-fetch rule. Raises NOT_FOUND."""
        row = uow.session.get(PrefetchRule, rule_id)
        if row is None:
            raise not_found("该预取规则")
        uow.session.delete(row)
        uow.session.flush()


def _has_copies(session: Session, name: str) -> bool:
    return bool(session.execute(select(exists().where(StudyCopy.store == name))).scalar_one())


def _prefetch_view(row: PrefetchRule) -> PrefetchView:
    return PrefetchView(id=row.id, version=row.version, entry=msgspec.convert(row.body, PrefetchEntry))


def _size(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.1f} MB"
