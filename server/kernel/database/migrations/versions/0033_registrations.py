"""registrations: how one series lies in another, the newest of each pair"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair", sa.String(length=130), nullable=False),
        sa.Column("fixed_study_uid", sa.String(length=64), nullable=False),
        sa.Column("moving_study_uid", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("author_name", sa.String(length=120), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.Column("archived_version", sa.Integer(), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("pair", name=op.f("uq_registrations_pair")),
    )
    op.create_index(op.f("ix_registrations_fixed_study_uid"), "registrations", ["fixed_study_uid"])
    op.create_index(op.f("ix_registrations_moving_study_uid"), "registrations", ["moving_study_uid"])


def downgrade() -> None:
    op.drop_table("registrations")
