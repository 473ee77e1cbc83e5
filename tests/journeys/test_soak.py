"""Objects and associations leave nothing behind in the whole server; benchmarks/bench_soak.py is the long form."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from server_process import running_server

from tests.benchmarks.bench_archive import indexed
from tests.benchmarks.bench_soak import associate, load_of, store
from tests.benchmarks.bench_store import Target
from tests.server.archive.archive_house import eventually

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def test_objects_and_associations_leave_nothing_behind(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        pid = server.process.pid
        target = Target("127.0.0.1", server.dicom_port, "MINGJING", lambda: None)
        store(target, range(1000))
        associate(target, 60)
        indexed(tmp_path, 1000)
        before = load_of(pid)
        store(target, range(1000, 3000))
        associate(target, 300)
        indexed(tmp_path, 3000)
        # Pools of connections and threads fill when they are needed; what leaks, leaks per association or object.
        eventually(lambda: load_of(pid).threads <= before.threads + 12, 30)
        eventually(lambda: load_of(pid).descriptors <= before.descriptors + 40, 30)
        eventually(lambda: load_of(pid).mib < before.mib * 1.1, 30)
