"""For instructors: stubs from solutions."""
