"""Pages of the site that are made of the code: the public names, the commands, a schema."""
