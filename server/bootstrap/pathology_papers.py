"""Puts the papers of pathology's bench together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.bootstrap.pathology_stations import NameOfHospital
from server.pathology.papers.rpc import PapersRpc
from server.pathology.papers.service import BenchPapers
from shared.domain.pathology import ObjectKind

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_cases import PathologyCases
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.pathology.technique.service import TechniqueService
    from shared.contract.pathology_preparation import ListSlides, SlidePage
    from shared.contract.pathology_technique import ListSpecimens, SpecimenPage


class BenchOfHouse:
    """papers.ports.Technique over the technical room."""

    def __init__(self, technique: TechniqueService) -> None:
        self._technique = technique

    def case_of(self, uow: UnitOfWork, kind: ObjectKind, object_id: int) -> int:
        find = self._technique.block if kind is ObjectKind.BLOCK else self._technique.slide
        return find(uow, object_id).case_id

    def specimens(self, uow: UnitOfWork, caller: Caller, request: ListSpecimens) -> SpecimenPage:
        return self._technique.lists.specimens(uow, caller, request)

    def slides(self, uow: UnitOfWork, caller: Caller, request: ListSlides) -> SlidePage:
        return self._technique.lists.slides(uow, caller, request)


def build_pathology_papers(house: PathologyHouse, core: PathologyCases) -> PapersRpc:
    """The handlers of the bench's papers."""
    hospital = NameOfHospital(house.organisation)
    technique = BenchOfHouse(core.technique)
    return PapersRpc(BenchPapers(house.database, house.time, core.views, technique, hospital, house.documents))
