"""Single sign-on with OpenID Connect: who may come in, and what the provider's groups mean here."""
