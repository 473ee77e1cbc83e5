"""The step that makes master data rows of what older versions had in columns and in the program."""

from __future__ import annotations

from pathlib import Path

import pytest
from databases import KINDS, an_empty_database
from sqlalchemy import text

from server.identity.service import IdentityService
from server.kernel.clock import SystemClock
from server.kernel.database import migrate
from server.organisation.service import OrganisationService
from shared.domain.permissions import ROLES


@pytest.mark.parametrize("kind", KINDS)
def test_an_older_hospital_keeps_what_it_has_and_gets_rows_for_the_rest(kind: str, tmp_path: Path) -> None:
    with an_empty_database(kind, tmp_path) as database:
        migrate.upgrade(database)
        organisation = OrganisationService()
        with database.write() as uow:
            organisation.seed_defaults(uow)
        identity = IdentityService(database, SystemClock(), "topic")
        password = identity.ensure_administrator()
        with database.read() as uow:
            before = organisation.hospital(uow).view
        migrate.downgrade(database, "0011")
        migrate.upgrade(database)
        with database.read() as uow:
            after = OrganisationService().hospital(uow).view
            roles = set(uow.session.scalars(text("select code from roles")))
        assert after.version > before.version
        assert [kind.code for kind in after.patient_types] == ["emergency", "vip", "ordinary"]
        names = {(part.name, part.dicom) for part in before.body_parts}
        assert {(part.name, part.dicom) for part in after.body_parts} == names
        codes = {part.code: part for part in after.body_parts}
        assert len(codes) == len(names)
        for old, new in zip(before.exam_items, after.exam_items, strict=True):
            assert (old.code, old.body_part, old.body_part_dicom) == (new.code, new.body_part, new.body_part_dicom)
            assert codes[new.body_part_code].name == new.body_part
        assert [room.code for room in after.rooms] == [room.code for room in before.rooms]
        assert {device.code for device in after.devices} == {device.ae_title for device in after.devices}
        assert [one.code for one in after.exam_types] == [one.code for one in before.exam_types]
        identity.ensure_administrator()
        assert identity.login("admin", password, "", "").permissions
        assert roles <= set(ROLES)
