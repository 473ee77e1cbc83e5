"""The upper layer's state table of PS3.8 table 9-10 as data: events, states, actions; it runs nothing."""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class State(IntEnum):
    """PS3.8 tables 9-1 to 9-5."""

    STA1 = 1  # idle
    STA2 = 2  # transport connection open, awaiting A-ASSOCIATE-RQ PDU
    STA3 = 3  # awaiting local A-ASSOCIATE response primitive
    STA4 = 4  # awaiting transport connection opening to complete
    STA5 = 5  # awaiting A-ASSOCIATE-AC or -RJ PDU
    STA6 = 6  # association established, ready for data transfer
    STA7 = 7  # awaiting A-RELEASE-RP PDU
    STA8 = 8  # awaiting local A-RELEASE response primitive
    STA9 = 9  # release collision, requestor side; awaiting A-RELEASE response primitive
    STA10 = 10  # release collision, acceptor side; awaiting A-RELEASE-RP PDU
    STA11 = 11  # release collision, requestor side; awaiting A-RELEASE-RP PDU
    STA12 = 12  # release collision, acceptor side; awaiting A-RELEASE response primitive
    STA13 = 13  # awaiting transport connection close indication


class Event(IntEnum):
    """The events of table 9-10, numbered in the order of its rows."""

    ASSOCIATE_REQUEST = 1
    TRANSPORT_CONFIRM = 2
    ASSOCIATE_AC_PDU = 3
    ASSOCIATE_RJ_PDU = 4
    TRANSPORT_INDICATION = 5
    ASSOCIATE_RQ_PDU = 6
    ASSOCIATE_ACCEPT = 7
    ASSOCIATE_REJECT = 8
    DATA_REQUEST = 9
    DATA_PDU = 10
    RELEASE_REQUEST = 11
    RELEASE_RQ_PDU = 12
    RELEASE_RP_PDU = 13
    RELEASE_RESPONSE = 14
    ABORT_REQUEST = 15
    ABORT_PDU = 16
    TRANSPORT_CLOSED = 17
    ARTIM_EXPIRED = 18
    INVALID_PDU = 19


class Action(IntEnum):
    """The actions of tables 9-6 to 9-9; each is a method of ``upper_layer.UpperLayer``."""

    AE_1, AE_2, AE_3, AE_4, AE_5, AE_6, AE_7, AE_8 = range(1, 9)
    DT_1, DT_2 = 11, 12
    AR_1, AR_2, AR_3, AR_4, AR_5, AR_6, AR_7, AR_8, AR_9, AR_10 = range(21, 31)
    AA_1, AA_2, AA_3, AA_4, AA_5, AA_6, AA_7, AA_8 = range(41, 49)


E = Event
A = Action
_ESTABLISHED: Final = (6, 7, 8, 9, 10, 11, 12)
"""The states in which an association exists on both sides."""


def _row(event: Event, *cells: tuple[Action, int, tuple[int, ...]]) -> dict[tuple[Event, State], tuple[Action, State]]:
    return {
        (event, State(state)): (action, State(following)) for action, following, states in cells for state in states
    }


TABLE: Final[dict[tuple[Event, State], tuple[Action, State]]] = {
    # AE-6 leads to Sta13 instead of Sta3 when the request is refused by the provider itself (protocol version),
    # AR-8 leads to Sta10 instead of Sta9 on the acceptor's side: the actions decide, as table 9-10 says.
    **_row(E.ASSOCIATE_REQUEST, (A.AE_1, 4, (1,))),
    **_row(E.TRANSPORT_CONFIRM, (A.AE_2, 5, (4,))),
    **_row(
        E.ASSOCIATE_AC_PDU,
        (A.AA_1, 13, (2,)),
        (A.AA_8, 13, (3, *_ESTABLISHED)),
        (A.AE_3, 6, (5,)),
        (A.AA_6, 13, (13,)),
    ),
    **_row(
        E.ASSOCIATE_RJ_PDU,
        (A.AA_1, 13, (2,)),
        (A.AA_8, 13, (3, *_ESTABLISHED)),
        (A.AE_4, 1, (5,)),
        (A.AA_6, 13, (13,)),
    ),
    **_row(E.TRANSPORT_INDICATION, (A.AE_5, 2, (1,))),
    **_row(
        E.ASSOCIATE_RQ_PDU,
        (A.AE_6, 3, (2,)),
        (A.AA_8, 13, (3, 5, *_ESTABLISHED)),
        (A.AA_7, 13, (13,)),
    ),
    **_row(E.ASSOCIATE_ACCEPT, (A.AE_7, 6, (3,))),
    **_row(E.ASSOCIATE_REJECT, (A.AE_8, 13, (3,))),
    **_row(E.DATA_REQUEST, (A.DT_1, 6, (6,)), (A.AR_7, 8, (8,))),
    **_row(
        E.DATA_PDU,
        (A.AA_1, 13, (2,)),
        (A.AA_8, 13, (3, 5, 8, 9, 10, 11, 12)),
        (A.DT_2, 6, (6,)),
        (A.AR_6, 7, (7,)),
        (A.AA_6, 13, (13,)),
    ),
    **_row(E.RELEASE_REQUEST, (A.AR_1, 7, (6,))),
    **_row(
        E.RELEASE_RQ_PDU,
        (A.AA_1, 13, (2,)),
        (A.AA_8, 13, (3, 5, 8, 9, 10, 11, 12)),
        (A.AR_2, 8, (6,)),
        (A.AR_8, 9, (7,)),
        (A.AA_6, 13, (13,)),
    ),
    **_row(
        E.RELEASE_RP_PDU,
        (A.AA_1, 13, (2,)),
        (A.AA_8, 13, (3, 5, 6, 8, 9, 12)),
        (A.AR_3, 1, (7, 11)),
        (A.AR_10, 12, (10,)),
        (A.AA_6, 13, (13,)),
    ),
    **_row(E.RELEASE_RESPONSE, (A.AR_4, 13, (8, 12)), (A.AR_9, 11, (9,))),
    **_row(E.ABORT_REQUEST, (A.AA_1, 13, (3, 5, *_ESTABLISHED)), (A.AA_2, 1, (4,))),
    **_row(E.ABORT_PDU, (A.AA_2, 1, (2, 13)), (A.AA_3, 1, (3, 5, *_ESTABLISHED))),
    **_row(E.TRANSPORT_CLOSED, (A.AA_5, 1, (2,)), (A.AA_4, 1, (3, 4, 5, *_ESTABLISHED)), (A.AR_5, 1, (13,))),
    **_row(E.ARTIM_EXPIRED, (A.AA_2, 1, (2, 13))),
    **_row(E.INVALID_PDU, (A.AA_1, 13, (2,)), (A.AA_8, 13, (3, 5, *_ESTABLISHED)), (A.AA_7, 13, (13,))),
}
"""(event, state) → (action, following state). A pair that is missing is empty in table 9-10: it cannot happen from the
network, and from our side it is a bug."""
