"""Fetches priors when a study is opened whose protocols would show them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from clients.kit.translations import tr
from clients.viewer.hanging import priors
from clients.viewer.history.model import Earlier, earlier_from_server

if TYPE_CHECKING:
    from clients.viewer.desk import Desk
    from clients.viewer.hanging.hanger import Hanger

log = logging.getLogger(__name__)
SETTING = "hanging.priors"


class PriorFetcher:
    """Asks once for each study that is opened; what it appends is hung by `Hanger.follow`."""

    def __init__(self, desk: Desk, hanger: Hanger) -> None:
        self._desk = desk
        self._hanger = hanger
        self._asked = ""
        self.enabled = desk.settings.get(SETTING, True) is not False

    def switch(self, on: bool) -> None:
        """Keep the reader's choice; switched on, the open study gets its priors at once."""
        self.enabled = on
        self._desk.settings.set(SETTING, on)
        self._asked = ""
        self.follow()

    def follow(self) -> None:
        """The open studies have changed."""
        studies = self._desk.session.studies
        study_uid = studies[0].study_uid if studies else ""
        if study_uid == self._asked or not (self.enabled and self._hanger.enabled):
            self._asked = self._asked if study_uid else ""
            return
        self._asked = study_uid
        call = getattr(self._desk.source, "call", None)
        if not study_uid or call is None or not self._missing():
            return
        patient = studies[0].patient_id
        self._desk.background.run(
            lambda: earlier_from_server(call, patient),
            lambda exams: self._fetch(study_uid, exams),
            lambda sentence: log.info("no priors: %s", sentence),  # the study itself is there to be read
            "hanging-priors",
        )

    def _missing(self) -> int:
        situation, _ = self._hanger.situation()
        return priors.missing(self._hanger.protocols(), situation)

    def _fetch(self, study_uid: str, exams: tuple[Earlier, ...]) -> None:
        studies = self._desk.session.studies
        if not studies or studies[0].study_uid != study_uid:
            return
        present = {study.study_uid for study in studies}
        situation, _ = self._hanger.situation()
        chosen = priors.choose(
            [one for one in exams if one.study_uid not in present], studies[0], situation, self._missing()
        )
        for exam in chosen:
            self._desk.opening.append_study(exam.study_uid)
        if chosen:
            days = "、".join(exam.when[:10] for exam in chosen)
            self._desk.say(tr("已调入既往检查 {days}", days=days))
