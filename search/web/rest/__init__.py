"""What REST has beside the search itself: files, definitions, batches, vectors and names."""
