"""Who is meant: by the identifier, in any case, by a login, a mail address, an earlier identifier, or the name."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from ...errors import GradebookError
from ..names import spellings
from .models import StudentRow


def identifier_of(connection: Connection, student: str) -> str:
    """The identifier as it is kept; another case, a login, a mail address or a further one will do, and else the name.

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
    found = set(connection.scalars(like))
    if not wanted.strip():  # an empty name is nobody's, though many have no login
        found = set()
    elif not found:
        everybody = connection.execute(select(StudentRow.id, StudentRow.ids))
        found = {who for who, ids in everybody if wanted in (id_.casefold() for _, id_ in ids)}
    if not found and (written := spellings(student)):
        named = connection.execute(select(StudentRow.id, StudentRow.name))
        found = {who for who, name in named if written & spellings(name)}
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5])
        raise GradebookError(
            f"In this gradebook several students are called {student!r}: {some}. Give one of these identifiers."
        )
    if not found:
        raise GradebookError(f"In this gradebook no student is called {student!r}.")
    return found.pop()
