"""Storing of a grossing page in its steps, in a worker thread; what was stored before a refusal is told; no Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clients.pathology.grossing.state import GrossingState
from clients.pathology.orders.regrossing import order_of
from shared.contract.errors import RpcError
from shared.contract.pathology import CaseDetails, OpenCase
from shared.contract.pathology_technique import AddBlocks, EditBlock, SaveGrossing, SpecimenView, StoreRemainder
from shared.domain.pathology import TaskSource


@dataclass(frozen=True, slots=True)
class Stored:
    """The case as it is now (None when it could not be fetched), and what stopped the storing."""

    details: CaseDetails | None
    trouble: Exception | None = None


def store(
    call: Callable[[Any], Any],
    state: GrossingState,
    details: CaseDetails,
    specimen_code: str,
    station: str,
    *,
    remainder: bool,
) -> Stored:
    """New rows (all or none), changed rows, description, remainder (blocking)."""
    case_id = state.case_id
    trouble: Exception | None = None
    try:
        new = tuple(row.entry for row in state.rows if not row.is_stored)
        if new:
            # the container's code proves the rows only where all of them come from it
            specimens = {entry.specimen_id for entry in new}
            code = specimen_code if len(specimens) == 1 else ""
            order_id = order_of(case_id) if all(one.source is TaskSource.REGROSSING for one in new) else None
            call(AddBlocks(case_id=case_id, rows=new, specimen_code=code, station=station, order_id=order_id))
        for row in state.rows:
            if row.block is not None and row.is_changed:
                call(EditBlock(block_id=row.id, version=row.block.version, entry=row.entry))
        if state.description != details.grossing.description:
            version = details.grossing.version
            call(SaveGrossing(case_id=case_id, version=version, description=state.description, recorder=state.recorder))
        if remainder:
            _store_remainder(call, state)
    except RpcError as error:
        trouble = error
    try:
        return Stored(call(OpenCase(case_id=case_id)), trouble)
    except RpcError as error:
        return Stored(None, trouble or error)


def _store_remainder(call: Callable[[Any], Any], state: GrossingState) -> None:
    """The container has a newer version since rows were taken from it."""
    fresh: CaseDetails = call(OpenCase(case_id=state.case_id))
    wanted = state.specimen_id
    specimen: SpecimenView | None = next(
        (one for one in fresh.specimens if one.id == wanted or (wanted is None and one.id == state.specimens[0].id)),
        None,
    )
    if specimen is not None:
        call(
            StoreRemainder(
                specimen_id=specimen.id,
                version=specimen.version,
                handling=state.handling,
                place=state.place,
                recorder=state.recorder,
            )
        )
