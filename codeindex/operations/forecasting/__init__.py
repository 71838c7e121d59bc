"""What indexing a repository will cost, forecast before it is registered."""
