"""Where registrations are kept: the server's word counts where there is one, the files of this computer otherwise."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import numpy as np

from clients.viewer.registration.book import Entry, kept_of, side_of
from clients.viewer.registration.keeping import Keeping
from clients.viewer.study import stacks_of
from shared.contract.registration import ClearRegistration, ListRegistrations, RegistrationView, SaveRegistration
from shared.imaging.geometry import PointMm
from shared.imaging.registration import RigidTransform
from tests.clients.viewer.viewer_builders import a_series, a_study

STUDY = a_study(
    replace(a_series(5, series="1"), frame_of_reference_uid="1.5"),
    replace(a_series(5, series="2"), frame_of_reference_uid="1.6"),
)


def an_entry() -> Entry:
    fixed, moving = (side_of(stack) for stack in stacks_of(STUDY))
    return Entry(fixed, moving, RigidTransform.from_numbers((1, 2, 3), (0, 5, 0), PointMm(0, 0, 4)))


class AServer:
    """Answers as the service does."""

    def __init__(self) -> None:
        self.kept: dict[str, RegistrationView] = {}
        self.asked: list[object] = []

    def call(self, request: object) -> object:
        self.asked.append(request)
        if isinstance(request, SaveRegistration):
            view = RegistrationView(
                id=1, version=1, pair="p", author_name="李四", saved_at=dt.datetime.now(dt.UTC), kept=request.kept
            )
            self.kept["p"] = view
            return view
        if isinstance(request, ClearRegistration):
            return (self.kept.pop("p"),)
        return tuple(self.kept.values())


def test_a_server_keeps_and_tells_whose_it_is(tmp_path: Path) -> None:
    server = AServer()
    keeping = Keeping(server, tmp_path)
    keeping.save(an_entry())
    (read,) = keeping.find([STUDY]).kept
    assert read.author == "李四" and isinstance(server.asked[-1], ListRegistrations)
    np.testing.assert_allclose(read.transform.matrix, an_entry().transform.matrix)
    keeping.clear(read.fixed, read.moving)
    assert keeping.find([STUDY]).kept == () and not list(tmp_path.rglob("*.json"))


def test_this_computer_keeps_for_files_whichever_way_round(tmp_path: Path) -> None:
    entry = an_entry()
    Keeping(None, tmp_path).save(replace(entry, fixed=entry.moving, moving=entry.fixed))
    (read,) = Keeping(None, tmp_path).find([STUDY]).kept
    assert read.fixed == entry.moving and kept_of(read).matrix == kept_of(entry).matrix
    Keeping(None, tmp_path).clear(entry.fixed, entry.moving)
    assert Keeping(None, tmp_path).find([STUDY]).kept == ()


def test_a_damaged_file_is_no_registration(tmp_path: Path) -> None:
    keeping = Keeping(None, tmp_path)
    keeping.save(an_entry())
    for path in tmp_path.rglob("*.json"):
        path.write_bytes(b"{torn")
    assert keeping.find([STUDY]).kept == ()
