"""Where results go: rows and batches, the store in its two forms, and its schema."""
