"""Single sign-on with OpenID Connect: who may sign up, and what the provider's groups mean here."""
