"""What the inputs of a case are drawn from: sizes, functions, models, names."""
