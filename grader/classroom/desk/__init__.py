"""The desk: a local web page for grading by hand, keyboard first."""
