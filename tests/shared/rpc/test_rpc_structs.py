"""Types are made known to msgspec by one thread at a time; without that a process ends with a segmentation fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from shared.rpc.structs import decoder_of, know_loaded_types

ROOT = Path(__file__).resolve().parents[3]

# Fresh families of types that hold each other, each decoded for the first time by four threads at once.
SCRIPT = """
import sys, threading, types
import msgspec
from shared.rpc import structs

sys.setswitchinterval(1e-6)
FIELDS = "    number: int = 0\\n    words: 'tuple[str, ...]' = ()\\n"

def family(number):
    source = "import msgspec\\n"
    for one in range(12):
        held = "".join(f"    held{other}: 'Type{other} | None' = None\\n" for other in range(max(0, one - 4), one))
        source += f"class Type{one}(msgspec.Struct):\\n{FIELDS}{held}"
    module = types.ModuleType(f"family{number}")
    sys.modules[module.__name__] = module
    exec(source, module.__dict__)
    return module.Type11, module.Type10

def by_lock(type_, body):
    structs.decoder_of(type_).decode(body)

def by_msgspec(type_, body):
    msgspec.msgpack.decode(body, type=type_)

way = {"lock": by_lock, "known": by_msgspec, "neither": by_msgspec}[sys.argv[1]]
body = msgspec.msgpack.encode({"number": 1, "held9": {"number": 2, "held8": {"number": 3, "held7": {"number": 4}}}})
for number in range(int(sys.argv[2])):
    outer, inner = family(number)
    if sys.argv[1] == "known":
        structs.know_loaded_types()
    together = threading.Barrier(4)
    def work(type_):
        together.wait()
        way(type_, body)
    threads = [threading.Thread(target=work, args=(one,)) for one in (outer, inner, outer, inner)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("all decoded")
"""


def decoded(way: str, families: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, way, str(families)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


@pytest.mark.parametrize("way", ["lock", "known"])
def test_a_type_that_four_threads_decode_first_ends_no_process(way: str) -> None:
    done = decoded(way, 120)
    assert (done.returncode, done.stdout.strip()) == (0, "all decoded"), done.stderr[-2000:]


def test_a_decoder_is_made_once_and_loaded_types_too() -> None:
    class Loaded(msgspec.Struct):
        number: int

    assert know_loaded_types() >= 1
    assert know_loaded_types() == 0
    assert decoder_of(Loaded) is decoder_of(Loaded)
    assert decoder_of(Loaded).decode(msgspec.msgpack.encode({"number": 3})).number == 3


def test_a_type_that_cannot_be_decoded_stops_nobody() -> None:
    class Strange(msgspec.Struct):
        thing: NoSuchType  # type: ignore[name-defined]  # noqa: F821

    assert know_loaded_types() >= 1
    with pytest.raises(NameError):
        decoder_of(Strange)
