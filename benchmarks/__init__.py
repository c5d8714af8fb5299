"""Speed, as ratios between things measured in turn in one run. `make bench` runs all of it."""
