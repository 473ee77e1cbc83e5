"""Sends archived objects to a peer (PS3.4 annex B)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.doors.dicom import status
from server.doors.dicom.ports import Peer, StoredObject
from server.doors.dicom.scu.ours import Ours, ScuFailed, association
from server.doors.dicom.sending import PeerReceiver, Sent, batches, proposals, send_all


@dataclass(frozen=True, slots=True)
class StoreReport:
    """One outcome for each object, in the order of sending.

    ``sentence``: why the sending ended early, empty when every object was tried; the outcomes of objects that were not
    tried have status 0xFE00 after a cancel and 0xA702 after a lost peer.
    """

    outcomes: tuple[Sent, ...]
    sentence: str = ""

    @property
    def arrived(self) -> int:
        """How many objects the peer keeps."""
        return sum(outcome.arrived for outcome in self.outcomes)

    @property
    def failed(self) -> tuple[Sent, ...]:
        """The outcomes of those it does not keep."""
        return tuple(outcome for outcome in self.outcomes if not outcome.arrived)


def store_objects(
    peer: Peer,
    objects: Sequence[StoredObject],
    ours: Ours,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    originator: tuple[str, int] | None = None,
) -> StoreReport:
    """C-STORE of ``objects`` over one association (more when they need more than 128 presentation contexts).

    Objects go as they are stored, else without further loss in a syntax of ``peer.transfer_syntaxes`` or one that the
    peer accepts. ``progress(done, total)`` after each. An object the peer or we refuse costs only itself; when the peer
    is lost in the middle, the rest is reported as failed. Raises ScuFailed when the first association does not come
    about.
    """
    outcomes: list[Sent] = []
    total = len(objects)
    ended = ""

    def note(outcome: Sent) -> None:
        outcomes.append(outcome)
        if progress is not None:
            progress(len(outcomes), total)

    for batch in batches(objects):
        try:
            with association(peer, ours, proposals(batch, ours.transcoder, peer.transfer_syntaxes)) as opened:
                receiver = PeerReceiver(opened, originator)
                sending = send_all(batch, receiver, ours.transcoder, peer.ae_title, peer.transfer_syntaxes)
                with contextlib.closing(sending):
                    for _ in batch:
                        if cancelled is not None and cancelled():
                            ended = "Cancelled"
                            break
                        note(next(sending))
        except ScuFailed as failed:
            if not outcomes:
                raise
            ended = failed.sentence
        if ended:
            break
    code = status.CANCEL if ended == "Cancelled" else status.RETRIEVE_CANNOT_PERFORM
    outcomes += [Sent(item.sop_instance_uid, code, "", ended) for item in objects[len(outcomes) :]]
    return StoreReport(tuple(outcomes), ended)
