"""What a gradebook was made with, its roster as it was written, who is excused, and who was called otherwise before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gradebook", sa.Column("made_with", sa.JSON(), nullable=True))
    op.add_column(
        "gradebook", sa.Column("roster_kind", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("student", sa.Column("ids", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "student", sa.Column("removed", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "excuse",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(length=300), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id"], ["student.id"], name=op.f("fk_excuse_student_id_student")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_excuse")),
    )
    op.create_index(op.f("ix_excuse_student_id"), "excuse", ["student_id"], unique=False)
    op.create_table(
        "roster_line",
        sa.Column("position", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("student_id", sa.String(length=300), nullable=True),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["student_id"], ["student.id"], name=op.f("fk_roster_line_student_id_student")
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_roster_line")),
    )
    op.create_index(op.f("ix_roster_line_student_id"), "roster_line", ["student_id"], unique=False)
    op.create_table(
        "identity_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("old", sa.String(length=300), nullable=False),
        sa.Column("new", sa.String(length=300), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_change")),
    )


def downgrade() -> None:
    op.drop_table("identity_change")
    op.drop_table("roster_line")
    op.drop_table("excuse")
    op.drop_column("student", "removed")
    op.drop_column("student", "ids")
    op.drop_column("gradebook", "roster_kind")
    op.drop_column("gradebook", "made_with")
