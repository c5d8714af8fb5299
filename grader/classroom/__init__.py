"""A whole class: roster, gradebook, workers, and what is reported of it."""
