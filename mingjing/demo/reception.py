"""The reception's part of the story: how full a room is, and an exam that goes to another hospital."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from mingjing.demo.hospital import Hospital, item_of
from mingjing.demo.record import Record
from mingjing.demo.windows import Seat, Windows
from shared.contract.exams import ListSlots, PatientEntry, RegisterExam
from shared.contract.master import CampusEntry, ListRows, MasterKind, RoomEntry, SaveRow, StaffEntry
from shared.contract.organisation import GetHospital, RoomView
from shared.contract.referrals import (
    GetNetwork,
    OrganisationGroupView,
    OrganisationView,
    SaveOrganisation,
    SaveOrganisationGroup,
)
from shared.domain.states import ReferralState, Sex
from shared.rpc.client import RpcClient

COUNTY_CLERK = "zhaolei"
_BOOKED = ("王秀英", "李建国", "刘洋", "陈静", "杨帆", "黄磊", "周杰", "吴芳")
_REFERRED = "孙桂兰"
_COUNTY = "XIAN"


class Reception:
    """One step at two reception desks."""

    def __init__(
        self, record: Record, hospital: Hospital, windows: Windows, observer: RpcClient, room: RoomView
    ) -> None:
        self._record = record
        self._hospital = hospital
        self._windows = windows
        self._observer = observer
        self._room = room

    def play(self) -> None:
        """The calendar of the story's room; a referral is sent here and accepted there."""
        from clients.registration.app import TITLE, make_pages

        with self._record.step(
            "预约日历与转诊：本院转出，县医院接收", "Calendar and referral: sent here, accepted in the county hospital"
        ) as step:
            known = {one.code for one in self._observer.call(GetNetwork()).organisations}
            if _COUNTY not in known:  # a kept hospital has it already
                self._found_county_hospital()
                self._book_tomorrow()
            here = self._windows.seat(self._hospital, TITLE, make_pages(), "wangfang")
            here.sign_in()
            calendar = here.page("calendar")
            here.until(lambda: calendar.presenter.state.loaded_once, "the calendar")
            calendar.presenter.choose_room(self._room.id)
            if date.today().weekday() == 6:
                calendar.presenter.move(1)
            here.until(lambda: _is_loaded(calendar.presenter.state), "the appointments")
            here.shot(self._record.file(step, "calendar.png"))
            state = calendar.presenter.state
            step.sentences.append(f"{self._room.name}: {state.taken} / {state.places} places taken / 已约")

            sent = here.page("referral")
            self._refer(here, sent)
            here.shot(self._record.file(step, "referral-sent.png"))
            there = self._windows.seat(self._hospital, TITLE, make_pages(), COUNTY_CLERK)
            there.sign_in()
            self._accept(there, self._record.file(step, "referral-accept.png"))
            here.front()
            here.until(lambda: _row(sent).state is ReferralState.ACCEPTED, "the sender to see the answer")
            here.shot(self._record.file(step, "referral-answered.png"))
            row = _row(sent)
            step.sentences.append(f"{row.exam.accession_number}: {row.to_organisation_name}, {row.answered_by}")

    # ── what the platform has ──

    def _found_county_hospital(self) -> None:
        """A second organisation with a campus, a CT room and a clerk who sees that campus only."""
        call = self._observer.call
        own = tuple(campus.id for campus in call(GetHospital()).campuses)
        campus = call(SaveRow(entry=CampusEntry(code="XRM", name="县医院影像科", name_en="County imaging")))
        room = RoomEntry(code="XCT1", name="县医院 CT 室", name_en="County CT", campus="XRM", exam_types=("CT",))
        call(SaveRow(entry=room))
        group = call(SaveOrganisationGroup(group=OrganisationGroupView(id=0, name="城南医联体")))
        for code, name, english, campuses in (
            ("OUR", "明镜示范医院", "Mingjing Demonstration Hospital", own),
            (_COUNTY, "县人民医院", "County People's Hospital", (campus.id,)),
        ):
            organisation = OrganisationView(
                id=0, version=0, code=code, name=name, name_en=english, group_ids=(group.id,), campus_ids=campuses
            )
            call(SaveOrganisation(organisation=organisation))
        clerk = next(row for row in call(ListRows(kind=MasterKind.STAFF)).rows if row.entry.code == COUNTY_CLERK)
        entry = StaffEntry(code=COUNTY_CLERK, name=clerk.entry.name, roles=("clerk",), campuses=("XRM",))
        call(SaveRow(entry=entry, row_id=clerk.id, version=clerk.version))

    def _book_tomorrow(self) -> None:
        """Some appointments of tomorrow, so that the calendar looks like a hospital's."""
        call = self._observer.call
        item = item_of(call(GetHospital()), "CT", ())
        tomorrow = date.today() + timedelta(days=1)
        free = [slot for slot in call(ListSlots(room_id=self._room.id, day=tomorrow)) if slot.offer == "free"]
        for index, (name, slot) in enumerate(zip(_BOOKED, free[::3], strict=False)):
            call(
                RegisterExam(
                    patient=PatientEntry(name=name, sex=Sex.FEMALE, birth_date=date(1960 + index, 3, 4)),
                    exam_type="CT",
                    items=(item,),
                    campus_id=self._room.campus_id,
                    room_id=self._room.id,
                    slot_id=slot.id,
                )
            )

    # ── the desks ──

    @staticmethod
    def _refer(seat: Seat, page: Any) -> None:
        presenter = page.presenter
        seat.until(
            lambda: bool(presenter.network) and presenter.state.form.organisation_id is not None, "the other hospital"
        )
        item = next(one for one in presenter.state.hospital.exam_items if one.exam_type == "CT")
        before = {row.id for row in page.list_presenter.state.rows}
        presenter.edit(name=_REFERRED, sex=Sex.FEMALE, birth_date=date(1951, 2, 3))
        presenter.add_item(item)
        page.form.do_submit()

        def is_listed() -> bool:
            return any(row.id not in before for row in page.list_presenter.state.rows)

        seat.until(lambda: is_listed() or presenter.state.repeat_of is not None, "the referral")
        if not is_listed():  # a kept hospital knows the exam of the last run, and asks before a repeat
            page.form.do_submit()
            seat.until(is_listed, "the repeated referral")

    def _accept(self, seat: Seat, picture: Path) -> None:
        from clients.registration.referral.presenter import RowAction

        page = seat.page("referral")
        page.list_presenter.choose_side(incoming=True)
        seat.until(lambda: bool(page.list_presenter.state.waiting), "the referral to come in")
        page.list_presenter.do(RowAction.ACCEPT, _row(page))
        assert seat.window.shell is not None
        panel: Any = seat.window.shell.side_panel.content
        seat.until(lambda: bool(panel._presenter.state.slots), "the slots of the county hospital")
        seat.shot(picture)
        panel.save.click()
        seat.until(lambda: _row(page).state is ReferralState.ACCEPTED, "the referral to be accepted")


def _is_loaded(state: Any) -> bool:
    return bool(state.load) and not state.loading


def _row(page: Any) -> Any:
    """The newest referral of the story's patient."""
    rows = [row for row in page.list_presenter.state.rows if row.exam.patient_name == _REFERRED]
    return max(rows, key=lambda row: row.id)
