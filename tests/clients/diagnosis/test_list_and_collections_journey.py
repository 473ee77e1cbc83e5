"""A day around the list through a real server: clocks, refresh by notices, comparison, and what doctors collect."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from pytestqt.qtbot import QtBot

from clients.diagnosis.collections.favourites.view import FavouritesView
from clients.diagnosis.collections.follow_ups.view import FollowUpsView
from clients.diagnosis.collections.page import CollectionsPage
from clients.diagnosis.collections.teaching.view import TeachingFilesView
from clients.kit.app import make_application
from clients.kit.theme import apply_theme
from clients.kit.tokens import ThemeName
from shared.contract import collections as c
from shared.contract.errors import RpcError
from shared.contract.identity import CreateUser
from shared.contract.reporting import (
    ApproveReport,
    AuditReport,
    ListReports,
    ReportClock,
    ReportContent,
    ReportFilter,
    SubmitReport,
    WriteReport,
)
from shared.contract.worklist import GetBreachForecast, GetTimeLimits, SaveTimeLimits
from shared.domain.states import CriticalValue, ReportState
from shared.rpc.client import RpcClient
from tests.clients.diagnosis.test_diagnosis_journey import PASSWORD, Seat, scan_a_patient
from tests.server_process import ServerProcess, running_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    with running_server(tmp_path / "data") as server:
        yield server


def approve(writer: RpcClient, auditor: RpcClient, report_id: int, findings: str) -> None:
    """Write, submit and approve a report over RPC."""
    content = ReportContent(
        findings=f"<p>{findings}</p>", impression="<p>肺结节。</p>", critical_value=CriticalValue.NO
    )
    version = writer.call(WriteReport(report_id=report_id)).version
    submit = SubmitReport(report_id=report_id, version=version, content=content, missing_acknowledged=True)
    try:
        writer.call(submit)
    except RpcError:  # the checker has something to say about this short text
        writer.call(msgspec.structs.replace(submit, overrule_reason="试验"))
    version = auditor.call(AuditReport(report_id=report_id)).version
    auditor.call(ApproveReport(report_id=report_id, version=version, content=content))


@pytest.mark.slow
def test_a_day_around_the_list(qtbot: QtBot, server: ServerProcess, tmp_path: Path) -> None:
    make_application()
    apply_theme(ThemeName.DARK)
    admin = server.client()
    for login, name, role in (("li", "李医生", "doctor"), ("zhao", "赵主任", "auditor")):
        admin.call(CreateUser(login=login, name=name, password=PASSWORD, roles=(role,)))
    for number in range(3):
        slices = tmp_path / f"slices{number}"
        slices.mkdir()
        scan_a_patient(admin, server, slices)
    qtbot.waitUntil(lambda: admin.call(ListReports()).total == 3, timeout=30_000)
    li, zhao = server.client("li", PASSWORD), server.client("zhao", PASSWORD)

    # The list: clocks by the hospital's limits; limits changed elsewhere arrive by notice.
    seat = Seat(qtbot, server, "li")
    seat.list.presenter.choose_states(())
    seat.until(lambda: len(seat.list.presenter.state.rows) == 3)
    row = seat.list.presenter.state.rows[0]
    assert row.due_at is not None and row.examined_at is not None
    assert row.due_at - row.examined_at == timedelta(hours=4)
    assert row.device_ae, "the device that sent the images"
    limits = admin.call(GetTimeLimits())
    shorter = msgspec.structs.replace(limits.limits, outpatient_sectional_minutes=5, warning_percent=90)
    admin.call(SaveTimeLimits(version=limits.version, limits=shorter))
    seat.until(lambda: _minutes_of(seat) == {5})
    assert li.call(ListReports(filter=ReportFilter(clock=ReportClock.OVERDUE))).total == 0

    # Two exams ticked and compared in their window; a filter in between takes no tick away.
    rows = seat.list.presenter.state.rows
    for one in rows[:2]:
        seat.list.presenter.toggle_tick(one)
    seat.list.presenter.filter(patient_name="nobody")
    seat.until(lambda: seat.list.presenter.state.total == 0)
    seat.list.presenter.filter(patient_name="")
    seat.until(lambda: seat.list.presenter.state.total == 3)
    seat.list.strip.compare.click()
    comparisons = _comparisons(seat)
    seat.until(lambda: len(comparisons.presenter.state.compared) == 2)

    # Approved elsewhere: the list follows by itself, a forecast is kept, the clock stops.
    first, second, third = (one.id for one in rows)
    approve(li, zhao, first, "右肺上叶尖段见磨玻璃结节，边缘毛刺，大小约8mm")
    approve(li, zhao, second, "双肺纹理走行自然，气管通畅")
    seat.until(lambda: seat.list.presenter.state.counts.get(ReportState.APPROVED) == 2)
    forecast = li.call(GetBreachForecast())
    assert forecast.open_count == 1
    assert forecast.pace_per_hour > 0

    # Similar cases for the third, while it is being written.
    found = li.call(c.FindSimilarCases(report_id=third, text="<p>右肺上叶见磨玻璃结节</p>"))
    assert found[0].report_id == first

    # Favourites are private, the follow-up queue is the department's.
    li.call(c.SaveFavourite(report_id=first, folder="肺", disease="结节"))
    assert zhao.call(c.ListFavourites()).total == 0
    page = _page(seat)
    favourites = page.show_tab("favourites")
    assert isinstance(favourites, FavouritesView)
    seat.until(lambda: favourites.list.total == 1)
    opened = li.call(c.OpenFollowUp(report_id=first, due_on=date.today(), reason="术后病理"))
    queue = page.show_tab("follow_ups")
    assert isinstance(queue, FollowUpsView)
    seat.until(lambda: queue.list.total == 1)
    closed = zhao.call(
        c.CloseFollowUp(
            follow_up_id=opened.id,
            version=opened.version,
            outcome=c.FollowUpOutcome.AGREES,
            proof=c.FollowUpProof.PATHOLOGY,
            found="微浸润腺癌",
        )
    )
    seat.until(lambda: queue.presenter.state.counts.get("closed") == 1)  # told by notice
    assert closed.imaging_diagnosis == "肺结节。"
    rates = li.call(c.GetMatchRates(first=date.today(), last=date.today()))
    assert rates[0].rate_percent == 100.0

    # Remarks, a teaching file without its patient, a colleague's quiz.
    li.call(c.AddRemark(report_id=first, text="请与外院片对照"))
    assert [one.by for one in zhao.call(c.ListRemarks(report_id=first))] == ["李医生"]
    draft = li.call(c.DraftTeachingFile(report_id=first))
    text = msgspec.structs.replace(draft.text, title="磨玻璃结节", tags=("肺",))
    made = li.call(c.MakeTeachingFile(report_id=first, text=text))
    assert "张三丰".encode() not in msgspec.msgpack.encode(made)
    teaching = page.show_tab("teaching")
    assert isinstance(teaching, TeachingFilesView)
    seat.until(lambda: teaching.list.total == 1)
    quiz = zhao.call(c.GetTeachingFile(teaching_id=made.id, as_quiz=True))
    assert quiz.text.impression == ""
    assert zhao.call(c.AnswerTeachingFile(teaching_id=made.id, was_right=True)).right == 1

    # The library to Excel and back into another account.
    library = li.call(c.ExportPhrases())
    assert library.count > 0, "the supplied public templates"
    taken = zhao.call(c.ImportPhrases(file_name=library.name, content=library.content, check_only=False))
    assert (taken.added, taken.problems) == (library.count, ())
    seat.window.close()
    for line in (admin, li, zhao):
        line.close()


def _minutes_of(seat: Seat) -> set[int]:
    return {
        round((row.due_at - row.examined_at).total_seconds() / 60)
        for row in seat.list.presenter.state.rows
        if row.due_at is not None and row.examined_at is not None
    }


def _comparisons(seat: Seat):  # type: ignore[no-untyped-def]
    from PySide6.QtWidgets import QApplication

    from clients.diagnosis.comparison.view import ComparisonWindow

    found = [one for one in QApplication.topLevelWidgets() if isinstance(one, ComparisonWindow) and one.isVisible()]
    assert len(found) == 1

    class Handle:
        presenter = found[0]._presenter

    return Handle


def _page(seat: Seat) -> CollectionsPage:
    page = seat._shell.go_to("collections")
    assert isinstance(page, CollectionsPage)
    return page
