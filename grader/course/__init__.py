"""A course: its exercises, their texts in other languages, and the assignments made from them."""
