"""Behavioural mutants: solutions that are wrapped, from outside, in the mistakes of code that nobody here has seen."""
