"""What administrators do with an installation as a whole: back it up and restore it, keep its
history within bounds, and look for what is wrong with it."""
