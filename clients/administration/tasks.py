"""Long work of the server: what waits, what runs, what failed and why."""

from __future__ import annotations

from collections.abc import Mapping

from clients.administration.table.spec import TableAction, TableSpec
from clients.administration.words import JOB_LOOKS, job_name, progress
from clients.kit.fields import Choice, ChoiceField
from clients.kit.paging import Align, Column, EmptyWords, local_time
from clients.kit.translations import tr
from shared.contract.base import Page
from shared.contract.jobs import CancelJob, JobList, JobView, ListJobs, RetryJob

_MOST = 500
_GONE_THROUGH = ("done", "failed", "cancelled")

STATES: Mapping[str, tuple[str, ...]] = {
    "": (),
    "open": ("waiting", "running"),
    **{state: (state,) for state in _GONE_THROUGH},
}
"""What the filter can be → states of jobs."""


def _summary(reply: JobList) -> str:
    counts = reply.counts
    return tr(
        "进行中 {running}，等待 {waiting}，失败 {failed}",
        running=counts.get("running", 0),
        waiting=counts.get("waiting", 0),
        failed=counts.get("failed", 0),
    )


def _bar(row: JobView) -> tuple[int, int] | None:
    return (row.progress_done, row.progress_total) if row.state == "running" else None


TASKS = TableSpec(
    id="tasks",
    columns=(
        Column("id", "编号", 70, Align.RIGHT),
        Column("name", "任务", 220, value=job_name, strong=True),
        Column("state", "状态", 100, looks=JOB_LOOKS),
        Column("progress", "进度", 110, Align.RIGHT, value=progress),
        Column("sentence", "情况", 0, quiet=True),
        Column("created_at", "创建时间", 140, format=local_time, quiet=True),
    ),
    empty=EmptyWords("没有后台任务", "转发、压缩、备份等任务会显示在这里。", "check_circle"),
    load=lambda values: ListJobs(states=STATES[values["state"]], page=Page(limit=_MOST)),
    filters=(
        ChoiceField(
            key="state",
            label="状态",
            choices=[
                Choice("", "全部"),
                Choice("open", "等待和进行中"),
                *(Choice(state, JOB_LOOKS[state].text) for state in _GONE_THROUGH),
            ],
            initial="",
        ),
    ),
    rows=lambda reply: reply.rows,
    row_id=lambda row: row.id,
    actions=(
        TableAction(
            id="cancel",
            text="取消任务",
            icon="cross_circle",
            command=lambda row, _reason: CancelJob(job_id=row.id),
            allowed=lambda row: row.state in ("waiting", "running"),
            danger=True,
        ),
        TableAction(
            id="retry",
            text="重试",
            icon="refresh",
            command=lambda row, _reason: RetryJob(job_id=row.id),
            allowed=lambda row: row.state in ("failed", "cancelled", "waiting"),
        ),
    ),
    details=lambda row, _fetched: (
        ("任务", job_name(row)),
        ("进度", progress(row)),
        ("情况", row.sentence),
        ("尝试次数", str(row.attempts)),
        ("发起人", row.created_by),
        ("创建时间", local_time(row.created_at)),
        ("开始时间", local_time(row.started_at)),
        ("结束时间", local_time(row.finished_at)),
    ),
    summary=_summary,
    progress=_bar,
    search=lambda row: f"{job_name(row)} {row.sentence}",
    entities=("job",),
)
