"""OAuth over HTTP: the page that asks for consent, and the endpoints that applications use."""
