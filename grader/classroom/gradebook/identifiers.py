"""Who is meant by an identifier: as it is kept, or in another case, by a login, a mail address, or an earlier one."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from ...errors import GradebookError
from .models import StudentRow


def identifier_of(connection: Connection, student: str) -> str:
    """The identifier as it is kept; a login, a mail address, a further identifier, or another case, will do.

    Raises:
        GradebookError: if there is no such student, or there are several.
    """
    exact = connection.scalar(select(StudentRow.id).where(StudentRow.id == student))
    if exact is not None:
        return exact
    wanted = student.casefold()
    like = select(StudentRow.id).where(
        (func.lower(StudentRow.id) == wanted)
        | (func.lower(StudentRow.login) == wanted)
        | (func.lower(StudentRow.email) == wanted)
    )
    found = set(connection.scalars(like.limit(2)))
    if not found:
        everybody = connection.execute(select(StudentRow.id, StudentRow.ids))
        found = {who for who, ids in everybody if wanted in (id_.casefold() for _, id_ in ids)}
    if len(found) != 1:
        several = "several students are" if found else "no student is"
        raise GradebookError(f"In this gradebook {several} called {student!r}.")
    return found.pop()
