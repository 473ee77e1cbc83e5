"""Verification (PS3.4 annex A)."""

from __future__ import annotations

from server.doors.dicom import uids
from server.doors.dicom.ports import Peer
from server.doors.dicom.scu.ours import Ours, association, require_success


def echo(peer: Peer, ours: Ours) -> None:
    """C-ECHO; raises ScuFailed with what to check when the peer does not answer with success."""
    with association(peer, ours, [(uids.VERIFICATION, (uids.EXPLICIT_LE, uids.IMPLICIT_LE))]) as opened:
        require_success(opened.echo(), "", "the echo")
