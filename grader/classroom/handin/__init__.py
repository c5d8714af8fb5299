"""Who handed in what: the layouts on disk, the roster, and reading each hand-in."""
