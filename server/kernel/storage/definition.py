"""A store as the settings file or the administrator describes it, checked, and made from its description."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from server.kernel.storage.medium import MediumStorage
from server.kernel.storage.port import ObjectStorage, StorageError
from server.kernel.storage.s3 import S3Settings, S3Storage
from server.kernel.storage.tiers import Role

ONLINE = "online"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}\Z")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_PREFIX = re.compile(r"[A-Za-z0-9._/-]{0,200}\Z")
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class StoreDefinition:
    """One store. The secret is in no repr; it may stand in a file or an environment variable instead."""

    name: str
    kind: str  # folder, s3
    role: Role
    label: str = ""
    path: str = ""
    endpoint: str = ""
    region: str = ""
    bucket: str = ""
    prefix: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    secret_file: str = ""  # a file with nothing but the secret
    ca_file: str = ""
    capacity_gb: int = 0

    @property
    def title(self) -> str:
        """What people read: the label, or the name."""
        return self.label or self.name

    @property
    def place(self) -> str:
        """Where it is, without any credential."""
        if self.kind == "folder":
            return self.path
        return f"{self.endpoint} {self.bucket}/{self.prefix}".rstrip("/")

    def moved_from(self, other: StoreDefinition) -> bool:
        """Whether this names another place than `other`: copies made there are not here."""
        return self._spot != other._spot

    @property
    def _spot(self) -> tuple[str, ...]:
        if self.kind == "folder":
            return (self.kind, os.path.normcase(os.path.normpath(self.path)))
        return (self.kind, self.endpoint.rstrip("/").lower(), self.bucket, self.prefix.strip("/"))


class WrongDefinition(StorageError):
    """A field is wrong; `field` names it and the text says what is expected."""

    def __init__(self, field_name: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field_name


def parse(values: Mapping[str, Any]) -> StoreDefinition:
    """Read one [[stores]] table. Raises WrongDefinition."""
    known = {item.name: item for item in fields(StoreDefinition)}
    for name, value in values.items():
        if name not in known:
            raise WrongDefinition(name, f"a store has no setting {name!r}; known are: {', '.join(known)}")
        wanted = int if name == "capacity_gb" else str
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise WrongDefinition(name, f"setting {name!r} of a store must be of type {wanted.__name__}")
    for name in ("name", "kind", "role"):
        if not values.get(name):
            raise WrongDefinition(name, f"a store needs the setting {name!r}")
    try:
        role = Role(values["role"])
    except ValueError:
        raise WrongDefinition("role", "the role of a store is online, nearline, archive or offline") from None
    return checked(StoreDefinition(**{**values, "role": role}))


def definitions(tables: Sequence[Mapping[str, Any]]) -> tuple[StoreDefinition, ...]:
    """Read all [[stores]] of a settings file. Raises WrongDefinition."""
    made: list[StoreDefinition] = []
    for table in tables:
        if not isinstance(table, Mapping):
            raise WrongDefinition("stores", "each store is a table: write [[stores]] above its lines")
        one = parse(table)
        if any(other.name == one.name for other in made):
            raise WrongDefinition("name", f"two stores have the name {one.name!r}")
        if any(not one.moved_from(other) for other in made):
            raise WrongDefinition("path", f"store {one.name} has the place of another: two copies there would be one")
        made.append(one)
    return tuple(made)


def checked(made: StoreDefinition) -> StoreDefinition:
    """Return the definition; raise WrongDefinition unless its fields fit together."""
    if not _NAME.match(made.name):
        raise WrongDefinition(
            "name", "the name of a store has small letters, digits and hyphens, at most 39, and begins with no hyphen"
        )
    for item in fields(StoreDefinition):
        if len(str(getattr(made, item.name))) > _LONGEST or "\0" in str(getattr(made, item.name)):
            raise WrongDefinition(item.name, f"setting {item.name!r} of store {made.name} is too long")
    if (made.role is Role.ONLINE) != (made.name == ONLINE):
        raise WrongDefinition("role", "the store that receives has the name and the role online; no other has")
    if made.capacity_gb < 0:
        raise WrongDefinition("capacity_gb", "the capacity of a store is not negative")
    if made.kind == "folder":
        if made.role is Role.ONLINE:
            raise WrongDefinition("kind", "only an S3 store can take the place of the data folder as online store")
        if not Path(made.path).is_absolute():
            raise WrongDefinition("path", f"store {made.name} needs an absolute path")
        return made
    if made.kind != "s3":
        raise WrongDefinition("kind", "the kind of a store is folder or s3")
    if not made.endpoint.startswith(("https://", "http://")):
        raise WrongDefinition("endpoint", f"the endpoint of store {made.name} must begin with https:// or http://")
    if "@" in made.endpoint:
        raise WrongDefinition("endpoint", f"the endpoint of store {made.name} must hold no credentials")
    if not _BUCKET.match(made.bucket):
        raise WrongDefinition("bucket", f"store {made.name} needs a bucket: 3 to 63 small letters, digits and hyphens")
    if not _PREFIX.match(made.prefix) or ".." in made.prefix:
        raise WrongDefinition("prefix", f"the prefix of store {made.name} has letters, digits and . _ / - only")
    if made.ca_file and not Path(made.ca_file).is_file():
        raise WrongDefinition("ca_file", f"the file {made.ca_file} with the authority of store {made.name} is missing")
    return made


def with_secret(made: StoreDefinition, kept: Path | None = None) -> StoreDefinition:
    """Find the credentials of an S3 store: in the definition, a file, the environment, or the secrets folder.

    The environment's variables are MINGJING_STORE_<NAME>_ACCESS_KEY and _SECRET_KEY. `kept` is where the server keeps
    what an administrator entered. Raises WrongDefinition when there are none.
    """
    if made.kind != "s3":
        return made
    prefix = f"MINGJING_STORE_{made.name.upper().replace('-', '_')}"
    access = made.access_key or os.environ.get(f"{prefix}_ACCESS_KEY", "")
    secret = made.secret_key or os.environ.get(f"{prefix}_SECRET_KEY", "")
    for path in (Path(made.secret_file) if made.secret_file else None, kept):
        if not secret and path is not None:
            try:
                secret = path.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError):
                continue
    if not access or not secret:
        raise WrongDefinition(
            "secret_key",
            f"store {made.name} has no access key or no secret: set access_key and secret_file, or the variables "
            f"{prefix}_ACCESS_KEY and {prefix}_SECRET_KEY",
        )
    return replace(made, access_key=access, secret_key=secret)


def built(made: StoreDefinition, medium: str) -> ObjectStorage:
    """The store of a definition with its secret; nothing is asked of disk or network yet."""
    if made.kind == "folder":
        return MediumStorage(Path(made.path), medium, made.title)
    return S3Storage(
        S3Settings(
            endpoint=made.endpoint,
            bucket=made.bucket,
            access_key=made.access_key,
            secret_key=made.secret_key,
            region=made.region or "us-east-1",
            prefix=made.prefix,
            ca_file=made.ca_file,
        )
    )
