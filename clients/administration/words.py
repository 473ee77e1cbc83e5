"""Words and figures that several pages of the administration workstation share; knows no Qt."""

from __future__ import annotations

from typing import Any

from clients.kit.messages import has_ideographs
from clients.kit.states import StateLook
from clients.kit.tokens import Tone
from clients.kit.translations import Language, language, tr
from shared.contract.jobs import JobView

JOB_LOOKS = {
    "waiting": StateLook("等待", Tone.NEUTRAL, "hourglass"),
    "running": StateLook("进行中", Tone.ACTIVE, "play"),
    "done": StateLook("完成", Tone.SUCCESS, "check_circle"),
    "failed": StateLook("失败", Tone.DANGER, "cross_circle"),
    "cancelled": StateLook("已取消", Tone.NEUTRAL, "minus"),
}

JOB_KINDS = {
    "archive.fill_custom_tag": "补建自定义索引",
    "archive.review_completeness": "核对影像是否齐全",
    "corrections.note": "通知退回的影像",
    "critical.escalate": "危急值升级",
    "critical.look": "查看未结束的危急值",
    "ecg_acquisition.forget": "清理未完成的心电上传",
    "ecg_acquisition.intake": "接收心电文件",
    "ecg_acquisition.sweep": "结束超时的心电采集",
    "ecg_traces.archive": "归档心电波形",
    "ecg_traces.document": "归档心电文件",
    "ecg_traces.measure": "测量心电图",
    "exams.find_missed": "查找爽约",
    "exchange.export": "导出",
    "exchange.import": "导入",
    "exchange.tidy": "清理导入导出文件",
    "film.expire": "清理已打印的胶片",
    "film.print": "打印胶片",
    "interfaces.keep_house": "清理接口消息",
    "interfaces.send": "发送到医院信息系统",
    "keeping.backup": "备份",
    "keeping.check": "检查索引与文件",
    "keeping.compress": "无损压缩",
    "keeping.retention": "执行保留规则",
    "keeping.sweep": "清理回收站",
    "keeping.verify_backup": "校验备份",
    "marks.make": "保存影像标注",
    "pathology_media.archive": "归档病理影像",
    "pathology_media.forget": "清理未完成的病理上传",
    "pathology_slides.convert": "转换数字切片",
    "queueing.record_forecasts": "记录候诊时间预测",
    "registrations.make": "保存配准",
    "registrations.stitch": "拼接图像",
    "remote_order": "请求辅助阅片",
    "results.look_after": "检查未完成的报告结果",
    "results.make": "生成报告结果",
    "routing.send": "转发",
    "routing.watch": "查找待转发的检查",
    "signing.make_paper": "生成并签名报告文件",
    "storage.fill": "记录存储用量",
    "storage.move": "移动影像",
    "storage.prefetch": "预取以往影像",
    "storage.recall": "调回在线",
    "storage.rules": "执行存储规则",
    "storage.scrub": "定期校验副本",
    "storage.tidy": "清理存储",
    "storage.verify": "校验副本",
}
"""Kind of a job → its name (Chinese source)."""


def job_name(job: JobView) -> str:
    """What a job is, in words."""
    kind = tr(JOB_KINDS.get(job.kind, job.kind))
    return f"{kind} · {job.title}" if job.title else kind


def progress(job: JobView) -> str:
    """How far a job is."""
    if job.progress_total <= 0:
        return ""
    return f"{job.progress_done} / {job.progress_total}"


def size(size_bytes: float) -> str:
    """A number of bytes as people read it: 3.2 GB."""
    value = float(size_bytes)
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1024 or unit == "TB":
            return f"{value:.0f} {unit}" if unit in ("B", "KB") or value >= 100 else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


def _groups(name: str) -> tuple[str, str]:
    groups = [" ".join(group.replace("^", " ").split()) for group in name.split("=")]
    return groups[0], groups[1].replace(" ", "") if len(groups) > 1 else ""


def name_of(name: str) -> str:
    """The part of a DICOM name that a registration would hold: ideographic where there is one."""
    alphabetic, ideographic = _groups(name)
    return ideographic or alphabetic


def person(name: str) -> str:
    """A DICOM name as people read it: 张三 (Zhang San); PS3.5 6.2.1."""
    alphabetic, ideographic = _groups(name)
    if alphabetic and ideographic:
        return f"{ideographic} ({alphabetic})"
    return ideographic or alphabetic


def told(reply: Any) -> str:
    """What the server says of work that was done or begun; it speaks Chinese, elsewhere that it is done must do."""
    sentence = str(reply.sentence)
    if not sentence:
        return tr("已开始，进度见“任务”页")
    return sentence if language() is Language.CHINESE or not has_ideographs(sentence) else tr("已完成")


def store_words(name: str, role: str) -> str:
    """A store in a choice: its name and, where that says more, its role."""
    return name if name == role else f"{name} · {role}"


def yes_no(value: bool) -> str:
    """A right or a switch in a list."""
    return tr("是") if value else "–"
