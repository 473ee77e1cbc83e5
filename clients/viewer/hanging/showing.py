"""From what the viewports show to inferred rules, and trials of rules on other studies. No Qt."""

from __future__ import annotations

from collections.abc import Sequence

from clients.viewer.hanging.engine import Candidate, Situation
from clients.viewer.hanging.hanger import Hanger
from clients.viewer.hanging.inference import Inferred, ShownCell, Tried, infer, try_on
from clients.viewer.hanging.keeping import Server
from clients.viewer.hanging.live import Texts, situation_of, situation_of_texts
from clients.viewer.presets import WINDOW_PRESETS
from clients.viewer.session import ViewerSession
from clients.viewer.study import Stack
from clients.viewer.viewport.state import ViewportState
from shared.contract.hanging import MOST_STUDIES, Cell, Protocol


def infer_from(hanger: Hanger, session: ViewerSession, uid: str) -> Inferred:
    """The protocol of this screen. Raises ValueError when nothing is shown."""
    situation, places = hanger.situation()
    cells = [session.viewports[n] for n in range(session.layout.cells)]
    shown = [ShownCell(_candidate(state, places), _cell(state)) for state in cells]
    hung = hanger.hung
    if hung is not None and hung.is_linked and hanger.is_fresh:
        shown = [ShownCell(one.candidate, _linked(one.cell)) for one in shown]
    name = " ".join(filter(None, (session.studies[0].description.strip(), f"{session.layout.key}")))[:64]
    return infer(uid, name, session.layout.columns, session.layout.rows, shown, situation)


def _linked(cell: Cell) -> Cell:
    import msgspec

    return msgspec.structs.replace(cell, link=1)


def _candidate(state: ViewportState, places: dict[Candidate, tuple[Stack, int]]) -> Candidate | None:
    """What a viewport shows: the very image of a projection, else its stack."""
    stack = state.stack
    if stack is None:
        return None
    same = [(candidate, index) for candidate, (one, index) in places.items() if one is stack]
    exact = next((candidate for candidate, index in same if index == state.index), None)
    return exact or (same[0][0] if same else None)


def _cell(state: ViewportState) -> Cell:
    """How it is shown, as far as that holds for other studies too: window preset, turn, side, first or middle image."""
    window = next((preset.key for preset in WINDOW_PRESETS if preset.window == state.voi), "")
    geometry, stack = state.geometry, state.stack
    count = len(stack) if stack is not None else 1
    first = "middle" if count > 4 and abs(state.index - count // 2) <= count // 8 else "first"
    is_mammogram = stack is not None and stack.series.modality == "MG"
    return Cell(
        image_set=-1,
        first=first,
        window=window,
        inverted=state.inverted,
        rotation=0 if is_mammogram else round(geometry.rotation_deg / 90) % 4 * 90,
        flipped=geometry.flip_horizontal and not is_mammogram,
        orientation=("auto", "auto") if is_mammogram else ("", ""),
        justify=geometry.justify,
        zoom="actual" if geometry.actual_size else "same" if is_mammogram else "fit",
    )


def open_ones(session: ViewerSession, texts: Texts) -> list[tuple[Situation, str, str, str]]:
    """Each open study as one to try on: situation, UID, name, date."""
    made = []
    for study in session.studies[:MOST_STUDIES]:
        stacks = [stack for stack in session.stacks if stack.study.study_uid == study.study_uid]
        situation, _ = situation_of((study,), stacks, texts)
        named = " ".join(filter(None, (study.patient_id, study.description)))
        made.append((situation, study.study_uid, named, study.study_date))
    return made


def try_on_server(protocol: Protocol, server: Server) -> Sequence[Tried]:
    """The newest 50 studies of the protocol's first modality. Raises RpcError."""
    modalities = [one for definition in protocol.definitions for one in definition.modalities]
    told = server.newest(modalities[0] if modalities else "")
    return [
        try_on(protocol, situation_of_texts(one), one.study_uid, " ".join((one.named, one.description)), one.study_date)
        for one in told
    ]
