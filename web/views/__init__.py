"""What a page or an answer shows, put together from the stores as plain values: no HTTP, no widgets."""
