"""Workbooks and CSV files of the master data: what a file would do, done in one transaction, hostile files refused."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from server.kernel.errors import Refusal
from server.kernel.rows.fields import FieldSpec, Form, text_of, value_of
from server.organisation.sheets import MAX_ROWS, read_sheet, write_csv, write_xlsx
from shared.contract.errors import ErrorCode
from shared.contract.master import (
    MAX_FILE_BYTES,
    ApplyImport,
    CheckImport,
    CriticalValueEntry,
    DutyEntry,
    ExamItemEntry,
    ExportRows,
    GetHistory,
    ImportPlan,
    ListRows,
    MasterAction,
    MasterKind,
    PlanAction,
    SheetFormat,
    StaffEntry,
)
from shared.contract.organisation import GetHospital
from shared.domain.critical import CriticalRegion, Escalation
from tests.hospital import Hospital
from tests.server.organisation.test_master_data import House

HEADINGS = ("编码", "名称", "检查类型", "检查部位", "价格（元）", "时长（分钟）", "检查前准备", "启用")


@pytest.fixture
def house(small_hospital: Hospital) -> House:
    return House(small_hospital)


def a_book(*lines: tuple[Any, ...], headings: tuple[str, ...] = HEADINGS) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.append(headings)
    for line in lines:
        sheet.append(line)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def check(
    house: House, content: bytes, name: str = "items.xlsx", kind: MasterKind = MasterKind.EXAM_ITEM
) -> ImportPlan:
    plan: ImportPlan = house.call(CheckImport(kind=kind, file_name=name, content=content))
    return plan


def apply(house: House, content: bytes, plan: ImportPlan, name: str = "items.xlsx", **more: Any) -> ImportPlan:
    done: ImportPlan = house.call(
        ApplyImport(kind=MasterKind.EXAM_ITEM, file_name=name, content=content, digest=plan.digest, **more)
    )
    return done


def test_a_plan_says_line_by_line_what_will_happen_and_then_it_does(house: House) -> None:
    content = a_book(
        ("CT001", "颅脑平扫", "CT", "HEAD", 240, 0, "", "是"),  # as it is
        ("CT002", "颅脑增强", "CT", "HEAD", 599.5, 20, "禁食四小时", "是"),
        ("CT200", "肺结节随访", "ct", "chest", 300, None, None, "是"),
        ("CT201", "颅脑平扫", "CT", "HEAD", 1, 0, "", "是"),  # a name that is taken
        ("CT202", "无类型", "ZZ", "HEAD", 1, 0, "", "是"),
        ("CT203", "价格错", "CT", "HEAD", "贵", 0, "", "是"),
        ("CT200", "肺结节再访", "CT", "CHEST", 300, 0, "", "是"),  # a code of an earlier line
        ("CT003", "鼻窦平扫", "CT", "PARANASALSINUS", 240, 0, "", "否"),
    )
    before = house.call(GetHospital())
    plan = check(house, content)
    assert house.call(GetHospital()) == before  # nothing was written
    assert [row.action for row in plan.rows] == [
        PlanAction.SAME,
        PlanAction.CHANGE,
        PlanAction.ADD,
        *[PlanAction.REFUSE] * 4,
        PlanAction.CHANGE,
    ]
    assert (plan.added, plan.changed, plan.same, plan.refused) == (1, 2, 1, 4)
    assert [(one.title, one.before, one.after) for one in plan.rows[1].differences] == [
        ("价格（元）", "560", "599.50"),
        ("时长（分钟）", "0", "20"),
        ("检查前准备", "", "禁食四小时"),
    ]
    assert [row.line for row in plan.rows if row.sentence] == [5, 6, 7, 8]
    assert all(row.sentence.endswith("。") for row in plan.rows if row.action is PlanAction.REFUSE)
    with pytest.raises(Refusal, match="4 行不能导入"):
        apply(house, content, plan)
    assert house.call(GetHospital()) == before
    assert apply(house, content, plan, skip_refused=True).is_done
    items = {one.code: one for one in house.call(GetHospital()).exam_items}
    assert (items["CT002"].price_fen, items["CT002"].preparation) == (59950, "禁食四小时")
    assert (items["CT200"].exam_type, items["CT200"].body_part, items["CT200"].pinyin) == ("CT", "胸部", "fjjsf")
    assert "CT003" not in items and "CT201" not in items
    changes = house.call(GetHistory(kind=MasterKind.EXAM_ITEM, row_id=items["CT200"].id))
    assert [one.action for one in changes] == [MasterAction.ADDED]


def test_a_plan_is_void_once_something_changed(house: House) -> None:
    content = a_book(("CT001", "颅脑平扫（新）", "CT", "HEAD", 240, 0, "", "是"))
    plan = check(house, content)
    house.change(house.row(MasterKind.EXAM_ITEM, "CT001"), price_fen=1)
    with pytest.raises(Refusal) as caught:
        apply(house, content, plan)
    assert caught.value.body.code is ErrorCode.CONFLICT
    apply(house, content, check(house, content))
    assert house.row(MasterKind.EXAM_ITEM, "CT001").entry.name == "颅脑平扫（新）"


@pytest.mark.parametrize("form", SheetFormat)
@pytest.mark.parametrize("kind", MasterKind)
def test_what_is_exported_imports_as_the_same(house: House, kind: MasterKind, form: SheetFormat) -> None:
    house.add(
        ExamItemEntry(
            code="CT300",
            name="-胸部, “平扫”",
            exam_type="CT",
            body_part="CHEST",
            preparation='@一行\n=二"行',
            price_fen=150,
        )
    )
    house.add(StaffEntry(code="wang", name="王芳", roles=("clerk", "doctor"), campuses=("RAD",), phone="+86 10"))
    house.add(
        CriticalValueEntry(
            code="BLEEDING",
            name="脑出血",
            region=CriticalRegion.HEAD,
            exam_types=("CT",),
            keywords=("脑出血", "血肿+破入脑室"),
        )
    )
    house.add(DutyEntry(code="NIGHT", name="李护士", level=Escalation.WARD, phone="8001", begins="20:00", ends="08:00"))
    file = house.call(ExportRows(kind=kind, format=form))
    plan = check(house, file.content, file.file_name, kind)
    assert {row.action for row in plan.rows} == {PlanAction.SAME}, plan.rows
    assert len(plan.rows) == len(house.call(ListRows(kind=kind)).rows)
    empty = house.call(ExportRows(kind=kind, format=form, empty=True))
    assert check(house, empty.content, empty.file_name, kind).rows == ()


def test_columns_that_are_not_there_stay_as_they_are(house: House) -> None:
    content = a_book(("CT001", 99), headings=("编码", "价格（元）"))
    apply(house, content, check(house, content))
    entry = house.row(MasterKind.EXAM_ITEM, "CT001").entry
    assert (entry.price_fen, entry.name, entry.name_en) == (9900, "颅脑平扫", "Head, plain")
    content = a_book(("CT900", 99), headings=("编码", "价格（元）"))
    assert "名称" in check(house, content).rows[0].sentence


def test_english_headings_are_understood(house: House) -> None:
    content = a_book(("CT400", "新项目", "CT", "CHEST"), headings=("Code", "NAME", "Exam type", "body_part"))
    assert check(house, content).rows[0].action is PlanAction.ADD


@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (("编码", "单价"), "没有“单价”这一列"),
        (("编码", "名称", "名称"), "出现了两次"),
        (("名称",), "缺少“编码”"),
    ],
)
def test_other_headings_are_refused(house: House, headings: tuple[str, ...], words: str) -> None:
    with pytest.raises(Refusal, match=words):
        check(house, a_book(("CT1", "x", "y"), headings=headings))


def test_formulas_are_refused_and_never_computed(house: House) -> None:
    content = a_book(("CT500", '=HYPERLINK("http://x")', "CT", "CHEST", "=1+1", 0, "", "是"))
    row = check(house, content).rows[0]
    assert row.action is PlanAction.REFUSE and "公式" in row.sentence


def test_written_cells_are_never_formulas() -> None:
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "安全"]
    book = load_workbook(io.BytesIO(write_xlsx("表", ["甲"] * 6, [10] * 6, [risky])))
    cells = list(book.active[2])
    assert [cell.data_type for cell in cells] == ["s"] * 6
    assert [cell.value for cell in cells] == risky
    written = write_csv(["甲"] * 6, [risky]).decode("utf-8-sig")
    line = list(csv.reader(io.StringIO(written)))[1]
    assert line == ["'=1+1", "'+1", "'-1", "'@SUM(A1)", "'\tx", "安全"]
    assert read_sheet("a.csv", write_csv(["甲"] * 6, [risky])).lines[0].cells == tuple(risky)


def a_zip(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), body)
    return made.getvalue()


def a_book_with(sheet: bytes) -> bytes:
    """A workbook whose first sheet is replaced by these bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(a_book(("CT1",)))) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            body = sheet if part.filename == "xl/worksheets/sheet1.xml" else old.read(part)
            new.writestr(part.filename, body)
    return made.getvalue()


HOSTILE = {
    "nothing": b"",
    "no zip": b"PK\x03\x04 but nothing else",
    "random": bytes(range(256)) * 40,
    "a zip of something else": a_zip(hello=b"hello"),
    "a bomb": a_zip(xl__workbook_xml=b"<workbook/>", xl__sheet_xml=b"0" * (49 << 20)),
    "many parts": a_zip(**{f"part{n}": b"" for n in range(300)}),
    "entities": a_book_with(b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet>&b;</worksheet>'),
    "broken xml": a_book_with(b"<worksheet><sheetData><row><c>"),
    "cut": a_book(("CT1", "x"))[:-200],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_workbooks_are_refused_with_a_sentence(what: str) -> None:
    with pytest.raises(Refusal) as caught:
        read_sheet("items.xlsx", HOSTILE[what])
    assert caught.value.body.message.endswith("。") and caught.value.body.field == "file"


def test_a_huge_sheet_is_refused() -> None:
    lines = "\r\n".join(["编码", *("x" for _ in range(MAX_ROWS + 1))])
    with pytest.raises(Refusal, match="行"):
        read_sheet("items.csv", lines.encode())
    with pytest.raises(Refusal, match="列"):
        read_sheet("items.csv", ",".join(["甲"] * 60).encode())
    with pytest.raises(Refusal, match="字符"):
        read_sheet("items.csv", ("编码\r\n" + "x" * 5000).encode())
    with pytest.raises(Refusal, match="MB"):
        read_sheet("items.csv", b"x" * (MAX_FILE_BYTES + 1))


@pytest.mark.parametrize("name", ["items.xls", "items", "items.xlsx.exe"])
def test_other_files_are_refused(name: str) -> None:
    with pytest.raises(Refusal, match="xlsx"):
        read_sheet(name, b"x")


def test_csv_files_of_chinese_excel_are_read(house: House) -> None:
    text = "编码,名称,检查类型,检查部位\r\nCT600,颈部血管,CT,NECK\r\n"
    for encoding in ("utf-8", "utf-8-sig", "gb18030"):
        assert check(house, text.encode(encoding), "a.csv").rows[0].name == "颈部血管"
    with pytest.raises(Refusal):
        check(house, b"\xff\xfe\x00a\x81", "a.csv")


@pytest.mark.parametrize(
    ("form", "cell", "value"),
    [
        (Form.YUAN, "85.5", 8550),
        (Form.YUAN, 0.29, 29),
        (Form.YUAN, "¥1,200.00", 120000),
        (Form.YUAN, None, 0),
        (Form.NUMBER, 20.0, 20),
        (Form.SWITCH, True, True),
        (Form.SWITCH, "no", False),
        (Form.LIST, "CT，MR; DR", ("CT", "MR", "DR")),
    ],
)
def test_cells_are_read_as_people_write_them(form: Form, cell: Any, value: Any) -> None:
    spec = FieldSpec(key="x", title="甲", title_en="A", form=form, maximum=10)
    assert value_of(spec, cell) == value
    assert value_of(spec, text_of(spec, value)) == value


def test_ten_thousand_items_go_in_and_out(house: House) -> None:
    lines = [(f"CT{n:05d}", f"批量项目{n}", "CT", "CHEST", n % 900 + 0.5, 0, "", "是") for n in range(10_000)]
    content = a_book(*lines)
    plan = check(house, content)
    assert plan.added == 10_000 and not plan.refused
    apply(house, content, plan)
    assert len(house.call(GetHospital()).exam_items) == 10_041
    exported = house.call(ExportRows(kind=MasterKind.EXAM_ITEM))
    again = check(house, exported.content)
    assert again.same == 10_041
