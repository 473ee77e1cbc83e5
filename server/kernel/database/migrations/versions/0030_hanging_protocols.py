"""hanging protocols: of readers and of everybody"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hanging_protocols",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("saved_by", sa.String(length=120), nullable=False),
        sa.Column("saved_by_id", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hanging_protocols")),
        sa.UniqueConstraint("owner_id", "uid", name=op.f("uq_hanging_protocols_owner_id_uid")),
    )
    op.create_index(op.f("ix_hanging_protocols_owner_id"), "hanging_protocols", ["owner_id"])


def downgrade() -> None:
    op.drop_table("hanging_protocols")
