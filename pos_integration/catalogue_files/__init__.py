"""The catalogue by file: what products, categories and stores look like there, and what it does."""
