"""The kit's connection to a real server: the line, and what the server says of itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rpc_house import RpcHouse

from clients.kit.connection import LineReport, LineState
from clients.kit.server_connection import ServerConnection


def wait_for(condition: Callable[[], bool], seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        threading.Event().wait(0.02)


def test_a_disk_that_fills_up_is_told_before_it_is_full(tmp_path: Path) -> None:
    house = RpcHouse(tmp_path)
    reports: list[LineReport] = []
    with house.on_sockets() as address:
        connection = ServerConnection(str(address))
        connection.on_line_state(reports.append)
        wait_for(lambda: reports[-1].state is LineState.ONLINE)
        assert reports[-1].warning == ""
        house.disk_warning = "服务器磁盘空间即将用完"
        wait_for(lambda: reports[-1].warning == "服务器磁盘空间即将用完")
        house.disk_warning = ""
        wait_for(lambda: reports[-1].warning == "")
        assert all(report.state is LineState.ONLINE for report in reports[1:])
        connection.close()
    house.close()


def test_a_malformed_connection_string_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="not a connection string"):
        ServerConnection("http://example")
