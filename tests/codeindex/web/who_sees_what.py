"""What each kind of person gets on every route, by the route's name and the method."""

from __future__ import annotations

PEOPLE = ("anonymous", "stranger", "teammate", "maintainer", "owner", "administrator")

OPEN = ("ok",) * 6
"""Anyone gets an answer, which holds only what they may see."""

ACCOUNT = ("sign in", "ok", "ok", "ok", "ok", "ok")
"""Whoever is signed in."""

SEEN = (404, 404, "ok", "ok", "ok", "ok")
"""Whoever may see the private repository that its address names."""

MANAGED = ("sign in", 404, 403, "ok", "ok", "ok")
"""Whoever manages that repository."""

MANAGED_API = (404, 404, 403, "ok", "ok", "ok")
"""The same, where a stranger who has not signed in reads over REST."""

MEMBERS = ("sign in", 404, "ok", "ok", "ok", "ok")
"""The members of the team that the address names, and administrators."""

MEMBERS_API = (404, 404, "ok", "ok", "ok", "ok")

MAINTAINED = ("sign in", 404, 403, "ok", 403, "ok")
"""The maintainers of that team, of which the repository's owner is a plain member."""

ADMINISTERED = ("sign in", 404, 403, 403, 403, "ok")
"""Administrators alone; members may know of the team."""

OWNED = ("sign in", 404, 404, 404, "ok", "ok")
"""Whoever owns the row that the address names."""

KEPT = ("sign in", 404, 404, 404, "ok", 404)
"""Whoever keeps the row that the address names; administrators do not see it."""

INVITING = ("sign in", 403, 403, "ok", 403, "ok")
"""Whoever maintains a team, and administrators."""

REVOKING = ("sign in", 404, 404, "ok", 404, "ok")
"""The maintainers of the invitation's team, and administrators."""

ADMINISTRATORS = ("sign in", 403, 403, 403, 403, "ok")

ROUTES: dict[str, dict[str, tuple[str | int, ...]]] = {
    "health": {"GET": OPEN},
    "healthz": {"GET": OPEN},
    "readyz": {"GET": OPEN},
    "metrics": {"GET": (403, 403, 403, 403, 403, "ok")},
    # Search
    "search": {"GET": OPEN},
    "lines": {"GET": OPEN},
    "map": {"GET": OPEN},
    "map-points": {"GET": OPEN},
    "map-place": {"GET": OPEN},
    "map-hits": {"GET": OPEN},
    "similar-to-code": {"GET": OPEN},
    "searches": {"GET": ACCOUNT, "POST": ACCOUNT},
    "clear-recent-searches": {"POST": ACCOUNT},
    "change-alerts": {"POST": KEPT},
    "remove-search": {"POST": KEPT},
    "api-recent": {"GET": ACCOUNT, "DELETE": ACCOUNT},
    "api-saved": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-saved-search": {"PATCH": KEPT, "DELETE": KEPT},
    "api-alerts": {"GET": KEPT},
    "file": {"GET": SEEN},
    "definition": {"GET": SEEN},
    "why": {"GET": SEEN},
    "attention": {"GET": SEEN},
    "history": {"GET": SEEN},
    "variables": {"GET": SEEN},
    "similar": {"GET": SEEN},
    "references": {"GET": SEEN},
    "address": {"GET": SEEN},
    "api-search": {"GET": OPEN},
    "api-file": {"GET": OPEN},
    "api-batch": {"POST": OPEN},
    "api-encode": {"POST": OPEN},
    "api-names": {"POST": OPEN},
    "api-definition": {"GET": SEEN},
    "api-explanation": {"GET": SEEN},
    "api-failures": {"GET": SEEN},
    "api-evaluations": {"GET": ADMINISTRATORS},
    "api-evaluation": {"GET": ADMINISTRATORS},
    "api-suggestions": {"GET": OPEN},
    "api-lines": {"GET": OPEN},
    "api-similar-to-code": {"GET": OPEN},
    "api-similar": {"GET": SEEN},
    "api-references": {"GET": SEEN},
    "api-callers": {"GET": SEEN},
    "api-callees": {"GET": SEEN},
    # Agents; a session signs nobody in there
    "mcp": {"POST": OPEN},
    "agents": {"GET": OPEN},
    # Repositories
    "repositories": {"GET": OPEN},
    "register": {"GET": ACCOUNT, "POST": ACCOUNT},
    "register-many": {"GET": ACCOUNT, "POST": ACCOUNT},
    "repository": {"GET": SEEN},
    "progress": {"GET": SEEN},
    "index-again": {"POST": MANAGED},
    "cancel": {"POST": MANAGED},
    "pause": {"POST": MANAGED},
    "resume": {"POST": MANAGED},
    "repository-settings": {"GET": MANAGED, "POST": MANAGED},
    "repository-access": {"GET": MANAGED, "POST": MANAGED},
    "repository-source": {"GET": MANAGED, "POST": MANAGED},
    "rules": {"GET": MANAGED, "POST": MANAGED},
    "remove": {"GET": MANAGED, "POST": MANAGED},
    "api-repositories": {"GET": OPEN, "POST": ACCOUNT},
    "api-repository": {"GET": SEEN, "DELETE": MANAGED},
    "api-settings": {"GET": MANAGED_API, "PATCH": MANAGED},
    "api-rules": {"GET": MANAGED_API, "PATCH": MANAGED},
    "api-runs": {"GET": SEEN, "POST": MANAGED},
    "api-cancel": {"POST": MANAGED},
    "api-pause": {"POST": MANAGED},
    "api-resume": {"POST": MANAGED},
    # Code hosts
    "code-hosts": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "code-host": {"GET": OWNED, "POST": OWNED},
    "change-host-token": {"POST": OWNED},
    "remove-code-host": {"POST": OWNED},
    "import": {"GET": OWNED},
    "start-import": {"POST": OWNED},
    "follow-host": {"POST": OWNED},
    "confirm-import": {"POST": OWNED},
    "remove-import": {"POST": OWNED},
    "api-code-hosts": {"GET": ACCOUNT, "POST": ADMINISTRATORS},
    "api-code-host": {"PATCH": OWNED, "DELETE": OWNED},
    "api-imports": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-import": {"GET": OWNED, "PATCH": OWNED, "DELETE": OWNED},
    "api-start-import": {"POST": OWNED},
    "api-confirm-import": {"POST": OWNED},
    "outgoing-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "remove-outgoing-webhook": {"POST": OWNED},
    "api-outgoing-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-outgoing-webhook": {"DELETE": OWNED},
    "webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "remove-webhook": {"POST": OWNED},
    "api-webhooks": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-webhook": {"DELETE": OWNED},
    "hook": {"POST": ("sign in",) * 6},  # a secret opens it, and nothing else
    # Teams
    "teams": {"GET": ACCOUNT, "POST": ADMINISTRATORS},
    "team": {"GET": MEMBERS},
    "set-member": {"POST": MAINTAINED},
    "remove-member": {"POST": MAINTAINED},
    "rename-team": {"GET": ADMINISTERED, "POST": ADMINISTERED},
    "remove-team": {"GET": ADMINISTERED, "POST": ADMINISTERED},
    "api-teams": {"GET": OPEN, "POST": ADMINISTRATORS},
    "api-team": {"GET": MEMBERS_API, "PATCH": ADMINISTERED, "DELETE": ADMINISTERED},
    "api-members": {"GET": MEMBERS_API, "PUT": MAINTAINED},
    "api-member": {"DELETE": MAINTAINED},
    "invitations": {"GET": INVITING, "POST": INVITING},
    "revoke-invitation": {"POST": REVOKING},
    "join": {"GET": OPEN, "POST": OPEN},
    "api-invitations": {"GET": INVITING, "POST": INVITING},
    "api-invitation": {"DELETE": REVOKING},
    # Accounts
    "account": {"GET": ACCOUNT},
    "new-token": {"POST": ACCOUNT},
    "revoke-token": {"POST": ACCOUNT},
    "revoke-grant": {"POST": ACCOUNT},
    "oauth-authorize": {"GET": ACCOUNT, "POST": ACCOUNT},
    "oauth-register": {"POST": OPEN},
    "oauth-token": {"POST": OPEN},
    "oauth-revoke": {"POST": OPEN},
    "oauth-resource": {"GET": OPEN},
    "oauth-server-resource": {"GET": OPEN},
    "oauth-server": {"GET": OPEN},
    "api-applications": {"GET": ACCOUNT},
    "api-application": {"DELETE": ("sign in", *(404,) * 5)},
    "api-tokens": {"GET": ACCOUNT, "POST": ACCOUNT},
    "api-token": {"DELETE": ("sign in", *(404,) * 5)},
    "admin-users": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "admin-user": {"GET": ADMINISTRATORS},
    "admin-change-user": {"POST": ADMINISTRATORS},
    "admin-set-password": {"POST": ADMINISTRATORS},
    "admin-remove-user": {"POST": ADMINISTRATORS},
    "admin-tokens": {"GET": ADMINISTRATORS, "POST": ADMINISTRATORS},
    "admin-health": {"GET": ADMINISTRATORS},
    "admin-spaces": {"GET": ADMINISTRATORS},
    "admin-change-space": {"POST": ADMINISTRATORS},
    "admin-workers": {"GET": ADMINISTRATORS},
    "admin-storage": {"GET": ADMINISTRATORS},
    "admin-costs": {"GET": ADMINISTRATORS},
    "admin-costs-export": {"GET": ADMINISTRATORS},
    "quality": {"GET": OPEN},
    "quality-duplicates": {"GET": OPEN},
    "quality-names": {"GET": OPEN},
    "quality-names-export": {"GET": OPEN},
    "dismiss-name": {"POST": MANAGED},
    "take-back-dismissal": {"POST": MANAGED},
    "api-check-names": {"POST": OPEN},
    "api-doubtful-names": {"GET": SEEN},
    "api-doubtful-names-export": {"GET": SEEN},
    "api-dismissed-names": {"GET": MANAGED, "POST": MANAGED},
    "api-dismissed-name": {"DELETE": MANAGED},
    "quality-searches": {"GET": ADMINISTRATORS},
    "quality-evaluations": {"GET": ADMINISTRATORS},
    "audit": {"GET": ADMINISTRATORS},
    "audit-export": {"GET": ADMINISTRATORS},
    "api-audit": {"GET": ADMINISTRATORS},
    "api-audit-export": {"GET": ADMINISTRATORS},
    "sign-in-link": {"GET": (404,) * 6, "POST": (404,) * 6},
    "sign-on": {"GET": OPEN},
    "sign-on-connect": {"POST": ACCOUNT},
    "sign-on-callback": {"GET": (403,) * 6},
    "admin-sign-in": {"GET": ADMINISTRATORS},
    "second-factor-sign-in": {"GET": OPEN, "POST": OPEN},
    "second-factor": {"GET": ("sign in", *(403,) * 5), "POST": ("sign in", *(403,) * 5)},
    "set-up-second-factor": {"POST": ("sign in", *(403,) * 5)},
    "login": {"GET": OPEN, "POST": OPEN, "PUT": OPEN},
    "logout": {"POST": OPEN},
    "password_change": {"GET": ACCOUNT, "POST": ACCOUNT, "PUT": ACCOUNT},
    "password_change_done": {"GET": ACCOUNT},
    "api-schema": {"GET": OPEN},
    "api-docs": {"GET": OPEN},
}
"""What each person of PEOPLE gets, by the route's name and the method: "ok" is any answer beyond
the gate, be it that a form is incomplete."""
