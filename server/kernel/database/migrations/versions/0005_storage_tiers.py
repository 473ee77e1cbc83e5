"""stores, copies of studies, storage and pre-fetch rules"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_Moment = server.kernel.database.base.UtcDateTime


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stores",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        *(
            sa.Column(name, sa.String(length=500), nullable=False)
            for name in ("label", "path", "endpoint", "region", "bucket", "prefix", "access_key", "ca_file")
        ),
        sa.Column("capacity_gb", sa.Integer(), nullable=False),
        sa.Column("medium", sa.String(length=40), nullable=False),
        sa.Column("from_settings", sa.Boolean(), nullable=False),
        sa.Column("changed_at", _Moment(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stores")),
    )
    op.create_table(
        "study_copies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "study_uid",
            sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("instances", sa.Integer(), nullable=False),
        sa.Column("bytes_stored", _big(), nullable=False),
        sa.Column("study_bytes", _big(), nullable=False),
        sa.Column("copied_at", _Moment(), nullable=True),
        sa.Column("verified_at", _Moment(), nullable=True),
        sa.Column("keys", sa.LargeBinary(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.Column("not_before", _Moment(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study_copies")),
        sa.UniqueConstraint("study_uid", "store", name=op.f("uq_study_copies_study_uid_store")),
    )
    with op.batch_alter_table("study_copies", schema=None) as batch_op:
        batch_op.create_index("ix_study_copies_store_state", ["store", "state"], unique=False)
    op.create_table(
        "offline_objects",
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("object_key", "store", name=op.f("pk_offline_objects")),
    )
    op.create_table(
        "storage_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_rules")),
    )
    op.create_table(
        "prefetch_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prefetch_rules")),
    )
    op.create_table(
        "store_fill",
        sa.Column("store", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("bytes_stored", _big(), nullable=False),
        sa.Column("free_bytes", _big(), nullable=True),
        sa.PrimaryKeyConstraint("store", "day", name=op.f("pk_store_fill")),
    )


def downgrade() -> None:
    for table in ("store_fill", "prefetch_rules", "storage_rules", "offline_objects", "study_copies", "stores"):
        op.drop_table(table)
