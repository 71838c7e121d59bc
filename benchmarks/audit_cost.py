"""What an audit row and a rate limit add to a search, in milliseconds:

python manage.py shell -c "from benchmarks import audit_cost; audit_cost.main()"
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median, quantiles

from django.db import connection

from codeindex import audit
from codeindex.accounts.limits import throttles
from codeindex.audit import Access
from codeindex.local_services import ensure_services

TIMES = 2_000
QUERY = "a lease that is renewed while the worker is alive"


def main() -> None:
    """Writes rows to the installation's audit."""
    with ensure_services():
        _print("a row of the audit", lambda: audit.note(Access.SEARCHED, None, text=QUERY))
        with connection.cursor() as cursor:
            _print("SELECT 1", lambda: cursor.execute("SELECT 1"))
        _print("a rate limit", lambda: throttles.spend("searches", "1000000/minute", "a user"))


def _print(what: str, work: Callable[[], object]) -> None:
    taken = [_milliseconds(work) for _ in range(TIMES)]
    late = quantiles(taken, n=100)
    print(f"{what:20} p50 {median(taken):.2f}  p95 {late[94]:.2f}  p99 {late[98]:.2f}", flush=True)


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - started)
