"""The structured templates that the suite comes with; departments change them or add their own."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.structured import FormTemplate


def supplied_templates() -> Iterator[FormTemplate]:
    """Give the supplied templates, in the order in which lists show them."""
    from server.structured.catalogue import abdomen, breast, chest, head, heart, joints, neck, pelvis

    yield chest.lung_nodules()
    yield breast.breast()
    yield pelvis.prostate()
    yield neck.thyroid()
    yield abdomen.liver()
    yield heart.coronary()
    yield joints.knee()
    yield joints.lumbar_spine()
    yield head.head_emergency()
    yield abdomen.abdominal_ultrasound()
