"""Views that a reader keeps: camera, look, crop and cuts by series, in a small file per series on this desk. No Qt."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from clients.kit.settings import data_folder, write_atomically
from clients.viewer.vr.scene import Scene, scene_from_json, scene_to_json

MOST_VIEWS = 50
MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class SavedView:
    """A view and the name the reader gave it."""

    name: str
    scene: Scene


class SavedViews:
    """The views of one series. The file's name is a hash, so that it tells no identifier."""

    def __init__(self, series_uid: str, folder: Path | None = None) -> None:
        name = hashlib.sha256(series_uid.encode()).hexdigest()[:32]
        self.path = (folder or data_folder() / "volume-views") / f"{name}.json"
        self._views = self._read()

    @property
    def all(self) -> tuple[SavedView, ...]:
        """In the order of saving."""
        return self._views

    def save(self, view: SavedView) -> None:
        """Add, or replace the one of the same name; raises OSError when the disk refuses."""
        self._write((*(v for v in self._views if v.name != view.name), view)[-MOST_VIEWS:])

    def remove(self, name: str) -> None:
        """Forget a view; raises OSError when the disk refuses."""
        self._write(tuple(v for v in self._views if v.name != name))

    def free_name(self, stem: str) -> str:
        """``stem`` with the first number that is not taken."""
        taken = {view.name for view in self._views}
        return next(name for n in range(1, MOST_VIEWS + 2) if (name := f"{stem} {n}") not in taken)

    def _write(self, views: tuple[SavedView, ...]) -> None:
        entries = [{"name": view.name, "scene": scene_to_json(view.scene)} for view in views]
        write_atomically(self.path, json.dumps({"views": entries}, ensure_ascii=False).encode())
        self._views = views

    def _read(self) -> tuple[SavedView, ...]:
        try:
            if self.path.stat().st_size > MOST_BYTES:
                return ()
            entries = json.loads(self.path.read_text(encoding="utf-8"))["views"]
        except (OSError, ValueError, KeyError, TypeError):
            return ()
        views = []
        for entry in entries[:MOST_VIEWS] if isinstance(entries, list) else []:
            try:
                views.append(SavedView(str(entry["name"])[:100], scene_from_json(entry["scene"])))
            except (ValueError, KeyError, TypeError):
                continue
        return tuple(views)
