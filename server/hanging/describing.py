"""What the headers of studies say that decides their hanging. Headers are read once and kept for a while."""

from __future__ import annotations

import threading
import warnings
from collections import OrderedDict
from io import BytesIO

from server.hanging.ports import Archive
from server.kernel.errors import invalid
from shared.contract.archive import InstanceView, SeriesView, StudyView
from shared.contract.hanging import MOST_STUDIES, DescribeForHanging, ImageTexts, SeriesTexts, StudyTexts
from shared.dicomkit.hanging_facts import PROJECTIONS, texts_of

MOST_IMAGES = 64
"""Headers of one series that are read."""
_KEPT = 4_000
_NO_HANGING = frozenset({"SR", "PR", "KO", "SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "REG", "DOC", "PLAN", "AU", "ECG"})


class Describing:
    """Safe from any thread."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._texts: OrderedDict[tuple[str, str], dict[str, str]] = OrderedDict()

    def describe(self, request: DescribeForHanging) -> tuple[StudyTexts, ...]:
        """Facts of the studies asked for. Raises INVALID."""
        if len(request.study_uids) > MOST_STUDIES or request.newest > MOST_STUDIES:
            raise invalid("study_uids", f"一次最多查询 {MOST_STUDIES} 项检查。")
        uids = list(request.study_uids)
        if request.newest > 0:
            uids += [row.study_uid for row in self._archive.newest(request.newest, request.modality)]
        views = (self._archive.study(uid) for uid in dict.fromkeys(uids))
        return tuple(self._study(view) for view in views if view is not None)

    def _study(self, view: StudyView) -> StudyTexts:
        row = view.row
        return StudyTexts(
            study_uid=row.study_uid,
            study_date=row.study_at.strftime("%Y%m%d") if row.study_at else "",
            description=row.description,
            named=" ".join(part for part in (row.patient_id, row.accession_number) if part),
            series=tuple(self._series(one) for one in view.series if one.modality not in _NO_HANGING and one.instances),
        )

    def _series(self, view: SeriesView) -> SeriesTexts:
        every = view.modality in PROJECTIONS
        read = view.instances[:MOST_IMAGES] if every else (view.instances[len(view.instances) // 2],)
        return SeriesTexts(
            series_uid=view.series_uid,
            modality=view.modality,
            number=view.number,
            count=len(view.instances),
            images=tuple(self._image(one, view) for one in read),
        )

    def _image(self, instance: InstanceView, series: SeriesView) -> ImageTexts:
        own = {"Modality": series.modality, "SeriesDescription": series.description}
        own |= {"BodyPartExamined": series.body_part, "SOPClassUID": instance.sop_class_uid}
        texts = {key: value for key, value in own.items() if value} | self._header(instance)
        return ImageTexts(sop_instance_uid=instance.sop_instance_uid, texts=texts)

    def _header(self, instance: InstanceView) -> dict[str, str]:
        key = (instance.sop_instance_uid, instance.version)
        with self._lock:
            known = self._texts.get(key)
            if known is not None:
                self._texts.move_to_end(key)
                return known
        data = self._archive.header(instance.sop_instance_uid)
        texts = _read(data) if data is not None else {}
        if data is not None:
            with self._lock:
                self._texts[key] = texts
                while len(self._texts) > _KEPT:
                    self._texts.popitem(last=False)
        return texts


def _read(data: bytes) -> dict[str, str]:
    from pydicom import dcmread

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return texts_of(dcmread(BytesIO(data), stop_before_pixels=True, force=True))
    except Exception:  # noqa: BLE001 - pydicom raises many classes for broken headers; such images say nothing
        return {}
