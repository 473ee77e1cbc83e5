"""Two versions of one report on the page: nothing is saved before it is decided, and nothing is lost by deciding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.diagnosis.report.merging import Question, content_merge
from clients.diagnosis.report.presenting.base import AUTOSAVE_S
from clients.diagnosis.report.state import Trouble, with_choice, with_content
from shared.contract.reporting import ReportContent, SaveReport, SubmitReport
from shared.domain.states import CriticalValue, HpResult, ReportAction
from shared.domain.text_merge import Take
from tests.clients.diagnosis.test_report_presenter import Desk

BASE = ReportContent(
    findings="<p>双肺清晰。心影不大。纵隔居中。</p>", impression="<p>未见异常。</p>", critical_value=CriticalValue.NO
)
MINE = with_content(BASE, findings="<p>右肺见<b>结节</b>。心影不大。纵隔居中。</p>")
THEIRS = with_content(BASE, findings="<p>双肺清晰。心影不大。纵隔右移。</p>", image_quality="甲")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "drafts")


def stale(desk: Desk, mine: ReportContent, theirs: ReportContent) -> Desk:
    """Type `mine` upon BASE while somebody saves `theirs`."""
    desk.room.add(1, BASE)
    desk.presenter.open(1, ReportAction.WRITE)
    desk.presenter.put_content(mine)
    desk.room.save_elsewhere(1, theirs)
    desk.presenter.save()
    assert desk.state.obstacle is not None and desk.state.obstacle.kind is Trouble.STALE
    return desk


def test_changes_in_different_sentences_merge_without_a_question(desk: Desk) -> None:
    stale(desk, MINE, THEIRS).presenter.open_merge()
    assert desk.state.merge is not None and desk.state.merge.open_questions == ()
    desk.presenter.finish_merge()
    saved = desk.room.reports[1].content
    assert saved.findings == "<p>右肺见<b>结节</b>。心影不大。纵隔右移。</p>"
    assert saved.image_quality == "甲" and saved.impression == BASE.impression
    assert desk.trouble() is None and desk.state.merge is None and not desk.state.is_dirty


def test_one_sentence_in_two_ways_is_asked_about(desk: Desk) -> None:
    theirs = with_content(BASE, findings="<p>左肺见结节。心影不大。纵隔居中。</p>", critical_value=CriticalValue.YES)
    mine = with_content(MINE, critical_value=CriticalValue.UNSET)
    stale(desk, mine, theirs).presenter.open_merge()
    assert desk.state.merge is not None
    assert desk.state.merge.open_questions == (Question("findings"), Question("critical_value"))
    desk.presenter.finish_merge()
    assert desk.state.merge is not None, "an open place keeps the merge open"
    desk.presenter.decide(Question("findings"), Take.BOTH)
    desk.presenter.decide_all(Take.THEIRS)
    desk.presenter.finish_merge()
    saved = desk.room.reports[1].content
    assert saved.findings == "<p>右肺见<b>结节</b>。左肺见结节。心影不大。纵隔居中。</p>"
    assert saved.critical_value is CriticalValue.YES


def test_nothing_is_saved_or_handed_in_while_nobody_decided(desk: Desk) -> None:
    stale(desk, MINE, THEIRS)
    before = len(desk.sent(SaveReport))
    desk.presenter.edit(impression="<p>再写一句。</p>")
    desk.later.pass_time(AUTOSAVE_S * 5)
    desk.presenter.save()
    desk.presenter.submit()
    assert len(desk.sent(SaveReport)) == before and desk.sent(SubmitReport) == []
    assert desk.room.reports[1].content == THEIRS
    kept = desk.drafts.restore("report-1")
    assert kept is not None and kept["content"]["impression"] == "<p>再写一句。</p>"
    assert desk.state.merge is not None, "submitting opens the merge"
    desk.presenter.close_merge()
    desk.presenter.open_merge()
    desk.presenter.finish_merge()
    assert desk.room.reports[1].content.impression == "<p>再写一句。</p>"


def test_the_same_words_from_two_desks_are_no_conflict(desk: Desk) -> None:
    desk.room.add(1, BASE)
    desk.presenter.open(1, ReportAction.WRITE)
    desk.presenter.put_content(MINE)
    desk.room.save_elsewhere(1, MINE)
    desk.presenter.save()
    assert desk.trouble() is None and not desk.state.is_dirty
    desk.presenter.edit(impression="<p>后来。</p>")
    desk.presenter.save()
    assert desk.room.reports[1].content.impression == "<p>后来。</p>"


def test_a_draft_after_a_crash_merges_from_what_it_was_typed_upon(tmp_path: Path) -> None:
    first = Desk(tmp_path / "drafts")
    first.room.add(1, BASE)
    first.presenter.open(1, ReportAction.WRITE)
    first.presenter.put_content(MINE)
    assert first.drafts.flush()
    first.room.save_elsewhere(1, THEIRS)
    second = Desk(tmp_path / "drafts", first.room)
    second.presenter.open(1, ReportAction.WRITE)
    assert second.trouble() is Trouble.STALE
    second.presenter.open_merge()
    second.presenter.finish_merge()
    assert second.room.reports[1].content.findings == "<p>右肺见<b>结节</b>。心影不大。纵隔右移。</p>"


def test_entering_again_after_the_lock_was_lost_merges_too(desk: Desk) -> None:
    desk.room.add(1, BASE)
    desk.presenter.open(1, ReportAction.WRITE)
    desk.presenter.put_content(MINE)
    desk.room.reports[1].holder = "李医生"
    desk.presenter.save()
    assert desk.trouble() is Trouble.LOCK_LOST
    desk.room.save_elsewhere(1, THEIRS)
    desk.room.reports[1].holder = ""
    desk.presenter.enter_here()
    assert desk.trouble() is Trouble.STALE
    desk.presenter.open_merge()
    desk.presenter.finish_merge()
    assert desk.room.reports[1].content.findings == "<p>右肺见<b>结节</b>。心影不大。纵隔右移。</p>"


def test_entering_again_when_nobody_wrote_just_goes_on(desk: Desk) -> None:
    desk.room.add(1, BASE)
    desk.presenter.open(1, ReportAction.WRITE)
    desk.presenter.put_content(MINE)
    desk.room.reports[1].holder = "李医生"
    desk.presenter.save()
    desk.room.reports[1].holder = ""
    desk.presenter.enter_here()
    assert desk.trouble() is None
    desk.presenter.save()
    assert desk.room.reports[1].content == MINE


def test_resetting_brings_the_opened_text_back_and_can_be_undone(desk: Desk) -> None:
    desk.room.add(1, BASE)
    desk.presenter.open(1, ReportAction.WRITE)
    desk.presenter.put_content(MINE)
    desk.presenter.reset()
    assert desk.state.content == BASE
    assert desk.messages.undo_offers, "resetting is no way to lose a text"
    desk.messages.undo_offers[-1][1]()
    assert desk.state.content == MINE


_TEXTS = st.sampled_from(("", "<p>一。二。</p>", "<p>一。三。</p>", "<p>四。二。</p>", "<ol><li>一。</li></ol>"))
_CONTENTS = st.builds(
    ReportContent,
    findings=_TEXTS,
    impression=_TEXTS,
    critical_value=st.sampled_from(CriticalValue),
    hp=st.sampled_from(HpResult),
    image_quality=st.sampled_from(("", "甲", "乙")),
    choices=st.dictionaries(st.sampled_from(("造影", "备皮")), st.sampled_from(("无", "有")), max_size=2),
)


@given(_CONTENTS, _CONTENTS, _CONTENTS, st.sampled_from((Take.MINE, Take.THEIRS)))
def test_what_one_side_left_alone_is_the_other_sides(
    base: ReportContent, mine: ReportContent, theirs: ReportContent, take: Take
) -> None:
    assert content_merge(base, mine, base).content() == mine
    assert content_merge(base, base, theirs).content() == theirs
    assert content_merge(base, mine, mine).content() == mine
    merge = content_merge(base, mine, theirs).decided_all(take)
    assert merge.open_questions == ()
    merged = merge.content()
    for name in ("critical_value", "hp", "image_quality"):
        was, here, there = (getattr(one, name) for one in (base, mine, theirs))
        wanted = (
            {Take.MINE: here, Take.THEIRS: there}[take] if was not in (here, there) else there if here == was else here
        )
        assert getattr(merged, name) == wanted


def test_a_choice_taken_back_leaves_no_trace() -> None:
    content = with_content(BASE, **with_choice(BASE, "造影", "有"))
    assert content.choices == {"造影": "有"}
    assert with_content(content, **with_choice(content, "造影", "")) == BASE
