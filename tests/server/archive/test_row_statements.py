"""Rows that go straight to the driver: defaults, types and troubles are those of the table, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy.exc import IntegrityError

from server.archive.row_statements import inserted
from server.archive.tables import ImagePatient, Study
from tests.server.archive.archive_house import House


def test_a_row_has_its_defaults_and_an_id(house: House) -> None:
    moment = datetime(2026, 3, 2, 8, 0, 30, 250_000, tzinfo=UTC)
    with house.database.write() as uow:
        patient = inserted(uow.session, ImagePatient, {"identity": "P1\n", "patient_id": "P1"})
        study = {"uid": "2.25.1", "image_patient_id": patient, "patient_id": "P1", "version": 1}
        number = inserted(uow.session, Study, {**study, "received_at": moment, "changed_at": moment, "details": b"\0x"})
    with house.database.read() as uow:
        row = uow.session.get(Study, number)
        assert row is not None
        assert (row.match_state, row.instance_count, row.exam_id, row.correction) == ("pending", 0, None, None)
        assert (row.received_at, row.details, row.image_patient_id) == (moment, b"\0x", patient)


def test_a_trouble_of_the_driver_is_one_of_sqlalchemy(house: House) -> None:
    with pytest.raises(IntegrityError), house.database.write() as uow:
        for _ in range(2):
            inserted(uow.session, ImagePatient, {"identity": "P1\n", "patient_id": "P1"})
