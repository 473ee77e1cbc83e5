"""pathology: archive places and loans"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


UTC = server.kernel.database.base.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "pathology_places",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("room", sa.String(length=40), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_places")),
        sa.UniqueConstraint("kind", "room", "name", name=op.f("uq_pathology_places_kind_room_name")),
    )
    op.create_table(
        "pathology_kept",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("object_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("place_id", sa.Integer(), nullable=False),
        sa.Column("archived_by", sa.String(length=80), nullable=False),
        sa.Column("archived_at", UTC(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["place_id"], ["pathology_places.id"], name=op.f("fk_pathology_kept_place_id_pathology_places")
        ),
        sa.PrimaryKeyConstraint("kind", "object_id", name=op.f("pk_pathology_kept")),
    )
    with op.batch_alter_table("pathology_kept", schema=None) as batch_op:
        batch_op.create_index("ix_pathology_kept_at", ["kind", "archived_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_pathology_kept_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pathology_kept_place_id"), ["place_id"], unique=False)
    op.create_table(
        "pathology_loans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("borrower", sa.JSON(), nullable=False),
        sa.Column("borrower_name", sa.String(length=80), nullable=False),
        sa.Column("deposit_fen", sa.Integer(), nullable=False),
        sa.Column("refund_fen", sa.Integer(), nullable=False),
        sa.Column("lent_at", UTC(), nullable=False),
        sa.Column("lent_by", sa.String(length=80), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("has_loss", sa.Boolean(), nullable=False),
        sa.Column("outside_diagnosis", sa.String(length=4000), nullable=False),
        sa.Column("document_ids", sa.JSON(), nullable=False),
        sa.Column("closed_at", UTC(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_loans")),
        sa.UniqueConstraint("number", name=op.f("uq_pathology_loans_number")),
    )
    with op.batch_alter_table("pathology_loans", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pathology_loans_borrower_name"), ["borrower_name"], unique=False)
        batch_op.create_index(batch_op.f("ix_pathology_loans_is_open"), ["is_open"], unique=False)
        batch_op.create_index(batch_op.f("ix_pathology_loans_lent_at"), ["lent_at"], unique=False)
    op.create_table(
        "pathology_loan_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("loan_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("returned_at", UTC(), nullable=True),
        sa.Column("returned_to", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["pathology_loans.id"], name=op.f("fk_pathology_loan_items_loan_id_pathology_loans")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_loan_items")),
    )
    with op.batch_alter_table("pathology_loan_items", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pathology_loan_items_case_id"), ["case_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pathology_loan_items_loan_id"), ["loan_id"], unique=False)
    op.create_table(
        "pathology_keeping_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("retention", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pathology_keeping_settings")),
    )


def downgrade() -> None:
    for table in (
        "pathology_keeping_settings",
        "pathology_loan_items",
        "pathology_loans",
        "pathology_kept",
        "pathology_places",
    ):
        op.drop_table(table)
