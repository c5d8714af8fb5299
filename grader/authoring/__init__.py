"""For course authors: stubs from solutions, releases of assignments, and proof that the checks are right."""
