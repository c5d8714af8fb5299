"""Submissions that share code which next to nobody else has."""
