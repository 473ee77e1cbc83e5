"""Reports on what peers committed to (PS3.4 J.3.3): N-EVENT-REPORT on associations that the peer opened as SCP."""

from __future__ import annotations

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import MalformedDataSet
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import Refused
from server.doors.dicom.scu.commitment import read_report

_EVENTS = (1, 2)


def offer(catalogue: Catalogue) -> None:
    """N-EVENT-REPORT; the peer must have taken the role of SCP in its association request (PS3.7 D.3.3.4)."""
    catalogue.allowed.setdefault(uids.COMMITMENT, lambda _peer: True)
    catalogue.peer_may_be_scp.add(uids.COMMITMENT)
    catalogue.services.append(Service(dimse.N_EVENT_REPORT_RQ, frozenset((uids.COMMITMENT,)), report))


def report(association: Association, context: Context, message: Message) -> None:
    """Hand the report to the port and answer when it is kept."""
    sink = association.ports.commitment_reports
    if sink is None or not context.requestor_is_scp:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "Take the role of SCP for storage commitment")
    kind = message.number(dimse.EVENT_TYPE)
    if kind not in _EVENTS:
        raise Refused(status.NO_SUCH_EVENT_TYPE, "Event types are 1 and 2")
    try:
        answer = read_report(message, context.transfer_syntax)
    except MalformedDataSet as error:
        raise Refused(status.PROCESSING_FAILURE, str(error)) from None
    sink.reported(association.calling_ae, answer.transaction_uid, answer.committed, answer.failed)
    association.respond(message, status.SUCCESS, extra={dimse.EVENT_TYPE: kind})
