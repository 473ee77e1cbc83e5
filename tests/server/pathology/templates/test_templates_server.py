"""The room of templates on a real database, with the content that a new hospital starts with."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.bootstrap.pathology_templates import build_pathology_templates
from server.kernel.clock import HospitalTime
from server.kernel.database import Database
from server.kernel.dispatch import Caller, collect
from server.kernel.errors import Refusal
from server.organisation.sheets import write_xlsx
from shared.contract import pathology_templates as contract
from shared.contract.base import Request
from shared.contract.errors import ErrorCode
from shared.contract.pathology_templates import FileFormat, MarkerKind, PromptEntry, TemplateKind
from shared.domain.pathology_templates import read
from shared.domain.pathology_templates.describing import compose, tick
from shared.domain.permissions import Permission
from tests.databases import a_database

HEAD = Caller(
    1,
    "head",
    "主任",
    frozenset({Permission.PATHOLOGY_VIEW, Permission.PATHOLOGY_TEMPLATES, Permission.PATHOLOGY_DICTIONARIES}),
)
DOCTOR = Caller(2, "li", "李医生", frozenset({Permission.PATHOLOGY_VIEW}))
OTHER = Caller(3, "zhang", "张医生", frozenset({Permission.PATHOLOGY_VIEW}))


class StandingClock:
    def now(self) -> dt.datetime:
        return dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)


class Room:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.templates = build_pathology_templates(HospitalTime(StandingClock(), "Asia/Shanghai"))
        self.handlers = collect(self.templates.handlers)

    def seed(self) -> None:
        with self.database.write() as uow:
            self.templates.seed(uow)

    def ask(self, request: Request[Any], caller: Caller = HEAD) -> Any:
        with self.database.write() as uow:
            return self.handlers[request.method].call(request, caller, uow)

    def refused(self, request: Request[Any], caller: Caller = HEAD) -> Refusal:
        with pytest.raises(Refusal) as refused:
            self.ask(request, caller)
        return refused.value

    def a_disease(self, caller: Caller = HEAD, personal: bool = False) -> contract.TemplateText:
        site = self.ask(contract.SaveSite(name="涎腺", personal=personal), caller)
        text: contract.TemplateText = self.ask(contract.SaveDisease(site_id=site.id, name="多形性腺瘤"), caller)
        return text


@pytest.fixture(params=["sqlite"])
def room(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Room]:
    with a_database(request.param, tmp_path) as database:
        yield Room(database)


def test_the_catalogue_is_large_and_without_a_finding(room: Room) -> None:
    room.seed()
    sites = room.ask(contract.ListTree(), DOCTOR)
    diseases = [disease for site in sites for disease in site.diseases]
    assert len(sites) >= 12 and len(diseases) >= 40
    gross = [disease for site in room.ask(contract.ListTree(kind=TemplateKind.GROSS)) for disease in site.diseases]
    assert len(gross) >= 10
    for disease in diseases + gross:
        text = room.ask(contract.GetTemplate(template_id=disease.id))
        assert disease.usable and text.saved_by == "系统"
        assert [read(pane).issues for pane in (text.findings, text.diagnosis)] == [(), ()], text.name
    book = room.ask(contract.ListMarkers())
    assert len([one for one in book.markers if one.kind is MarkerKind.IHC]) >= 115 and len(book.panels) >= 10
    assert len([field for field in room.ask(contract.ListPrompts()) if field.entries]) >= 20
    gynaecological = room.ask(contract.ListDescriptors())[0]
    codes = {item.code for group in gynaecological.groups for item in group.items}
    assert {"NILM", "ASC-US", "ASC-H", "LSIL", "HSIL", "SCC", "AIS", "ADC-NOS"} <= codes


def test_seeding_leaves_alone_what_the_department_has_changed(room: Room) -> None:
    room.seed()
    [site, *_] = room.ask(contract.ListTree())
    room.ask(contract.DeleteSite(site_id=site.id, version=site.version, with_diseases=True))
    room.seed()
    assert site.name not in [one.name for one in room.ask(contract.ListTree())]


def test_texts_with_errors_are_kept_and_cannot_be_used(room: Room) -> None:
    text = room.a_disease()
    assert not text.usable and text.revision == 0
    bad = room.ask(
        contract.SaveTexts(template_id=text.id, version=text.version, findings="切缘（阴性；阳性。", diagnosis="")
    )
    assert not bad.usable and bad.revision == 1
    good = room.ask(
        contract.SaveTexts(template_id=text.id, version=bad.version, findings="切缘（阴性；阳性）。", diagnosis="良性")
    )
    assert good.usable and (good.saved_by, good.revision) == ("主任", 2)
    rows = room.ask(contract.ListRevisions(template_id=text.id))
    assert [row.revision for row in rows] == [2, 1] and rows[1].findings == "切缘（阴性；阳性。"
    stale = room.refused(contract.SaveTexts(template_id=text.id, version=bad.version, findings="旧"))
    assert stale.body.code is ErrorCode.CONFLICT


def test_public_templates_need_the_right_and_personal_ones_are_seen_by_their_owner(room: Room) -> None:
    assert room.refused(contract.SaveSite(name="脾"), DOCTOR).body.code is ErrorCode.PERMISSION_MISSING
    mine = room.a_disease(DOCTOR, personal=True)
    assert mine.is_mine and mine.may_edit
    assert room.ask(contract.ListTree(), DOCTOR)[0].is_mine
    assert room.ask(contract.ListTree(), OTHER) == ()
    assert room.refused(contract.GetTemplate(template_id=mine.id), OTHER).body.code is ErrorCode.NOT_FOUND
    delete = contract.DeleteDisease(template_id=mine.id, version=mine.version)
    assert room.refused(delete, HEAD).body.code is ErrorCode.NOT_FOUND
    room.ask(delete, DOCTOR)


def test_an_organ_with_diseases_is_deleted_only_after_a_confirmation(room: Room) -> None:
    text = room.a_disease()
    site = room.ask(contract.ListTree())[0]
    refused = room.refused(contract.DeleteSite(site_id=site.id, version=site.version))
    assert refused.body.code is ErrorCode.ILLEGAL_ACTION and "1 个病种" in refused.body.message
    room.ask(contract.DeleteSite(site_id=site.id, version=site.version, with_diseases=True))
    assert room.ask(contract.ListTree()) == ()
    assert room.refused(contract.GetTemplate(template_id=text.id)).body.code is ErrorCode.NOT_FOUND


def test_names_are_unique_and_can_be_changed(room: Room) -> None:
    text = room.a_disease()
    assert room.refused(contract.SaveSite(name=" 涎腺 ")).body.field == "name"
    assert room.refused(contract.SaveDisease(site_id=text.site_id, name="多形性腺瘤")).body.field == "name"
    renamed = room.ask(
        contract.SaveDisease(site_id=text.site_id, name="Warthin瘤", template_id=text.id, version=text.version)
    )
    assert renamed.name == "Warthin瘤" and renamed.version == text.version + 1


@pytest.mark.parametrize("format", list(FileFormat))
def test_templates_travel_as_files_and_come_back_the_same(room: Room, format: FileFormat) -> None:
    room.seed()
    file = room.ask(contract.ExportTemplates(format=format))
    again = room.ask(contract.ImportTemplates(file_name=file.name, content=file.content, check_only=False))
    assert (again.added, again.changed, again.problems) == (0, 0, ()) and again.unchanged == file.count >= 40
    own = contract.ImportTemplates(file_name=file.name, content=file.content, personal=True, check_only=False)
    assert room.ask(own, DOCTOR).added == file.count
    assert room.refused(msgspec.structs.replace(own, personal=False), DOCTOR).body.code is ErrorCode.PERMISSION_MISSING


def test_an_import_is_checked_first_and_keeps_nothing_with_problems(room: Room) -> None:
    rows = [("胃", "甲", "所见（a；b）", ""), ("胃", "甲", "两次", ""), ("", "乙", "x", "")]
    content = write_xlsx("x", ("部位", "病种", "检查所见", "诊断意见"), (10, 10, 10, 10), rows)
    report = room.ask(contract.ImportTemplates(file_name="a.xlsx", content=content, check_only=False))
    assert [problem.line for problem in report.problems] == [3, 4]
    assert room.ask(contract.ListTree()) == ()
    for name, broken in (("a.xlsx", b"PK\x03\x04"), ("a.json", b"[" * 5000), ("a.json", b"{}"), ("a.doc", b"")):
        room.refused(contract.ImportTemplates(file_name=name, content=broken))


def test_prompts_get_initials_and_cascade(room: Room) -> None:
    group = PromptEntry(text="外科", entries=(PromptEntry(text="骨外科"), PromptEntry(text="普外科")))
    saved = room.ask(contract.SavePrompts(key="department", version=0, entries=(group,)))
    assert saved.entries[0].entries[0].initials == "GWK"
    twice = contract.SavePrompts(key="department", version=1, entries=(PromptEntry(text="a"), PromptEntry(text="a ")))
    assert room.refused(twice).body.code is ErrorCode.INVALID
    assert room.refused(contract.SavePrompts(key="nonsense", version=0, entries=())).body.field == "key"
    deep = PromptEntry(text="e")
    for _ in range(4):
        deep = PromptEntry(text="d", entries=(deep,))
    assert room.refused(contract.SavePrompts(key="department", version=1, entries=(deep,))).body.field == "entries"


@pytest.mark.parametrize("format", list(FileFormat))
def test_prompts_travel_per_field(room: Room, format: FileFormat) -> None:
    room.seed()
    file = room.ask(contract.ExportPrompts(key="department", format=format))
    before = room.ask(contract.ListPrompts(keys=("department",)))[0]
    room.ask(contract.SavePrompts(key="department", version=before.version, entries=(PromptEntry(text="儿科"),)))
    report = room.ask(
        contract.ImportPrompts(key="department", file_name=file.name, content=file.content, check_only=False)
    )
    after = room.ask(contract.ListPrompts(keys=("department",)))[0]
    assert report.added > 20 and {one.text for one in after.entries} == {one.text for one in before.entries}


def test_a_new_marker_is_placed_by_its_first_letter(room: Room) -> None:
    room.seed()
    saved = room.ask(
        contract.SaveMarker(marker=contract.Marker(id=0, version=0, kind=MarkerKind.SPECIAL_STAIN, name="甲苯胺蓝"))
    )
    assert saved.letter == "J"
    letters = [one.letter for one in room.ask(contract.ListMarkers()).markers]
    assert letters == sorted(letters, key=lambda letter: (letter == "#", letter))
    again = contract.SaveMarker(marker=msgspec.structs.replace(saved, id=0, version=0))
    assert room.refused(again).body.field == "name"


def test_a_deleted_marker_leaves_its_panels(room: Room) -> None:
    ids = [
        room.ask(contract.SaveMarker(marker=contract.Marker(id=0, version=0, kind=MarkerKind.IHC, name=name))).id
        for name in ("ER", "PR")
    ]
    panel = contract.Panel(id=0, version=0, name="乳腺", marker_ids=(ids[1], ids[0]))
    assert room.ask(contract.SavePanel(panel=panel)).marker_ids == (ids[1], ids[0])
    unknown = contract.SavePanel(panel=contract.Panel(id=0, version=0, name="x", marker_ids=(999,)))
    assert room.refused(unknown).body.field == "marker_ids"
    room.ask(contract.DeleteMarker(marker_id=ids[1], version=1))
    assert room.ask(contract.ListMarkers()).panels[0].marker_ids == (ids[0],)
    room.ask(contract.DeleteMarker(marker_id=ids[0], version=1))
    assert room.ask(contract.ListMarkers()).panels == ()


def test_ticked_descriptors_become_text_and_stay_codes(room: Room) -> None:
    room.seed()
    groups = room.ask(contract.ListDescriptors())[0].groups
    ticked: frozenset[str] = frozenset()
    for code in ("SAT-EC", "CAND", "LSIL", "HSIL", "ADV-COL"):
        ticked = tick(groups, ticked, code)
    assert ticked == {"SAT-EC", "CAND", "HSIL", "ADV-COL"}  # of the squamous grades only one is ticked
    findings, diagnosis = compose(groups, ticked)
    assert findings == "标本满意度：满意，见颈管细胞或化生细胞。\n微生物：真菌，形态符合念珠菌属。"
    assert diagnosis == "高级别鳞状上皮内病变（HSIL）\n建议：阴道镜检查及活检"
    assert tick(groups, ticked, "CAND") == ticked - {"CAND"}


def test_descriptor_codes_are_unique(room: Room) -> None:
    item = contract.Descriptor(code="A", text="甲")
    group = contract.DescriptorGroup(title="组", items=(item, item))
    one = contract.DescriptorSet(id=0, version=0, specimen_type="尿", groups=(group,))
    assert "重复" in room.refused(contract.SaveDescriptors(descriptors=one)).body.message
    good = msgspec.structs.replace(one, groups=(msgspec.structs.replace(group, items=(item,)),))
    saved = room.ask(contract.SaveDescriptors(descriptors=good))
    changed = room.ask(contract.SaveDescriptors(descriptors=saved))
    assert changed.version == 2
    assert room.refused(contract.SaveDescriptors(descriptors=saved)).body.code is ErrorCode.CONFLICT
    room.ask(contract.DeleteDescriptors(set_id=saved.id, version=2))
