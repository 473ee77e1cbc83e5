"""pathology: rights of libraries, settings of the stations"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pathology_library_access",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("library_ids", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_pathology_library_access_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_pathology_library_access")),
    )
    op.create_table(
        "pathology_station_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_station_settings")),
    )


def downgrade() -> None:
    op.drop_table("pathology_station_settings")
    op.drop_table("pathology_library_access")
