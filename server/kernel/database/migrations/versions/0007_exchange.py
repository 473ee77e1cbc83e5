"""import and export"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import server.kernel.database.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_When = server.kernel.database.base.UtcDateTime


def upgrade() -> None:
    op.create_table(
        "exchange_uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=True),
        sa.Column("touched_at", _When(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_uploads")),
    )
    op.create_index("ix_exchange_uploads_user_id_sha256", "exchange_uploads", ["user_id", "sha256"])
    op.create_table(
        "exchange_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", _When(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_imports")),
    )
    op.create_table(
        "exchange_outcomes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("study_uid", sa.String(length=64), nullable=False),
        sa.Column("sop_instance_uid", sa.String(length=64), nullable=False),
        sa.Column("object_key", sa.String(length=64), nullable=False),
        sa.Column("sentence", sa.String(), nullable=False),
        sa.Column("is_settled", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["exchange_imports.id"], name=op.f("fk_exchange_outcomes_import_id_exchange_imports")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_outcomes")),
        sa.UniqueConstraint("import_id", "position", name=op.f("uq_exchange_outcomes_import_id_position")),
    )
    op.create_index("ix_exchange_outcomes_import_id_state", "exchange_outcomes", ["import_id", "state"])
    op.create_table(
        "exchange_exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.Column("created_at", _When(), nullable=False),
        sa.Column("kept_until", _When(), nullable=True),
        sa.Column("objects", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_exports")),
    )
    op.create_table(
        "exchange_pseudonyms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("patient_id", sa.String(), nullable=False),
        sa.Column("patient_name", sa.String(), nullable=False),
        sa.Column("created_at", _When(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_pseudonyms")),
        sa.UniqueConstraint("project", "pseudonym", name=op.f("uq_exchange_pseudonyms_project_pseudonym")),
    )


def downgrade() -> None:
    for table in ("pseudonyms", "exports", "outcomes", "imports", "uploads"):
        op.drop_table(f"exchange_{table}")
