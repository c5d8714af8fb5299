"""`grader release` of an assignment: for students' repositories, Classroom 50 and Gradescope."""

from __future__ import annotations

from pathlib import Path

import click

from .common import open_course, refuse


def release_assignment(
    file: Path | None,
    course_folder: Path | None,
    classroom: Path | None,
    classroom50: Path | None,
    gradescope: Path | None,
) -> None:
    """Writes what was asked for, and says what an instructor has to know of it."""
    from ..assignment import FILENAME, AssignmentError, read_assignment
    from ..authoring.bundle import code_given_away
    from ..authoring.classroom import write_template
    from ..authoring.classroom50 import write_bundle
    from ..authoring.gradescope import write_zip
    from ..authoring.release import ReleaseError

    own = course_folder is not None
    try:
        terms = read_assignment(file or Path(FILENAME)).on(open_course(course_folder))
        if any(part.held_back for part in terms.assignment.parts):
            refuse(
                f"{terms.assignment.path} is the students' copy. Release the file it was made from."
            )
        if classroom:
            kept = write_template(terms, classroom, own)
            click.echo(f"{classroom}\n{kept} (digests of the protected files: keep them)")
        if classroom50:
            write_bundle(terms, classroom50, own)
            click.echo(classroom50)
        if gradescope:
            write_zip(terms, gradescope, own)
            click.echo(gradescope)
    except (AssignmentError, ReleaseError) as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{error.filename} cannot be written: {error.strerror}.")
    if (classroom or classroom50) and (given := code_given_away(terms)):
        click.echo(
            f"grader: these checks do not run for students, but the grader that they get holds their code: "
            f"{', '.join(given)}. To keep it out, put them into a file of their own (`instructor_checks`).",
            err=True,
        )
