"""Rows of the archive's index: patients as the images name them, studies, series, instances, conflicting versions.

Text columns that end in `_key` are folded for searching. Dates and times are DICOM's own (DA, TM), as they came.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.kernel.database import Base, UtcDateTime, Versioned

# Ranges over prefixes need an index ordered by code point, which PostgreSQL has only with the collation "C".
_Ordered = String().with_variant(String(collation="C"), "postgresql")
_Big = BigInteger().with_variant(Integer, "sqlite")


class ImagePatient(Base):
    """A patient as images name it; the hospital's own patients are the patients area's business."""

    __tablename__ = "image_patients"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity: Mapped[str] = mapped_column(String, unique=True)  # patient id and issuer, or the study without patient id
    patient_id: Mapped[str] = mapped_column(_Ordered, index=True)
    issuer: Mapped[str] = mapped_column(String, default="")
    name: Mapped[str] = mapped_column(String, default="")
    name_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    ideographic_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    phonetic_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    birth_date: Mapped[str] = mapped_column(String, default="")
    sex: Mapped[str] = mapped_column(String, default="")


class Study(Base, Versioned):
    """A study with the patient's attributes as its own images state them, and what is derived from its series."""

    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(_Ordered, unique=True)
    image_patient_id: Mapped[int] = mapped_column(ForeignKey("image_patients.id"), index=True)
    patient_id: Mapped[str] = mapped_column(_Ordered, index=True)
    issuer: Mapped[str] = mapped_column(String, default="")
    patient_name: Mapped[str] = mapped_column(String, default="")
    name_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    ideographic_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    phonetic_key: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    birth_date: Mapped[str] = mapped_column(String, default="")
    sex: Mapped[str] = mapped_column(String, default="")
    age: Mapped[str] = mapped_column(String, default="")
    accession: Mapped[str] = mapped_column(_Ordered, default="", index=True)
    study_date: Mapped[str] = mapped_column(_Ordered, default="")
    study_time: Mapped[str] = mapped_column(_Ordered, default="")
    timezone: Mapped[str] = mapped_column(String, default="")
    study_id: Mapped[str] = mapped_column(String, default="")
    description: Mapped[str] = mapped_column(String, default="")
    referring_name: Mapped[str] = mapped_column(String, default="")
    institution: Mapped[str] = mapped_column(String, default="")
    manufacturer: Mapped[str] = mapped_column(String, default="")
    modalities: Mapped[str] = mapped_column(String, default="")  # sorted, separated by backslashes
    sop_classes: Mapped[str] = mapped_column(String, default="")  # sorted, separated by backslashes
    series_count: Mapped[int] = mapped_column(Integer, default=0)
    instance_count: Mapped[int] = mapped_column(Integer, default=0)
    bytes_stored: Mapped[int] = mapped_column(_Big, default=0)
    conflicts: Mapped[int] = mapped_column(Integer, default=0)
    calling_ae: Mapped[str] = mapped_column(String, default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    match_state: Mapped[str] = mapped_column(String, default="pending")  # rules.MatchState
    exam_id: Mapped[int | None] = mapped_column(Integer, default=None, index=True)
    why_unmatched: Mapped[str] = mapped_column(String, default="")
    completeness: Mapped[str] = mapped_column(String, default="unknown")  # complete, short, unknown
    missing_count: Mapped[int] = mapped_column(Integer, default=0)  # promised by a source, not here
    availability: Mapped[str] = mapped_column(String, default="ONLINE")  # DICOM (0008,0056): ONLINE, NEARLINE, OFFLINE
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=None)
    charset_note: Mapped[str] = mapped_column(String, default="")  # what the character-set doctor found; empty: nothing
    forced_charset: Mapped[str] = mapped_column(String, default="")  # set by hand; empty: the doctor decides
    details: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # further attributes (query_keys.DETAILS)
    # Attributes that replace the files' own whenever an object of the study leaves the archive (msgpack, tag → text).
    correction: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)

    __table_args__ = (
        Index("ix_studies_date_time", "study_date", "study_time", "id"),
        Index("ix_studies_match_state_received_at", "match_state", "received_at"),
        Index("ix_studies_changed_at", "changed_at"),
    )


class Series(Base):
    """A series; `attributes` are the decoding and placing attributes of its first instance (attributes.py)."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(_Ordered, unique=True)
    study_pk: Mapped[int] = mapped_column(ForeignKey("studies.id"), index=True)
    modality: Mapped[str] = mapped_column(String, default="")
    number: Mapped[int | None] = mapped_column(Integer, default=None)
    description: Mapped[str] = mapped_column(String, default="")
    body_part: Mapped[str] = mapped_column(String, default="")
    protocol: Mapped[str] = mapped_column(String, default="")
    laterality: Mapped[str] = mapped_column(String, default="")
    series_date: Mapped[str] = mapped_column(String, default="")
    series_time: Mapped[str] = mapped_column(String, default="")
    station: Mapped[str] = mapped_column(String, default="")
    manufacturer: Mapped[str] = mapped_column(String, default="")
    model: Mapped[str] = mapped_column(String, default="")
    institution: Mapped[str] = mapped_column(String, default="")
    frame_of_reference_uid: Mapped[str] = mapped_column(String, default="")
    instance_count: Mapped[int] = mapped_column(Integer, default=0)
    calling_ae: Mapped[str] = mapped_column(String, default="")
    attributes: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    details: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # further attributes, as of a study
    correction: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # goes before the study's


class Instance(Base):
    """An instance; `attributes` hold only what differs from its series."""

    __tablename__ = "instances"

    id: Mapped[int] = mapped_column(primary_key=True)
    uid: Mapped[str] = mapped_column(_Ordered, unique=True)
    series_pk: Mapped[int] = mapped_column(ForeignKey("series.id"), index=True)
    number: Mapped[int | None] = mapped_column(Integer, default=None)
    sop_class_uid: Mapped[str] = mapped_column(String)
    transfer_syntax_uid: Mapped[str] = mapped_column(String)
    object_key: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(_Big)
    data_offset: Mapped[int] = mapped_column(Integer)  # bytes of preamble and file meta information
    attributes: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    # SHA-256 of the file as it was received, once a compressed one has taken its place: a resend is known by it.
    received_key: Mapped[str | None] = mapped_column(String(64), default=None)


class InstanceVersion(Base):
    """Other bytes that came under the SOP Instance UID of an instance: kept, shown, never mixed in."""

    __tablename__ = "instance_versions"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_pk: Mapped[int] = mapped_column(ForeignKey("instances.id"), index=True)
    study_uid: Mapped[str] = mapped_column(String)
    series_uid: Mapped[str] = mapped_column(String)
    sop_class_uid: Mapped[str] = mapped_column(String)
    transfer_syntax_uid: Mapped[str] = mapped_column(String)
    object_key: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int] = mapped_column(_Big)
    data_offset: Mapped[int] = mapped_column(Integer)
    calling_ae: Mapped[str] = mapped_column(String, default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NameInfix(Base):
    """Where a folded name can be found besides its beginning: every end of it, and pinyin and initials of Chinese ones.

    A row for each end of each distinct name, not of each study: names repeat, so the table stays small and a known
    name costs one look.
    """

    __tablename__ = "name_infixes"

    infix: Mapped[str] = mapped_column(_Ordered, primary_key=True)  # without carets and spaces
    name: Mapped[str] = mapped_column(_Ordered, primary_key=True)  # as in name_key, ideographic_key, phonetic_key

    __table_args__ = ({"sqlite_with_rowid": False},)


class CustomTag(Base):
    """A tag that the administrator wants indexed. `filled_to` is the instance up to which headers were looked at."""

    __tablename__ = "custom_tags"

    id: Mapped[int] = mapped_column(primary_key=True)
    tag: Mapped[int] = mapped_column(_Big)  # of a private one with block 0x10
    creator: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(String(64), default="")
    level: Mapped[str] = mapped_column(String(8))  # STUDY, SERIES, IMAGE
    filled_to: Mapped[int] = mapped_column(_Big, default=0)
    filled_count: Mapped[int] = mapped_column(_Big, default=0)
    was_ready: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_custom_tags_tag_creator_level", "tag", "creator", "level", unique=True),)


class CustomValue(Base):
    """The value of a custom tag in one study, series or instance (`owner` is its row)."""

    __tablename__ = "custom_values"

    custom_tag_id: Mapped[int] = mapped_column(ForeignKey("custom_tags.id"), primary_key=True)
    owner: Mapped[int] = mapped_column(_Big, primary_key=True)
    value: Mapped[str] = mapped_column(_Ordered)

    __table_args__ = (Index("ix_custom_values_custom_tag_id_value", "custom_tag_id", "value", "owner"),)


class Expectation(Base):
    """What one source promised of a study: objects by UID, or only how many. Only such studies cost anything."""

    __tablename__ = "expectations"

    id: Mapped[int] = mapped_column(primary_key=True)
    study_uid: Mapped[str] = mapped_column(_Ordered)
    source: Mapped[str] = mapped_column(String(16))  # mpps, commitment, manifest, rejected, count
    reference: Mapped[str] = mapped_column(String(64))  # which step, request, object or series
    sender: Mapped[str] = mapped_column(String(16), default="")
    expected: Mapped[int] = mapped_column(Integer, default=0)
    missing: Mapped[int] = mapped_column(Integer, default=0)
    is_final: Mapped[bool] = mapped_column(default=True)
    uids: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)  # msgpack list of SOP Instance UIDs
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_expectations_source_reference", "source", "reference", "study_uid", unique=True),
        Index("ix_expectations_study_uid", "study_uid"),
        Index("ix_expectations_missing", "missing", "changed_at"),
    )
