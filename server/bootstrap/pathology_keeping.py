"""Puts archive and loan of pathology together: what they take from cases and the technical room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from server.bootstrap.pathology_cases import AccountsAsWitnesses
from server.bootstrap.pathology_stations import NameOfHospital
from server.pathology.keeping.archive import PathologyArchive
from server.pathology.keeping.loans import Loans
from server.pathology.keeping.outside import OutsidePapers
from server.pathology.keeping.ports import ObjectOf, Step
from server.pathology.keeping.receipts import LoanReceipts
from server.pathology.keeping.rpc import KeepingRpc
from server.pathology.technique.pieces import How
from server.pathology.technique.rules import Facts
from shared.contract.pathology_keeping import KeptKind
from shared.domain.pathology import BlockAction, CaseFlag, CaseState, SlideAction

if TYPE_CHECKING:
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.pathology_cases import PathologyCases
    from server.kernel.database import UnitOfWork
    from server.kernel.dispatch import Caller
    from server.pathology.cases.service import CaseService
    from server.pathology.technique.service import TechniqueService


@dataclass(frozen=True, slots=True)
class PathologyKeeping:
    """The room, put together."""

    archive: PathologyArchive
    loans: Loans
    handlers: KeepingRpc


class ObjectsOfHouse:
    """keeping.ports.Objects over cases and technique. The papers of a case have no machine: the case's trail tells."""

    def __init__(self, cases: CaseService, technique: TechniqueService) -> None:
        self._cases = cases
        self._technique = technique

    def named(self, uow: UnitOfWork, caller: Caller, kind: KeptKind, object_id: int) -> ObjectOf:
        case_id, number = object_id, ""
        if kind is KeptKind.BLOCK:
            block = self._technique.block(uow, object_id)
            case_id, number = block.case_id, block.number or block.label
        elif kind is KeptKind.SLIDE:
            slide = self._technique.slide(uow, object_id)
            case_id, number = slide.case_id, slide.number
        self._cases.lock(uow, (case_id,))
        facts = self._cases.demand(uow, caller, case_id)
        return ObjectOf(number or facts.number, case_id, facts.number, facts.patient_name)

    def shown(self, uow: UnitOfWork, case_ids: set[int]) -> dict[int, tuple[str, str]]:
        found = self._cases.facts_of(uow, case_ids)
        return {case_id: (facts.number, facts.patient_name) for case_id, facts in found.items()}

    def case_id(self, uow: UnitOfWork, number: str) -> int | None:
        facts = self._cases.by_number(uow, number.strip())
        return facts.id if facts is not None else None

    def step(
        self,
        uow: UnitOfWork,
        caller: Caller,
        kind: KeptKind,
        object_id: int,
        step: Step,
        *,
        place: str = "",
        note: str = "",
        station: str = "",
        is_retention_over: bool = True,
    ) -> None:
        how = How(station=station, place=place, note=note[:500])
        if kind is KeptKind.PAPER:
            number = self._cases.facts(uow, object_id).number
            self._cases.add_event(
                uow, caller, object_id, f"papers_{step.value}", number=number, station=station, place=place, note=note
            )
            return
        facts = partial(Facts, has_place=bool(place), has_reason=bool(note), is_retention_over=is_retention_over)
        if kind is KeptKind.BLOCK:
            sent = self._is_sent(uow, self._technique.block(uow, object_id).case_id)
            self._technique.step_block(uow, caller, object_id, BlockAction(step.value), facts(is_report_sent=sent), how)
            return
        slide = self._technique.slide(uow, object_id)
        sent = self._is_sent(uow, slide.case_id) or (step is Step.ARCHIVE and slide.read_at is not None)
        self._technique.step_slide(uow, caller, object_id, SlideAction(step.value), facts(is_report_sent=sent), how)

    def mark_loss(self, uow: UnitOfWork, caller: Caller, case_id: int, note: str) -> None:
        self._cases.set_flag(uow, caller, case_id, CaseFlag.LOST_MATERIAL, True, note)

    def _is_sent(self, uow: UnitOfWork, case_id: int) -> bool:
        return self._cases.facts(uow, case_id).state is CaseState.SENT


def build_pathology_keeping(house: PathologyHouse, core: PathologyCases) -> PathologyKeeping:
    """The services and handlers."""
    objects = ObjectsOfHouse(core.cases, core.technique)
    archive = PathologyArchive(objects, house.time)
    loans = Loans(archive, objects, house.time)
    receipts = LoanReceipts(house.database, loans, NameOfHospital(house.organisation), house.documents, house.time)
    outside = OutsidePapers(loans, house.documents)
    handlers = KeepingRpc(house.database, archive, loans, receipts, AccountsAsWitnesses(house.identity), outside)
    return PathologyKeeping(archive, loans, handlers)
