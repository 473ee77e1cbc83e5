"""What a structured form lacks is among the alarms while writing, and not asked again once it was set aside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server.bootstrap.structured import build_structured
from server.kernel.errors import Refusal
from server.reporting import second_reading
from server.reporting.checking.service import CheckingService
from shared.contract.checking import (
    AlarmKind,
    AlarmView,
    CheckText,
    DismissAlarm,
    DismissReason,
    GetCheckerUse,
    NoteAlarms,
    SaveCheckerSwitches,
)
from shared.contract.structured import SaveFormTemplate
from shared.domain.structured import FieldValue, FormContent
from shared.domain.structured_form import new_form
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import FULL, LI, World
from tests.structured_samples import nodule_template


class FormWorld(World):
    """The reporting world with a published form of nodules, and the checker."""

    def begin(self) -> None:
        self.structured = build_structured(self.reports, self.time)
        self.checking = CheckingService(self.time, second_reading.subject_of_texts, self.structured.values.missing)
        self.reports.follow(self.checking.stepped)
        with self.database.write() as uow:
            self.form = self.structured.templates.save(uow, LI, SaveFormTemplate(template=nodule_template()))
            self.structured.templates.publish(uow, LI, self.form.row.id, 1)

    def filled(self, **values: FieldValue) -> FormContent:
        """Return a form with one nodule; `values` are of the nodule."""
        return msgspec.structs.replace(
            new_form(self.form.template, self.form.row.id, 1),
            values={f"nodules.1.{key}": value for key, value in values.items()},
            items={"nodules": (1,)},
        )

    def gaps(self, report_id: int, form: FormContent | None) -> tuple[AlarmView, ...]:
        request = CheckText(report_id=report_id, findings=FULL.findings, impression=FULL.impression, form=form)
        with self.database.read() as uow:
            return tuple(one for one in self.checking.check(uow, LI, request) if one.path)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FormWorld]:
    with a_database(request.param, tmp_path) as database:
        made = FormWorld(database)
        made.begin()
        yield made


def test_empty_and_impossible_fields_are_alarms_until_they_are_right(world: FormWorld) -> None:
    report_id = world.a_report()
    lobe = FieldValue(options=("rul",))
    assert world.gaps(report_id, None) == ()
    missing = {one.path: one for one in world.gaps(report_id, world.filled())}
    assert {"nodules.1.lobe", "nodules.1.size"} <= set(missing)
    assert {(one.kind, one.start, one.end) for one in missing.values()} == {(AlarmKind.MISSING, 0, 0)}
    assert missing["nodules.1.size"].why == "请填写“结节1 长径”。"
    wrong = {one.path: one.why for one in world.gaps(report_id, world.filled(lobe=lobe, size=FieldValue(number=999)))}
    assert wrong["nodules.1.size"] == "“长径”不能大于 300mm。" and "nodules.1.lobe" not in wrong
    right = {one.path for one in world.gaps(report_id, world.filled(lobe=lobe, size=FieldValue(number=8)))}
    assert not right & {"nodules.1.lobe", "nodules.1.size"}


def test_a_gap_set_aside_with_a_reason_is_not_asked_at_submitting(world: FormWorld) -> None:
    report_id = world.a_report()
    form = world.filled(lobe=FieldValue(options=("rul",)))
    content = msgspec.structs.replace(FULL, form=form)
    with world.database.write() as uow:
        version = world.reports.write(uow, LI, report_id).version
    with pytest.raises(Refusal, match="长径"), world.database.write() as uow:
        world.reports.submit(uow, LI, report_id, version, content)
    for gap in world.gaps(report_id, form):
        with world.database.write() as uow:
            world.checking.dismiss(
                uow,
                LI,
                DismissAlarm(report_id=report_id, kind=gap.kind, text=gap.text, reason=DismissReason.KNOWN),
            )
    assert world.gaps(report_id, form) == ()
    with world.database.write() as uow:
        world.reports.submit(uow, LI, report_id, version, content)
    again = world.gaps(report_id, world.filled(lobe=FieldValue(options=("rul",)), size=FieldValue(number=999)))
    assert [one.path for one in again] == ["nodules.1.size"], "another mistake of the same field is said"


def test_a_form_being_filled_does_not_count_as_use_of_the_checker(world: FormWorld) -> None:
    report_id = world.a_report()
    with world.database.write() as uow:
        world.checking.note(uow, LI, NoteAlarms(report_id=report_id, alarms=world.gaps(report_id, world.filled())))
    with world.database.read() as uow:
        assert sum(one.shown for one in world.checking.use(uow, GetCheckerUse())) == 0


def test_the_kind_that_is_off_is_off_for_forms_too(world: FormWorld) -> None:
    report_id = world.a_report()
    assert world.gaps(report_id, world.filled())
    with world.database.write() as uow:
        world.checking.save_switches(uow, SaveCheckerSwitches(exam_type="", off=(AlarmKind.MISSING,)))
    assert world.gaps(report_id, world.filled()) == ()


def test_a_form_beyond_its_bounds_is_not_checked(world: FormWorld) -> None:
    report_id = world.a_report()
    huge = msgspec.structs.replace(world.filled(), items={"nodules": tuple(range(1, 32))})
    with pytest.raises(Refusal, match="太多"):
        world.gaps(report_id, huge)
