"""Organisations and organisation groups of the platform: who has which campus, who can be referred to."""

from __future__ import annotations

from sqlalchemy import delete, select

from server.kernel.database import UnitOfWork
from server.kernel.errors import invalid, not_found
from server.organisation.service import OrganisationService
from server.referrals.tables import (
    OrganisationCampusRow,
    OrganisationGroupRow,
    OrganisationMemberRow,
    OrganisationRow,
)
from shared.contract.base import Changed
from shared.contract.referrals import NetworkView, OrganisationGroupView, OrganisationView

_OWN_CODE = "OWN"


class Network:
    """Use cases of the network. Campuses that nobody claims belong to the house itself."""

    def __init__(self, organisation: OrganisationService) -> None:
        self._organisation = organisation

    def view(self, uow: UnitOfWork) -> NetworkView:
        """Return groups and organisations. The house itself is there even where nobody entered it (id 0)."""
        hospital = self._organisation.hospital(uow)
        groups = uow.session.scalars(select(OrganisationGroupRow).order_by(OrganisationGroupRow.id)).all()
        rows = uow.session.scalars(select(OrganisationRow).order_by(OrganisationRow.id)).all()
        members, campuses = self._members(uow), self._campuses(uow)
        claimed = {campus_id for ids in campuses.values() for campus_id in ids}
        kinds: dict[int, set[str]] = {}
        for room in hospital.view.rooms:
            kinds.setdefault(room.campus_id, set()).update(room.exam_types)
        order = list(hospital.exam_types)

        def types_of(campus_ids: tuple[int, ...]) -> tuple[str, ...]:
            found = set[str]().union(*(kinds.get(campus_id, set()) for campus_id in campus_ids))
            return tuple(code for code in order if code in found)

        organisations = [
            OrganisationView(
                id=row.id,
                version=row.version,
                code=row.code,
                name=row.name,
                name_en=row.name_en,
                group_ids=members.get(row.id, ()),
                campus_ids=campuses.get(row.id, ()),
                accepts_referrals=row.accepts_referrals,
                publishes_slots=row.publishes_slots,
                exam_types=types_of(campuses.get(row.id, ())),
            )
            for row in rows
        ]
        free = tuple(campus.id for campus in hospital.view.campuses if campus.id not in claimed)
        if free:
            organisations.insert(
                0,
                OrganisationView(
                    id=0,
                    version=0,
                    code=_OWN_CODE,
                    name=hospital.view.name,
                    name_en=hospital.view.name_en,
                    group_ids=(),
                    campus_ids=free,
                    accepts_referrals=False,
                    exam_types=types_of(free),
                ),
            )
        return NetworkView(
            groups=tuple(OrganisationGroupView(id=row.id, name=row.name, name_en=row.name_en) for row in groups),
            organisations=tuple(organisations),
            campuses=hospital.view.campuses,
            rooms=hospital.view.rooms,
        )

    def save_group(self, uow: UnitOfWork, group: OrganisationGroupView) -> OrganisationGroupView:
        """Add or rename a group. Raises INVALID, NOT_FOUND."""
        name = group.name.strip()
        if not name or len(name) > 100 or len(group.name_en) > 100:
            raise invalid("name", "请填写机构组名称，最多 100 个字符。")
        same = uow.session.scalars(select(OrganisationGroupRow).where(OrganisationGroupRow.name == name)).one_or_none()
        if same is not None and same.id != group.id:
            raise invalid("name", f"已经有机构组“{name}”。")
        row = uow.session.get(OrganisationGroupRow, group.id) if group.id else OrganisationGroupRow()
        if row is None:
            raise not_found("机构组")
        row.name, row.name_en = name, group.name_en.strip()
        uow.session.add(row)
        uow.session.flush()
        self._tell(uow)
        return OrganisationGroupView(id=row.id, name=row.name, name_en=row.name_en)

    def remove_group(self, uow: UnitOfWork, group_id: int) -> None:
        """Delete a group; its organisations stay. Raises NOT_FOUND."""
        row = uow.session.get(OrganisationGroupRow, group_id)
        if row is None:
            raise not_found("机构组")
        uow.session.execute(delete(OrganisationMemberRow).where(OrganisationMemberRow.group_id == group_id))
        uow.session.delete(row)
        self._tell(uow)

    def save(self, uow: UnitOfWork, wanted: OrganisationView) -> OrganisationView:
        """Add or change an organisation. Raises INVALID, CONFLICT, NOT_FOUND."""
        self._check(uow, wanted)
        row = uow.session.get(OrganisationRow, wanted.id) if wanted.id else OrganisationRow(version=0)
        if row is None:
            raise not_found("机构")
        if wanted.id:
            row.expect(wanted.version)
        row.code, row.name, row.name_en = wanted.code.strip(), wanted.name.strip(), wanted.name_en.strip()
        row.accepts_referrals, row.publishes_slots = wanted.accepts_referrals, wanted.publishes_slots
        row.touch()
        uow.session.add(row)
        uow.session.flush()
        uow.session.execute(delete(OrganisationMemberRow).where(OrganisationMemberRow.organisation_id == row.id))
        uow.session.execute(delete(OrganisationCampusRow).where(OrganisationCampusRow.organisation_id == row.id))
        uow.session.add_all(OrganisationMemberRow(group_id=one, organisation_id=row.id) for one in wanted.group_ids)
        uow.session.add_all(OrganisationCampusRow(campus_id=one, organisation_id=row.id) for one in wanted.campus_ids)
        uow.session.flush()
        self._tell(uow)
        return next(one for one in self.view(uow).organisations if one.id == row.id)

    def _check(self, uow: UnitOfWork, wanted: OrganisationView) -> None:
        if not wanted.name.strip() or len(wanted.name) > 100 or len(wanted.name_en) > 100:
            raise invalid("name", "请填写机构名称，最多 100 个字符。")
        if not wanted.code.strip() or len(wanted.code) > 20:
            raise invalid("code", "请填写机构编码，最多 20 个字符。")
        known = self.view(uow)
        if any(one.code == wanted.code.strip() and one.id != wanted.id for one in known.organisations):
            raise invalid("code", f"已经有编码为“{wanted.code.strip()}”的机构。")
        if set(wanted.group_ids) - {group.id for group in known.groups}:
            raise invalid("group_ids", "所选的机构组已不存在，请重新选择。")
        campuses = {campus.id for campus in self._organisation.hospital(uow).view.campuses}
        if set(wanted.campus_ids) - campuses:
            raise invalid("campus_ids", "所选的院区已不存在，请重新选择。")
        for one in known.organisations:
            if one.id and one.id != wanted.id and set(one.campus_ids) & set(wanted.campus_ids):
                raise invalid("campus_ids", f"所选院区已属于“{one.name}”，一个院区只能属于一个机构。")

    def _members(self, uow: UnitOfWork) -> dict[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {}
        for row in uow.session.scalars(select(OrganisationMemberRow).order_by(OrganisationMemberRow.group_id)):
            found[row.organisation_id] = (*found.get(row.organisation_id, ()), row.group_id)
        return found

    def _campuses(self, uow: UnitOfWork) -> dict[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {}
        for row in uow.session.scalars(select(OrganisationCampusRow).order_by(OrganisationCampusRow.campus_id)):
            found[row.organisation_id] = (*found.get(row.organisation_id, ()), row.campus_id)
        return found

    def _tell(self, uow: UnitOfWork) -> None:
        uow.publish(Changed(entity="network", id=0, version=0))
