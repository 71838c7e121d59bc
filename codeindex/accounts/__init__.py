"""Users: what they sign in with, how much they may ask for, and what remains when they leave."""
