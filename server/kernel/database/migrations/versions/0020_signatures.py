"""signatures: editions of reports, pictures and certificates of doctors, signatures and signed papers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from server.kernel.database import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_TABLES = (
    "signed_papers",
    "report_signatures",
    "signing_certificates",
    "signature_pictures",
    "signing_authority",
    "report_editions",
)


def upgrade() -> None:
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.add_column(sa.Column("edition", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("revision_reason", sa.String(length=1000), nullable=False, server_default=""))
    op.create_table(
        "report_editions",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("addendum", sa.Text(), nullable=False),
        sa.Column("text_number", sa.Integer(), nullable=False),
        sa.Column("diagnosing_doctor", sa.String(length=80), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_editions_report_id_reports")),
        sa.PrimaryKeyConstraint("report_id", "number", name=op.f("pk_report_editions")),
    )
    op.create_table(
        "signing_authority",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("clock_certificate", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_clock_key", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_authority")),
    )
    op.create_table(
        "signature_pictures",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("is_drawn", sa.Boolean(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=False),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_signature_pictures")),
    )
    op.create_table(
        "signing_certificates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("valid_from", UtcDateTime(), nullable=False),
        sa.Column("valid_to", UtcDateTime(), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("chain", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=False),
        sa.Column("is_imported", sa.Boolean(), nullable=False),
        sa.Column("is_present", sa.Boolean(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_why", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_certificates")),
    )
    with op.batch_alter_table("signing_certificates", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signing_certificates_account_id"), ["account_id"], unique=False)
    op.create_table(
        "report_signatures",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("seal", sa.String(length=64), nullable=False),
        sa.Column("cms", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["signing_certificates.id"],
            name=op.f("fk_report_signatures_certificate_id_signing_certificates"),
        ),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_report_signatures_report_id_reports")),
        sa.PrimaryKeyConstraint("report_id", "edition", name=op.f("pk_report_signatures")),
    )
    op.create_table(
        "signed_papers",
        sa.Column("report_id", sa.Integer(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["report_id"], ["reports.id"], name=op.f("fk_signed_papers_report_id_reports")),
        sa.PrimaryKeyConstraint("report_id", "edition", "language", name=op.f("pk_signed_papers")),
    )
    with op.batch_alter_table("signed_papers", schema=None) as batch_op:
        batch_op.create_index("ix_signed_papers_document", ["document_id"], unique=False)
    _first_editions()


def _first_editions() -> None:
    """What was approved before is the first edition; it has a seal, but nobody signed it."""
    op.execute(
        "INSERT INTO report_editions (report_id, number, kind, reason, addendum, text_number, diagnosing_doctor,"
        " by_id, by, at, seal, sealed)"
        " SELECT id, 1, 'first', '', '', text_number, diagnosing_doctor, auditing_id, auditing_doctor, approved_at,"
        " seal, sealed FROM reports WHERE seal <> '' AND approved_at IS NOT NULL"
    )
    op.execute("UPDATE reports SET edition = 1 WHERE seal <> '' AND approved_at IS NOT NULL")


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    with op.batch_alter_table("reports", schema=None) as batch_op:
        batch_op.drop_column("revision_reason")
        batch_op.drop_column("edition")
