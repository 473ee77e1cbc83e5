"""Use cases of prompts, descriptors, markers and panels."""

from __future__ import annotations

import msgspec
from sqlalchemy import select

from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.organisation.initials import initials
from server.pathology.templates import rules
from server.pathology.templates.tables import DescriptorSetRow, MarkerRow, PanelRow, PromptFieldRow
from shared.contract import pathology_templates as contract
from shared.contract.base import Changed
from shared.domain.pathology_templates.prompt_fields import BY_KEY

_ENTRIES = tuple[contract.PromptEntry, ...]


class Prompts:
    """字段提示; every method works in the caller's unit of work."""

    def listed(self, uow: UnitOfWork, keys: tuple[str, ...] = ()) -> tuple[contract.PromptField, ...]:
        """Return the choices of the fields named, of all without names; a field without choices is there too."""
        wanted = keys or tuple(BY_KEY)
        statement = select(PromptFieldRow).where(PromptFieldRow.key.in_(wanted))
        rows = {row.key: row for row in uow.session.scalars(statement)}
        return tuple(self._view(key, rows.get(key)) for key in wanted if key in BY_KEY)

    def save(self, uow: UnitOfWork, key: str, version: int, entries: _ENTRIES) -> contract.PromptField:
        """Keep the choices of a field. Raises INVALID, CONFLICT."""
        if key not in BY_KEY:
            raise invalid("key", "没有这个字段。")
        if rules.count(entries) > contract.MOST_ENTRIES:
            raise invalid("entries", f"一个字段最多 {contract.MOST_ENTRIES} 条提示。")
        entries = rules.with_initials(entries)
        row = uow.session.scalars(select(PromptFieldRow).where(PromptFieldRow.key == key).with_for_update()).first()
        if row is None:
            row = PromptFieldRow(key=key, version=0, body=b"")
            uow.session.add(row)
        row.expect(version)
        row.body = msgspec.msgpack.encode(entries)
        row.touch()
        uow.session.flush()
        uow.publish(Changed("pathology_prompts", row.id, row.version))
        return self._view(key, row)

    @staticmethod
    def _view(key: str, row: PromptFieldRow | None) -> contract.PromptField:
        entries = msgspec.msgpack.decode(row.body, type=_ENTRIES) if row is not None else ()
        return contract.PromptField(key=key, version=row.version if row is not None else 0, entries=entries)


class Descriptors:
    """ＴＣＴ描述项目; every method works in the caller's unit of work."""

    def listed(self, uow: UnitOfWork) -> tuple[contract.DescriptorSet, ...]:
        """Return all sets in the order they were made."""
        return tuple(_set(row) for row in uow.session.scalars(select(DescriptorSetRow).order_by(DescriptorSetRow.id)))

    def save(self, uow: UnitOfWork, given: contract.DescriptorSet) -> contract.DescriptorSet:
        """Keep a set. Raises INVALID, NOT_FOUND, CONFLICT."""
        rules.check_descriptors(given)
        name = rules.clean_name(given.specimen_type, "specimen_type")
        same = uow.session.scalar(select(DescriptorSetRow.id).where(DescriptorSetRow.specimen_type == name))
        if same is not None and same != given.id:
            raise invalid("specimen_type", f"标本类型“{name}”已存在。")
        if given.id:
            row = uow.session.get(DescriptorSetRow, given.id)
            if row is None:
                raise not_found("该标本类型")
            row.expect(given.version)
        else:
            row = DescriptorSetRow(version=0)
            uow.session.add(row)
        row.specimen_type = name
        row.body = msgspec.msgpack.encode(given)
        row.touch()
        uow.session.flush()
        uow.publish(Changed("pathology_descriptors", row.id, row.version))
        return _set(row)

    def delete(self, uow: UnitOfWork, set_id: int, version: int) -> None:
        """Forget a set. Raises NOT_FOUND, CONFLICT."""
        row = uow.session.get(DescriptorSetRow, set_id)
        if row is None:
            raise not_found("该标本类型")
        row.expect(version)
        uow.session.delete(row)
        uow.publish(Changed("pathology_descriptors", set_id, version + 1))


class Markers:
    """特染标记物/套餐; every method works in the caller's unit of work."""

    def book(self, uow: UnitOfWork) -> contract.MarkerBook:
        """Return the markers by letter and name, and the panels by name."""
        markers = sorted(
            (_marker(row) for row in uow.session.scalars(select(MarkerRow))),
            key=lambda one: (one.letter == "#", one.letter, one.name.casefold()),
        )
        panels = (_panel(row) for row in uow.session.scalars(select(PanelRow).order_by(PanelRow.name)))
        return contract.MarkerBook(markers=tuple(markers), panels=tuple(panels))

    def save(self, uow: UnitOfWork, given: contract.Marker) -> contract.Marker:
        """Add or change a marker. Raises INVALID, NOT_FOUND, CONFLICT."""
        name = rules.clean_name(given.name)
        if len(given.note) > 200:
            raise invalid("note", "说明最多 200 个字。")
        same = uow.session.scalar(
            select(MarkerRow.id).where(MarkerRow.kind == given.kind.value, MarkerRow.name == name)
        )
        if same is not None and same != given.id:
            raise invalid("name", f"标记物“{name}”已存在。")
        row = uow.session.get(MarkerRow, given.id) if given.id else MarkerRow(version=0)
        if row is None:
            raise not_found("该标记物")
        if given.id:
            row.expect(given.version)
        else:
            uow.session.add(row)
        row.kind, row.name, row.note, row.letter = given.kind.value, name, given.note.strip(), rules.letter_of(name)
        row.touch()
        uow.session.flush()
        uow.publish(Changed("pathology_markers", row.id, row.version))
        return _marker(row)

    def delete(self, uow: UnitOfWork, marker_id: int, version: int) -> None:
        """Delete a marker; panels lose it, and a panel without any goes too. Raises NOT_FOUND, CONFLICT."""
        row = uow.session.get(MarkerRow, marker_id)
        if row is None:
            raise not_found("该标记物")
        row.expect(version)
        uow.session.delete(row)
        for panel in uow.session.scalars(select(PanelRow)).all():
            ids = msgspec.msgpack.decode(panel.body, type=tuple[int, ...])
            left = tuple(one for one in ids if one != marker_id)
            if not left:
                uow.session.delete(panel)
            elif left != ids:
                panel.body = msgspec.msgpack.encode(left)
                panel.touch()
        uow.publish(Changed("pathology_markers", marker_id, version + 1))

    def save_panel(self, uow: UnitOfWork, given: contract.Panel) -> contract.Panel:
        """Add or change a panel. Raises INVALID, NOT_FOUND, CONFLICT."""
        name = rules.clean_name(given.name)
        ids = tuple(dict.fromkeys(given.marker_ids))
        if not ids or len(ids) > rules.MOST_MARKERS:
            raise invalid("marker_ids", f"请为套餐选择 1 到 {rules.MOST_MARKERS} 个标记物。")
        known = set(uow.session.scalars(select(MarkerRow.id).where(MarkerRow.id.in_(ids))))
        if len(known) < len(ids):
            raise invalid("marker_ids", "有的标记物已被删除，请刷新后再选。")
        same = uow.session.scalar(select(PanelRow.id).where(PanelRow.name == name))
        if same is not None and same != given.id:
            raise invalid("name", f"套餐“{name}”已存在。")
        row = uow.session.get(PanelRow, given.id) if given.id else PanelRow(version=0)
        if row is None:
            raise not_found("该套餐")
        if given.id:
            row.expect(given.version)
        else:
            uow.session.add(row)
        row.name, row.body = name, msgspec.msgpack.encode(ids)
        row.touch()
        uow.session.flush()
        uow.publish(Changed("pathology_markers", row.id, row.version))
        return _panel(row)

    def delete_panel(self, uow: UnitOfWork, panel_id: int, version: int) -> None:
        """Delete a panel. Raises NOT_FOUND, CONFLICT."""
        row = uow.session.get(PanelRow, panel_id)
        if row is None:
            raise not_found("该套餐")
        row.expect(version)
        uow.session.delete(row)
        uow.publish(Changed("pathology_markers", panel_id, version + 1))


def _set(row: DescriptorSetRow) -> contract.DescriptorSet:
    kept = msgspec.msgpack.decode(row.body, type=contract.DescriptorSet)
    return msgspec.structs.replace(kept, id=row.id, version=row.version, specimen_type=row.specimen_type)


def _marker(row: MarkerRow) -> contract.Marker:
    kind = contract.MarkerKind(row.kind)
    return contract.Marker(id=row.id, version=row.version, kind=kind, name=row.name, note=row.note, letter=row.letter)


def _panel(row: PanelRow) -> contract.Panel:
    ids = msgspec.msgpack.decode(row.body, type=tuple[int, ...])
    return contract.Panel(
        id=row.id, version=row.version, name=row.name, marker_ids=ids, initials=initials(row.name).upper()
    )
