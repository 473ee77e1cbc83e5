"""Corrections of a study as people read them."""

from __future__ import annotations

from clients.administration.table.spec import Event
from clients.kit.paging import local_time
from clients.kit.translations import tr
from shared.contract.corrections import CorrectionView

_KINDS = {
    "correct_study": "更正检查",
    "correct_series": "更正序列",
    "merge_patients": "合并患者",
    "merge_studies": "合并检查",
    "split_series": "拆分序列",
    "move_series": "移动序列",
    "move_instances": "移动影像",
    "reject": "退回影像",
    "coerce": "接收更正",
    "undo": "撤销更正",
}
ATTRIBUTES = {
    "PatientName": "患者姓名",
    "PatientID": "患者编号",
    "IssuerOfPatientID": "编号发放方",
    "PatientSex": "性别",
    "PatientBirthDate": "出生日期",
    "AccessionNumber": "检查号",
    "StudyDescription": "描述",
    "StudyDate": "检查日期",
    "StudyTime": "检查时间",
    "StudyID": "检查编号",
    "StudyInstanceUID": "检查 UID",
    "SeriesDescription": "序列描述",
}


def words_of(event: CorrectionView) -> str:
    """What a correction did: its kind, and line by line what was changed."""
    changes = "\n".join(
        tr(
            "{what}：{before} → {after}",
            what=tr(ATTRIBUTES.get(change.keyword, change.keyword)),
            before=change.before or "–",
            after=change.after or "–",
        )
        for change in event.changes[:12]
    )
    kind = tr(_KINDS.get(event.kind, event.kind))
    if event.undone_at is not None:
        kind = tr("{what}（{at} 由 {by} 撤销）", what=kind, at=local_time(event.undone_at), by=event.undone_by)
    return f"{kind}\n{changes or event.sentence}".strip()


def happened(event: CorrectionView) -> Event:
    """A correction in the history; the last one of its kind can be taken back from there."""
    return Event(
        f"{local_time(event.at)} · {event.by}",
        words_of(event),
        tr("原因：{reason}", reason=event.reason) if event.reason else "",
        is_over=event.undone_at is not None,
        action="undo" if event.can_undo else "",
        subject=event,
    )
