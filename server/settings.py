"""Typed settings of the server: defaults, then a TOML file, then the command line."""

from __future__ import annotations

import ipaddress
import json
import re
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

_HOURS = re.compile(r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d")


class SettingsError(ValueError):
    """A setting is unknown or has a wrong value; the message names it and says what is expected."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a hospital may set. Durations in seconds or minutes as named; sizes in MB."""

    data: Path = field(default_factory=lambda: Path("mingjing-data"))
    listen: str = "127.0.0.1"
    rpc_port: int = 7411
    dicom_port: int = 11112
    http_port: int = 8080
    hl7_port: int = 2575  # HL7 v2 by MLLP from hospital systems; -1 opens none
    hl7_tls_port: int = -1  # the same by TLS, with the certificate of DICOM; -1 opens none
    database: str = ""  # SQLAlchemy URL; empty is the embedded SQLite
    time_zone: str = ""  # IANA name, e.g. "Asia/Shanghai"; empty is this machine's
    ae_title: str = "MINGJING"
    dicom_tls_port: int = -1  # DICOM by TLS; -1 opens none
    dicom_tls_certificate: str = ""  # PEM file with the certificate and its chain, also shown to peers that we call
    dicom_tls_key: str = ""  # PEM file with its private key, without a password
    dicom_tls_authorities: str = ""  # PEM file with the authorities whose certificates peers may have
    dicom_tls_require_client: bool = True  # peers must show a certificate too
    dicom_workers: int = 2  # processes that share the DICOM port
    dicom_loopback_free: bool = True  # peers on this machine need not be known
    web_workers: int = 2  # processes that share the web port
    web_url: str = ""  # where clients reach DICOMweb, e.g. "https://host/dicom-web"; empty: as they call it
    web_origins: str = ""  # origins of web pages whose scripts may use DICOMweb, separated by spaces
    web_loopback_free: bool = False  # programs on this machine may read by DICOMweb without a token
    web_cache_mb: int = 1000  # prepared metadata kept on disk
    durability: str = "object"  # object, group or none
    object_keys: str = "blake3"  # or sha256: what new objects are named by; either is read for ever
    direct_writes: bool = True  # past the page cache where durability is object (decision 016)
    reserve_mb: int = 500  # refuse images below this much free space
    mask_names: bool = True  # on the hall display
    captcha_after: int = 3  # wrong passwords after which a captcha is asked; 0: from the first log-in on, -1: never
    lock_idle_minutes: int = 30  # a report lock without a heartbeat for so long is free
    may_audit_own_report: bool = False
    night_duty: str = ""  # e.g. "20:00-07:30": hours in which a doctor may audit the own report; empty: never
    score_scale: str = "grades"  # of image and report quality: grades (甲 乙 丙 丁) or points (0 to 100)
    medical_record_url: str = ""  # e.g. "https://emr.hospital/record?patient={patient}"
    verify_url: str = ""  # where the QR code of a printed report leads, e.g. "https://host/verify"
    import_folders: str = ""  # folders of this machine that imports may read, separated by semicolons
    export_folders: str = ""  # folders of this machine that exports may write, separated by semicolons
    backup_folder: str = ""  # where backups go, best on another machine's disk; empty: only the command line makes them
    cache_mb: int = 20_000  # of objects read from distant stores; 0 keeps none
    scrub_gb_per_night: int = 200  # of copies in other stores read again and compared, 22:00 to 6:00; 0: none
    scrub_days: int = 90  # within which every copy shall be read again
    stores: list[dict[str, Any]] = field(default_factory=list)  # [[stores]], see docs/guide/storage.md
    log_level: str = "INFO"

    @property
    def is_loopback(self) -> bool:
        """Whether the doors are open to this machine only."""
        if self.listen == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.listen).is_loopback
        except ValueError:
            return False


def load(path: Path | None, overrides: dict[str, Any]) -> Settings:
    """Read a settings file, if given, and put `overrides` (None values are absent) on top. Raises SettingsError."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsError(f"{path} is no TOML file: {error}") from error
    values.update({name: value for name, value in overrides.items() if value is not None})
    return _checked(values)


def to_text(settings: Settings) -> str:
    """Return settings as JSON text, for a worker process."""
    return json.dumps({item.name: getattr(settings, item.name) for item in fields(Settings)}, default=str)


def from_text(text: str) -> Settings:
    """Return the settings that `to_text` wrote. Raises SettingsError."""
    return _checked(json.loads(text))


def _checked(values: dict[str, Any]) -> Settings:
    defaults = Settings()
    known = {item.name for item in fields(Settings)}
    for name, value in values.items():
        if name not in known:
            raise SettingsError(f"unknown setting {name!r}; known are: {', '.join(sorted(known))}")
        expected = type(getattr(defaults, name))
        if isinstance(defaults.data, expected) and isinstance(value, str):
            values = {**values, name: Path(value)}
        elif not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            raise SettingsError(f"setting {name!r} must be of type {expected.__name__}, not {value!r}")
    settings = replace(defaults, **values)
    if settings.durability not in {"object", "group", "none"}:
        raise SettingsError("setting 'durability' must be object, group or none")
    if settings.score_scale not in {"grades", "points"}:
        raise SettingsError("setting 'score_scale' must be grades or points")
    if settings.medical_record_url and not settings.medical_record_url.startswith(("https://", "http://")):
        raise SettingsError("setting 'medical_record_url' must begin with https:// or http://")
    if settings.night_duty and not _HOURS.fullmatch(settings.night_duty):
        raise SettingsError("setting 'night_duty' must be hours like 20:00-07:30, or empty")
    if settings.object_keys not in {"blake3", "sha256"}:
        raise SettingsError("setting 'object_keys' must be blake3 or sha256")
    for name in ("rpc_port", "dicom_port", "http_port"):
        if not 0 <= getattr(settings, name) <= 65532:
            raise SettingsError(f"setting {name!r} must be a port from 0 (any) to 65532")
    if not -1 <= settings.dicom_tls_port <= 65532:
        raise SettingsError("setting 'dicom_tls_port' must be a port from 0 (any) to 65532, or -1 for none")
    if not -1 <= settings.captcha_after <= 8:
        raise SettingsError("setting 'captcha_after' must be 0 to 8 wrong passwords, or -1 for never")
    for name in ("hl7_port", "hl7_tls_port"):
        if not -1 <= getattr(settings, name) <= 65532:
            raise SettingsError(f"setting {name!r} must be a port from 0 (any) to 65532, or -1 for none")
    if not 0 <= settings.scrub_gb_per_night < 1 << 20:
        raise SettingsError("setting 'scrub_gb_per_night' must be 0 (none) or a number of GB")
    if not 1 <= settings.scrub_days <= 3650:
        raise SettingsError("setting 'scrub_days' must be between 1 and 3650")
    if not 0 <= settings.cache_mb < 1 << 30:
        raise SettingsError("setting 'cache_mb' must be 0 (none) or the size of the cache in MB")
    _check_stores(settings.stores)
    if not 1 <= settings.dicom_workers <= 64:
        raise SettingsError("setting 'dicom_workers' must be 1 to 64")
    if not 1 <= settings.web_workers <= 64:
        raise SettingsError("setting 'web_workers' must be 1 to 64")
    if settings.web_url and not settings.web_url.startswith(("https://", "http://")):
        raise SettingsError("setting 'web_url' must begin with https:// or http://")
    return settings


def _check_stores(tables: list[dict[str, Any]]) -> None:
    """Raise SettingsError for a [[stores]] table that cannot be one."""
    if not tables:
        return
    from server.kernel.storage.definition import definitions
    from server.kernel.storage.port import StorageError

    try:
        definitions(tables)
    except StorageError as wrong:
        raise SettingsError(f"setting 'stores': {wrong}") from wrong
