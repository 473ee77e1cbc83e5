"""Gets objects from a peer on the same association (C-GET, PS3.4 C.4.3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.dimse import AssemblyLimits, Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import Attributes, Level, Model, ObjectSink, Peer, ReceivedObject
from server.doors.dicom.requestor import Serve
from server.doors.dicom.scu.ours import Ours, association
from server.doors.dicom.scu.query import LEVEL, RetrieveReport, encoded, followed

_GET: Final = {Model.PATIENT_ROOT: uids.PATIENT_ROOT_GET, Model.STUDY_ROOT: uids.STUDY_ROOT_GET}
_SYNTAXES: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)
MAX_CLASSES: Final = 63
"""Two presentation contexts for each class, and one for C-GET itself, make at most 127."""


def get(
    peer: Peer,
    level: Level,
    keys: Attributes,
    receiver: ObjectSink,
    ours: Ours,
    *,
    classes: Sequence[str] = (),
    model: Model = Model.STUDY_ROOT,
    limits: AssemblyLimits | None = None,
    progress: Callable[[RetrieveReport], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RetrieveReport:
    """C-GET: ``peer`` sends what ``keys`` name (as in ``move``) on this association, and each object goes to
    ``receiver``.

    ``classes``: the storage classes to be ready for, at most 63; the usual ones when empty. ``limits``: sizes of what
    is received. Raises ScuFailed when the peer refuses the whole.
    """
    abstract = _GET[model]
    wanted = tuple(dict.fromkeys(classes or uids.USUAL_STORAGE))[:MAX_CLASSES]
    contexts: list[tuple[str, Sequence[str]]] = [(abstract, _SYNTAXES)]
    for sop_class in wanted:
        contexts.append((sop_class, uids.COMPRESSED_ANY))
        contexts.append((sop_class, _SYNTAXES))
    with association(peer, ours, contexts, scp_of=wanted, limits=limits or AssemblyLimits()) as opened:
        context = opened.context(abstract)
        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: abstract,
            dimse.COMMAND_FIELD: dimse.C_GET_RQ,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
        }
        identifier = encoded({**keys, LEVEL: level.value}, context.transfer_syntax, peer)
        serve = _storing(peer, ours, receiver)
        responses = opened.request(context, command, identifier, serve=serve, cancelled=cancelled)
        report = followed(responses, context.transfer_syntax, progress, "the retrieval")
        return replace(report, remaining=report.remaining if report.status == status.CANCEL else 0)


def _storing(peer: Peer, ours: Ours, receiver: ObjectSink) -> Serve:
    def store(context: Context, message: Message) -> Mapping[int, int | str]:
        if message.field != dimse.C_STORE_RQ or not uids.is_storage(context.abstract_syntax):
            return {dimse.STATUS: status.UNRECOGNIZED_OPERATION}
        instance = message.text(dimse.AFFECTED_SOP_INSTANCE)
        if not uids.is_valid(instance) or message.text(dimse.AFFECTED_SOP_CLASS) != context.abstract_syntax:
            return {dimse.STATUS: status.STORE_CLASS_MISMATCH}
        if message.overflow:
            return {dimse.STATUS: status.STORE_OUT_OF_RESOURCES, dimse.ERROR_COMMENT: message.overflow[:64]}
        outcome = receiver.receive(
            ReceivedObject(
                context.abstract_syntax,
                instance,
                context.transfer_syntax,
                peer.ae_title,
                ours.ae_title,
                peer.host,
                message.length,
                message.data,
                message.spool,
            )
        )
        answer: dict[int, int | str] = {dimse.STATUS: outcome.status}
        if outcome.sentence:
            answer[dimse.ERROR_COMMENT] = outcome.sentence[:64]
        return answer

    return store
