"""Runs an exercise's checks on one submission: probes, comparison with autograd, and the mistake behind a failure."""
