"""Candidates and studies for tests of hanging."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clients.viewer.hanging.engine import Candidate, Situation
from clients.viewer.hanging.facts import facts_of
from tests.clients.viewer.viewer_builders import ROOT, write_series

ORIENTATIONS = {"RCC": ["P", "L"], "LCC": ["A", "R"], "RMLO": ["P", "FL"], "LMLO": ["A", "FR"]}


def a_candidate(n: int, age: int = 0, count: int = 1, **texts: str) -> Candidate:
    """An image or series with these header texts."""
    facts = facts_of(texts, count=count)
    return Candidate(f"1.{age}", f"1.{age}.{n}", f"1.{age}.{n}.1", facts, number=n, age=age)


def a_view(n: int, name: str, age: int = 0, **texts: str) -> Candidate:
    """A mammogram: RCC, LMLO …"""
    own = {"Modality": "MG", "ImageLaterality": name[0], "ViewPosition": name[1:], "SeriesDescription": name}
    return a_candidate(n, age, **{**own, **texts})


def four_views(age: int = 0) -> list[Candidate]:
    return [a_view(n, name, age) for n, name in enumerate(("LMLO", "RCC", "LCC", "RMLO"))]


def of(*candidates: Candidate, words: str = "") -> Situation:
    return Situation(tuple(candidates), words)


def write_mammograms(folder: Path, *names: str, first: int = 0, **changes: Any) -> None:
    """Files of views; each in a series of its own, numbered after ``first``."""
    for n, name in enumerate(names, first + 1):
        own: dict[str, Any] = {
            "Modality": "MG",
            "SOPClassUID": "1.2.840.10008.5.1.4.1.1.1.2",
            "SOPInstanceUID": f"{ROOT}.{n}.77",
            "ViewPosition": name[1:],
            "ImageLaterality": name[0],
            "PatientOrientation": ORIENTATIONS.get(name, ["A", "F"]),
            "SeriesDescription": "",
            "BodyPartExamined": "",
            "ImageOrientationPatient": None,
            "ImagePositionPatient": None,
            "PixelSpacing": None,
            "ImagerPixelSpacing": [0.5, 0.5],
        }
        write_series(folder, 1, side=48, series=str(n), **{**own, **changes})
