"""Runs an exercise's checks on one submission.

    check file ──collect──▶ checks ──run──▶ results
                                      │
                     student, probes, draw: what a check works with
                                      │
                     memo: what was answered before, and how the case ended
                                      │
                     evidence: whose fault it is that a check raised
                                      │
                     session: the child that runs the student's code ──▶ failures: what came instead of an answer

Around these: `drawing/` (inputs), `compare` and `telling/` (what is wrong, and what is told of it), `source/` (what the
text shows, which decides nothing), and `by_hand/`, which checks of exercises take their references and mistakes from.
"""
