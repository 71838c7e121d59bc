"""What is known of commits: who made them, and which one changed a definition last."""
