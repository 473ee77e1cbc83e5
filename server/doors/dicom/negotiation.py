"""Chooses presentation contexts, transfer syntaxes and roles for an association request (PS3.8 9.3.3.2, PS3.7
D.3.3.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from server.doors.dicom import pdu, uids

_PREFERENCE = (uids.EXPLICIT_LE, uids.IMPLICIT_LE, uids.DEFLATED_LE, uids.EXPLICIT_BE)
"""What we take for services whose data sets we read ourselves, best first."""


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted presentation context; the roles are those the *requestor* may take in it."""

    context_id: int
    abstract_syntax: str
    transfer_syntax: str
    requestor_is_scu: bool = True
    requestor_is_scp: bool = False


@dataclass(frozen=True, slots=True)
class Negotiated:
    """The outcome: results in the order proposed, the accepted contexts by id, the role items to answer."""

    results: tuple[pdu.ContextResult, ...]
    contexts: dict[int, Context]
    roles: tuple[pdu.RoleSelection, ...]


def negotiate(
    request: pdu.AssociateRequest,
    services: Collection[str],
    *,
    storage: bool,
    retrieval: bool,
    peer_may_be_scp: Collection[str] = (),
) -> Negotiated:
    """Answer every proposed context.

    ``services``: abstract syntaxes of the other services that are open to this peer. ``storage``: it may send objects.
    ``retrieval``: it may receive objects by C-GET on this association, so it may be SCP of storage classes.
    ``peer_may_be_scp``: other classes in which it may be the SCP (it reports on what we asked it).
    """
    proposed_roles = {role.sop_class_uid: role for role in request.user.roles}
    results: list[pdu.ContextResult] = []
    contexts: dict[int, Context] = {}
    roles: dict[str, pdu.RoleSelection] = {}
    for proposed in request.contexts:
        abstract = proposed.abstract_syntax
        role = proposed_roles.get(abstract)
        is_storage = abstract not in services and uids.is_storage(abstract)
        may_scu = storage if is_storage else True
        may_scp = (retrieval and is_storage) or abstract in peer_may_be_scp
        scu = may_scu and (role is None or role.scu)
        scp = may_scp and role is not None and role.scp
        chosen = _stored(proposed.transfer_syntaxes) if is_storage else _readable(proposed.transfer_syntaxes)
        if not (is_storage or abstract in services):
            result, chosen = pdu.ABSTRACT_SYNTAX_NOT_SUPPORTED, ""
        elif not chosen:
            result = pdu.TRANSFER_SYNTAXES_NOT_SUPPORTED
        elif not (scu or scp):
            result = pdu.USER_REJECTION
        else:
            result = pdu.ACCEPTANCE
            contexts[proposed.context_id] = Context(proposed.context_id, abstract, chosen, scu, scp)
            if role is not None:
                roles[abstract] = pdu.RoleSelection(abstract, scu, scp)
        results.append(pdu.ContextResult(proposed.context_id, result, chosen or uids.IMPLICIT_LE))
    return Negotiated(tuple(results), contexts, tuple(roles.values()))


def _stored(proposed: Sequence[str]) -> str:
    """For objects: the requestor's first, since we store what comes as it comes; big endian only when nothing else is
    offered."""
    valid = [t for t in proposed if uids.is_valid(t)]
    return next((t for t in valid if t != uids.EXPLICIT_BE), valid[0] if valid else "")


def _readable(proposed: Sequence[str]) -> str:
    return next((t for t in _PREFERENCE if t in proposed), "")
