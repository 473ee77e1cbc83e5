"""pathology: pictures, video and voice of cases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pathology_media",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("specimen_id", sa.Integer(), nullable=True),
        sa.Column("block_id", sa.Integer(), nullable=True),
        sa.Column("slide_id", sa.Integer(), nullable=True),
        sa.Column("station", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.String(length=80), nullable=False),
        sa.Column("objective", sa.String(length=16), nullable=False),
        sa.Column("calibration_id", sa.Integer(), nullable=True),
        sa.Column("calibration_expired", sa.Boolean(), nullable=False),
        sa.Column("um_per_pixel", sa.Double(), nullable=False),
        sa.Column("frame_rate", sa.Double(), nullable=False),
        sa.Column("caption", sa.String(length=200), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=False),
        sa.Column("taken_by", sa.String(length=64), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Double(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("marked", sa.Boolean(), nullable=False),
        sa.Column("sop_uid", sa.String(length=64), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("deleted_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_media")),
        sa.UniqueConstraint("key", name=op.f("uq_pathology_media_key")),
    )
    op.create_index("ix_pathology_media_case", "pathology_media", ["case_id", "position"])
    op.create_table(
        "pathology_media_uploads",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("facts", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pathology_media_uploads")),
    )
    op.create_table(
        "pathology_calibrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("camera", sa.String(length=80), nullable=False),
        sa.Column("objective", sa.String(length=16), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("known_um", sa.Double(), nullable=False),
        sa.Column("pixels", sa.Double(), nullable=False),
        sa.Column("um_per_pixel", sa.Double(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_calibrations")),
    )
    op.create_index(op.f("ix_pathology_calibrations_camera"), "pathology_calibrations", ["camera"])


def downgrade() -> None:
    op.drop_table("pathology_calibrations")
    op.drop_table("pathology_media_uploads")
    op.drop_table("pathology_media")
