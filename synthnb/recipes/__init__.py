"""What to make: recipes as data, and how one is read off a frame."""
