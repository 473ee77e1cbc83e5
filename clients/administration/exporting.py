"""Studies out of the archive: start an export, fetch what it made, say who is behind a pseudonym."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients.administration.table.spec import Asking, Line, Part, Pick, TableAction, TableSpec, Unclear, Values
from clients.administration.transfers import download
from clients.administration.words import JOB_LOOKS, person, size
from clients.kit.fields import Choice, ChoiceField, LongTextField, Section, SwitchField, TextField, TicksField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.running import Progress
from clients.kit.translations import Language, language, tr
from shared.contract.archive import StudyRow
from shared.contract.base import Page
from shared.contract.exchange import (
    AnonymiseOption,
    AnonymisePlan,
    DropExport,
    ListExports,
    Packing,
    Reidentify,
    StartExport,
)
from shared.domain.permissions import Permission

_MOST = 500

_PACKINGS = {
    Packing.FILES: "压缩包",
    Packing.MEDIA: "U 盘介质（含 DICOMDIR）",
    Packing.ISO: "光盘映像（ISO）",
    Packing.FOLDER: "服务器文件夹",
}
_VOLUMES = {0: "不分卷", 700_000_000: "CD（700 MB）", 4_700_000_000: "DVD（4.7 GB）"}
_OPTIONS = {
    AnonymiseOption.CLEAN_PIXEL_DATA: "遮盖图上的文字",
    AnonymiseOption.CLEAN_GRAPHICS: "清理图形标注",
    AnonymiseOption.CLEAN_STRUCTURED_CONTENT: "清理结构化内容",
    AnonymiseOption.CLEAN_DESCRIPTORS: "清理描述文字",
    AnonymiseOption.RETAIN_FULL_DATES: "保留日期",
    AnonymiseOption.RETAIN_MODIFIED_DATES: "日期整体平移",
    AnonymiseOption.RETAIN_PATIENT_CHARACTERISTICS: "保留年龄、性别、身高体重",
    AnonymiseOption.RETAIN_DEVICE_IDENTITY: "保留设备信息",
    AnonymiseOption.RETAIN_INSTITUTION_IDENTITY: "保留机构信息",
    AnonymiseOption.RETAIN_UIDS: "保留 UID",
    AnonymiseOption.RETAIN_SAFE_PRIVATE: "保留安全的私有属性",
}


def start_export(row: StudyRow, values: Values) -> Asking:
    """What the form says. Raises Unclear."""
    project = values["project"]
    if values["options"] and not project:
        raise Unclear(tr("匿名化需要填写课题名称。"))
    plan = AnonymisePlan(project=project, options=tuple(values["options"])) if project else None
    packing = Packing(values["packing"])
    folder = values["folder"] if packing is Packing.FOLDER else ""
    if packing is Packing.FOLDER and not folder:
        raise Unclear(tr("请填写服务器上的文件夹。"))
    return StartExport(
        study_uids=(row.study_uid,),
        packing=packing,
        folder=folder,
        title=values["title"],
        uncompressed=values["uncompressed"],
        viewer=values["viewer"],
        language="zh" if language() is Language.CHINESE else "en",
        volume_bytes=values["volume"] or 0,
        anonymise=plan,
        reason=values["reason"],
    )


EXPORT = TableAction(
    id="export",
    text="导出",
    icon="download",
    said=lambda _reply: tr("已开始，完成后在“导入导出”页下载"),
    form=(
        Section(
            "",
            (
                ChoiceField(
                    key="packing",
                    label="形式",
                    required=True,
                    choices=[Choice(one.value, text) for one, text in _PACKINGS.items()],
                    initial=Packing.FILES.value,
                    span=2,
                ),
                TextField(key="title", label="标题", max_length=80),
                ChoiceField(
                    key="volume",
                    label="分卷",
                    choices=[Choice(length, text) for length, text in _VOLUMES.items()],
                    initial=0,
                ),
                SwitchField(key="viewer", label="附浏览页面", hint="任何浏览器都能打开"),
                SwitchField(key="uncompressed", label="解压缩", hint="供旧设备读取"),
                TextField(key="folder", label="服务器文件夹", max_length=400, span=2, hint="仅用于“服务器文件夹”"),
                TextField(key="reason", label="用途", max_length=200, span=2),
            ),
        ),
        Section(
            "匿名化",
            (
                TextField(
                    key="project",
                    label="课题名称",
                    span=2,
                    max_length=80,
                    hint="留空则保留姓名；同一课题中，同一患者的假名不变",
                ),
                TicksField(
                    key="options",
                    label="选项",
                    choices=[Choice(option, text) for option, text in _OPTIONS.items()],
                ),
            ),
        ),
    ),
    form_values=lambda row, _found: {"title": row.patient_id},
    submit=start_export,
    permission=Permission.EXPORT_IMAGES,
)


def fetch_export(line: Line, row: Any, values: Values, progress: Progress) -> list[Path]:
    """Bring the files of an export to a folder of this workstation."""
    folder = str(values["folder"]).splitlines()
    if not folder:
        raise Unclear(tr("请选择保存到哪个文件夹。"))
    return download(line, row, Path(folder[-1]), progress)


REIDENTIFY = TableAction(
    id="reidentify",
    text="查询假名",
    icon="key",
    permission=Permission.REIDENTIFY,
    warns="查询会记入审计日志。",
    form=(
        Section(
            "",
            (
                TextField(key="project", label="课题名称", required=True, max_length=80),
                TextField(key="pseudonym", label="假名", required=True),
                TextField(key="reason", label="原因", required=True, max_length=200, span=2),
            ),
        ),
    ),
    submit=lambda _row, values: Reidentify(
        project=values["project"], pseudonym=values["pseudonym"], reason=values["reason"]
    ),
    news=lambda found: tr(
        "{pseudonym} 是 {name}，患者编号 {patient_id}",
        pseudonym=found.pseudonym,
        name=person(found.patient_name),
        patient_id=found.patient_id,
    ),
)

EXPORTS = TableSpec(
    id="exports",
    columns=(
        Column("title", "标题", 160, strong=True, value=lambda row: row.title or str(row.id)),
        Column("packing", "形式", 150, format=lambda packing: tr(_PACKINGS[packing])),
        Column("state", "状态", 100, looks=JOB_LOOKS),
        Column("objects", "影像数", 70, Align.RIGHT),
        Column("bytes", "大小", 90, Align.RIGHT, format=size),
        Column("created_by", "发起人", 90),
        Column("created_at", "创建时间", 140, format=local_time),
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("没有导出", "在“影像”页选择检查，点“导出”。", "download"),
    load=lambda _values: ListExports(page=Page(limit=_MOST)),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("共 {total} 条", total=reply.total),
    commands=(REIDENTIFY,),
    actions=(
        TableAction(
            id="download",
            text="下载",
            icon="download",
            allowed=lambda row: row.state == "done" and bool(row.files),
            form=(
                Section(
                    "", (LongTextField(key="folder", label="保存到文件夹", required=True, lines=2, max_length=1000),)
                ),
            ),
            picks=(Pick("folder", "选择文件夹", is_folder=True),),
            transfer=fetch_export,
            said=lambda paths: tr("已保存 {name}", name="、".join(path.name for path in paths)),
        ),
        TableAction(
            id="drop",
            text="删除文件",
            icon="clear",
            command=lambda row, _answer: DropExport(export_id=row.id),
            allowed=lambda row: row.state not in ("waiting", "running") and bool(row.files),
            warns="删除服务器上打包的文件；记录保留，原影像不受影响。",
            said=lambda _reply: tr("已删除"),
            danger=True,
        ),
    ),
    details=lambda row, _fetched: (
        ("标题", row.title),
        ("形式", tr(_PACKINGS[row.packing])),
        ("情况", row.sentence),
        ("保留到", local_time(row.kept_until)),
        ("发起人", row.created_by),
    ),
    parts=lambda row, _fetched: (
        Part("文件", lines=[(file.name, size(file.size_bytes)) for file in row.files]),
        Part("提示", lines=[(str(number), text) for number, text in enumerate(row.warnings, 1)]),
    ),
    search=lambda row: f"{row.title} {row.created_by} {row.sentence}",
    entities=("job",),
)
