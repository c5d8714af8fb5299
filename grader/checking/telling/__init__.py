"""How a mistake is found in numbers and in exceptions, and what a student is told of it."""
