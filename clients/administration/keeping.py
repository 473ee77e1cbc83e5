"""The recycle bin, legal holds, backups and checks."""

from __future__ import annotations

from typing import Any

from clients.administration.entering import joined
from clients.administration.table.spec import TableAction, TableSpec
from clients.administration.words import person, size
from clients.kit.fields import TextField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.keeping import (
    BinEntryView,
    GetCheckReport,
    ListBackups,
    ListBin,
    ListLegalHolds,
    PurgeImages,
    ReleaseStudy,
    RestoreImages,
    StartBackup,
    StartCheck,
    VerifyBackup,
)

_MOST = 500
_LEVELS = {"study": "检查", "series": "序列", "instance": "影像"}
_BACKUP_LOOKS = {
    "running": StateLook("进行中", Tone.ACTIVE, "play"),
    "complete": StateLook("完成", Tone.SUCCESS, "check_circle"),
    "failed": StateLook("失败", Tone.DANGER, "cross_circle"),
}


def _purge_words(row: BinEntryView) -> str:
    if row.instance_count == 0:
        return tr("已彻底删除")
    return tr("已记录，需另一人确认后彻底删除")


BIN = TableSpec(
    id="bin",
    columns=(
        Column("patient_name", "患者姓名", 140, strong=True, value=lambda row: person(row.patient_name)),
        Column("patient_id", "患者编号", 110),
        Column("level", "删除的", 70, format=lambda level: tr(_LEVELS.get(level, level))),
        Column("instance_count", "影像数", 70, Align.RIGHT),
        Column("bytes_stored", "大小", 90, Align.RIGHT, format=size),
        Column("deleted_by", "删除人", 90),
        Column("deleted_at", "删除时间", 140, format=local_time),
        Column("purge_at", "清除时间", 140, format=local_time, quiet=True),
        Column("reason", "原因", 0, quiet=True),
    ),
    empty=EmptyWords("回收站是空的", "删除的影像先到这里，期限内可以恢复。", "check_circle"),
    load=lambda values: ListBin(text=values["text"], page=Page(limit=_MOST)),
    filters=(TextField(key="text", label="患者编号、姓名、检查号或检查 UID"),),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("共 {total} 项，{size}", total=reply.total, size=size(reply.bytes_stored)),
    actions=(
        TableAction(
            id="restore",
            text="恢复",
            icon="undo",
            command=lambda row, _answer: RestoreImages(entry_id=row.id),
            said=lambda _reply: tr("影像已恢复"),
        ),
        TableAction(
            id="purge",
            text="彻底删除",
            icon="clear",
            command=lambda row, answer: PurgeImages(entry_id=row.id, reason=answer),
            said=_purge_words,
            asks="原因",
            warns="影像将被永久销毁，无法恢复。",
            danger=True,
        ),
    ),
    named=lambda row: f"{person(row.patient_name)} {row.patient_id}",
    details=lambda row, _fetched: (
        ("患者", person(row.patient_name)),
        ("检查号", row.accession_number),
        ("检查类型", joined(row.modalities)),
        ("描述", row.description),
        ("原因", row.reason),
        ("保留规则", row.by_retention),
        ("申请彻底删除", row.purge_asked_by),
        ("彻底删除原因", row.purge_reason),
        ("检查 UID", row.study_uid),
    ),
    entities=("study", "job"),
)

HOLDS = TableSpec(
    id="holds",
    columns=(
        Column("study_uid", "检查 UID", 380, strong=True),
        Column("held_by", "设置人", 100),
        Column("held_at", "设置时间", 140, format=local_time),
        Column("reason", "原因", 0, quiet=True),
    ),
    empty=EmptyWords("没有法律保留", "在“影像”页可将检查设为法律保留，任何规则都不会删除它。", "lock"),
    load=lambda _values: ListLegalHolds(),
    row_id=lambda row: row.id,
    actions=(
        TableAction(
            id="release",
            text="解除保留",
            icon="unlock",
            command=lambda row, answer: ReleaseStudy(study_uid=row.study_uid, reason=answer),
            said=lambda _reply: tr("已解除"),
            asks="原因",
        ),
    ),
    details=lambda row, _fetched: (
        ("检查 UID", row.study_uid),
        ("设置人", row.held_by),
        ("设置时间", local_time(row.held_at)),
        ("原因", row.reason),
    ),
    entities=("study",),
)

BACKUPS = TableSpec(
    id="backups",
    columns=(
        Column("generation", "备份", 180, strong=True),
        Column("state", "状态", 100, looks=_BACKUP_LOOKS),
        Column("started_at", "开始时间", 140, format=local_time),
        Column("finished_at", "结束时间", 140, format=local_time),
        Column("objects", "对象数", 90, Align.RIGHT),
        Column("bytes_copied", "新复制", 90, Align.RIGHT, format=size),
        Column("sentence", "情况", 0, quiet=True),
    ),
    empty=EmptyWords("还没有备份", "在服务器设置中指定备份文件夹，然后立即备份。", "archive"),
    load=lambda _values: ListBackups(),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    summary=lambda reply: tr("备份到 {folder}", folder=reply.folder) if reply.folder else tr("未设置备份文件夹"),
    commands=(TableAction(id="start", text="立即备份", icon="archive", command=lambda _row, _answer: StartBackup()),),
    actions=(
        TableAction(
            id="verify",
            text="校验备份",
            icon="check_circle",
            command=lambda row, _answer: VerifyBackup(generation=row.generation),
            said=lambda _reply: tr("已开始，进度见“任务”页"),
            allowed=lambda row: row.state == "complete",
        ),
    ),
    details=lambda row, _fetched: (
        ("备份", row.generation),
        ("对象数", str(row.objects)),
        ("新复制对象", str(row.objects_copied)),
        ("新复制", size(row.bytes_copied)),
        ("情况", row.sentence),
    ),
    entities=("job",),
)


def check_summary(reply: Any) -> str:
    """One line of the last check."""
    return tr(
        "{at} 检查了 {instances} 个影像、{files} 个文件，发现 {findings} 个问题，修复 {repaired} 个",
        at=local_time(reply.finished_at),
        instances=reply.instances,
        files=reply.files,
        findings=reply.total_findings,
        repaired=reply.repaired,
    )


CHECK = TableSpec(
    id="check",
    columns=(
        Column("kind", "类别", 140, strong=True),
        Column("sop_instance_uid", "影像 UID", 300, quiet=True),
        Column("sentence", "问题", 0),
        Column("repair", "处理", 260, quiet=True),
    ),
    empty=EmptyWords("没有问题", "索引与文件一致，或者还没有检查过。", "check_circle"),
    load=lambda _values: GetCheckReport(),
    rows=lambda reply: reply.findings,
    row_id=lambda row: f"{row.kind} {row.sop_instance_uid} {row.sentence}",
    summary=check_summary,
    commands=(
        TableAction(id="check", text="开始检查", icon="check_circle", command=lambda _row, _answer: StartCheck()),
        TableAction(
            id="repair",
            text="检查并修复",
            icon="refresh",
            command=lambda _row, _answer: StartCheck(repair=True),
            warns="读取全部影像文件，与索引核对；能安全修复的自动修复。",
        ),
    ),
    details=lambda row, _fetched: (
        ("类别", row.kind),
        ("问题", row.sentence),
        ("处理", row.repair),
        ("影像 UID", row.sop_instance_uid),
    ),
    entities=("job",),
    missing_is_empty=True,
)
