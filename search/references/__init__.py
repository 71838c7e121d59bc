"""Where a definition is used, what calls it, and what it calls: by the names in syntax trees, since
nothing here knows types. So an answer says how likely each use is one of the definition."""
