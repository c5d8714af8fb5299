"""Comments, rubric items, regrade requests and half points."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "gradebook",
        sa.Column("half_points", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("adjustment", sa.Column("half", sa.Integer(), server_default="0", nullable=False))
    op.add_column("adjustment", sa.Column("source", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "comment",
        *_of_student("comment"),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("exercise", sa.String(length=200), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("for_colleagues", sa.Boolean(), nullable=False),
        sa.Column("replaces", sa.Integer(), nullable=True),
        sa.Column("answers", sa.Integer(), nullable=True),
        *_by_whom(),
        _reference("comment", "submission_id", "submission"),
        _reference("comment", "replaces", "comment"),
        _reference("comment", "answers", "comment"),
    )
    op.create_index(op.f("ix_comment_student_id"), "comment", ["student_id"], unique=False)
    op.create_table(
        "rubric_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_item")),
    )
    op.create_table(
        "rubric_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("exercise", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("halves", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        *_by_whom(),
        _reference("rubric_version", "item_id", "rubric_item"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rubric_version")),
        sa.UniqueConstraint("item_id", "version", name=op.f("uq_rubric_version_item_id")),
    )
    op.create_table(
        "rubric_use",
        *_of_student("rubric_use"),
        sa.Column("item_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("given", sa.Boolean(), nullable=False),
        *_by_whom(),
        _reference("rubric_use", "item_id", "rubric_item"),
        _reference("rubric_use", "submission_id", "submission"),
    )
    op.create_index(op.f("ix_rubric_use_student_id"), "rubric_use", ["student_id"], unique=False)
    op.create_index(op.f("ix_rubric_use_item_id"), "rubric_use", ["item_id"], unique=False)
    op.create_table(
        "regrade_request",
        *_of_student("regrade_request"),
        sa.Column("exercise", sa.String(length=200), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        *_by_whom(),
    )
    op.create_index(
        op.f("ix_regrade_request_student_id"), "regrade_request", ["student_id"], unique=False
    )
    op.create_table(
        "regrade_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        *_by_whom(),
        _reference("regrade_answer", "request_id", "regrade_request"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regrade_answer")),
        sa.UniqueConstraint("request_id", name=op.f("uq_regrade_answer_request_id")),
    )
    op.create_table(
        "looked_at",
        *_of_student("looked_at"),
        sa.Column("what", sa.String(length=64), nullable=False),
        *_by_whom(),
    )
    op.create_index(op.f("ix_looked_at_student_id"), "looked_at", ["student_id"], unique=False)


def downgrade() -> None:
    for table in ("looked_at", "regrade_answer", "regrade_request", "rubric_use"):
        op.drop_table(table)
    for table in ("rubric_version", "rubric_item", "comment"):
        op.drop_table(table)
    op.drop_column("adjustment", "source")
    op.drop_column("adjustment", "half")
    op.drop_column("gradebook", "half_points")


def _of_student(table: str) -> list[Any]:
    return [
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        _reference(table, "student_id", "student"),
    ]


def _by_whom() -> list[Any]:
    return [
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
    ]


def _reference(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)
