"""Arbitrary values of any contract type, for tests that throw everything at a handler."""

from __future__ import annotations

import types
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

_INTEGERS = st.one_of(st.integers(-2, 9), st.integers(-(2**64), 2**64))
_TEXTS = st.one_of(
    st.sampled_from(
        ("", "张三", "CT", "CT001", "%", "_", "\\", "'", "--", "\x00", "=^", "11010519491231002X", "K1", " ")
    ),
    st.text(max_size=300),
)
_ZONES = st.one_of(st.none(), st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours))))
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    int: _INTEGERS,
    str: _TEXTS,
    bool: st.booleans(),
    float: st.floats(),
    date: st.one_of(st.sampled_from((date.min, date.max, date(2026, 11, 21))), st.dates()),
    datetime: st.one_of(
        st.sampled_from((datetime.min, datetime.max)).flatmap(
            lambda moment: _ZONES.map(lambda zone: moment.replace(tzinfo=zone))
        ),
        st.datetimes(timezones=_ZONES),
    ),
    type(None): st.none(),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a contract type: what the codec would let through, sensible or not."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return st.deferred(lambda: _structs_of(kind))
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(arguments[0]), values_of(arguments[1]), max_size=3)
    raise TypeError(f"no strategy for {kind}")


def _structs_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    required = {}
    optional = {}
    for field in msgspec.structs.fields(kind):
        (required if field.required else optional)[field.name] = values_of(hints[field.name])
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: kind(**values))
