"""Getting real data: retrieval with verification, and one reader per source that gives a Screen."""
