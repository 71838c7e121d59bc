"""The addresses of all operations over REST, and the statuses that each documents."""

from __future__ import annotations

REPOSITORIES = "/api/v1/repositories"
ONE = f"{REPOSITORIES}/{{id}}"
RULES = f"{ONE}/rules"
SETTINGS = f"{ONE}/settings"
TEAMS = "/api/v1/teams"
TEAM = f"{TEAMS}/{{id}}"
INVITATIONS = "/api/v1/invitations"
INVITATION = f"{INVITATIONS}/{{id}}"
MEMBERS = f"{TEAM}/members"
MEMBER = f"{MEMBERS}/{{user}}"
RUNS = f"{ONE}/runs"
AUDIT, EXPORT = "/api/v1/audit", "/api/v1/audit/export"
TOKENS, TOKEN = "/api/v1/tokens", "/api/v1/tokens/{beginning}"
APPLICATIONS, APPLICATION = "/api/v1/applications", "/api/v1/applications/{beginning}"
WEBHOOKS, WEBHOOK = "/api/v1/webhooks", "/api/v1/webhooks/{webhook}"
OUTGOING = "/api/v1/outgoing-webhooks"
OUTGOING_ONE = f"{OUTGOING}/{{webhook}}"
CODE_HOSTS, CODE_HOST = "/api/v1/code-hosts", "/api/v1/code-hosts/{host}"
IMPORTS, IMPORT = "/api/v1/imports", "/api/v1/imports/{source}"
START, CONFIRM = f"{IMPORT}/start", f"{IMPORT}/confirm"
CANCEL = f"{RUNS}/{{run}}/cancel"
PAUSE, RESUME = f"{ONE}/pause", f"{ONE}/resume"
LINES = "/api/v1/lines"
SEARCH, SIMILAR, CODE = (
    "/api/v1/search",
    "/api/v1/files/{file_id}/{definition_id}/similar",
    "/api/v1/similar",
)
REFERENCES, CALLERS, CALLEES = (
    f"/api/v1/definitions/{{definition_id}}/{what}" for what in ("references", "callers", "callees")
)
SUGGESTIONS = "/api/v1/suggestions"
FILES = "/api/v1/files"
BATCH, ENCODE, NAMES = "/api/v1/search/batch", "/api/v1/encode", "/api/v1/names"
CHECK = "/api/v1/names/check"
DOUBTFUL, DOUBTFUL_EXPORT = f"{ONE}/doubtful-names", f"{ONE}/doubtful-names/export"
DISMISSED, DISMISSED_ONE = f"{ONE}/dismissed-names", f"{ONE}/dismissed-names/{{dismissal}}"
DEFINITION = "/api/v1/definitions/{definition_id}"
EXPLANATION = f"{DEFINITION}/explanation"
FAILURES = f"{ONE}/failures"
EVALUATIONS, EVALUATION = "/api/v1/evaluations", "/api/v1/evaluations/{id}"
RECENT_SEARCHES = "/api/v1/recent-searches"
SAVED_SEARCHES, SAVED_SEARCH = "/api/v1/saved-searches", "/api/v1/saved-searches/{id}"
ALERTS = f"{SAVED_SEARCH}/alerts"

ALWAYS = {400, 401, 403, 406, 413, 503}
"""Errors that every operation can have."""

STATUSES: dict[tuple[str, str], set[int]] = {
    ("get", SEARCH): {200, 404, 429},
    ("get", LINES): {200, 404, 429},
    ("get", SUGGESTIONS): {200, 429},
    ("post", BATCH): {200, 415, 429},
    ("post", ENCODE): {200, 415, 429},
    ("post", NAMES): {200, 415, 429},
    ("post", CHECK): {200, 404, 415, 429},
    ("get", DOUBTFUL): {200, 404, 429},
    ("get", DOUBTFUL_EXPORT): {200, 404, 429},
    ("get", DISMISSED): {200, 404},
    ("post", DISMISSED): {201, 404, 409, 415},
    ("delete", DISMISSED_ONE): {204, 404},
    ("get", DEFINITION): {200, 404, 429},
    ("get", EXPLANATION): {200, 404, 429},
    ("get", FAILURES): {200, 404},
    ("get", EVALUATIONS): {200},
    ("get", EVALUATION): {200, 404},
    ("get", FILES): {200, 404, 410, 429},
    ("get", SIMILAR): {200, 404, 429},
    ("get", CODE): {200, 404, 429},
    ("get", REFERENCES): {200, 404, 429},
    ("get", CALLERS): {200, 404, 429},
    ("get", CALLEES): {200, 404, 429},
    ("get", REPOSITORIES): {200},
    ("post", REPOSITORIES): {201, 415, 429},
    ("get", ONE): {200, 404},
    ("delete", ONE): {204, 404},
    ("get", RULES): {200, 404},
    ("patch", RULES): {200, 404, 415},
    ("get", SETTINGS): {200, 404},
    ("patch", SETTINGS): {200, 404, 415},
    ("get", INVITATIONS): {200},
    ("post", INVITATIONS): {201, 415},
    ("delete", INVITATION): {204, 404},
    ("get", TEAMS): {200},
    ("post", TEAMS): {201, 415},
    ("get", TEAM): {200, 404},
    ("patch", TEAM): {200, 404, 415},
    ("delete", TEAM): {204, 404},
    ("get", MEMBERS): {200, 404},
    ("put", MEMBERS): {200, 404, 415},
    ("delete", MEMBER): {204, 404},
    ("get", RUNS): {200, 404},
    ("post", RUNS): {201, 404, 429},
    ("post", CANCEL): {200, 404, 409},
    ("get", CODE_HOSTS): {200},
    ("post", CODE_HOSTS): {201, 415},
    ("patch", CODE_HOST): {200, 404, 415},
    ("delete", CODE_HOST): {204, 404},
    ("get", IMPORTS): {200},
    ("post", IMPORTS): {201, 415},
    ("get", IMPORT): {200, 404},
    ("patch", IMPORT): {200, 404, 415},
    ("delete", IMPORT): {204, 404},
    ("post", START): {200, 404},
    ("post", CONFIRM): {200, 404},
    ("get", OUTGOING): {200},
    ("post", OUTGOING): {201, 415},
    ("delete", OUTGOING_ONE): {204, 404},
    ("get", WEBHOOKS): {200},
    ("post", WEBHOOKS): {201, 415},
    ("delete", WEBHOOK): {204, 404},
    ("get", AUDIT): {200},
    ("get", EXPORT): {200},
    ("get", TOKENS): {200},
    ("post", TOKENS): {201, 415},
    ("delete", TOKEN): {204, 404},
    ("post", PAUSE): {200, 404},
    ("post", RESUME): {200, 404},
    ("get", RECENT_SEARCHES): {200},
    ("delete", RECENT_SEARCHES): {204},
    ("get", SAVED_SEARCHES): {200},
    ("post", SAVED_SEARCHES): {201, 415},
    ("patch", SAVED_SEARCH): {200, 404, 415},
    ("delete", SAVED_SEARCH): {204, 404},
    ("get", ALERTS): {200, 404},
    ("get", APPLICATIONS): {200},
    ("delete", APPLICATION): {204, 404},
}
"""Of a method and an address, beside these."""
