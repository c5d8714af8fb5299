"""What checks of exercises work with: results by hand, right and with each known mistake, by torch alone."""
