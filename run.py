"""Prepare this checkout and run a command: ``python3 run.py demo``, ``python3 run.py test``.

Python's standard library only. It makes ``.venv`` from ``requirements.lock`` (again when the lock
changes), installs the system libraries that Qt and the tests need when it may (Debian or Ubuntu, as
root) and otherwise prints the exact line to type, then hands over to the ``mingjing`` command.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
STAMP = VENV / "installed-lock.sha256"
WHEELS = ROOT / "wheels"  # a release folder brings the libraries along (`mingjing package`)
MINIMUM_PYTHON = (3, 11)

# What the windows need (the workstations) and what the tests and the demo use as the other side.
WINDOW_PACKAGES = (
    "libgl1 libegl1 libxkbcommon0 libglib2.0-0 libfontconfig1 libdbus-1-3 libpulse0 "
    "libxcb-cursor0 libxkbcommon-x11-0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0"
).split()
PEER_PACKAGES = "dcmtk dicom3tools poppler-utils xvfb default-jdk-headless libjaxb-java".split()


def main(arguments: list[str]) -> int:
    if sys.version_info < MINIMUM_PYTHON:
        print("Mingjing needs Python 3.11 or newer; this is", platform.python_version(), file=sys.stderr)
        return 2
    if arguments[:1] == ["lock"]:
        return _make_lock()
    command = arguments or ["help"]
    _prepare_system(WINDOW_PACKAGES + (PEER_PACKAGES if command[0] in {"demo", "test"} else []))
    _prepare_venv()
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(_python_path()), PYTHONUTF8="1")
    return subprocess.call([str(_venv_python()), "-m", "mingjing", *command], env=environment)


def _python_path() -> list[str]:
    inherited = os.environ.get("PYTHONPATH")
    return [str(ROOT)] + ([inherited] if inherited else [])


def _venv_python() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _prepare_venv() -> None:
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if STAMP.exists() and STAMP.read_text().strip() == wanted:
        return
    print("Preparing .venv from requirements.lock (the first time this takes a few minutes) …", flush=True)
    started = time.monotonic()
    if not _venv_python().exists():
        subprocess.check_call([sys.executable, "-m", "venv", str(VENV)])
    pip = [str(_venv_python()), "-m", "pip", "--disable-pip-version-check", "--quiet"]
    # --no-deps: the lock names everything; hashes are in the lock and pip checks them.
    install = [*pip, "install", "--no-deps", *(["--no-index", "--find-links", str(WHEELS)] if WHEELS.is_dir() else [])]
    subprocess.check_call([*install, "--require-hashes", "-r", str(LOCK)], cwd=ROOT)
    subprocess.check_call([*install, "--no-build-isolation", "--editable", str(ROOT)], cwd=ROOT)
    STAMP.write_text(wanted + "\n")
    print(f"Ready in {time.monotonic() - started:.0f} s.", flush=True)


def _prepare_system(packages: list[str]) -> None:
    if platform.system() != "Linux" or shutil.which("dpkg-query") is None:
        return
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if os.geteuid() != 0:
        print("Some system packages are missing. Please type:\n\n    sudo " + line + "\n", file=sys.stderr)
        return
    print("Installing system packages:", " ".join(missing), flush=True)
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    quiet = {"env": environment, "stdout": subprocess.DEVNULL}
    subprocess.call(["apt-get", "update", "-qq"], **quiet)  # type: ignore[call-overload]
    if subprocess.call(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], **quiet) != 0:  # type: ignore[call-overload]
        print("That did not work. Please type:\n\n    " + line + "\n", file=sys.stderr)


def _is_installed(package: str) -> bool:
    for name in (package, package + "t64"):  # Debian 13 and Ubuntu 24.04 renamed some for 64-bit time
        asked = subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True, check=False)
        if asked.stdout.endswith("ok installed"):
            return True
    return False


def _make_lock() -> int:
    uv = shutil.which("uv")
    if uv is None:
        print("`python3 run.py lock` needs uv: pip install uv", file=sys.stderr)
        return 2
    options = ["--universal", "--python-version", "3.11", "--no-emit-index-url", "--generate-hashes", "-q"]
    options += ["--override", "requirements.override"]
    return subprocess.call([uv, "pip", "compile", *options, "requirements.in", "-o", LOCK.name], cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
