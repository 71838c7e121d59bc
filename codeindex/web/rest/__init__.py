"""What every part of the REST API shares: fields, parsers, pages of lists, problems, the schema."""
