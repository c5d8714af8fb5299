"""The faces of a `Report`: a file each, and none knows more than the report."""
