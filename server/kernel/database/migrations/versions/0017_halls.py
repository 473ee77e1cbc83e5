"""waiting halls and notices about rooms"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "halls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_halls")),
        sa.UniqueConstraint("name", name=op.f("uq_halls_name")),
    )
    op.create_table(
        "room_notices",
        sa.Column("room_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sentence", sa.String(length=60), nullable=False),
        sa.Column("sentence_en", sa.String(length=120), nullable=False),
        sa.Column("since", server.kernel.database.base.UtcDateTime(), nullable=False),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_room_notices")),
    )


def downgrade() -> None:
    op.drop_table("room_notices")
    op.drop_table("halls")
