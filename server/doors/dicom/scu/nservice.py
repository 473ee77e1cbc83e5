"""One request of the N-services (PS3.7 chapter 10) with its answer, for the SCUs that use them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from server.doors.dicom import dimse, status
from server.doors.dicom.attributes import MalformedDataSet, Writer, decode
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import Attributes, AttributeValue
from server.doors.dicom.requestor import RequestedAssociation, Serve
from server.doors.dicom.scu.ours import ScuFailed, require_success
from shared.dicomkit.charsets import character_set

_OF_AFFECTED: Final = (dimse.N_CREATE_RQ,)
"""N-CREATE names what it makes as affected SOP class and instance; the others ask for what exists."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The instance the peer answered for, its attributes, and the warning status it may have given."""

    instance: str
    attributes: dict[int, AttributeValue]
    status: int


def request(
    opened: RequestedAssociation,
    context: Context,
    field: int,
    sop_class: str,
    instance: str,
    attributes: Attributes | None,
    what: str,
    *,
    action: int = 0,
    serve: Serve | None = None,
) -> Answer:
    """Send one N-service request in ``context``; raises ScuFailed unless it succeeds (warnings pass).

    ``sop_class`` may differ from the context's abstract syntax: meta SOP classes hold several (PS3.4 H.3).
    """
    created = field in _OF_AFFECTED
    command: dict[int, int | str] = {
        dimse.AFFECTED_SOP_CLASS if created else dimse.REQUESTED_SOP_CLASS: sop_class,
        dimse.COMMAND_FIELD: field,
        dimse.DATA_SET_TYPE: dimse.NO_DATA_SET if attributes is None else 1,
    }
    if instance:
        command[dimse.AFFECTED_SOP_INSTANCE if created else dimse.REQUESTED_SOP_INSTANCE] = instance
    if action:
        command[dimse.ACTION_TYPE] = action
    data = None
    if attributes is not None:
        data = Writer(context.transfer_syntax, tuple(map(character_set, ("", "ISO_IR 192")))).encode(attributes)
    answer = Answer(instance, {}, status.PROCESSING_FAILURE)
    for message in opened.request(context, command, data, serve=serve):
        code = message.number(dimse.STATUS, status.PROCESSING_FAILURE)
        require_success(code, message.text(dimse.ERROR_COMMENT), what)
        try:
            body = decode(message.data, context.transfer_syntax) if message.data is not None else {}
        except MalformedDataSet as error:
            raise ScuFailed(f"The peer's answer to {what} cannot be read: {error}", code) from None
        answer = Answer(message.text(dimse.AFFECTED_SOP_INSTANCE) or instance, body, code)
    return answer
