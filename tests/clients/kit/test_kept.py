"""A thing that knows its owner goes when its owner goes."""

from __future__ import annotations

import gc
import weakref

from clients.kit.kept import Kept


class Owner:
    """Anything with attributes."""


class Thing:
    """Knows its owner, as most do."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner


def test_each_owner_has_its_own() -> None:
    kept: Kept[Thing] = Kept("thing")
    one, other = Owner(), Owner()
    assert kept.of(one) is None
    thing = kept.keep(one, Thing(one))
    assert kept.of(one) is thing
    assert kept.of(other) is None
    assert Kept[Thing]("else").of(one) is None


def test_both_go_together() -> None:
    kept: Kept[Thing] = Kept("thing")
    owner = Owner()
    kept.keep(owner, Thing(owner))
    gone = weakref.ref(owner)
    del owner
    gc.collect()
    assert gone() is None
