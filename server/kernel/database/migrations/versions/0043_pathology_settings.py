"""pathology: rights of single accounts, cells counted on pictures, case labels that were printed"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("granted", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.add_column(sa.Column("revoked", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "pathology_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.Integer(), nullable=False),
        sa.Column("marker", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("positive", sa.Integer(), nullable=False),
        sa.Column("counted_by", sa.String(length=80), nullable=False),
        sa.Column("counted_by_id", sa.Integer(), nullable=False),
        sa.Column("counted_at", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_counts")),
        sa.UniqueConstraint("media_id", "marker", name=op.f("uq_pathology_counts_media_id_marker")),
    )
    with op.batch_alter_table("pathology_counts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pathology_counts_case_id"), ["case_id"], unique=False)


def downgrade() -> None:
    op.drop_table("pathology_counts")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("revoked")
        batch_op.drop_column("granted")
