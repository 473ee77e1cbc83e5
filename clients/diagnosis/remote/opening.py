"""How the workstation opens remote consultation: its page, its strip, and both together."""

from __future__ import annotations

from clients.diagnosis.remote.page import RemotePage
from clients.diagnosis.remote.pane import OpenImages, OpenReport
from clients.diagnosis.remote.strip import RemoteStrip
from clients.kit.shell import Workplace
from shared.contract.remote import RemoteNoticeView

PAGE = "remote"


def page(place: Workplace, open_report: OpenReport, open_images: OpenImages) -> RemotePage:
    """Make the page."""
    return RemotePage(place, open_report, open_images)


class Opens:
    """Goes to the page with the request of a notice."""

    def __init__(self, place: Workplace) -> None:
        self._place = place

    def __call__(self, notice: RemoteNoticeView) -> None:
        self._place.go_to(PAGE)
        found = self._place.shell.page_widget(PAGE)
        if isinstance(found, RemotePage):
            found.open_request(notice.request_id, is_asking_side=notice.is_asking_side)


def strip(place: Workplace) -> RemoteStrip:
    """Put the strip of notices above the pages of a window."""
    return RemoteStrip(place, Opens(place))
