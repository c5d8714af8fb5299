"""Sentences that several faces of a report have in common."""

LOOK_AT = "Look at {place}."
AGAIN = "With the same numbers again: grader check {name} --seed {seed}"
