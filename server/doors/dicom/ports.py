"""What the DICOM door needs from the hospital, as Protocols and frozen values; it knows no area, no database and no
file layout.

Areas never import doors, so the adapters that satisfy these Protocols live where everything is wired
(``server.bootstrap`` and the modules beside it): an adapter translates between an area's service and the values below.

Threads and processes. The door runs one thread per association, in one or more worker *processes*. Each process calls
the configured ``ports_factory`` once and gets its own :class:`DicomPorts`; every method of a port may then be called
from several threads at the same time and must open what is bound to a thread (a database session) inside the call.

Refusals. A port refuses by raising :class:`Refused` (a DIMSE status and a sentence), or, for the object sink, by
returning :meth:`StoreOutcome.refused`. Any other exception is a bug: the door logs it with an incident number and
answers "processing failure", and the association lives on.

Attribute values. Identifiers, answers, worklist items and procedure steps are plain dictionaries, because building
pydicom datasets costs fifty times more (560 us against 12 us a query result). See :data:`Attributes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, runtime_checkable

AttributeValue: TypeAlias = "str | int | float | bytes | Sequence[Mapping[int, AttributeValue]] | None"
"""One attribute's value.

Coming from the network: ``str`` for every text, number and date VR (decoded by Specific Character Set, trailing
padding removed, several values separated by a backslash as in DICOM, binary numbers written in decimal), ``bytes``
for OB/OW/UN…, a list of dictionaries for sequences (SQ), ``""`` or ``[]`` for a zero-length attribute (universal
matching, PS3.4 C.2.2.2.3). Going to the network: the same, and ``int``/``float`` for numbers, ``None`` for zero
length.
"""

Attributes: TypeAlias = Mapping[int, AttributeValue]
"""Attributes by tag as one integer, group and element: ``{0x00100010: "张^三", 0x00400100: [{0x00080060: "CT"}]}``.

Private groups and Specific Character Set (0008,0005) need no care: the door decodes and encodes with the right one.
Tags that the data dictionary does not know are sent as UN and should be avoided.
"""


class Level(Enum):
    """Query/Retrieve Level (0008,0052), PS3.4 C.6."""

    PATIENT = "PATIENT"
    STUDY = "STUDY"
    SERIES = "SERIES"
    IMAGE = "IMAGE"


class Model(Enum):
    """Query/Retrieve information model, PS3.4 C.6.1 and C.6.2."""

    PATIENT_ROOT = "patient root"
    STUDY_ROOT = "study root"


class Refused(Exception):
    """A port says no, with the DIMSE status to answer and a sentence that tells the operator what to do.

    ``status``: one of PS3.4/PS3.7's codes for the service (``server.doors.dicom.status`` names them).
    ``sentence``: becomes Error Comment (0000,0902), cut to 64 characters there, and goes to the log whole: no patient
    data.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


# Peers


@dataclass(frozen=True, slots=True)
class Peer:
    """A DICOM application entity that the hospital knows, and what it may do here.

    ``ae_title``: 1 to 16 characters without leading or trailing space. ``host`` and ``port``: where C-MOVE, storage
    commitment reports and echo tests go; ``port`` 0 means that it cannot be called (a query client without a
    listener).
    """

    ae_title: str
    host: str
    port: int
    may_store: bool = True
    may_query: bool = True
    may_retrieve: bool = True
    may_use_worklist: bool = True
    may_report_steps: bool = True
    may_request_commitment: bool = True
    character_set: str = ""
    """Specific Character Set for answers to this peer, whatever it asked in, for example ``"GB18030"`` or
    ``"\\ISO 2022 IR 58"``; empty: as it asked, else UTF-8."""
    ascii_names: bool = False
    """It knows ASCII only: names in worklist and query answers are written in pinyin."""
    tls: bool = False
    """It is called by TLS, and refused on the plain port."""
    transfer_syntaxes: tuple[str, ...] = ()
    """Syntaxes that objects are sent to it in rather than the one they are stored in, best first; never with loss."""


class PeerDirectory(Protocol):
    """Who may talk to us, and where a named peer is reached."""

    def find(self, calling_ae: str, address: str) -> Peer | None:
        """The peer that calls itself ``calling_ae`` from ``address`` (an IP address in text), or None to refuse it.

        A refused one gets A-ASSOCIATE-RJ "calling AE title not recognised" (PS3.8 9.3.4). Asked once per association.
        A directory that lets loop-back in freely answers with a made-up Peer for 127.0.0.1 and ::1.
        """

    def by_title(self, ae_title: str) -> Peer | None:
        """The peer named as C-MOVE destination, or as receiver of a commitment report; None when it is not known."""


# Storage


@dataclass(frozen=True, slots=True)
class ReceivedObject:
    """A composite object as it came by C-STORE; valid only during the call of :meth:`ObjectSink.receive`.

    The UIDs are checked by the door: 1 to 64 characters of digits and dots (PS3.5 9.1), so never a path, never empty.
    Still, never build a path from them. ``data`` is the data set in ``transfer_syntax_uid`` without preamble and file
    meta information: one contiguous read-only view of the association's reusable buffer. Whoever keeps bytes longer
    than the call copies them; writing the view to a file needs no copy. For an object above the memory limit (64 MiB)
    ``data`` is None and ``spool`` names a temporary file with the same bytes, which the sink may move away or read;
    the door deletes it after the call if it is still there. ``length`` is the number of bytes in either case.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    calling_ae: str
    called_ae: str
    address: str
    length: int
    data: memoryview | None
    spool: Path | None = None
    association: str = ""
    """A short random name of the association, the same for all its objects; good for grouping and for logs."""
    arrival: Arrival | None = None
    """What :meth:`ObjectSink.begin` returned for this object; it was given all but the last part of ``data``."""


@dataclass(frozen=True, slots=True)
class StoreOutcome:
    """The answer to one C-STORE: the status and, when refused, a sentence (PS3.4 B.2.3, table B.2-1)."""

    status: int = 0x0000
    sentence: str = ""

    @classmethod
    def stored(cls) -> StoreOutcome:
        """The object is durable: it survives the loss of power from now on."""
        return _STORED

    @classmethod
    def refused(cls, status: int, sentence: str) -> StoreOutcome:
        """``status`` 0xA700 out of resources, 0xA900 data set does not match SOP class, 0xC000 cannot understand."""
        return cls(status, sentence)


_STORED = StoreOutcome()


class Arrival(Protocol):
    """An object on its way in: the sink may work on what is here while the sender sends the rest."""

    @property
    def lead(self) -> int:
        """Bytes, fewer than a page, that are left free in front of the data set for the sink's own use."""

    def take(self, memory: memoryview) -> None:
        """`lead` bytes and the data set as far as it came, from the start of a page of memory; at the end the whole.

        Each time all of it, perhaps elsewhere in memory and then copied; it stays as it is until the next call, or
        until the object was received or dropped. Raises nothing.
        """

    def drop(self) -> None:
        """Forget the object unless it was received; may be called at any time and more than once."""


class ObjectSink(Protocol):
    """Takes composite objects into the archive."""

    refuses_deep: bool
    """Whether it refuses data sets that nest without end itself; otherwise the door looks before."""

    def begin(self, sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> Arrival | None:
        """An object is announced; None where the sink does nothing before it is whole. Raises nothing."""

    def receive(self, received: ReceivedObject) -> StoreOutcome:
        """Store one object and return only when it is durable (or refused).

        The same SOP Instance UID may come again: storing an identical object again is a success. The sink writes the
        Part 10 header itself and compares the data set's own SOP Instance UID (0008,0018) with the command's.
        The sink writes synchronously in the calling thread; the association sends its next object afterwards.
        """


# Query and retrieve


@dataclass(frozen=True, slots=True)
class QueryRequest:
    """One C-FIND identifier, checked: the level belongs to the model; the keys are decoded.

    ``keys`` holds matching and return keys alike, without (0008,0005) and (0008,0052). A value of ``""`` (or ``"*"``)
    matches everything and asks for the attribute. Wildcards ``*`` and ``?``, ranges ``20240101-20240131``, lists of
    UIDs with backslashes are the source's to interpret (PS3.4 C.2.2.2). Names come as sent, for example
    ``"Zhang*=张*"``.
    """

    model: Model
    level: Level
    keys: Attributes
    calling_ae: str
    relational: bool = False
    """Extended negotiation agreed on relational queries: keys of levels above need no unique key (PS3.4 C.4.1.3.2)."""
    combined_datetime: bool = False
    """Ranges of a date and of its time together form one range (PS3.4 C.2.2.2.5.1)."""
    fuzzy_names: bool = False
    """Names shall be matched as they sound or are written otherwise (PS3.4 C.2.2.2.7)."""


class QuerySource(Protocol):
    """Answers C-FIND at every level."""

    def find(self, request: QueryRequest) -> Iterable[Attributes]:
        """Matches one by one; only attributes whose tag is among ``request.keys`` (plus the unique keys) need to be
        there.

        Requested attributes that are missing in an answer are sent with zero length by the door. The door adds
        Query/Retrieve Level, Retrieve AE Title and Specific Character Set. The iterable is closed (``close()``, when
        it has one) if the peer cancels, so a generator can give back its database connection. Raises :class:`Refused`.
        """

    def ignores(self, request: QueryRequest) -> bool:
        """Whether a key has a value that the matches are not compared with; the peer is told (PS3.4 C.4.1.1.4)."""


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """A C-MOVE or C-GET identifier: the unique keys of the level, UIDs as tuples (PS3.4 C.4.2.2.1)."""

    model: Model
    level: Level
    patient_id: str
    study_uids: tuple[str, ...]
    series_uids: tuple[str, ...]
    instance_uids: tuple[str, ...]
    calling_ae: str
    relational: bool = False
    """Extended negotiation agreed on relational retrieval: levels above may lack their unique keys."""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the archive that a retrieve will send.

    ``open()`` gives a context manager whose value is the data set in ``transfer_syntax_uid``, **without** preamble and
    file meta information, as one contiguous view (of an ``mmap`` or of bytes read; ``part10.dataset_of`` cuts the
    header off). It is called just before the object is sent and left right after; it raises OSError or Refused when
    the object cannot be read.

    ``file`` and ``length``, when the data set lies in a file as it is: the open file and where the data set begins in
    it (the caller closes it; raises what ``open()`` raises), and its bytes. Reading small objects so costs less than
    mapping them.
    """

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    open: Callable[[], AbstractContextManager[memoryview]]
    file: Callable[[], tuple[BinaryIO, int]] | None = None
    length: int | None = None


class RetrieveSource(Protocol):
    """Finds the objects a C-MOVE or C-GET names."""

    def objects(self, request: RetrieveRequest) -> Sequence[StoredObject]:
        """Every object below the named entities, in the order in which they shall be sent; empty when there is
        none."""


@runtime_checkable
class Transcoder(Protocol):
    """Writes objects with pixel data in other transfer syntaxes, without (further) loss."""

    def targets(self, transfer_syntax_uid: str) -> Sequence[str]:
        """The syntaxes an object stored in ``transfer_syntax_uid`` can be written in, best first, itself left out.

        Single objects may turn out not to fit (:meth:`transcode` refuses then).
        """

    def transcode(self, data: memoryview, transfer_syntax_uid: str, wanted: str) -> bytes | bytearray | memoryview:
        """The whole data set in ``wanted``, pixel for pixel the same values.

        Raises :class:`Refused` when it cannot be done; the door then counts that sub-operation as failed and goes on
        with the next.
        """


# Worklist, performed procedure steps, storage commitment


class WorklistSource(Protocol):
    """Answers Modality Worklist C-FIND (PS3.4 K)."""

    def find(self, keys: Attributes, calling_ae: str) -> Iterable[Attributes]:
        """Worklist items for the matching keys; Scheduled Procedure Step Sequence (0040,0100) is a list with one
        dictionary.

        Requested attributes missing in an item are sent with zero length by the door, inside sequences too. Raises
        :class:`Refused`.
        """

    def ignores(self, keys: Attributes) -> bool:
        """Whether a key has a value that the items are not compared with; the peer is told (PS3.4 K.4.1.1.4)."""


@dataclass(frozen=True, slots=True)
class ProcedureStep:
    """The content of an MPPS N-CREATE or N-SET (PS3.4 F.7.2)."""

    sop_instance_uid: str
    attributes: Attributes
    calling_ae: str
    address: str


class MppsSink(Protocol):
    """Follows Modality Performed Procedure Steps; durable before it returns.

    Refusals (PS3.4 F.7.2, PS3.7 annex C): 0x0111 duplicate SOP instance, 0x0112 no such SOP instance, 0x0106
    invalid attribute value, 0x0120 missing attribute, 0x0110 processing failure, which is also the answer to an N-SET
    of a completed or discontinued step (with Error ID 0xA710, which the door adds for :class:`StepAlreadyFinal`).
    """

    def create(self, step: ProcedureStep) -> None:
        """N-CREATE, status IN PROGRESS. Raises :class:`Refused`."""

    def set(self, step: ProcedureStep) -> None:
        """N-SET: only the attributes that change. Raises :class:`Refused` or :class:`StepAlreadyFinal`."""


class StepAlreadyFinal(Refused):
    """The step is COMPLETED or DISCONTINUED and may not be updated any more (PS3.4 F.7.2.2, Error ID 0xA710)."""

    def __init__(self, sentence: str = "The performed procedure step may no longer be updated") -> None:
        super().__init__(0x0110, sentence)


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """A composite object by class and instance UID, as in Referenced SOP Sequence (0008,1199)."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class CommitmentFailure:
    """Why an object is not committed: Failure Reason (0008,1197), PS3.3 C.14.1.1.

    0x0112 no such object, 0x0119 class/instance conflict, 0x0110 processing failure, 0x0213 resource limitation.
    """

    reference: ObjectReference
    reason: int


class CommitmentSource(Protocol):
    """Says which objects the archive holds durably (PS3.4 J)."""

    def check(self, references: Sequence[ObjectReference], calling_ae: str) -> Sequence[CommitmentFailure]:
        """The references that are *not* safely kept; an empty answer commits to all. Called after the N-ACTION was
        answered."""


class CommitmentReports(Protocol):
    """Learns what peers say to commitments that we asked for (``scu.request_commitment``)."""

    def reported(
        self,
        peer_ae: str,
        transaction_uid: str,
        committed: Sequence[ObjectReference],
        failed: Sequence[CommitmentFailure],
    ) -> None:
        """Keep the report durably before returning. Transactions that are not known are refused with 0x0115 (invalid
        argument value): a peer may only answer what it was asked. Raises :class:`Refused`."""


@dataclass(frozen=True, slots=True)
class DicomPorts:
    """Everything that one process of the door works with; a port that is None makes its SOP classes be refused.

    ``close`` is called once when the process of the door ends, after the last association.
    """

    peers: PeerDirectory
    objects: ObjectSink | None = None
    query: QuerySource | None = None
    retrieve: RetrieveSource | None = None
    worklist: WorklistSource | None = None
    mpps: MppsSink | None = None
    commitment: CommitmentSource | None = None
    transcoder: Transcoder | None = None
    commitment_reports: CommitmentReports | None = None
    close: Callable[[], None] = field(default=lambda: None)


PortsFactory: TypeAlias = "Callable[[Mapping[str, str]], DicomPorts]"
"""What ``DoorSettings.ports_factory`` ("module:function") names: called once in each process with
``DoorSettings.ports_options``. In a worker process it is the first code of the application that runs, so it sets up
logging too."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our certificate chain and private key (PEM), and the authorities whose certificates we trust (PEM).

    ``authorities`` None trusts the operating system's for outgoing connections; a listening port with
    ``require_client`` needs it. ``check_host``: the certificate of a peer that we call must name its host.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    require_client: bool = True
    check_host: bool = False


@dataclass(frozen=True, slots=True)
class DoorSettings:
    """How the door listens. Times in seconds, sizes in bytes; picklable, because worker processes get a copy.

    ``workers`` 0 serves in threads of the calling process; N ≥ 1 starts N processes that share the listening socket.
    ``ports_factory`` is ``"module:function"`` (see :data:`PortsFactory`), imported in the process that serves;
    ``ports_options`` are strings for it, for example the data directory. ``accept_called_ae`` empty takes any called
    AE.
    """

    ports_factory: str = ""
    ports_options: Mapping[str, str] = field(default_factory=dict)
    host: str = "127.0.0.1"
    port: int = 11112
    ae_title: str = "MINGJING"
    accept_called_ae: tuple[str, ...] = ()
    workers: int = 0
    max_associations: int = 200
    max_associations_per_address: int = 100
    max_pdu_length: int = 131072
    artim_s: float = 30.0
    idle_s: float = 300.0
    connect_s: float = 10.0
    response_s: float = 120.0
    drain_s: float = 10.0
    tls_port: int = -1
    """Where associations by TLS are accepted; 0 takes any free port, -1 opens none."""
    tls: TlsFiles | None = None
    """Certificate, key and authorities of the TLS port."""
    outgoing_tls: TlsFiles | None = None
    """What we show and trust when we call a peer by TLS; None: no certificate of ours, the system's authorities."""
    spool_directory: Path | None = None
    max_object_in_memory: int = 64 << 20
    max_object: int = 8 << 30
    max_identifier: int = 16 << 20
    max_find_results: int = 0
    """0 is no limit; above it the C-FIND ends with 0xA700 after that many results."""


class DicomDoor(Protocol):
    """The running door, as ``bootstrap`` sees it (``server.doors.dicom.door.Door``)."""

    @property
    def port(self) -> int:
        """The port that is listened on (useful when the settings said 0)."""

    def start(self) -> None:
        """Bind, start the workers, and return when they accept associations. Raises OSError when the port is taken."""

    def stop(self) -> None:
        """Stop accepting, let the running messages end (``drain_s``), abort the rest, end the workers."""
