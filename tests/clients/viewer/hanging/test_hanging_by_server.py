"""Hanging with a real server: headers before the images, protocols that roam with the account, trials."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from clients.viewer.hanging import builtin
from clients.viewer.hanging.engine import fits, place
from clients.viewer.hanging.keeping import Server, learn
from clients.viewer.hanging.live import situation_of
from clients.viewer.hanging.showing import try_on_server
from clients.viewer.server_studies import AdoptedLine, ServerStudies
from clients.viewer.study import stacks_of
from shared.contract.archive import GetStudy
from shared.contract.errors import RpcError
from tests.clients.viewer.hanging.hanging_builders import write_mammograms
from tests.clients.viewer.viewer_builders import ROOT
from tests.server_process import start_server

pytestmark = pytest.mark.skipif(shutil.which("dcmsend") is None, reason="dcmtk is not installed")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerStudies]:
    """A server with four mammograms, and a signed-in viewer's line to it."""
    folder = tmp_path_factory.mktemp("hanging-server")
    write_mammograms(folder / "files", "LMLO", "RCC", "LCC", "RMLO")
    running = start_server(folder / "data")
    try:
        subprocess.run(
            ["dcmsend", "127.0.0.1", str(running.dicom_port), "-aec", "MINGJING", "+sd", str(folder / "files")],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip
        client = running.client()
        deadline = time.monotonic() + 60
        while True:
            try:
                if client.call(GetStudy(study_uid=f"{ROOT}.9")).row.instance_count == 4:
                    break
            except RpcError:
                assert time.monotonic() < deadline, "the images were not indexed"
            time.sleep(0.05)
        assert client.session is not None
        line = AdoptedLine(str(running.connection), client.session)
        source = ServerStudies(line)
        yield source
        source.stop()
        source.close()
        line.close()
        client.close()
    finally:
        running.stop()


def test_views_are_known_before_any_image_has_come(source: ServerStudies) -> None:
    study = source.study(f"{ROOT}.9")
    texts = learn(source, study)
    assert {one["ImageLaterality"] + one["ViewPosition"] for one in texts.values()} == {"RCC", "LCC", "RMLO", "LMLO"}
    situation, places = situation_of((study,), stacks_of(study), texts)
    protocol = fits(builtin.protocols(), situation)[0].protocol
    placed = place(protocol, protocol.steps[0].cells, situation)
    shown = [texts[one.candidate.sop_instance_uid] for one in placed if one.candidate is not None]
    assert [one["ImageLaterality"] + one["ViewPosition"] for one in shown] == ["RCC", "LCC", "RMLO", "LMLO"]
    assert len(places) == 4


def test_protocols_roam_and_are_tried_on_what_is_there(source: ServerStudies) -> None:
    server = Server(source)
    protocol = next(one for one in builtin.protocols() if one.name == "乳腺钼靶")
    (tried,) = try_on_server(protocol, server)
    assert tried.outcomes == ("ok",) * 4
    kept = server.save(_own(protocol), 0)
    assert [one.protocol for one in server.listed()] == [_own(protocol)]
    server.delete(kept)
    assert server.listed() == []


def _own(protocol: builtin.Protocol) -> builtin.Protocol:
    import msgspec

    return msgspec.structs.replace(protocol, level="user")
