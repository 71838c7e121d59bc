"""The REST API of searches: views, and serializers that the command line uses as well."""
