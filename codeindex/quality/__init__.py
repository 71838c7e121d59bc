"""The quality of the index and of the code in it: clones, documentation, names, and use."""
