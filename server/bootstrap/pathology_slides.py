"""Puts whole-slide images together: what they take from cases, uploads and the archive."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from server.archive.exchange.reading import NotReadable, find_object
from server.archive.exchange.uploads import Uploads
from server.archive.receive import StoreRefused
from server.archive.tables import Instance, Series
from server.pathology.slides.annotations import Annotations
from server.pathology.slides.importing import SlideMaker
from server.pathology.slides.ports import NotYet
from server.pathology.slides.rpc import SlidesRpc
from server.pathology.slides.service import SlideService

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from server.bootstrap.jobs import JobsHouse
    from server.bootstrap.pathology import PathologyHouse
    from server.bootstrap.results import Receive
    from server.kernel.database import UnitOfWork
    from server.kernel.jobs import JobKind
    from server.pathology.slides.ports import Cases


@dataclass(frozen=True, slots=True)
class PathologySlides:
    """The room, put together."""

    service: SlideService
    handlers: SlidesRpc
    cases: Cases


class ArchiveOfSlides:
    """pathology.slides.ports.Archive over the receiver and the index."""

    def __init__(self, receive: Receive | None, ae_title: str) -> None:
        """Without `receive`, as in the server's own process, nothing can be stored."""
        self._receive = receive
        self._ae_title = ae_title

    def store(self, path: Path) -> str:
        assert self._receive is not None
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            whole = memoryview(mapped)
            try:
                found = find_object(whole)
                data = whole[found.offset :]
                try:
                    self._receive(found.what, self._ae_title, data)
                finally:
                    data.release()
                return found.what.sop_instance_uid
            except StoreRefused as refused:
                raise NotYet(f"存档没有接收：{refused.sentence}") from None
            except NotReadable as fault:
                raise NotYet(str(fault)) from fault
            finally:
                whole.release()

    def holds(self, uow: UnitOfWork, sop_uids: Sequence[str]) -> bool:
        counted = select(func.count()).select_from(Instance).where(Instance.uid.in_(sop_uids))
        return int(uow.session.execute(counted).scalar_one()) >= len(set(sop_uids))

    def knows_series(self, uow: UnitOfWork, series_uid: str) -> bool:
        return uow.session.execute(select(Series.id).where(Series.uid == series_uid).limit(1)).first() is not None


def build_pathology_slides(house: PathologyHouse, cases: Cases) -> PathologySlides:
    """The services and handlers. Scanners' files wait beside the uploads, on the same disk."""
    reserve_bytes = house.settings.reserve_mb << 20
    uploads = Uploads(house.database, house.folders.uploads, reserve_bytes)
    service = SlideService(house.database, cases, uploads, house.folders.uploads / "slides", house.time)
    annotations = Annotations(ArchiveOfSlides(None, ""), house.time)
    return PathologySlides(service, SlidesRpc(service, annotations), cases)


def job_kinds(house: JobsHouse) -> list[JobKind]:
    """Converting scanners' files."""
    from server.bootstrap.indexing import receiver_of  # it imports the areas, which import this module

    areas = house.areas
    receiver = receiver_of(house.settings, house.relay_address, house.relay_token, areas)
    archive = ArchiveOfSlides(receiver.receive, house.settings.ae_title)
    slides = areas.pathology.slides
    scratch = house.folders.workshop
    return SlideMaker(house.database, slides.service, slides.cases, archive, scratch, areas.time).kinds()
