"""The other exams of a patient, from the server's list or from the opened files. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clients.kit.translations import tr

if TYPE_CHECKING:
    from clients.viewer.study import StudyDescription

MOST = 500


@dataclass(frozen=True, slots=True)
class Earlier:
    """One exam as the list shows it; ``when`` is ISO 8601 without zone, empty where it is not known."""

    study_uid: str
    when: str
    modalities: tuple[str, ...]
    description: str
    images: int
    availability: str = "ONLINE"  # DICOM (0008,0056)


def earlier_from_server(call: Callable[[Any], Any], patient_id: str) -> tuple[Earlier, ...]:
    """All exams under the patient ID, newest first; raises ValueError with a sentence."""
    from shared.contract.archive import ListStudies
    from shared.contract.errors import RpcError

    if not patient_id.strip() or any(letter in patient_id for letter in "*?"):
        raise ValueError(tr("图像没有可用的患者编号，无法查找历史影像"))
    try:
        answer = call(ListStudies(patient_id=patient_id, limit=MOST))
    except RpcError as error:
        raise ValueError(error.body.message) from error
    rows = [row for row in answer.rows if row.patient_id == patient_id]
    return _newest_first(
        [
            Earlier(
                row.study_uid,
                row.study_at.isoformat(timespec="minutes")[:16] if row.study_at is not None else "",
                tuple(row.modalities),
                row.description,
                row.instance_count,
                row.availability,
            )
            for row in rows
        ]
    )


def earlier_from_files(studies: Sequence[StudyDescription], patient_id: str) -> tuple[Earlier, ...]:
    """Exams of the patient among those of the opened files, newest first."""
    return _newest_first(
        [
            Earlier(
                study.study_uid,
                _moment(study.study_date, study.study_time),
                tuple(dict.fromkeys(series.modality for series in study.series)),
                study.description,
                sum(len(series.images) for series in study.series),
            )
            for study in studies
            if study.patient_id == patient_id
        ]
    )


def _moment(da: str, tm: str) -> str:
    if len(da) != 8 or not da.isdigit():
        return ""
    clock = f"T{tm[:2]}:{tm[2:4]}" if len(tm) >= 4 and tm[:4].isdigit() else ""
    return f"{da[:4]}-{da[4:6]}-{da[6:8]}{clock}"


def _newest_first(exams: list[Earlier]) -> tuple[Earlier, ...]:
    return tuple(sorted(exams, key=lambda exam: (exam.when, exam.study_uid), reverse=True))
