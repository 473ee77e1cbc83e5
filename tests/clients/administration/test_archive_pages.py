"""What the administrator does with studies, exports, imports and the policy: presenters with an archive in memory."""

from __future__ import annotations

import ast
import importlib
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from clients.administration import words
from clients.administration.app import make_pages
from clients.administration.exporting import EXPORTS
from clients.administration.importing import IMPORTS
from clients.administration.keeping import BACKUPS, BIN, CHECK, HOLDS
from clients.administration.people import PEERS
from clients.administration.policy.presenter import PolicyPresenter
from clients.administration.policy.rules import COMPRESSION, RETENTION
from clients.administration.routing import COERCIONS, FORWARDS, ROUTING_RULES, TARGETS
from clients.administration.storage import MOVED, PREFETCH, STORAGE_RULES, STORES
from clients.administration.studies import STUDIES, UNMATCHED
from clients.administration.study_actions import identity_of
from clients.administration.system import CUSTOM_TAGS, TOKENS
from clients.administration.table.presenter import TablePresenter
from clients.administration.tasks import TASKS
from clients.kit.fields import Field
from clients.kit.messages import CollectedMessages
from clients.kit.running import HeldRunner, ImmediateRunner
from shared.contract.archive import MatchStudy
from shared.contract.base import Changed
from shared.contract.corrections import CorrectStudy, MergeStudies, MoveSeries, TagValue, UndoCorrection
from shared.contract.exchange import (
    MAX_CHUNK_BYTES,
    AnonymiseOption,
    FinishUpload,
    Packing,
    PutChunk,
    StartExport,
    StartImport,
)
from shared.contract.jobs import ListJobs
from shared.contract.keeping import DeleteImages, SaveKeepingPolicy
from shared.contract.organisation import SavePeer
from shared.contract.routing import SaveRule as SaveRoutingRule
from shared.contract.storage import MoveStudy, SaveRule
from tests.clients.administration.fake_archive import PIECES, FakeArchive, a_study

SERVER = Path(__file__).resolve().parents[3] / "server"
SPECS = (
    *(STUDIES, UNMATCHED, STORES, STORAGE_RULES, PREFETCH, MOVED, FORWARDS, TARGETS, ROUTING_RULES, COERCIONS),
    *(IMPORTS, EXPORTS, BIN, HOLDS, RETENTION, COMPRESSION, BACKUPS, CHECK, TASKS, PEERS, TOKENS, CUSTOM_TAGS),
)


@pytest.fixture
def archive() -> FakeArchive:
    return FakeArchive()


def a_presenter(archive: FakeArchive, spec: Any, row: Any = None) -> tuple[TablePresenter, CollectedMessages]:
    messages = CollectedMessages()
    presenter = TablePresenter(spec, archive.line, ImmediateRunner(), messages)
    presenter.refresh()
    if row is not None:
        presenter.select(row)
    assert not messages.errors
    return presenter, messages


def filled(presenter: TablePresenter, **changes: Any) -> dict[str, Any]:
    """The values of the open form as the screen shows them first, with changes."""
    action = presenter.action(presenter.state.confirming)
    fields: list[Field] = [one for section in action.form for one in section.fields]
    values = {one.key: one.empty for one in fields}
    return {**values, **action.form_values(presenter.state.subject, presenter.state.found), **changes}


UID = a_study(1).study_uid


def test_only_what_was_changed_is_corrected(archive: FakeArchive) -> None:
    presenter, messages = a_presenter(archive, STUDIES, UID)
    presenter.start("correct")
    presenter.confirm_form(filled(presenter, birth_date=date(1981, 1, 2), patient_id="P0002", reason="选错"))
    assert archive.sent(CorrectStudy) == [
        CorrectStudy(
            study_uid=UID,
            version=4,
            values=(
                TagValue(keyword="PatientID", value="P0002"),
                TagValue(keyword="PatientBirthDate", value="19810102"),
            ),
            reason="选错",
        )
    ]
    assert messages.said[-1].text == "已更正。"
    assert presenter.state.confirming == ""


def test_nothing_is_sent_when_nothing_was_changed(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    presenter.start("correct")
    presenter.confirm_form(filled(presenter, reason="选错"))
    assert not archive.sent(CorrectStudy)
    assert presenter.state.confirming == "correct"
    assert "没有更改" in presenter.state.problem
    assert identity_of(a_study(1))["birth_date"] == date(1980, 1, 2)


def test_a_study_goes_into_another_of_the_same_patient_or_one_that_is_searched(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    other = a_study(2).study_uid
    presenter.start("merge")
    choices = presenter.action("merge").form_choices["into"](presenter.state.subject, presenter.state.found)
    assert [choice.value for choice in choices] == [other]
    presenter.confirm_form(filled(presenter, into=other, reason="同一次"))
    presenter.start("merge")
    presenter.confirm_form(filled(presenter, search="CT20260302", reason="同一次"))
    assert [call.into_study_uid for call in archive.sent(MergeStudies)] == [other, other]
    presenter.start("merge")
    presenter.confirm_form(filled(presenter, search="NONE", reason="同一次"))
    assert "NONE" in presenter.state.problem
    assert len(archive.sent(MergeStudies)) == 2


def test_an_unmatched_study_is_matched_by_choice_or_number(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, UNMATCHED, UID)
    presenter.start("match")
    choices = presenter.action("match").form_choices["exam"](presenter.state.subject, presenter.state.found)
    assert [choice.value for choice in choices] == [70]  # exam 71 has its images
    presenter.confirm_form(filled(presenter))
    assert "检查号" in presenter.state.problem
    presenter.confirm_form(filled(presenter, number="NONE"))
    assert "没有这个检查号" in presenter.state.problem
    presenter.confirm_form(filled(presenter, exam=70))
    assert archive.sent(MatchStudy) == [MatchStudy(study_uid=UID, version=4, exam_id=70)]


def test_series_move_into_a_new_study(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    presenter.start("move_series")
    choices = presenter.action("move_series").form_choices["series"](presenter.state.subject, presenter.state.found)
    assert [choice.value for choice in choices] == ["1.2.3.1", "1.2.3.2"]
    presenter.confirm_form(filled(presenter, series=("1.2.3.2",), description="腹部", reason="两个部位"))
    (sent,) = archive.sent(MoveSeries)
    assert (sent.series_uids, sent.into_study_uid) == (("1.2.3.2",), "")
    assert sent.values == (TagValue(keyword="StudyDescription", value="腹部"),)


def test_deleting_is_forced_only_after_it_was_refused(archive: FakeArchive) -> None:
    archive.is_approved = True
    presenter, _ = a_presenter(archive, STUDIES, UID)
    presenter.start("delete")
    assert not presenter.state.revealed
    presenter.confirm_form(filled(presenter, reason="重复"))
    assert presenter.state.revealed == {"force"}
    assert presenter.state.problem == "报告已审核。"
    presenter.confirm_form(filled(presenter, reason="重复", force=True))
    assert [call.force for call in archive.sent(DeleteImages)] == [False, True]
    assert UID not in [row.study_uid for row in presenter.state.rows]


def test_the_history_tells_what_changed_and_takes_it_back(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    parts = {part.title: part for part in STUDIES.parts(presenter.state.row, presenter.state.fetched)}
    first, second = parts["历史"].events
    assert "患者姓名：Li^Si → Zhang^San=张^三" in first.text
    assert (first.action, second.action) == ("undo", "")
    assert second.is_over and "撤销" in second.text
    assert any("缺 2 个" in text for _, text in parts["完整性"].lines)
    presenter.start(first.action, first.subject)
    presenter.confirm_form(filled(presenter, reason="改错了"))
    assert archive.sent(UndoCorrection) == [UndoCorrection(event_id=2, reason="改错了")]
    presenter.start("undo", second.subject)  # already taken back
    assert presenter.state.confirming == ""


def test_a_study_moves_to_the_ticked_stores(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    presenter.start("move")
    assert filled(presenter)["keep_in"] == ("nearline",)
    presenter.confirm_form(filled(presenter, keep_in=("online", "nearline")))
    assert archive.sent(MoveStudy)[0].keep_in == ("online", "nearline")


def test_an_export_leaves_names_out_for_a_project(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STUDIES, UID)
    presenter.start("export")
    options = (AnonymiseOption.RETAIN_MODIFIED_DATES,)
    presenter.confirm_form(filled(presenter, options=options))
    assert "课题" in presenter.state.problem
    presenter.confirm_form(filled(presenter, packing="media", options=options, project="肺结节", viewer=True))
    (sent,) = archive.sent(StartExport)
    assert (sent.packing, sent.viewer, sent.anonymise.project) == (Packing.MEDIA, True, "肺结节")


def test_an_export_is_saved_under_a_harmless_name_and_goes_on_after_a_cut(archive: FakeArchive, tmp_path: Path) -> None:
    presenter, messages = a_presenter(archive, EXPORTS, 9)
    (tmp_path / "_images.zip.part").write_bytes(b"left over, too short for a piece")
    presenter.start("download")
    presenter.confirm_form({"folder": str(tmp_path)})
    assert [path.name for path in tmp_path.iterdir()] == ["_images.zip"]
    assert (tmp_path / "_images.zip").read_bytes() == PIECES
    assert archive.bulk.asked == [("export", "9/0", 1)] and archive.bulk.closed
    assert "_images.zip" in messages.said[-1].text
    assert presenter.state.moved is None


def test_a_damaged_download_leaves_nothing(archive: FakeArchive, tmp_path: Path, monkeypatch: Any) -> None:
    presenter, _ = a_presenter(archive, EXPORTS, 9)
    monkeypatch.setattr("tests.clients.administration.fake_archive.PIECES", PIECES[:-1] + b"?")
    presenter.start("download")
    presenter.confirm_form({"folder": str(tmp_path)})
    assert list(tmp_path.iterdir()) == []
    assert "损坏" in presenter.state.problem
    assert presenter.state.confirming == "download"


def test_files_and_folders_are_uploaded_and_imported(archive: FakeArchive, tmp_path: Path) -> None:
    (tmp_path / "disc" / "DICOM").mkdir(parents=True)
    (tmp_path / "disc" / "DICOM" / "IM1").write_bytes(b"image" * 100)
    (tmp_path / "photo.png").write_bytes(b"png")
    presenter, messages = a_presenter(archive, IMPORTS)
    presenter.start("upload")
    presenter.confirm_form(filled(presenter, paths=f"{tmp_path / 'disc'}\n{tmp_path / 'photo.png'}"))
    (sent,) = archive.sent(StartImport)
    assert sent.upload_ids == (1, 2) and sent.title == "disc, photo.png"
    assert archive.upload_names == ["disc-1.zip", "photo.png"]
    assert b"DICOM/IM1" in archive.uploads[1] and bytes(archive.uploads[2]) == b"png"
    assert len(archive.sent(FinishUpload)) == 2
    assert messages.said
    presenter.start("upload")
    presenter.confirm_form(filled(presenter, paths=str(tmp_path / "nothing")))
    assert "nothing" in presenter.state.problem
    presenter.confirm_form(filled(presenter, paths=str(tmp_path / "photo.png"), identity="exam", number="NONE"))
    assert "检查号" in presenter.state.problem
    assert len(archive.sent(StartImport)) == 1


def test_an_upload_goes_on_where_the_line_was_cut(archive: FakeArchive, tmp_path: Path) -> None:
    content = b"0123456789abcdef" * (9 << 16)  # two chunks and a bit
    (tmp_path / "big.dcm").write_bytes(content)
    presenter, _ = a_presenter(archive, IMPORTS)
    archive.cut_after = MAX_CHUNK_BYTES
    presenter.start("upload")
    values = filled(presenter, paths=str(tmp_path / "big.dcm"))
    presenter.confirm_form(values)
    assert presenter.state.problem and presenter.state.confirming == "upload"
    assert not archive.sent(StartImport)
    presenter.confirm_form(values)
    assert bytes(archive.uploads[1]) == content
    assert [call.offset // MAX_CHUNK_BYTES for call in archive.sent(PutChunk)] == [0, 1, 1, 2]
    assert archive.sent(StartImport)[0].upload_ids == (1,)


def test_a_transfer_is_stopped_and_its_form_stays(archive: FakeArchive, tmp_path: Path) -> None:
    (tmp_path / "a.dcm").write_bytes(b"a")
    runner = HeldRunner()
    presenter = TablePresenter(IMPORTS, archive.line, runner, CollectedMessages())
    presenter.start("upload")
    presenter.confirm_form(filled(presenter, paths=str(tmp_path / "a.dcm")))
    assert presenter.state.moved is not None and presenter.state.is_busy
    presenter.give_up()
    runner.release()
    assert presenter.state.moved is None and not presenter.state.is_busy
    assert presenter.state.confirming == "upload" and "继续" in presenter.state.problem
    assert not archive.sent(FinishUpload)


def test_a_pseudonym_is_resolved_on_the_page(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, EXPORTS)
    presenter.start("reidentify")
    presenter.confirm_form({"project": "肺结节", "pseudonym": "X1", "reason": "随访"})
    assert "张三" in presenter.state.news and "P0001" in presenter.state.news


def test_rules_name_stores_and_targets(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STORAGE_RULES, 1)
    assert [one.value for one in STORAGE_RULES.choices["keep_in"](presenter.state.reply)] == ["online", "nearline"]
    presenter.save({**STORAGE_RULES.values(presenter.state.row), "keep_in": ("online", "nearline")})
    assert archive.sent(SaveRule)[0].entry.keep_in == ("online", "nearline")
    presenter, _ = a_presenter(archive, ROUTING_RULES, 3)
    assert presenter.state.row.target == "二院归档"
    presenter.save({**ROUTING_RULES.values(presenter.state.row), "weekdays": (5, 6)})
    (sent,) = archive.sent(SaveRoutingRule)
    assert (sent.id, sent.target_id, sent.conditions.weekdays) == (3, 7, (5, 6))


def test_a_secret_is_shown_once(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, TOKENS)
    presenter.start_new()
    presenter.save({"name": "研究平台", "days": 30, "read": True, "store": False, "ups": False})
    assert presenter.state.secret == "mj_secret_of_this_token"
    presenter.select(1)
    assert presenter.state.secret == "" and presenter.state.news == ""


def test_a_peer_keeps_its_rights(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, PEERS, "PACS2")
    archive.line.replies = {**archive.line.replies, SavePeer: lambda command: command}
    values = dict(PEERS.values(presenter.state.row))
    assert len(values["rights"]) == 6
    presenter.save({**values, "rights": ("may_store",), "tls": True})
    (sent,) = archive.sent(SavePeer)
    assert (sent.may_store, sent.may_query, sent.may_use_worklist, sent.tls) == (True, False, False, True)


def test_retention_rules_are_changed_in_the_policy_as_it_stands(archive: FakeArchive) -> None:
    presenter, messages = a_presenter(archive, RETENTION)
    presenter.select("十五年")
    values = dict(RETENTION.values(presenter.state.row))
    presenter.save({**values, "older_than_days": 0, "unused_days": 0})
    assert "期限" in presenter.state.problem
    archive.version = 8  # somebody changed another part meanwhile
    presenter.save({**values, "enabled": True})
    assert archive.policy.retention_rules[0].enabled
    assert archive.policy.compression_rules  # the rest stays
    presenter.select("十五年")
    presenter.remove()
    assert archive.policy.retention_rules == ()
    messages.undo_offers[0][1]()
    assert archive.policy.retention_rules[0].name == "十五年"


def test_times_are_saved_and_a_change_by_somebody_else_is_told(archive: FakeArchive) -> None:
    presenter = PolicyPresenter(archive.line, ImmediateRunner(), CollectedMessages())
    presenter.refresh()
    assert presenter.state.values["bin_days"] == 30
    presenter.save({**presenter.state.values, "bin_days": 90})
    assert archive.policy.bin_days == 90 and archive.policy.retention_rules
    archive.version = 9
    presenter.save({**presenter.state.values, "bin_days": 60})
    assert presenter.state.trouble and archive.policy.bin_days == 90
    presenter.refresh()
    presenter.save({**presenter.state.values, "bin_days": 60})
    assert archive.policy.bin_days == 60
    assert len(archive.sent(SaveKeepingPolicy)) == 3


def test_tasks_are_filtered_by_state(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, TASKS)
    presenter.filter({"state": "open"})
    assert archive.sent(ListJobs)[-1].states == ("waiting", "running")
    assert TASKS.progress(presenter.state.rows[0]) == (3, 10)
    assert TASKS.progress(presenter.state.rows[1]) is None


def test_typed_values_stay_when_only_figures_of_the_row_change(archive: FakeArchive) -> None:
    presenter, _ = a_presenter(archive, STORES, "online")
    edition = presenter.state.edition
    presenter.refresh()
    assert presenter.state.edition == edition


def registered_kinds() -> set[str]:
    """What the first argument of every JobKind(…) in the server's sources is."""
    kinds = set()
    for path in SERVER.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        if "JobKind(" not in source:
            continue
        module = importlib.import_module(".".join(path.relative_to(SERVER.parent).with_suffix("").parts))
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "JobKind":
                value: Any = module
                for name in ast.unparse(node.args[0]).split("."):
                    value = getattr(value, name)
                kinds.add(value)
    return kinds


def test_every_kind_of_job_has_a_name() -> None:
    assert registered_kinds() <= set(words.JOB_KINDS)


def test_pages_listen_to_notices_that_the_server_sends() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in SERVER.rglob("*.py"))
    sent = set(re.findall(r'Changed\((?:entity=)?"(\w+)"', sources))
    heard = {entity for spec in SPECS for entity in spec.entities}
    assert heard <= sent
    presenter = TablePresenter(STUDIES, FakeArchive().line, ImmediateRunner(), CollectedMessages())
    assert presenter.heard(Changed("study", 1, 2)) and not presenter.heard(Changed("ticket", 1, 2))


def test_every_list_loads_and_shows_its_details(archive: FakeArchive) -> None:
    assert len(make_pages()) >= 12
    for spec in SPECS:
        presenter, _ = a_presenter(archive, spec)
        assert presenter.state.rows and not presenter.state.trouble, spec.id
        row = presenter.state.rows[0]
        assert all(isinstance(column.text(row), str) for column in spec.columns)
        presenter.select(spec.row_id(row))
        spec.details(row, presenter.state.fetched)
        spec.parts(row, presenter.state.fetched)
        spec.summary(presenter.state.reply)
