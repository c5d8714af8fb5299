"""Alembic's way in: runs the migrations on the connection that `database.py` hands over."""

from alembic import context

from grader.classroom.gradebook.models import Base

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
