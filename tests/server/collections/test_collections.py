"""Collections over a real database: private favourites, a follow-up's life, remarks, teaching files, phrase files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import pytest

from server.bootstrap import load_tables
from server.bootstrap.collections import collections_of
from server.collections.rpc import CollectionsRpc
from server.kernel.database import UnitOfWork
from server.kernel.dispatch import Caller
from server.kernel.errors import Refusal
from server.organisation.sheets import read_sheet, write_xlsx
from shared.contract import collections as c
from shared.contract.errors import ErrorCode
from shared.contract.reporting import AddKeyImage, SaveTemplate
from shared.domain.states import ReportState
from tests.databases import KINDS, a_database
from tests.server.reporting.reporting_world import FULL, LI, WANG, ZHAO, World, a_png, an_exam, changed

load_tables()
S = ReportState
T = TypeVar("T")


class House:
    """The area over a reporting world, called as the router does."""

    def __init__(self, world: World) -> None:
        self.world = world
        documents = world.documents
        self.rpc: CollectionsRpc = collections_of(
            world.reports, world.worklist, world.templates, _Opened(documents), world.time
        )
        self._by_request: dict[type[Any], Callable[..., Any]] = {}
        from server.kernel.dispatch import collect

        for handler in collect(self.rpc).values():
            self._by_request[handler.request] = handler.call

    def call(self, request: Any, caller: Caller = LI) -> Any:
        with self.world.database.write() as uow:
            return self._by_request[type(request)](request, caller, uow)

    def refused(self, request: Any, caller: Caller = LI) -> Refusal:
        with pytest.raises(Refusal) as refusal:
            self.call(request, caller)
        return refusal.value

    @property
    def today(self) -> Any:
        return self.world.time.today()


class _Opened:
    def __init__(self, documents: Any) -> None:
        self._documents = documents

    def keep(self, uow: UnitOfWork, **parts: Any) -> int:
        kept: int = self._documents.keep(uow, **parts)
        return kept

    def open_document(self, uow: UnitOfWork, caller: Caller, document_id: int) -> bytes:
        data: bytes = self._documents.kept[document_id]
        return data


@pytest.fixture(params=KINDS)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with a_database(request.param, tmp_path) as database:
        yield House(World(database))


# ── favourites ───────────────────────────────────────────────────────────────────────────────────────


def test_favourites_are_ones_own_found_by_words_folders_and_diseases(house: House) -> None:
    one, two = house.world.a_report(an_exam(1, name="张三")), house.world.a_report(an_exam(2, name="李四"))
    house.call(c.SaveFavourite(report_id=one, folder="肺", disease="结节", note="典型"))
    house.call(c.SaveFavourite(report_id=two, folder="肺/少见", disease="结节"))
    house.call(c.SaveFavourite(report_id=two), WANG)
    found = house.call(c.ListFavourites())
    assert [row.case.patient_name for row in found.rows] == ["李四", "张三"]
    assert (found.folders, found.diseases) == ({"肺": 1, "肺/少见": 1}, {"结节": 2})
    assert house.call(c.ListFavourites(folder="肺")).total == 1
    assert house.call(c.ListFavourites(text="典型")).rows[0].case.report_state is S.AWAITING
    assert house.call(c.ListFavourites(disease="肿块")).total == 0
    assert house.call(c.ListFavourites(), WANG).total == 1
    other = house.call(c.ListFavourites(), WANG).rows[0].id
    assert house.refused(c.RemoveFavourite(favourite_id=other)).body.code is ErrorCode.NOT_FOUND


def test_a_report_is_a_favourite_once_and_is_filed_anew(house: House) -> None:
    report = house.world.a_report()
    first = house.call(c.SaveFavourite(report_id=report, folder="A"))
    second = house.call(c.SaveFavourite(report_id=report, folder="B", disease="结节"))
    assert first.id == second.id
    state = house.call(c.GetFavouriteOfReport(report_id=report))
    assert state.favourite.folder == "B"
    assert (state.folders, state.diseases) == (("B",), ("结节",))
    house.call(c.RenameFolder(folder="B", name="C"))
    assert house.call(c.ListFavourites()).folders == {"C": 1}
    assert house.refused(c.RenameFolder(folder="B", name="D")).body.code is ErrorCode.NOT_FOUND
    house.call(c.RemoveFavourite(favourite_id=first.id))
    assert house.call(c.GetFavouriteOfReport(report_id=report)).favourite is None
    assert house.refused(c.SaveFavourite(report_id=report, folder="x" * 61)).body.field == "folder"
    assert house.refused(c.SaveFavourite(report_id=999)).body.code is ErrorCode.NOT_FOUND


# ── follow-up ────────────────────────────────────────────────────────────────────────────────────────


def test_a_follow_up_from_the_queue_to_its_result(house: House) -> None:
    report = house.world.report_in(S.APPROVED)
    opened = house.call(c.OpenFollowUp(report_id=report, due_on=house.today + timedelta(days=2), reason="结节"))
    assert [record.kind for record in opened.records] == ["opened"]
    assert opened.imaging_diagnosis == "未见明显异常。"
    assert house.refused(c.OpenFollowUp(report_id=report, due_on=house.today)).body.code is ErrorCode.DUPLICATE
    assert house.call(c.ListFollowUps()).total == 0, "not due yet"
    house.world.clock.pass_time(days=2)
    due = house.call(c.ListFollowUps())
    assert due.rows[0].is_due
    assert due.counts == {"due": 1, "open": 1, "closed": 0, "all": 1}
    assert house.call(c.ListFollowUps(), WANG).total == 0
    assert house.call(c.ListFollowUps(mine_only=False), WANG).total == 1, "the queue is the department's"
    noted = house.call(
        c.NoteFollowUp(
            follow_up_id=opened.id, version=1, text="电话联系，下周手术", next_on=house.today + timedelta(days=7)
        ),
        WANG,
    )
    assert [(record.kind, record.by) for record in noted.records] == [("moved", "王医生"), ("opened", "李医生")]
    assert house.call(c.ListFollowUps()).total == 0
    stale = c.CloseFollowUp(follow_up_id=opened.id, version=1, outcome=c.FollowUpOutcome.LOST)
    assert house.refused(stale).body.code is ErrorCode.CONFLICT
    close = c.CloseFollowUp(follow_up_id=opened.id, version=2, outcome=c.FollowUpOutcome.DISAGREES)
    assert house.refused(close).body.field == "proof"
    close = msgspec.structs.replace(close, proof=c.FollowUpProof.PATHOLOGY)
    assert house.refused(close).body.field == "found"
    closed = house.call(msgspec.structs.replace(close, found="浸润性腺癌"))
    assert (closed.is_open, closed.found, closed.closed_by) == (False, "浸润性腺癌", "李医生")
    again = msgspec.structs.replace(close, version=closed.version, found="x")
    assert house.refused(again).body.code is ErrorCode.ILLEGAL_ACTION
    history = house.call(c.FollowUpsOfPatient(report_id=report))
    assert len(history[0].records) == 3
    reopened = house.call(
        c.ReopenFollowUp(follow_up_id=opened.id, version=closed.version, due_on=house.today + timedelta(days=1))
    )
    assert reopened.is_open and reopened.outcome is None
    assert [record.text for record in reopened.records if record.kind == "closed"] == ["浸润性腺癌"]


def test_the_imaging_diagnosis_is_kept_as_it_was_at_the_end(house: House) -> None:
    report = house.world.report_in(S.WRITING)
    with house.world.database.write() as uow:
        version = house.world.reports.get(uow, LI, report).version
        version = house.world.reports.save(uow, LI, report, version, FULL).version
    opened = house.call(c.OpenFollowUp(report_id=report, due_on=house.today))
    house.call(c.CloseFollowUp(follow_up_id=opened.id, version=1, outcome=c.FollowUpOutcome.LOST))
    with house.world.database.write() as uow:
        house.world.reports.save(uow, LI, report, version, changed(FULL, impression="<p>肺癌。</p>"))
    assert house.call(c.FollowUpsOfPatient(report_id=report))[0].imaging_diagnosis == "未见明显异常。"


def test_days_and_limits_of_follow_ups(house: House) -> None:
    report = house.world.a_report()
    yesterday = house.today - timedelta(days=1)
    assert house.refused(c.OpenFollowUp(report_id=report, due_on=yesterday)).body.field == "due_on"
    house.call(c.OpenFollowUp(report_id=report, due_on=house.today))
    limited = dataclasses.replace(WANG, campus_ids=frozenset({1}))
    assert house.call(c.ListFollowUps(mine_only=False), limited).total == 0
    assert house.call(c.FollowUpsOfPatient(report_id=report), limited) == ()
    note = c.NoteFollowUp(follow_up_id=1, version=1, text="x")
    assert house.refused(note, limited).body.code is ErrorCode.NOT_FOUND


def test_match_rates_count_what_pathology_or_surgery_proved(house: House) -> None:
    outcomes = [
        ("CT", c.FollowUpOutcome.AGREES, c.FollowUpProof.PATHOLOGY),
        ("CT", c.FollowUpOutcome.PARTLY, c.FollowUpProof.SURGERY),
        ("CT", c.FollowUpOutcome.AGREES, c.FollowUpProof.CLINICAL),  # no proof of that kind
        ("MR", c.FollowUpOutcome.DISAGREES, c.FollowUpProof.PATHOLOGY),
        ("MR", c.FollowUpOutcome.LOST, c.FollowUpProof.NONE),
    ]
    for number, (exam_type, outcome, proof) in enumerate(outcomes, 1):
        report = house.world.a_report(an_exam(number, exam_type=exam_type, patient_id=number))
        opened = house.call(c.OpenFollowUp(report_id=report, due_on=house.today))
        house.call(c.CloseFollowUp(follow_up_id=opened.id, version=1, outcome=outcome, proof=proof, found="腺癌"))
    rows = house.call(c.GetMatchRates(first=house.today, last=house.today))
    assert [(row.exam_type, row.agrees, row.partly, row.disagrees, row.unjudged, row.rate_percent) for row in rows] == [
        ("", 1, 1, 1, 1, 50.0),
        ("CT", 1, 1, 0, 0, 75.0),
        ("MR", 0, 0, 1, 1, 0.0),
    ]
    assert (
        house.call(c.GetMatchRates(first=house.today, last=house.today, mine_only=True), WANG)[0].rate_percent is None
    )
    assert house.refused(c.GetMatchRates(first=house.today, last=house.today - timedelta(days=1))).body.field == "last"


# ── remarks ──────────────────────────────────────────────────────────────────────────────────────────


def test_remarks_are_read_by_all_and_taken_back_by_their_writer(house: House) -> None:
    report = house.world.a_report()
    mine = house.call(c.AddRemark(report_id=report, text=" 请与外院片对照 "))
    assert mine.text == "请与外院片对照"
    seen = house.call(c.ListRemarks(report_id=report), WANG)
    assert [(one.by, one.is_mine) for one in seen] == [("李医生", False)]
    assert house.refused(c.RemoveRemark(remark_id=mine.id), WANG).body.code is ErrorCode.NOT_FOUND
    house.call(c.RemoveRemark(remark_id=mine.id))
    assert house.call(c.ListRemarks(report_id=report)) == ()
    assert house.refused(c.AddRemark(report_id=report, text=" ")).body.field == "text"


# ── teaching files ───────────────────────────────────────────────────────────────────────────────────

NAMED = changed(
    FULL,
    findings="<p>患者张三，2025年3月4日曾在我院检查（检查号A0000001），联系电话13800138000，结节8mm。</p>",
    impression="<p>张三右肺结节，与2025-03-04片对照增大。</p>",
)


def a_case(house: House) -> int:
    report = house.world.a_report(an_exam(1, name="张三"))
    with house.world.database.write() as uow:
        reports = house.world.reports
        version = reports.write(uow, LI, report).version
        version = reports.add_key_image(
            uow,
            LI,
            AddKeyImage(
                report_id=report,
                study_uid="1.2",
                series_uid="1.3",
                instance_uid="1.4",
                frame=1,
                caption="",
                png=a_png(),
            ),
        ).version
        reports.submit(uow, LI, report, version, NAMED, "教学用")
        version = reports.audit(uow, ZHAO, report).version
        reports.approve(uow, ZHAO, report, version, NAMED)
    return report


def test_a_case_becomes_a_teaching_file_without_its_patient(house: House) -> None:
    report = a_case(house)
    draft = house.call(c.DraftTeachingFile(report_id=report))
    assert draft.text.findings == "患者患者，某日曾在我院检查（检查号＊），联系电话＊，结节8mm。"
    assert draft.text.impression == "患者右肺结节，与某日片对照增大。"
    wanted = msgspec.structs.replace(
        draft.text, title="右肺磨玻璃结节", points="看边缘", tags=("肺", "结节", "肺"), difficulty=c.Difficulty.HARD
    )
    named = msgspec.structs.replace(wanted, points="张三的片子")
    assert house.refused(c.MakeTeachingFile(report_id=report, text=named)).body.field == "points"
    made = house.call(c.MakeTeachingFile(report_id=report, text=wanted))
    assert made.text.tags == ("肺", "结节")
    assert len(made.pictures) == 1
    assert made.pictures[0] not in draft.pictures, "a copy, which leads to no exam"
    assert b"A0000001" not in msgspec.msgpack.encode(made)
    found = house.call(c.ListTeachingFiles(text="磨玻璃", exam_type="CT", tag="结节"), WANG)
    assert found.rows[0].text.title == "右肺磨玻璃结节"
    assert found.tags == {"结节": 1, "肺": 1}
    assert house.call(c.ListTeachingFiles(difficulty=c.Difficulty.EASY)).total == 0


def test_a_quiz_hides_the_answer_until_it_was_given(house: House) -> None:
    report = a_case(house)
    draft = house.call(c.DraftTeachingFile(report_id=report))
    made = house.call(c.MakeTeachingFile(report_id=report, text=draft.text, with_pictures=False))
    quiz = house.call(c.GetTeachingFile(teaching_id=made.id, as_quiz=True), WANG)
    assert (quiz.text.title, quiz.text.points, quiz.text.impression, quiz.text.tags) == ("", "", "", ())
    assert quiz.text.findings
    assert house.call(c.ListTeachingFiles(text="对照增大", as_quiz=True)).total == 0
    answered = house.call(c.AnswerTeachingFile(teaching_id=made.id, was_right=True), WANG)
    assert answered.text.impression
    assert (answered.tries, answered.right, answered.my_last_right) == (1, 1, True)
    assert house.call(c.GetTeachingFile(teaching_id=made.id)).my_last_right is None


def test_only_author_and_auditors_change_a_teaching_file(house: House) -> None:
    report = a_case(house)
    draft = house.call(c.DraftTeachingFile(report_id=report))
    made = house.call(c.MakeTeachingFile(report_id=report, text=draft.text))
    save = c.SaveTeachingFile(teaching_id=made.id, version=1, text=msgspec.structs.replace(draft.text, title="新"))
    assert house.refused(save, WANG).body.code is ErrorCode.PERMISSION_MISSING
    assert house.call(save, ZHAO).version == 2
    assert house.refused(save).body.code is ErrorCode.CONFLICT
    assert house.refused(c.RemoveTeachingFile(teaching_id=made.id), WANG).body.code is ErrorCode.PERMISSION_MISSING
    house.call(c.RemoveTeachingFile(teaching_id=made.id))
    assert house.refused(c.GetTeachingFile(teaching_id=made.id)).body.code is ErrorCode.NOT_FOUND
    waiting = house.world.a_report(an_exam(9))
    assert house.refused(c.DraftTeachingFile(report_id=waiting)).body.code is ErrorCode.ILLEGAL_ACTION


# ── similar cases ────────────────────────────────────────────────────────────────────────────────────


def test_similar_cases_are_approved_of_the_same_type_and_worded_alike(house: House) -> None:
    texts = {
        1: "右肺上叶尖段见磨玻璃结节，边缘毛刺",
        2: "双肺纹理走行自然，未见结节",
        3: "右肺上叶磨玻璃结节，胸膜牵拉",
    }
    for number, text in texts.items():
        report = house.world.a_report(an_exam(number, patient_id=number))
        content = changed(FULL, findings=f"<p>{text}</p>")
        with house.world.database.write() as uow:
            version = house.world.reports.write(uow, LI, report).version
            house.world.reports.submit(uow, LI, report, version, content, "试验")
            version = house.world.reports.audit(uow, ZHAO, report).version
            house.world.reports.approve(uow, ZHAO, report, version, content)
    writing = house.world.a_report(an_exam(8, patient_id=8))
    house.world.a_report(an_exam(9, patient_id=9))
    found = house.call(c.FindSimilarCases(report_id=writing, text="<p>右肺上叶见磨玻璃结节</p>"))
    assert [one.exam_id for one in found][:2] in ([1, 3], [3, 1])
    assert "磨玻" in found[0].shared
    assert found[0].score > found[-1].score
    assert house.call(c.FindSimilarCases(report_id=writing)) == (), "nothing was written"
    other = house.world.a_report(an_exam(10, exam_type="MR"))
    assert house.call(c.FindSimilarCases(report_id=other, text="<p>磨玻璃结节</p>")) == ()
    nowhere = dataclasses.replace(LI, room_ids=frozenset({99}))
    assert house.call(c.FindSimilarCases(report_id=writing, text="<p>磨玻璃结节</p>"), nowhere) == ()


# ── the phrase library ───────────────────────────────────────────────────────────────────────────────


def test_a_library_goes_to_excel_and_into_another_account(house: House) -> None:
    for name, is_phrase, folder in (("肺结节", False, "胸部"), ("复查", True, "常用/随访")):
        with house.world.database.write() as uow:
            house.world.templates.save(
                uow,
                LI,
                SaveTemplate(
                    is_phrase=is_phrase, folder=folder, name=name, findings="<p>甲<b>乙</b></p><p>=丙</p>",
                    impression="" if is_phrase else "<p>丁</p>",
                ),
            )  # fmt: skip
    everything = house.call(c.ExportPhrases())
    assert everything.count == 2
    assert read_sheet("x.xlsx", everything.content).lines[0].cells[4] == "甲乙\n=丙"
    assert house.call(c.ExportPhrases(folder="常用")).count == 1
    check = c.ImportPhrases(file_name="词条库.xlsx", content=everything.content)
    assert _counts(house.call(check, WANG)) == (2, 0, 0, 0)
    assert house.call(c.ExportPhrases(), WANG).count == 0, "a check keeps nothing"
    house.call(msgspec.structs.replace(check, check_only=False), WANG)
    assert house.call(c.ExportPhrases(), WANG).content != b""
    assert _counts(house.call(check, WANG)) == (0, 0, 2, 0), "the same again changes nothing"
    assert _counts(house.call(check)) == (0, 0, 2, 0), "bold words stay bold where the words are the same"
    one = house.call(c.ExportPhrases(), WANG)
    assert one.count == 2


def test_wrong_lines_are_named_and_nothing_is_taken(house: House) -> None:
    headings = ("目录", "名称", "类别", "检查类型", "影像所见", "诊断意见")
    lines = [
        ("胸部", "好", "模板", "CT", "双肺清晰", "未见异常"),
        ("胸部", "", "模板", "CT", "x", ""),
        ("胸部", "坏", "范文", "CT", "x", ""),
        ("胸部", "好", "模板", "CT", "y", ""),
        ("胸部", "空", "词条", "", "", "z"),
    ]
    content = write_xlsx("x", headings, (10,) * 6, lines)
    found = house.call(c.ImportPhrases(file_name="a.xlsx", content=content, check_only=False))
    assert {(one.line, one.column) for one in found.problems} == {
        (3, "名称"),
        (4, "类别"),
        (5, "名称"),
        (6, "影像所见"),
    }
    assert house.call(c.ExportPhrases()).count == 0
    nothing = write_xlsx("x", ("甲", "乙"), (5, 5), [("1", "2")])
    assert house.refused(c.ImportPhrases(file_name="a.xlsx", content=nothing)).body.field == "file"
    assert house.refused(c.ImportPhrases(file_name="a.exe", content=b"MZ")).body.code is ErrorCode.INVALID


def _counts(found: c.PhraseImport) -> tuple[int, int, int, int]:
    return found.added, found.changed, found.unchanged, len(found.problems)
