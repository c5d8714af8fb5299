"""What is read in a student's text: it explains and it is remarked, and no point depends on it."""
