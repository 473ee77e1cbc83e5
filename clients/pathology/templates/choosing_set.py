"""Which descriptor set a specimen has; knows no Qt."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contract.pathology_templates import DescriptorSet


def set_for(sets: Sequence[DescriptorSet], specimen: str) -> DescriptorSet | None:
    """Return the set of a specimen type or name: its own name first, then the set with the longest fitting word.

    Without a fitting one the first set; None without any.
    """
    for one in sets:
        if one.specimen_type == specimen:
            return one
    fitting = [
        (len(word), one) for one in sets for word in (one.specimen_type, *one.words) if word and word in specimen
    ]
    if fitting:
        return max(fitting, key=lambda found: found[0])[1]
    return sets[0] if sets else None
