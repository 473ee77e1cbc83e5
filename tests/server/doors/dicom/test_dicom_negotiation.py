"""Presentation contexts, transfer syntaxes and roles."""

from __future__ import annotations

import pytest

from server.doors.dicom import pdu, uids
from server.doors.dicom.negotiation import negotiate

CT = "1.2.840.10008.5.1.4.1.1.2"
JPEG_LS = "1.2.840.10008.1.2.4.80"
SERVICES = frozenset((uids.VERIFICATION, uids.STUDY_ROOT_FIND))


def request(*contexts: tuple[str, tuple[str, ...]], roles: tuple[pdu.RoleSelection, ...] = ()) -> pdu.AssociateRequest:
    return pdu.AssociateRequest(
        "A",
        "B",
        tuple(pdu.ProposedContext(2 * i + 1, a, t) for i, (a, t) in enumerate(contexts)),
        pdu.UserInformation(roles=roles),
    )


@pytest.mark.parametrize(
    ("abstract", "transfers", "result", "chosen"),
    [
        (CT, (JPEG_LS, uids.EXPLICIT_LE), 0, JPEG_LS),
        (CT, (uids.EXPLICIT_BE, uids.IMPLICIT_LE), 0, uids.IMPLICIT_LE),
        (CT, (uids.EXPLICIT_BE,), 0, uids.EXPLICIT_BE),
        (CT, (), 4, uids.IMPLICIT_LE),
        (CT, ("../evil",), 4, uids.IMPLICIT_LE),
        ("1.2.276.0.1", ("1.2.276.0.2",), 0, "1.2.276.0.2"),
        ("../../etc", (uids.IMPLICIT_LE,), 3, uids.IMPLICIT_LE),
        ("", (uids.IMPLICIT_LE,), 3, uids.IMPLICIT_LE),
        (uids.VERIFICATION, (uids.IMPLICIT_LE, uids.EXPLICIT_LE), 0, uids.EXPLICIT_LE),
        (uids.VERIFICATION, (JPEG_LS,), 4, uids.IMPLICIT_LE),
        (uids.MPPS, (uids.IMPLICIT_LE,), 3, uids.IMPLICIT_LE),
        ("1.2.840.10008.5.1.4.1.1.201.2", (uids.IMPLICIT_LE,), 3, uids.IMPLICIT_LE),
        ("1.2.840.10008.5.1.4.34.7", (uids.IMPLICIT_LE,), 0, uids.IMPLICIT_LE),
    ],
)
def test_one_context(abstract: str, transfers: tuple[str, ...], result: int, chosen: str) -> None:
    outcome = negotiate(request((abstract, transfers)), SERVICES, storage=True, retrieval=True)
    assert outcome.results[0].result == result
    if result == 0:
        assert outcome.contexts[1].transfer_syntax == chosen
    else:
        assert not outcome.contexts


@pytest.mark.parametrize(
    ("role", "storage", "retrieval", "expected"),
    [
        (None, True, True, (True, False)),
        (None, False, True, None),
        ((True, False), True, True, (True, False)),
        ((False, True), True, True, (False, True)),
        ((True, True), True, True, (True, True)),
        ((True, True), True, False, (True, False)),
        ((False, True), True, False, None),
        ((False, False), True, True, None),
        ((True, True), False, True, (False, True)),
    ],
)
def test_roles_of_storage(
    role: tuple[bool, bool] | None, storage: bool, retrieval: bool, expected: tuple[bool, bool] | None
) -> None:
    roles = (pdu.RoleSelection(CT, *role),) if role else ()
    outcome = negotiate(request((CT, (uids.EXPLICIT_LE,)), roles=roles), SERVICES, storage=storage, retrieval=retrieval)
    if expected is None:
        assert outcome.results[0].result == pdu.USER_REJECTION
        return
    context = outcome.contexts[1]
    assert (context.requestor_is_scu, context.requestor_is_scp) == expected
    assert outcome.roles == ((pdu.RoleSelection(CT, *expected),) if role else ())


@pytest.mark.parametrize("valid", ["1", "1.2", "0.1.2", "1.2.03", "1." + "2" * 62])
def test_valid_uids(valid: str) -> None:
    assert uids.is_valid(valid)


@pytest.mark.parametrize("evil", ["", ".", "1.", "1..2", "a", "1/2", "1.2\n", "１", "1" * 65, "1.2 "])
def test_invalid_uids(evil: str) -> None:
    assert not uids.is_valid(evil)


def test_the_implementation_class_uid_is_a_uid() -> None:
    assert uids.is_valid(uids.IMPLEMENTATION_CLASS)
    assert len(uids.IMPLEMENTATION_VERSION) <= 16
