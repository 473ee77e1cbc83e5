"""The state table of PS3.8 table 9-10: every (event, state) pair, as data and in the running upper layer."""

from __future__ import annotations

import pytest

from server.doors.dicom import pdu
from server.doors.dicom.dimse import Assembler, AssemblyLimits, MemoryBudget, Message
from server.doors.dicom.fsm import TABLE, Action, Event, State
from server.doors.dicom.upper_layer import ProtocolMisuse, UpperLayer

PAIRS = [(event, state) for event in Event for state in State]
NETWORK_EVENTS = {
    Event.ASSOCIATE_AC_PDU: pdu.AssociateAccept("A", "B", (pdu.ContextResult(1, 0, "1.2.840.10008.1.2"),)),
    Event.ASSOCIATE_RJ_PDU: pdu.AssociateReject(1, 1, 1),
    Event.ASSOCIATE_RQ_PDU: pdu.AssociateRequest(
        "A", "B", (pdu.ProposedContext(1, "1.2.840.10008.1.1", ("1.2.840.10008.1.2",)),)
    ),
    Event.RELEASE_RQ_PDU: pdu.ReleaseRequest(),
    Event.RELEASE_RP_PDU: pdu.ReleaseResponse(),
    Event.ABORT_PDU: pdu.Abort(0, 0),
}


def make(state: State, *, requestor: bool = False) -> UpperLayer[Message]:
    """An upper layer put into a state, with what its actions may need at hand."""
    assembler = Assembler(AssemblyLimits(), MemoryBudget(0))
    assembler.contexts = frozenset((1,))
    upper = UpperLayer[Message](assembler)
    upper.state = state
    upper._requestor = requestor
    upper._outgoing = {
        State.STA1: NETWORK_EVENTS[Event.ASSOCIATE_RQ_PDU],
        State.STA4: NETWORK_EVENTS[Event.ASSOCIATE_RQ_PDU],
        State.STA3: NETWORK_EVENTS[Event.ASSOCIATE_AC_PDU],
    }.get(state)
    return upper


def fire(upper: UpperLayer[Message], event: Event) -> None:
    """Let an event happen as it does in real life: bytes, a primitive, or the transport."""
    if event in NETWORK_EVENTS:
        feed(upper, pdu.encode(NETWORK_EVENTS[event]))
    elif event is Event.DATA_PDU:
        feed(upper, b"\4\0\0\0\0\6\0\0\0\2\1\1")
    elif event is Event.INVALID_PDU:
        feed(upper, b"\x63\0\0\0\0\0")
    elif event is Event.ASSOCIATE_REQUEST:
        upper.associate(NETWORK_EVENTS[Event.ASSOCIATE_RQ_PDU])  # type: ignore[arg-type]
    elif event is Event.TRANSPORT_CONFIRM:
        upper.connected(as_requestor=True)
    elif event is Event.TRANSPORT_INDICATION:
        upper.connected(as_requestor=False)
    elif event is Event.ASSOCIATE_ACCEPT:
        upper.accept(NETWORK_EVENTS[Event.ASSOCIATE_AC_PDU])  # type: ignore[arg-type]
    elif event is Event.ASSOCIATE_REJECT:
        upper.reject(pdu.AssociateReject(1, 1, 1))
    elif event is Event.DATA_REQUEST:
        upper.send([b"data"])
    elif event is Event.RELEASE_REQUEST:
        upper.release()
    elif event is Event.RELEASE_RESPONSE:
        upper.answer_release()
    elif event is Event.ABORT_REQUEST:
        upper.abort()
    elif event is Event.TRANSPORT_CLOSED:
        upper.closed()
    elif event is Event.ARTIM_EXPIRED:
        upper.artim_expired()


def feed(upper: UpperLayer[Message], data: bytes) -> list[object]:
    """Place bytes where the upper layer wants them and collect what it indicates."""
    out: list[object] = []
    view = memoryview(data)
    while view:
        target = upper.buffers()
        count = 0
        for buffer in target:
            part = min(len(buffer), len(view))
            buffer[:part] = view[:part]
            view = view[part:]
            count += part
        upper.received(count)
        while (indication := upper.next_indication()) is not None:
            out.append(indication)
    return out


@pytest.mark.parametrize(("event", "state"), PAIRS, ids=lambda v: v.name)
def test_every_pair_of_the_table(event: Event, state: State) -> None:
    upper = make(state)
    cell = TABLE.get((event, state))
    if cell is None:
        if event in NETWORK_EVENTS or event in (Event.DATA_PDU, Event.INVALID_PDU):
            assert state in (State.STA1, State.STA4), "a PDU can come wherever there is a connection"
        elif event in (Event.ABORT_REQUEST, Event.TRANSPORT_CLOSED, Event.ARTIM_EXPIRED):
            fire(upper, event)  # these may come late: nothing happens
            assert upper.state is state
            assert not upper.take_output()
        else:
            with pytest.raises(ProtocolMisuse):
                fire(upper, event)
        return
    action, following = cell
    if action is Action.AR_8:
        following = State.STA10  # we are the acceptor here
    upper.artim_running = state in (State.STA2, State.STA13)
    fire(upper, event)
    assert upper.state is following
    output = b"".join(upper.take_output())
    sent = output[0] if output and action is not Action.DT_1 and action is not Action.AR_7 else 0
    expected_pdu = {
        Action.AE_2: pdu.ASSOCIATE_RQ,
        Action.AE_7: pdu.ASSOCIATE_AC,
        Action.AE_8: pdu.ASSOCIATE_RJ,
        Action.AR_1: pdu.RELEASE_RQ,
        Action.AR_4: pdu.RELEASE_RP,
        Action.AR_9: pdu.RELEASE_RP,
        Action.AA_1: pdu.ABORT,
        Action.AA_7: pdu.ABORT,
        Action.AA_8: pdu.ABORT,
    }.get(action, 0)
    assert sent == expected_pdu
    if action in (Action.AE_5, Action.AE_8, Action.AR_4, Action.AA_1, Action.AA_8):
        assert upper.artim_running, "this action starts ARTIM"
    if action in (Action.AE_6, Action.AR_5, Action.AA_2, Action.AA_5):
        assert not upper.artim_running, "this action stops ARTIM"
    if following is State.STA1:
        assert upper.close_transport
    if action is Action.AA_8:
        assert output[8] == pdu.ABORT_BY_PROVIDER


def test_a_release_collision_on_the_requestors_side_leads_to_sta9() -> None:
    upper = make(State.STA7, requestor=True)
    fire(upper, Event.RELEASE_RQ_PDU)
    assert upper.state is State.STA9
    upper.answer_release()
    assert upper.state is State.STA11
    fire(upper, Event.RELEASE_RP_PDU)
    assert upper.state is State.STA1


def test_another_protocol_version_is_rejected_by_the_provider() -> None:
    upper = make(State.STA2)
    feed(upper, pdu.encode(pdu.AssociateRequest("A", "B", (), protocol_version=2)))
    assert upper.state is State.STA13
    assert b"".join(upper.take_output()) == bytes((3, 0, 0, 0, 0, 4, 0, 1, 2, 2))


def test_the_table_is_the_same_as_pynetdicoms() -> None:
    """An independent reading of table 9-10; AR-8 and AE-6 are decided inside the actions on both sides."""
    from pynetdicom.fsm import ACTIONS, TRANSITION_TABLE

    theirs = {}
    for (event, state), name in TRANSITION_TABLE.items():
        following = ACTIONS[name][2]
        theirs[int(event[3:]), int(state[3:])] = (name, following)
    ours = {(int(e), int(s)): (a.name.replace("_", "-"), f.name.capitalize()) for (e, s), (a, f) in TABLE.items()}
    assert set(ours) == set(theirs)
    for pair, (name, following) in ours.items():
        assert name == theirs[pair][0], pair
        if isinstance(theirs[pair][1], str):
            assert following == theirs[pair][1], pair
        else:
            assert following in theirs[pair][1], pair
