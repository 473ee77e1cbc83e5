"""The administrator's workstation: its pages and start."""

from __future__ import annotations

from collections.abc import Sequence

from clients.administration import texts
from clients.administration.people import PEERS, USERS
from clients.administration.table.spec import TableSpec
from clients.administration.tasks import TASKS
from clients.kit.app import run_workstation
from clients.kit.connection import Connector
from clients.kit.shell import Page, Workplace
from clients.kit.translations import register_catalogue
from shared.domain.permissions import Permission

TITLE = "管理工作站"


def _page(page_id: str, title: str, icon: str, spec: TableSpec) -> Page:
    def build(place: Workplace):  # type: ignore[no-untyped-def]
        from clients.administration.table.view import TablePage

        return TablePage(place, spec)

    return Page(page_id, title, icon, build, permission=Permission.ADMINISTER)


def make_pages() -> tuple[Page, ...]:
    """The pages of one window."""
    return (
        _page("tasks", "任务", "hourglass", TASKS),
        _page("peers", "节点", "display", PEERS),
        _page("users", "账号", "key", USERS),
    )


def run(argv: Sequence[str], connector: Connector) -> int:
    """Run the workstation until its window is closed; the exit status."""
    register_catalogue(texts.ENTRIES)
    return run_workstation(TITLE, make_pages(), argv, connector, prog="mingjing administration")
