"""Writes a folder as an ISO 9660 image with Joliet names, to be burned on a CD or DVD (PS3.12 F, G)."""

from __future__ import annotations

from pathlib import Path


def write_iso(folder: Path, target: Path, label: str) -> None:
    """`folder` holds names of 8.3 upper case letters, digits and underscores only. Raises OSError."""
    from pycdlib import PyCdlib

    iso = PyCdlib()
    iso.new(interchange_level=1, vol_ident=label[:32], joliet=3, sys_ident="", app_ident_str="MINGJING")
    try:
        for path in sorted(folder.rglob("*")):
            parts = path.relative_to(folder).parts
            joliet = "/" + "/".join(parts)
            if path.is_dir():
                iso.add_directory("/" + "/".join(parts), joliet_path=joliet)
            else:
                # an identifier of a file has a point and a version even when it has no extension (ISO 9660 7.5.1)
                name = parts[-1] if "." in parts[-1] else f"{parts[-1]}."
                iso.add_file(str(path), "/" + "/".join([*parts[:-1], f"{name};1"]), joliet_path=joliet)
        iso.write(str(target))
    finally:
        iso.close()
