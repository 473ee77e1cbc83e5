"""interfaces: connections to hospital systems, the journal of messages, patients as they told of"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "interface_connections",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("tls", sa.Boolean(), nullable=False),
        sa.Column("url", sa.String(length=400), nullable=False),
        sa.Column("token_file", sa.String(length=64), nullable=False),
        sa.Column("application", sa.String(length=180), nullable=False),
        sa.Column("facility", sa.String(length=180), nullable=False),
        sa.Column("own_application", sa.String(length=180), nullable=False),
        sa.Column("own_facility", sa.String(length=180), nullable=False),
        sa.Column("hl7_version", sa.String(length=8), nullable=False),
        sa.Column("character_set", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("happenings", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("identifiers", sa.JSON(), nullable=False),
        sa.Column("identifier_system", sa.String(length=200), nullable=False),
        sa.Column("patient_system", sa.String(length=200), nullable=False),
        sa.Column("allows_tests", sa.Boolean(), nullable=False),
        sa.Column("timeout_s", sa.Double(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("down_since", sa.DateTime(), nullable=True),
        sa.Column("next_try", sa.DateTime(), nullable=True),
        sa.Column("last_error", sa.String(length=400), nullable=False),
        sa.Column("sender_job", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface_connections")),
        sa.UniqueConstraint("name", name=op.f("uq_interface_connections_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "interface_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=4), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("connection_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("message_type", sa.String(length=32), nullable=False),
        sa.Column("control_id", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("ack_code", sa.String(length=4), nullable=False),
        sa.Column("sentence", sa.String(length=400), nullable=False),
        sa.Column("patient_name", sa.String(length=64), nullable=False),
        sa.Column("order_number", sa.String(length=64), nullable=False),
        sa.Column("accession_number", sa.String(length=16), nullable=False),
        sa.Column("exam_id", sa.Integer(), nullable=True),
        sa.Column("happening", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(), nullable=True),
        sa.Column("finished_at", sa.DateTime(), nullable=True),
        sa.Column("character_set", sa.String(length=16), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_interface_messages")),
        sa.UniqueConstraint("identity", name=op.f("uq_interface_messages_identity")),
    )
    with op.batch_alter_table("interface_messages", schema=None) as batch_op:
        batch_op.create_index("ix_interface_messages_queue", ["connection_id", "state", "id"], unique=False)
        batch_op.create_index("ix_interface_messages_state", ["state", "id"], unique=False)
        batch_op.create_index("ix_interface_messages_order", ["order_number"], unique=False)
        batch_op.create_index("ix_interface_messages_exam", ["exam_id", "id"], unique=False)
        batch_op.create_index("ix_interface_messages_at", ["at"], unique=False)
    op.create_table(
        "hospital_patients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("merged_into", sa.String(length=64), nullable=False),
        sa.Column("told_at", sa.DateTime(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hospital_patients")),
        sa.UniqueConstraint("number", name=op.f("uq_hospital_patients_number")),
    )
    with op.batch_alter_table("hospital_patients", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_hospital_patients_merged_into"), ["merged_into"], unique=False)
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.add_column(sa.Column("patient_key", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("cancelled_at", sa.DateTime(), nullable=True))
        batch_op.create_index(batch_op.f("ix_applications_patient_key"), ["patient_key"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("applications", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_applications_patient_key"))
        batch_op.drop_column("cancelled_at")
        batch_op.drop_column("patient_key")
    op.drop_table("hospital_patients")
    op.drop_table("interface_messages")
    op.drop_table("interface_connections")
