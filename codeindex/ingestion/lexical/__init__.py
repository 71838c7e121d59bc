"""What is stored for finding code without vectors: words and their counts, grams, and names."""
