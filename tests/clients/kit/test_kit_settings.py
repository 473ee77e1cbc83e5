"""Settings survive restarts, crashes while writing and damaged files."""

from __future__ import annotations

from pathlib import Path

import pytest

from clients.kit.settings import UserSettings, data_folder, write_atomically


def test_values_are_there_after_a_restart(tmp_path: Path) -> None:
    UserSettings(tmp_path / "s.json").set("lists/today", {"hidden": ["价格"]})
    assert UserSettings(tmp_path / "s.json").get("lists/today") == {"hidden": ["价格"]}


def test_a_removed_value_is_gone_after_a_restart(tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "s.json")
    settings.set("a", 1)
    settings.remove("a")
    assert UserSettings(tmp_path / "s.json").get("a", "none") == "none"


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe\x00", b""])
def test_a_damaged_file_is_set_aside_and_never_stops_a_start(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    settings = UserSettings(path)
    assert settings.get("a") is None
    assert (tmp_path / "s.json.damaged").read_bytes() == content
    settings.set("a", 1)
    assert UserSettings(path).get("a") == 1


def test_an_unchanged_value_writes_nothing(tmp_path: Path) -> None:
    settings = UserSettings(tmp_path / "s.json")
    settings.set("a", 1)
    settings.path.unlink()
    settings.set("a", 1)
    assert not settings.path.exists()


def test_user_names_never_become_paths(tmp_path: Path) -> None:
    path = UserSettings.for_user("../../etc/passwd", tmp_path).path
    assert path.parent == tmp_path / "settings"
    assert UserSettings.for_user("张三", tmp_path).path != UserSettings.for_user("李四", tmp_path).path


def test_the_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINGJING_HOME", str(tmp_path / "elsewhere"))
    assert data_folder() == tmp_path / "elsewhere"
    monkeypatch.delenv("MINGJING_HOME")
    assert data_folder().name.lower() == "mingjing"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "f"
    write_atomically(path, b"old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
