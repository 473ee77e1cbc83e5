"""Modality Performed Procedure Step (PS3.4 annex F.7): N-CREATE and N-SET."""

from __future__ import annotations

import secrets

from server.doors.dicom import dimse, status, uids
from server.doors.dicom.association import Association, Catalogue, Service
from server.doors.dicom.attributes import SPECIFIC_CHARACTER_SET
from server.doors.dicom.dimse import Message
from server.doors.dicom.negotiation import Context
from server.doors.dicom.ports import MppsSink, ProcedureStep, Refused, StepAlreadyFinal
from server.doors.dicom.services.query import read_identifier

STEP_STATUS = 0x00400252
"""Performed Procedure Step Status."""
_FINAL = ("COMPLETED", "DISCONTINUED")


def offer(catalogue: Catalogue) -> None:
    """N-CREATE and N-SET for peers that may report steps."""
    catalogue.allowed[uids.MPPS] = lambda peer: peer.may_report_steps
    own = frozenset((uids.MPPS,))
    catalogue.services.append(Service(dimse.N_CREATE_RQ, own, create))
    catalogue.services.append(Service(dimse.N_SET_RQ, own, update))


def create(association: Association, context: Context, message: Message) -> None:
    """N-CREATE (PS3.4 F.7.2.1): the step begins IN PROGRESS. Without an instance UID we make one (PS3.7
    10.1.5.1.4)."""
    instance = message.text(dimse.AFFECTED_SOP_INSTANCE) or f"2.25.{secrets.randbits(127)}"
    step = _step(association, context, message, instance)
    if not step.attributes.get(STEP_STATUS):
        raise Refused(status.MISSING_ATTRIBUTE, "Performed Procedure Step Status (0040,0252) is missing")
    if step.attributes.get(STEP_STATUS) != "IN PROGRESS":
        raise Refused(status.INVALID_ATTRIBUTE_VALUE, "A new step must have the status IN PROGRESS")
    _sink(association).create(step)
    association.respond(message, status.SUCCESS, extra={dimse.AFFECTED_SOP_INSTANCE: instance})


def update(association: Association, context: Context, message: Message) -> None:
    """N-SET (PS3.4 F.7.2.2): until the step is COMPLETED or DISCONTINUED."""
    step = _step(association, context, message, message.text(dimse.REQUESTED_SOP_INSTANCE))
    if step.attributes.get(STEP_STATUS, "IN PROGRESS") not in ("IN PROGRESS", *_FINAL):
        raise Refused(status.INVALID_ATTRIBUTE_VALUE, "Status must be IN PROGRESS, COMPLETED, DISCONTINUED")
    try:
        _sink(association).set(step)
    except StepAlreadyFinal as final:
        association.respond(
            message, final.status, final.sentence, extra={dimse.ERROR_ID: status.STEP_MAY_NO_LONGER_BE_UPDATED}
        )
        return
    association.respond(message, status.SUCCESS)


def _sink(association: Association) -> MppsSink:
    if association.ports.mpps is None:
        raise Refused(status.SOP_CLASS_NOT_SUPPORTED, "Procedure steps are not taken here")
    return association.ports.mpps


def _step(association: Association, context: Context, message: Message, instance: str) -> ProcedureStep:
    if not uids.is_valid(instance):
        raise Refused(status.INVALID_OBJECT_INSTANCE, "SOP Instance UID must be 1-64 digits and dots")
    if message.data is None or not message.length:
        raise Refused(status.MISSING_ATTRIBUTE, "The request has no attributes")
    attributes = read_identifier(context, message)
    attributes.pop(SPECIFIC_CHARACTER_SET, None)
    return ProcedureStep(instance, attributes, association.calling_ae, association.address)
