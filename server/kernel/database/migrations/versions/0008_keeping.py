"""recycle bin, discarded files, legal holds, compression, backups, checks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive_discards",
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("not_before", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_archive_discards")),
    )
    with op.batch_alter_table("archive_discards", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_archive_discards_not_before"), ["not_before"], unique=False)

    op.create_table(
        "backup_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("generation", sa.String(length=40), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("alive_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("finished_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("objects_copied", sa.Integer(), nullable=False),
        sa.Column("bytes_copied", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_runs")),
    )
    op.create_table(
        "bin_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("patient_name", sa.String(), nullable=False),
        sa.Column("accession", sa.String(), nullable=False),
        sa.Column("study_date", sa.String(), nullable=False),
        sa.Column("modalities", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("instance_count", sa.Integer(), nullable=False),
        sa.Column("bytes_stored", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("deleted_by", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("purge_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("accept_again_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("by_retention", sa.String(length=100), nullable=False),
        sa.Column("purge_asked_by", sa.String(length=64), nullable=False),
        sa.Column("purge_reason", sa.String(length=400), nullable=False),
        sa.Column("purged_by", sa.String(length=64), nullable=False),
        sa.Column("purged_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("rows", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bin_entries")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("bin_entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bin_entries_deleted_at"), ["deleted_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_bin_entries_purge_at"), ["purge_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_bin_entries_study_uid"), ["study_uid"], unique=False)

    op.create_table(
        "check_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("finished_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_runs")),
    )
    op.create_table(
        "compression_marks",
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("instances", sa.Integer(), nullable=False),
        sa.Column("compressed", sa.Integer(), nullable=False),
        sa.Column("bytes_before", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("bytes_after", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("left", sa.JSON(), nullable=False),
        sa.Column("done_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("series_uid", name=op.f("pk_compression_marks")),
    )
    op.create_table(
        "keeping_policy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keeping_policy")),
    )
    op.create_table(
        "legal_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("held_by", sa.String(length=64), nullable=False),
        sa.Column("held_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("released_by", sa.String(length=64), nullable=False),
        sa.Column("released_at", server.kernel.database.base.UtcDateTime(), nullable=True),
        sa.Column("release_reason", sa.String(length=400), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
    )
    with op.batch_alter_table("legal_holds", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_holds_study_uid"), ["study_uid"], unique=False)

    op.create_table(
        "bin_objects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("series_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_class_uid", sa.String(length=64), nullable=False),
        sa.Column("transfer_syntax_uid", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.Column("received_key", sa.String(length=64), nullable=True),
        sa.Column("size_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("data_offset", sa.Integer(), nullable=False),
        sa.Column("is_version", sa.Boolean(), nullable=False),
        sa.Column("row", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["bin_entries.id"], name=op.f("fk_bin_objects_entry_id_bin_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bin_objects")),
    )
    with op.batch_alter_table("bin_objects", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bin_objects_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_bin_objects_object_key"), ["object_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_bin_objects_uid"), ["uid"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("bin_objects", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bin_objects_uid"))
        batch_op.drop_index(batch_op.f("ix_bin_objects_object_key"))
        batch_op.drop_index(batch_op.f("ix_bin_objects_entry_id"))

    op.drop_table("bin_objects")
    with op.batch_alter_table("legal_holds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_legal_holds_study_uid"))

    op.drop_table("legal_holds")
    op.drop_table("keeping_policy")
    op.drop_table("compression_marks")
    op.drop_table("check_runs")
    with op.batch_alter_table("bin_entries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bin_entries_study_uid"))
        batch_op.drop_index(batch_op.f("ix_bin_entries_purge_at"))
        batch_op.drop_index(batch_op.f("ix_bin_entries_deleted_at"))

    op.drop_table("bin_entries")
    op.drop_table("backup_runs")
    with op.batch_alter_table("archive_discards", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_archive_discards_not_before"))

    op.drop_table("archive_discards")
