"""下一份待阅: the most urgent first, nobody's twice, the tab that was read closes, words that are unsaved stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from clients.ecg.shell.next_record import in_order
from shared.contract.ecg_consultations import Accept
from shared.contract.errors import ErrorCode
from shared.domain.ecg import ConsultationState, ExamState, ReportState, Urgency
from tests.clients.ecg.ecg_rows import NOW, a_consultation, a_session, an_exam, refusal
from tests.clients.ecg.ecg_station import FakeReading, Station, use_fake_reading
from tests.clients.ecg.fake_ecg import FakeEcg


@pytest.fixture
def station(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    use_fake_reading(monkeypatch)
    hospital = FakeEcg()
    hospital.exams = [an_exam(n, acquired_at=NOW + timedelta(minutes=n)) for n in (1, 2, 3)]
    made = Station(qtbot, a_session(), hospital)
    yield made
    made.close()


def opened(station: Station) -> list[int]:
    station.settle()
    return [exam_id for exam_id, _title in station.parts.area().titles()]


def test_critical_comes_first_then_urgency_then_who_waits_longest() -> None:
    late = NOW + timedelta(hours=1)
    rows = [
        an_exam(1, acquired_at=late),
        an_exam(2, acquired_at=NOW),
        an_exam(3, acquired_at=late, urgency=Urgency.URGENT),
        an_exam(4, acquired_at=late, urgency=Urgency.EMERGENCY),
        an_exam(5, acquired_at=late, is_critical=True),
        an_exam(6, state=ExamState.REPORTED),
        an_exam(7, consultation_state=ConsultationState.ACCEPTED),
        an_exam(8, report_state=ReportState.PENDING),
        an_exam(9, allowed=()),
    ]
    assert [row.id for row in in_order(rows)] == [5, 4, 3, 2, 1]


def test_the_next_record_opens_and_the_tab_that_was_read_closes(station: Station) -> None:
    desk = station.parts._desk
    desk.open_reading(2)
    desk.open_next(2)
    assert opened(station) == [1]
    desk.open_next(1)
    assert opened(station) == [3]
    desk.open_next(3)
    assert opened(station) == [1]  # passed over before, now it comes again


def test_unsaved_words_keep_their_tab(station: Station) -> None:
    desk = station.parts._desk
    desk.open_reading(2)
    FakeReading.made[-1].dirty = True
    desk.open_next(2)
    assert opened(station) == [2, 1]
    FakeReading.made[0].dirty = False


def test_nothing_to_read_is_said_and_the_page_stays(station: Station) -> None:
    station.hospital.exams = station.hospital.exams[:1]
    station.parts._desk.open_reading(1)
    station.parts._desk.open_next(1)
    assert opened(station) == [1] and station.said() == ["没有待阅的心电图了。"]


def test_a_consulting_doctor_accepts_the_next_that_nobody_else_took(station: Station) -> None:
    hospital = station.hospital
    hospital.consultations = [a_consultation(n) for n in (1, 2, 3)]
    accept = hospital.replies[Accept]

    def taken(request: Accept) -> object:
        if request.consultation_id == 2:
            raise refusal(ErrorCode.ILLEGAL_ACTION, "已由钱医生受理")
        return accept(request)

    hospital.replies[Accept] = taken
    desk = station.parts._desk
    desk.open_reading(1, consultation_id=1)
    desk.open_next(1)
    assert opened(station) == [3]
    assert FakeReading.made[-1].reading.consultation_id == 3
    assert [one.consultation_id for one in hospital.calls_of(Accept)] == [2, 3]
