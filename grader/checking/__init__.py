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

The other files are what checks compare with (`compare`), and how a mistake is found and told.
"""
