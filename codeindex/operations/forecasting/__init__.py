"""What indexing a repository will cost, told before it is registered."""
