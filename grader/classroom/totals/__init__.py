"""A course of several assignments: one total for each student, with every number explained."""
