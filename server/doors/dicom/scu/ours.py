"""Our side of an association that we ask for, and the failure that all SCU functions raise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from server.doors.dicom import pdu, status
from server.doors.dicom.dimse import AssemblyLimits
from server.doors.dicom.ports import Peer, TlsFiles, Transcoder
from server.doors.dicom.requestor import NotAccepted, NotAssociated, RequestedAssociation
from server.doors.dicom.tls import client_context
from server.doors.dicom.transport import ConnectionEnded
from server.doors.dicom.upper_layer import ProtocolMisuse


class ScuFailed(Exception):
    """A peer could not be reached, or refused a request as a whole.

    ``status``: the DIMSE status it gave, 0 when there was no answer. ``sentence``: what an operator can do about it.
    """

    def __init__(self, sentence: str, code: int = 0, *, is_printer_failure: bool = False) -> None:
        super().__init__(sentence)
        self.status = code
        self.sentence = sentence
        self.is_printer_failure = is_printer_failure
        """The printer answered, and says that it cannot print now (PS3.3 C.13.9.1)."""


@dataclass(frozen=True, slots=True)
class Ours:
    """What we are to the peer: our AE title, time limits in seconds, TLS for peers that want it, a transcoder."""

    ae_title: str = "MINGJING"
    connect_s: float = 10.0
    response_s: float = 120.0
    transcoder: Transcoder | None = None
    tls: TlsFiles | None = None


@contextlib.contextmanager
def association(
    peer: Peer,
    ours: Ours,
    contexts: Sequence[tuple[str, Sequence[str]]],
    *,
    scp_of: Sequence[str] = (),
    extended: Sequence[pdu.ExtendedNegotiation] = (),
    limits: AssemblyLimits | None = None,
) -> Iterator[RequestedAssociation]:
    """An association to ``peer``, released at the end; every trouble becomes :class:`ScuFailed`."""
    if not peer.port:
        raise ScuFailed(f"'{peer.ae_title}' has no port to call; enter its address and port")
    try:
        tls = client_context(ours.tls or TlsFiles()) if peer.tls else None
    except ValueError as error:
        raise ScuFailed(str(error)) from None
    try:
        with RequestedAssociation.open(
            peer.host,
            peer.port,
            called_ae=peer.ae_title,
            calling_ae=ours.ae_title,
            contexts=contexts,
            scp_of=scp_of,
            extended=extended,
            tls=tls,
            limits=limits,
            connect_s=ours.connect_s,
            response_s=ours.response_s,
        ) as opened:
            yield opened
    except NotAssociated as error:
        raise ScuFailed(f"{peer.ae_title}: {error}") from None
    except NotAccepted as error:
        raise ScuFailed(f"{peer.ae_title}: {error}", status.SOP_CLASS_NOT_SUPPORTED) from None
    except (ConnectionEnded, ProtocolMisuse) as error:
        raise ScuFailed(f"{peer.ae_title}: the association ended early: {error}") from None


def require_success(code: int, comment: str, what: str) -> None:
    """Raise :class:`ScuFailed` unless the status is a success or a warning."""
    if code != status.SUCCESS and not status.is_warning(code):
        said = f"; it says: {comment[:64]}" if comment else ""
        raise ScuFailed(f"The peer refused {what} with {code:04X} ({status.meaning(code)}){said}", code)
