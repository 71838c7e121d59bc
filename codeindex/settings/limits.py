"""How much one user, address, token or client may ask for."""

from __future__ import annotations

from codeindex.settings.services import env

# Rate limits for a user, or for an address of anonymous requests
CODEINDEX_SEARCH_RATE = env.rate("CODEINDEX_SEARCH_RATE", "300/minute")
CODEINDEX_ANONYMOUS_SEARCH_RATE = env.rate("CODEINDEX_ANONYMOUS_SEARCH_RATE", "60/minute")
CODEINDEX_ENCODE_RATE = env.rate("CODEINDEX_ENCODE_RATE", "120/minute")
CODEINDEX_ANONYMOUS_ENCODE_RATE = env.rate("CODEINDEX_ANONYMOUS_ENCODE_RATE", "30/minute")
# A suggestion is asked for with each letter that is typed
CODEINDEX_SUGGEST_RATE = env.rate("CODEINDEX_SUGGEST_RATE", "1200/minute")
CODEINDEX_ANONYMOUS_SUGGEST_RATE = env.rate("CODEINDEX_ANONYMOUS_SUGGEST_RATE", "300/minute")
CODEINDEX_INDEX_RATE = env.rate("CODEINDEX_INDEX_RATE", "60/hour")
# Deliveries to one webhook, and unsigned ones from one address
CODEINDEX_WEBHOOK_RATE = env.rate("CODEINDEX_WEBHOOK_RATE", "600/minute")
# The same for one token of a user
CODEINDEX_TOKEN_SEARCH_RATE = env.rate("CODEINDEX_TOKEN_SEARCH_RATE", CODEINDEX_SEARCH_RATE)
CODEINDEX_TOKEN_ENCODE_RATE = env.rate("CODEINDEX_TOKEN_ENCODE_RATE", CODEINDEX_ENCODE_RATE)
CODEINDEX_TOKEN_INDEX_RATE = env.rate("CODEINDEX_TOKEN_INDEX_RATE", CODEINDEX_INDEX_RATE)
# Wrong passwords after which signing in is locked: for one user from one address, from one address
# in total, and for one user from everywhere; and the longest lock
CODEINDEX_LOGIN_RATE = env.rate("CODEINDEX_LOGIN_RATE", "10/10 minutes")
CODEINDEX_ADDRESS_LOGIN_RATE = env.rate("CODEINDEX_ADDRESS_LOGIN_RATE", "100/10 minutes")
CODEINDEX_USER_LOGIN_RATE = env.rate("CODEINDEX_USER_LOGIN_RATE", "50/hour")
CODEINDEX_LOCKOUT_SECONDS = env.integer("CODEINDEX_LOCKOUT_SECONDS", 900, high=86_400)
# Concurrent searches of one client in a web process
CODEINDEX_SEARCHES_AT_ONCE = env.integer("CODEINDEX_SEARCHES_AT_ONCE", 2, high=64)
