"""The cache on the disk: what is found again, what never is, limits, damage, other accounts."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients.kit.settings import UserSettings
from clients.viewer.cache import CacheSettings, DiskCache, Item, LoadSettings
from clients.viewer.cache import disk as disk_module
from clients.viewer.cache.place import cache_folder, cache_key

HOUSE = Path(__file__).resolve().parents[4]
KEY = bytes(range(32))
SYNTAX = "1.2.840.10008.1.2.1"
PIXELS = b"a row of a patient's image " * 40


def an_item(n: int = 1, study: str = "1.2.3", version: str = "v1") -> Item:
    return Item(study, f"1.2.3.{n}", 1, version)


Maker = Callable[..., DiskCache]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Maker]:
    made: list[DiskCache] = []

    def make(server: str = "hospital", *, limit_mb: int = 1000, enabled: bool = True, key: bytes = KEY) -> DiskCache:
        settings = CacheSettings(enabled, limit_mb)
        cache = DiskCache(server, settings, folder=tmp_path / "cache", key=key, spare_bytes=0)
        made.append(cache)
        return cache

    yield make
    for cache in made:
        cache.close()


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def keep(cache: DiskCache, item: Item, data: bytes = PIXELS) -> None:
    assert cache.keep(item, data, SYNTAX) and cache.settle()


def test_what_was_kept_is_found_after_a_restart(make: Maker) -> None:
    first = make()
    keep(first, an_item())
    first.close()

    kept = make().get(an_item())

    assert kept is not None and bytes(kept.data) == PIXELS and kept.transfer_syntax == SYNTAX


def test_another_version_study_server_frame_or_image_is_never_found(make: Maker) -> None:
    keep(make(), an_item())
    others = [
        an_item(version="v2"),
        an_item(version=""),
        an_item(study="1.2.4"),
        an_item(2),
        Item("1.2.3", "1.2.3.1", 2, "v1"),
    ]

    assert [make().get(item) for item in others] == [None] * 5
    assert not any(make().has(item) for item in others) and make().has(an_item())
    assert make("other hospital").get(an_item()) is None


def test_without_a_version_nothing_is_kept(make: Maker, tmp_path: Path) -> None:
    cache = make()

    assert not cache.keep(an_item(version=""), PIXELS, SYNTAX)
    assert not files_below(tmp_path)


def test_the_files_tell_nothing_without_the_key(make: Maker, tmp_path: Path) -> None:
    keep(make(), an_item())

    (path,) = files_below(tmp_path)
    raw = path.read_bytes()
    assert b"patient" not in raw and "1.2.3" not in str(path.relative_to(tmp_path))
    assert make(key=bytes(32)).get(an_item()) is None
    if sys.platform != "win32":
        assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [0, 3, 17, 40, -1])
def test_a_torn_file_is_a_miss_and_goes(make: Maker, tmp_path: Path, cut: int) -> None:
    cache = make()
    keep(cache, an_item())
    (path,) = files_below(tmp_path)
    path.write_bytes(path.read_bytes()[:cut])

    assert cache.get(an_item()) is None
    assert not path.exists()
    keep(cache, an_item())
    assert cache.get(an_item()) is not None


def test_files_cannot_be_exchanged(make: Maker, tmp_path: Path) -> None:
    """Somebody who can write the folder must not put one patient's image in the place of another's."""
    cache = make()
    keep(cache, an_item(1))
    (one,) = files_below(tmp_path)
    keep(cache, an_item(2), b"another patient")
    (two,) = set(files_below(tmp_path)) - {one}
    one.write_bytes(two.read_bytes())

    assert cache.get(an_item(1)) is None


def test_a_description_deletes_what_it_does_not_name(make: Maker, tmp_path: Path) -> None:
    cache = make()
    for n in (1, 2, 3):
        keep(cache, an_item(n))

    cache.described("1.2.3", [an_item(1), an_item(2, version="v2"), an_item(7)])

    assert len(files_below(tmp_path)) == 1 and cache.get(an_item(1)) is not None
    cache.forget("1.2.3")
    assert not files_below(tmp_path) and cache.get(an_item(1)) is None


def test_over_the_limit_the_study_unused_for_longest_goes(
    make: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "LOOK_EVERY_BYTES", 100_000)
    cache = make(limit_mb=2)
    studies = [f"1.2.{n}" for n in range(4)]
    for age, study in enumerate(studies[:3]):
        for n in range(5):
            keep(cache, an_item(n, study), bytes(100_000))
        folder = tmp_path / "cache" / "v1" / cache._seal.folder_of(study)  # type: ignore[union-attr]
        os.utime(folder, (1000 + age, 1000 + age))
    cache.described(studies[0], [an_item(n, studies[0]) for n in range(5)])  # opened again
    cache.described(studies[3], [])
    for n in range(7):
        keep(cache, an_item(n, studies[3]), bytes(100_000))

    assert cache.usage() <= 2_000_000
    assert cache.has(an_item(0, studies[0])) and cache.has(an_item(0, studies[3]))
    assert not cache.has(an_item(0, studies[1]))


def test_one_study_larger_than_the_limit_stops_at_it(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "LOOK_EVERY_BYTES", 50_000)
    cache = make(limit_mb=1)
    cache.described("1.2.3", [])
    for n in range(20):
        cache.keep(an_item(n), bytes(100_000), SYNTAX)
        cache.settle()

    assert cache.has(an_item(0)) and cache.usage() <= 1_000_000


def test_off_it_neither_keeps_nor_finds_and_clear_empties_it(make: Maker, tmp_path: Path) -> None:
    cache = make()
    keep(cache, an_item())
    cache.configure(CacheSettings(enabled=False))

    assert cache.get(an_item()) is None and not cache.keep(an_item(2), PIXELS, SYNTAX)

    assert cache.clear() > len(PIXELS)
    assert not files_below(tmp_path) and cache.usage() == 0
    cache.configure(CacheSettings())
    keep(cache, an_item())
    assert cache.get(an_item()) is not None


def test_too_much_at_once_is_left_out_or_waited_for(make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_module, "WAITING_BYTES", 10_000)
    cache = make()
    write = cache._write
    monkeypatch.setattr(cache, "_write", lambda *work: (time.sleep(0.01), write(*work)))

    taken = [cache.keep(an_item(n), bytes(4000), SYNTAX) for n in range(10)]
    assert taken[0] and not all(taken)
    for n in range(10):
        assert cache.keep(an_item(n), bytes(4000), SYNTAX, wait=True)
    assert cache.settle() and all(cache.has(an_item(n)) for n in range(10))


def test_a_disk_that_refuses_is_asked_again_later_and_harms_nothing(
    make: Maker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    cache = make()

    def refuse(*_work: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write", refuse)
    assert cache.keep(an_item(), PIXELS, SYNTAX) and cache.settle()

    assert not cache.keep(an_item(2), PIXELS, SYNTAX)
    assert "rests" in caplog.text


def test_killed_in_the_middle_of_writing_it_opens_again(tmp_path: Path) -> None:
    """What was kept before the kill is whole or a miss, never half an image."""
    program = (
        "import sys; from pathlib import Path; from clients.viewer.cache import DiskCache, Item\n"
        f"cache = DiskCache('hospital', folder=Path({str(tmp_path)!r}), key=bytes(range(32)), spare_bytes=0)\n"
        "for n in range(100000):\n"
        "    cache.keep(Item('1.2.3', f'1.2.3.{n}', 1, 'v1'), bytes([n % 256]) * 500_000, '1.2', wait=True)\n"
        "    if n == 150: print('go', flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, cwd=HOUSE)
    assert process.stdout is not None
    process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()

    cache = DiskCache("hospital", folder=tmp_path, key=KEY, spare_bytes=0)
    found = [(n, kept) for n in range(200) if (kept := cache.get(Item("1.2.3", f"1.2.3.{n}", 1, "v1"))) is not None]
    cache.described("1.2.3", [Item("1.2.3", f"1.2.3.{n}", 1, "v1") for n in range(200)])

    assert found and all(bytes(kept.data) == bytes([n % 256]) * 500_000 for n, kept in found)
    assert not [path for path in files_below(tmp_path) if path.name.startswith("tmp-")]


def test_the_key_is_made_once_for_this_account_and_a_damaged_one_is_replaced(tmp_path: Path) -> None:
    key = cache_key(tmp_path)

    assert cache_key(tmp_path) == key and len(key) == 32
    (path,) = files_below(tmp_path)
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o077 == 0
    path.write_bytes(b"short")
    assert len(cache_key(tmp_path)) == 32 != key


def test_the_folder_follows_the_home_of_the_workstation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "cache" / "viewer"
    monkeypatch.delenv("MINGJING_HOME")
    assert "mingjing" in str(cache_folder())


@pytest.mark.parametrize(("said", "meant"), [(None, 10_000), ("much", 10_000), (5, 10_000), (True, 10_000), (500, 500)])
def test_nonsense_in_the_settings_is_the_default(tmp_path: Path, said: object, meant: int) -> None:
    settings = UserSettings(tmp_path / "s.json")
    settings.set("viewer/cache/limit_mb", said)

    assert CacheSettings.read(settings) == CacheSettings(True, meant)
    CacheSettings(False, 700).write(settings)
    LoadSettings(False).write(settings)
    assert CacheSettings.read(settings) == CacheSettings(False, 700) and not LoadSettings.read(settings).load_all
