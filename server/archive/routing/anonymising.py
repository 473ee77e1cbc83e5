"""Objects that leave without identity: what a target gets and under which UIDs (PS3.15 Annex E, exchange.anonymise)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from server.archive.corrections.rewriting import read_values
from server.archive.exchange.pseudonyms import remember
from server.archive.header import DamagedHeader
from server.archive.objects import ArchivedObject
from server.archive.part10 import read_meta
from server.archive.receive import ObjectName, file_meta
from server.archive.routing.ports import Outgoing
from server.kernel.database import Database
from shared.contract.exchange import AnonymiseOption, AnonymisePlan

if TYPE_CHECKING:
    from server.archive.exchange.anonymise import Anonymised

_EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
_NATIVE = frozenset({"1.2.840.10008.1.2", _EXPLICIT_LITTLE, "1.2.840.10008.1.2.2"})
_BURNED_IN = 0x00280301

Opener = Callable[[], AbstractContextManager[memoryview]]


class CannotLeave(OSError):
    """An object cannot be made anonymous with certainty; the text is a sentence without patient data."""


class Anonymising:
    """Makes one `Nameless` for each round; `decode` turns a data set and its syntax into Explicit VR Little Endian."""

    def __init__(self, database: Database, secret: bytes, decode: Callable[[bytes, str], bytes]) -> None:
        self._database = database
        self._secret = secret
        self._decode = decode

    def of(self, plan: AnonymisePlan, cannot_leave: Callable[[str], None]) -> Nameless:
        """For one study; `cannot_leave` is told the sentence when an object has to stay."""
        return Nameless(self._database, self._secret, self._decode, plan, cannot_leave)


class Nameless:
    """The objects of one round without identity. `originals`: our UID by the one that leaves."""

    def __init__(
        self,
        database: Database,
        secret: bytes,
        decode: Callable[[bytes, str], bytes],
        plan: AnonymisePlan,
        cannot_leave: Callable[[str], None],
    ) -> None:
        from server.archive.exchange.anonymise import Anonymiser

        self.originals: dict[str, str] = {}
        self._database = database
        self._decode = decode
        self._plan = plan
        self._cannot_leave = cannot_leave
        self._anonymiser = Anonymiser(secret, plan, self._decoded_file)
        self._remembered: set[str] = set()

    def uid(self, original: str) -> str:
        """The UID that stands for an instance at the target."""
        return self._anonymiser.uid(original)

    def outgoing(self, found: ArchivedObject, opener: Opener) -> Outgoing:
        """An object for a way out; `opener` gives its data set with the rule's other changes."""
        uid = self.uid(found.sop_instance_uid)
        self.originals[uid] = found.sop_instance_uid
        cleans = AnonymiseOption.CLEAN_PIXEL_DATA in self._plan.options
        native = found.transfer_syntax_uid in _NATIVE
        syntax = found.transfer_syntax_uid if native or not cleans else _EXPLICIT_LITTLE

        @contextlib.contextmanager
        def opened() -> Iterator[memoryview]:
            try:
                data = self._nameless(found, opener, syntax)
            except CannotLeave as why:
                self._cannot_leave(str(why))
                raise
            yield memoryview(data)

        return Outgoing(found.sop_class_uid, uid, syntax, opened)

    def _nameless(self, found: ArchivedObject, opener: Opener, syntax: str) -> bytes:
        from server.archive.exchange.traces import NotAnonymised

        what = ObjectName(found.sop_class_uid, found.sop_instance_uid, found.transfer_syntax_uid)
        with opener() as view:
            try:
                shown = read_values(view, what.transfer_syntax_uid, {_BURNED_IN}).get(_BURNED_IN, "")
                made = self._anonymiser.anonymise(file_meta(what) + bytes(view))
            except (NotAnonymised, DamagedHeader) as refused:
                raise CannotLeave(str(refused)) from None
        if shown.upper() == "YES" and not self._was_cleaned(made):
            raise CannotLeave(
                "An image says that annotation is burned into its pixels (0028,0301), and nobody looks at what a rule "
                "sends: name the areas to be blackened in the rule, or send the study by an export."
            )
        if made.pseudonym not in self._remembered:
            remember(self._database, self._plan.project, made)
            self._remembered.add(made.pseudonym)
        meta, offset = read_meta(made.data)
        if meta.transfer_syntax_uid == syntax:
            return made.data[offset:]
        try:
            return self._decode(made.data[offset:], meta.transfer_syntax_uid)
        except ValueError:
            raise CannotLeave("The pixels of an image cannot be decoded, so they cannot be cleaned.") from None

    def _was_cleaned(self, made: Anonymised) -> bool:
        cleans = AnonymiseOption.CLEAN_PIXEL_DATA in self._plan.options
        return cleans and not any("not cleaned" in warning for warning in made.warnings)

    def _decoded_file(self, part10: bytes, syntax: str) -> bytes:
        return self._decode(part10[read_meta(part10)[1] :], syntax)
