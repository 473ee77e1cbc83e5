"""What msgspec knows of a type, made by one thread at a time.

The first decoder of a struct type walks its annotations in Python, and the half-made result hangs on the class
meanwhile: a second thread that decodes the same type, or one that holds it, takes that for the whole and the process
ends with a segmentation fault (msgspec 0.22). So a decoder is made under a lock, and a program makes those of all
types that it has loaded before it starts threads, which also covers ``msgspec.json.decode`` and ``msgspec.convert``.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import msgspec

_making = threading.RLock()
_decoders: dict[Any, msgspec.msgpack.Decoder[Any]] = {}
_made: weakref.WeakSet[type] = weakref.WeakSet()


def decoder_of(type_: Any) -> msgspec.msgpack.Decoder[Any]:
    """The msgpack decoder of a type, made once."""
    decoder = _decoders.get(type_)
    if decoder is None:
        with _making:
            decoder = _decoders[type_] = msgspec.msgpack.Decoder(type_)
    return decoder


def know_loaded_types() -> int:
    """Make what msgspec needs of every struct class loaded so far; returns how many were new. Some 0.1 ms a class."""
    with _making:
        new = [one for one in _below(msgspec.Struct) if one not in _made]
        for one in new:
            _made.add(one)
            with contextlib.suppress(TypeError, NameError):  # one that cannot be decoded is found by who tries
                msgspec.msgpack.Decoder(one)
        return len(new)


def _below(parent: type) -> Iterator[type]:
    child: type
    for child in parent.__subclasses__():
        yield child
        yield from _below(child)
