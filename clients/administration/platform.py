"""The organisations of the platform and their groups: who can be referred to, and who publishes slots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clients.administration.table.spec import Call, TableSpec, Values
from clients.administration.words import yes_no
from clients.kit.fields import Choice, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords
from clients.kit.translations import tr
from shared.contract.base import Request
from shared.contract.referrals import (
    GetNetwork,
    NetworkView,
    OrganisationGroupView,
    OrganisationView,
    RemoveOrganisationGroup,
    SaveOrganisation,
    SaveOrganisationGroup,
)


@dataclass(frozen=True)
class OrganisationLine:
    """An organisation with the names of its groups and campuses."""

    organisation: OrganisationView
    groups: str
    campuses: str


def _lines(network: NetworkView) -> tuple[OrganisationLine, ...]:
    groups = {group.id: group.name for group in network.groups}
    campuses = {campus.id: campus.name for campus in network.campuses}
    return tuple(
        OrganisationLine(
            one,
            "、".join(groups.get(group_id, "") for group_id in one.group_ids),
            "、".join(campuses.get(campus_id, "") for campus_id in one.campus_ids),
        )
        for one in network.organisations
        if one.id
    )


def _save(values: Values, line: OrganisationLine | None) -> Request[Any]:
    row = line.organisation if line is not None else None
    return SaveOrganisation(
        organisation=OrganisationView(
            id=row.id if row is not None else 0,
            version=row.version if row is not None else 0,
            code=str(values["code"]).strip(),
            name=str(values["name"]).strip(),
            name_en=str(values["name_en"] or "").strip(),
            group_ids=tuple(values["group_ids"]),
            campus_ids=tuple(values["campus_ids"]),
            accepts_referrals=bool(values["accepts_referrals"]),
            publishes_slots=bool(values["publishes_slots"]),
        )
    )


def _load(call: Call) -> NetworkView:
    found: NetworkView = call(GetNetwork())
    return found


ORGANISATIONS = TableSpec(
    id="organisations",
    columns=(
        Column("code", "编码", 100, value=lambda line: line.organisation.code, strong=True),
        Column("name", "机构", 0, value=lambda line: line.organisation.name),
        Column("groups", "机构组", 160, value=lambda line: line.groups),
        Column("campuses", "院区", 180, value=lambda line: line.campuses),
        Column("accepts", "接收转诊", 90, Align.CENTRE, value=lambda line: yes_no(line.organisation.accepts_referrals)),
        Column("publishes", "开放号源", 90, Align.CENTRE, value=lambda line: yes_no(line.organisation.publishes_slots)),
    ),
    empty=EmptyWords("还没有机构", "建立两个以上的机构，并把院区分给它们，就可以互相转诊。", "send"),
    load=lambda _values: _load,
    rows=_lines,
    row_id=lambda line: line.organisation.id,
    choices={
        "group_ids": lambda network: [Choice(group.id, group.name, translate=False) for group in network.groups],
        "campus_ids": lambda network: [Choice(campus.id, campus.name, translate=False) for campus in network.campuses],
    },
    intro="同一平台上的医院和诊所。每个院区属于一个机构；开放号源的机构，转诊时可以直接选号。",
    form=(
        Section(
            "",
            (
                TextField(key="code", label="编码", required=True, max_length=20),
                TextField(key="name", label="名称", required=True, max_length=100),
                TextField(key="name_en", label="英文名称", max_length=100, span=2),
                TicksField(key="campus_ids", label="院区", columns=2),
                TicksField(key="group_ids", label="机构组", columns=2),
                SwitchField(key="accepts_referrals", label="接收转诊", initial=True),
                SwitchField(key="publishes_slots", label="开放号源", initial=True),
            ),
        ),
    ),
    values=lambda line: {
        name: getattr(line.organisation, name)
        for name in ("code", "name", "name_en", "group_ids", "campus_ids", "accepts_referrals", "publishes_slots")
    },
    save=_save,
    saved_id=lambda reply: reply.id,
    named=lambda line: line.organisation.name,
    search=lambda line: f"{line.organisation.code} {line.organisation.name} {line.groups}",
    entities=("network", "hospital"),
    new_text="新建机构",
)

GROUPS = TableSpec(
    id="organisation-groups",
    columns=(
        Column("name", "机构组", 240, strong=True),
        Column("name_en", "英文名称", 0, quiet=True),
    ),
    empty=EmptyWords("还没有机构组", "例如一个医联体。转诊时先选组，再选其中的机构。", "users"),
    load=lambda _values: _load,
    rows=lambda network: network.groups,
    row_id=lambda group: group.id,
    form=(
        Section(
            "",
            (
                TextField(key="name", label="名称", required=True, max_length=100),
                TextField(key="name_en", label="英文名称", max_length=100),
            ),
        ),
    ),
    form_columns=1,
    values=lambda group: {"name": group.name, "name_en": group.name_en},
    save=lambda values, group: SaveOrganisationGroup(
        group=OrganisationGroupView(
            id=group.id if group is not None else 0, name=values["name"], name_en=values["name_en"] or ""
        )
    ),
    remove=lambda group: RemoveOrganisationGroup(group_id=group.id),
    removed_words=lambda group: tr("已删除机构组 {name}", name=group.name),
    search=lambda group: group.name,
    entities=("network",),
    new_text="新建机构组",
)

TABS = (("机构", ORGANISATIONS), ("机构组", GROUPS))
"""The tabs of the page of the platform."""
