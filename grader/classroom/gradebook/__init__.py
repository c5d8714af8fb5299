"""The gradebook: a class's database, read, written and checked."""
