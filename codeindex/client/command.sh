#!/bin/sh
# The command of a clone: `make` links `.venv/bin/codeindex` to it. -P: nothing is imported from the folder that it is
# called in, which may be a stranger's repository.
clone=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
PYTHONPATH=$clone exec "$clone/.venv/bin/python" -P -m codeindex.client "$@"
