"""What to write: recipes, lists, the draw and the prompts. Knows nothing of who answers."""
