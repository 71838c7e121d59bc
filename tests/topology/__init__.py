"""Whole installations: as organisations run them, with the programs that stand beside codeindex,
and through what goes wrong.

`make topology` runs these tests; `make test` leaves them out. A test whose program is not installed
is skipped."""
