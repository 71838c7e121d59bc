"""How the candidates for a query are ordered, and why."""
