"""Asks a peer to commit to objects (Storage Commitment Push Model as SCU, PS3.4 annex J).

The report (N-EVENT-REPORT) comes on the same association while we wait, or later on an association that the peer opens
to our door, where it reaches ``ports.CommitmentReports`` (``services.commitment_report``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.attributes import MalformedDataSet, Writer, decode
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import AttributeValue, CommitmentFailure, ObjectReference, Peer
from server.doors.dicom.scu.ours import Ours, association, require_success
from shared.dicomkit.charsets import character_set

TRANSACTION, REFERENCED, FAILED = 0x00081195, 0x00081199, 0x00081198
CLASS_UID, INSTANCE_UID, REASON = 0x00081150, 0x00081155, 0x00081197
PROCESSING_FAILURE: Final = 0x0110
_SYNTAXES: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)


@dataclass(frozen=True, slots=True)
class CommitmentAnswer:
    """What a peer said to a transaction: what it keeps, and what it does not with its reasons (PS3.3 C.14.1.1)."""

    transaction_uid: str
    committed: tuple[ObjectReference, ...]
    failed: tuple[CommitmentFailure, ...]


def request_commitment(
    peer: Peer, references: Sequence[ObjectReference], transaction_uid: str, ours: Ours, *, wait_s: float = 10.0
) -> CommitmentAnswer | None:
    """N-ACTION "request storage commitment", then wait at most ``wait_s`` for the report on the same association.

    None when it has not come: it will come on an association of the peer's, to our door. ``transaction_uid``: a new
    UID, to be remembered until then. Raises ScuFailed when the peer refuses.
    """
    answers: list[CommitmentAnswer] = []

    def serve(context: Context, message: Message) -> Mapping[int, int | str]:
        if message.field != dimse.N_EVENT_REPORT_RQ or context.abstract_syntax != uids.COMMITMENT:
            return {dimse.STATUS: status.UNRECOGNIZED_OPERATION}
        try:
            answer = read_report(message, context.transfer_syntax)
        except MalformedDataSet:
            return {dimse.STATUS: PROCESSING_FAILURE}
        if answer.transaction_uid == transaction_uid:
            answers.append(answer)
        return {dimse.STATUS: status.SUCCESS, dimse.EVENT_TYPE: message.number(dimse.EVENT_TYPE)}

    with association(peer, ours, [(uids.COMMITMENT, _SYNTAXES)]) as opened:
        context = opened.context(uids.COMMITMENT)
        body: dict[int, AttributeValue] = {
            TRANSACTION: transaction_uid,
            REFERENCED: [{CLASS_UID: r.sop_class_uid, INSTANCE_UID: r.sop_instance_uid} for r in references],
        }
        command: dict[int, int | str] = {
            dimse.REQUESTED_SOP_CLASS: uids.COMMITMENT,
            dimse.COMMAND_FIELD: dimse.N_ACTION_RQ,
            dimse.DATA_SET_TYPE: 1,
            dimse.REQUESTED_SOP_INSTANCE: uids.COMMITMENT_INSTANCE,
            dimse.ACTION_TYPE: 1,
        }
        data = Writer(context.transfer_syntax, (character_set(""),)).encode(body)
        for message in opened.request(context, command, data, serve=serve):
            require_success(message.number(dimse.STATUS), message.text(dimse.ERROR_COMMENT), "the commitment")
        opened.serve_for(wait_s, serve, lambda: bool(answers))
    return answers[0] if answers else None


def read_report(message: Message, syntax: str) -> CommitmentAnswer:
    """The content of an N-EVENT-REPORT (PS3.4 J.3.3.1); raises MalformedDataSet."""
    body = decode(message.data or b"", syntax)
    transaction = body.get(TRANSACTION)
    if not isinstance(transaction, str) or not uids.is_valid(transaction):
        raise MalformedDataSet("The commitment report has no transaction UID")
    failed = []
    for item in _items(body.get(FAILED)):
        reason = item.get(REASON)
        code = int(reason) if isinstance(reason, str) and reason.isdigit() else PROCESSING_FAILURE
        failed.append(CommitmentFailure(_reference(item), code))
    return CommitmentAnswer(
        transaction, tuple(_reference(item) for item in _items(body.get(REFERENCED))), tuple(failed)
    )


def _items(value: AttributeValue) -> Sequence[Mapping[int, AttributeValue]]:
    return value if isinstance(value, list) else ()


def _reference(item: Mapping[int, AttributeValue]) -> ObjectReference:
    sop_class, instance = item.get(CLASS_UID), item.get(INSTANCE_UID)
    if not isinstance(sop_class, str) or not isinstance(instance, str) or not uids.is_valid(instance):
        raise MalformedDataSet("A reference of the commitment report has no UID")
    return ObjectReference(sop_class, instance)
