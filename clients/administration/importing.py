"""Files and media into the archive: from this workstation or a folder of the server, and what became of each file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients.administration.table.spec import (
    Asking,
    Call,
    Event,
    Line,
    Part,
    Pick,
    TableAction,
    TableSpec,
    Unclear,
    Values,
)
from clients.administration.transfers import paths_of, upload
from clients.administration.words import JOB_LOOKS
from clients.kit.fields import Choice, ChoiceField, Field, LongTextField, Section, TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.running import Progress
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.exams import ListExams
from shared.contract.exchange import (
    Identity,
    ImportView,
    ListImports,
    ListOutcomes,
    OutcomeList,
    OutcomeState,
    PictureClass,
    StartImport,
)
from shared.contract.jobs import CancelJob
from shared.contract.patients import SearchPatients
from shared.domain.permissions import Permission

_MOST = 500
_SHOWN = 200

_IDENTITIES = {
    Identity.KEEP: "按文件中的患者和检查",
    Identity.EXAM: "归到一个检查（填检查号）",
    Identity.PATIENT: "归到一个患者（填患者编号）",
}
_PICTURES = {PictureClass.CAPTURE: "截图、扫描件", PictureClass.PHOTOGRAPH: "照片"}
_OUTCOMES = {
    OutcomeState.STORED: "已存入",
    OutcomeState.DUPLICATE: "已有",
    OutcomeState.REFUSED: "未接受",
    OutcomeState.IGNORED: "不是影像",
    OutcomeState.MISSING: "介质上缺少",
}

_WHOSE: tuple[Field, ...] = (
    ChoiceField(
        key="identity",
        label="归属",
        required=True,
        choices=[Choice(one.value, text) for one, text in _IDENTITIES.items()],
        initial=Identity.KEEP.value,
        span=2,
    ),
    TextField(key="number", label="检查号或患者编号", span=2),
)
_PICTURE_FIELDS: tuple[Field, ...] = (
    ChoiceField(
        key="pictures",
        label="图片作为",
        required=True,
        choices=[Choice(one.value, text) for one, text in _PICTURES.items()],
        initial=PictureClass.CAPTURE.value,
    ),
    TextField(key="modality", label="检查类型", max_length=16),
    TextField(key="description", label="检查描述", span=2),
)


def request_of(call: Call, values: Values, *, uploads: tuple[int, ...] = (), folder: str = "", title: str) -> Any:
    """Start the import that a form describes. Raises Unclear, RpcError."""
    identity, number = Identity(values["identity"]), str(values["number"]).strip()
    exam_id = patient_id = None
    if identity is not Identity.KEEP and not number:
        raise Unclear(tr("请填写检查号或患者编号。"))
    if identity is Identity.EXAM:
        exams = call(ListExams(accession_number=number)).rows
        if not exams:
            raise Unclear(tr("没有这个检查号，请核对。"))
        exam_id = exams[0].id
    elif identity is Identity.PATIENT:
        found = call(SearchPatients(text=number)).rows
        patient = next((one for one in found if one.patient_number == number), None)
        if patient is None:
            raise Unclear(tr("没有这个患者编号，请核对。"))
        patient_id = patient.id
    return call(
        StartImport(
            upload_ids=uploads,
            folder=folder,
            title=title[:200],
            identity=identity,
            exam_id=exam_id,
            patient_id=patient_id,
            pictures=PictureClass(values["pictures"]),
            study_description=values["description"],
            modality=values["modality"],
        )
    )


def upload_and_import(line: Line, _row: Any, values: Values, progress: Progress) -> ImportView:
    """Bring the chosen files to the server and have it import them."""
    paths = paths_of(str(values["paths"]))
    ids = upload(line, paths, progress)
    title = ", ".join(path.name for path in paths)
    started: ImportView = request_of(line.call, values, uploads=ids, title=title)
    return started


def _import_folder(_row: Any, values: Values) -> Asking:
    folder = values["folder"]
    return lambda call: request_of(call, values, folder=folder, title=Path(folder).name or folder)


UPLOAD = TableAction(
    id="upload",
    text="导入文件",
    icon="upload",
    warns="DICOM 文件、光盘、压缩包、图片、PDF 和视频都可以。中断后再次导入会从中断处继续。",
    form=(
        Section(
            "",
            (
                LongTextField(key="paths", label="文件和文件夹", required=True, lines=4, max_length=20_000),
                *_WHOSE,
            ),
        ),
        Section("图片、PDF 和视频", _PICTURE_FIELDS),
    ),
    picks=(
        Pick("paths", "选择文件", "document"),
        Pick("paths", "选择文件夹", "folder", is_folder=True),
    ),
    transfer=upload_and_import,
    permission=Permission.IMPORT_IMAGES,
)
FROM_SERVER = TableAction(
    id="from_server",
    text="导入服务器文件夹",
    icon="folder",
    warns="文件夹须在服务器设置 import_folders 允许的范围内。",
    form=(
        Section("", (TextField(key="folder", label="服务器上的路径", required=True, max_length=400, span=2), *_WHOSE)),
        Section("图片、PDF 和视频", _PICTURE_FIELDS),
    ),
    submit=_import_folder,
    permission=Permission.ADMINISTER,
)


def _progress(row: ImportView) -> tuple[int, int] | None:
    if row.state not in ("waiting", "running"):
        return None
    return row.stored + row.duplicate + row.refused + row.ignored + row.missing, row.files


def _outcomes(_row: ImportView, found: OutcomeList | None) -> tuple[Part, ...]:
    if found is None:
        return ()
    events = [
        Event(f"{tr(_OUTCOMES[one.state])} · {one.name}", one.sentence or one.sop_instance_uid) for one in found.rows
    ]
    more = found.total - len(found.rows)
    if more > 0:
        events.append(Event(tr("另有 {count} 个", count=more), ""))
    return (Part("每个文件", events=events),)


def _bad_first(row: ImportView) -> Asking:
    """What was not stored, which is what people look for; all when everything was."""

    def ask(call: Call) -> OutcomeList:
        page = Page(limit=_SHOWN)
        if row.refused or row.missing:
            parts = [
                call(ListOutcomes(import_id=row.id, state=state, page=page))
                for state in (OutcomeState.REFUSED, OutcomeState.MISSING)
            ]
            rows = tuple(one for part in parts for one in part.rows)
            return OutcomeList(total=sum(part.total for part in parts), rows=rows)
        found: OutcomeList = call(ListOutcomes(import_id=row.id, page=page))
        return found

    return ask


IMPORTS = TableSpec(
    id="imports",
    columns=(
        Column("title", "标题", 200, strong=True),
        Column("state", "状态", 100, looks=JOB_LOOKS),
        Column("files", "文件", 70, Align.RIGHT),
        Column("stored", "已存入", 70, Align.RIGHT),
        Column("duplicate", "已有", 60, Align.RIGHT),
        Column("refused", "未接受", 70, Align.RIGHT),
        Column("created_by", "发起人", 90),
        Column("created_at", "创建时间", 140, format=local_time),
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("没有导入", "从光盘、U 盘或文件夹导入影像。", "upload"),
    load=lambda _values: ListImports(page=Page(limit=_MOST)),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("共 {total} 条", total=reply.total),
    commands=(UPLOAD, FROM_SERVER),
    actions=(
        TableAction(
            id="cancel",
            text="取消导入",
            icon="cross_circle",
            command=lambda row, _answer: CancelJob(job_id=row.job_id),
            allowed=lambda row: row.state in ("waiting", "running"),
            danger=True,
        ),
    ),
    fetch=_bad_first,
    details=lambda row, _fetched: (
        ("标题", row.title),
        ("情况", row.sentence),
        ("归属", tr(_IDENTITIES[row.identity])),
        ("不是影像", str(row.ignored) if row.ignored else ""),
        ("介质上缺少", str(row.missing) if row.missing else ""),
        ("发起人", row.created_by),
    ),
    parts=_outcomes,
    progress=_progress,
    search=lambda row: f"{row.title} {row.created_by} {row.sentence}",
    entities=("job",),
)
