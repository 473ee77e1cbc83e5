"""Storage (PS3.4 annex B): C-STORE of any object in any transfer syntax, handed to the sink as it came."""

from __future__ import annotations

import logging
import mmap

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import TooDeep, check_depth, inflated_beginning
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import ReceivedObject, StoreOutcome

log = logging.getLogger(__name__)


def offer(catalogue: Catalogue) -> None:
    """Storage classes are not listed: ``uids.is_storage`` decides; the association asks the peer's ``may_store``."""
    catalogue.services.append(Service(dimse.C_STORE_RQ, None, store))


def store(association: Association, context: Context, message: Message) -> None:
    """C-STORE (PS3.7 9.3.1, PS3.4 B.2.3): the answer is sent after the sink says that the object is durable."""
    outcome = _outcome(association, context, message)
    if outcome.status == status.SUCCESS and not outcome.sentence:
        association.respond_stored(message)
        return
    log.warning(
        "association %s: an object was answered with %04X (%s): %s",
        association.name,
        outcome.status,
        status.meaning(outcome.status),
        outcome.sentence,
    )
    association.respond(message, outcome.status, outcome.sentence)


def _outcome(association: Association, context: Context, message: Message) -> StoreOutcome:
    sink = association.ports.objects
    sop_class = message.text(dimse.AFFECTED_SOP_CLASS)
    instance = message.text(dimse.AFFECTED_SOP_INSTANCE)
    if sink is None or not context.requestor_is_scu:
        return StoreOutcome.refused(status.NOT_AUTHORIZED, "This peer may not store here")
    if sop_class != context.abstract_syntax:
        return StoreOutcome.refused(status.STORE_CLASS_MISMATCH, "SOP class differs from the presentation context's")
    if not uids.is_valid(instance):
        return StoreOutcome.refused(status.STORE_CANNOT_UNDERSTAND, "SOP Instance UID must be 1-64 digits and dots")
    if message.overflow:
        return StoreOutcome.refused(status.STORE_OUT_OF_RESOURCES, message.overflow)
    if not message.length:
        return StoreOutcome.refused(status.STORE_CANNOT_UNDERSTAND, "The object has no data set")
    if not sink.refuses_deep:
        try:
            _look(message, context.transfer_syntax)
        except TooDeep as error:
            return StoreOutcome.refused(status.STORE_CANNOT_UNDERSTAND, str(error))
    return sink.receive(
        ReceivedObject(
            sop_class,
            instance,
            context.transfer_syntax,
            association.calling_ae,
            association.called_ae,
            association.address,
            message.length,
            message.data,
            message.spool,
            association.name,
            message.arrival,
        )
    )


def _look(message: Message, transfer_syntax: str) -> None:
    """Nothing that is parsed later may nest without end; raises :class:`TooDeep`."""
    if message.data is not None:
        _look_into(message.data, transfer_syntax)
    elif message.spool is not None:
        with message.spool.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            _look_into(mapped, transfer_syntax)


def _look_into(data: memoryview | mmap.mmap, transfer_syntax: str) -> None:
    if transfer_syntax == uids.DEFLATED_LE:
        check_depth(inflated_beginning(data), uids.EXPLICIT_LE)
    else:
        check_depth(data, transfer_syntax)
