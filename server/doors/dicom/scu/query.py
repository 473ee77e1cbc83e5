"""Queries a peer and has it move objects (PS3.4 annex C)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.attributes import MalformedDataSet, Writer, decode
from server.doors.dicom.dimse import Message
from server.doors.dicom.ports import Attributes, AttributeValue, Level, Model, Peer
from server.doors.dicom.scu.ours import Ours, ScuFailed, association, require_success
from shared.dicomkit.charsets import character_set

LEVEL: Final = 0x00080052
FAILED_INSTANCES: Final = 0x00080058
_FIND: Final = {Model.PATIENT_ROOT: uids.PATIENT_ROOT_FIND, Model.STUDY_ROOT: uids.STUDY_ROOT_FIND}
_MOVE: Final = {Model.PATIENT_ROOT: uids.PATIENT_ROOT_MOVE, Model.STUDY_ROOT: uids.STUDY_ROOT_MOVE}
_SYNTAXES: Final = (uids.EXPLICIT_LE, uids.IMPLICIT_LE)


@dataclass(frozen=True, slots=True)
class RetrieveReport:
    """How a C-MOVE or C-GET ended: the final status and the counts of sub-operations (PS3.7 9.1.4.1)."""

    status: int
    completed: int
    failed: int
    warnings: int
    remaining: int
    failed_instances: tuple[str, ...] = ()
    comment: str = ""


def encoded(keys: Attributes, syntax: str, peer: Peer) -> bytes:
    """The keys in the peer's character set where it is known and has all characters, else UTF-8."""
    sets = tuple(character_set(term) for term in (peer.character_set, "ISO_IR 192") if term)
    return Writer(syntax, sets if any(_has_text(v) for v in keys.values()) else (character_set(""), *sets)).encode(keys)


def _has_text(value: AttributeValue) -> bool:
    return isinstance(value, str) and not value.isascii()


def find(
    peer: Peer,
    level: Level,
    keys: Attributes,
    ours: Ours,
    *,
    model: Model = Model.STUDY_ROOT,
    cancelled: Callable[[], bool] | None = None,
    limit: int = 0,
) -> Iterator[dict[int, AttributeValue]]:
    """C-FIND; the matches as they come, decoded. Closing the iterator early ends the association.

    ``keys`` as in ``ports.QueryRequest``, without level and character set. ``limit``: stop (with C-CANCEL) after so
    many, 0 for all. Raises ScuFailed at the beginning or at the end of the iteration.
    """
    abstract = _FIND[model]
    with association(peer, ours, [(abstract, _SYNTAXES)]) as opened:
        context = opened.context(abstract)
        identifier = encoded({**keys, LEVEL: level.value}, context.transfer_syntax, peer)
        count = 0

        def enough() -> bool:
            return bool(limit and count >= limit) or (cancelled is not None and cancelled())

        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: abstract,
            dimse.COMMAND_FIELD: dimse.C_FIND_RQ,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
        }
        for message in opened.request(context, command, identifier, cancelled=enough):
            code = message.number(dimse.STATUS, status.PROCESSING_FAILURE)
            if status.is_pending(code):
                if (not limit or count < limit) and message.data is not None:
                    count += 1
                    yield _decoded(message, context.transfer_syntax)
            elif code != status.CANCEL:
                require_success(code, message.text(dimse.ERROR_COMMENT), "the query")


def _decoded(message: Message, syntax: str) -> dict[int, AttributeValue]:
    try:
        return decode(message.data or b"", syntax)
    except MalformedDataSet as error:
        raise ScuFailed(f"The peer sent an answer that cannot be read: {error}") from None


def move(
    peer: Peer,
    level: Level,
    keys: Attributes,
    destination: str,
    ours: Ours,
    *,
    model: Model = Model.STUDY_ROOT,
    progress: Callable[[RetrieveReport], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> RetrieveReport:
    """C-MOVE: ``peer`` sends what ``keys`` name (unique keys of the level and above) to the AE ``destination``.

    ``progress`` gets the counts of each pending response. Failed sub-operations are in the report (status 0xB000);
    raises ScuFailed when the peer refuses the whole (destination unknown, out of resources …).
    """
    abstract = _MOVE[model]
    with association(peer, ours, [(abstract, _SYNTAXES)]) as opened:
        context = opened.context(abstract)
        command: dict[int, int | str] = {
            dimse.AFFECTED_SOP_CLASS: abstract,
            dimse.COMMAND_FIELD: dimse.C_MOVE_RQ,
            dimse.PRIORITY: 0,
            dimse.DATA_SET_TYPE: 1,
            dimse.MOVE_DESTINATION: destination,
        }
        identifier = encoded({**keys, LEVEL: level.value}, context.transfer_syntax, peer)
        responses = opened.request(context, command, identifier, cancelled=cancelled)
        return followed(responses, context.transfer_syntax, progress, "the move")


def followed(
    responses: Iterator[Message],
    syntax: str,
    progress: Callable[[RetrieveReport], None] | None,
    what: str,
) -> RetrieveReport:
    """Follow a retrieve to its end; raises ScuFailed when it was refused before any sub-operation."""
    report = RetrieveReport(status.PROCESSING_FAILURE, 0, 0, 0, 0)
    for message in responses:
        report = _report(message, syntax)
        if status.is_pending(report.status):
            if progress is not None:
                progress(report)
        elif report.status != status.CANCEL and not (report.completed or report.failed or report.warnings):
            require_success(report.status, report.comment, what)
    return report


def _report(message: Message, syntax: str) -> RetrieveReport:
    failed: tuple[str, ...] = ()
    if message.data is not None and message.length:
        try:
            identifier: Mapping[int, AttributeValue] = decode(message.data, syntax)
        except MalformedDataSet:
            identifier = {}
        listed = identifier.get(FAILED_INSTANCES)
        failed = tuple(uid for uid in listed.split("\\") if uids.is_valid(uid)) if isinstance(listed, str) else ()
    return RetrieveReport(
        message.number(dimse.STATUS, status.PROCESSING_FAILURE),
        message.number(dimse.COMPLETED),
        message.number(dimse.FAILED),
        message.number(dimse.WARNINGS),
        message.number(dimse.REMAINING),
        failed,
        message.text(dimse.ERROR_COMMENT),
    )
