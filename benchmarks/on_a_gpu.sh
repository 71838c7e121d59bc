#!/usr/bin/env bash
# What docs/results/gpu.md has no figures for yet, measured in under ten minutes on one NVIDIA GPU:
#
#   benchmarks/on_a_gpu.sh REPOSITORY [REPOSITORY …]
#
# The git repositories should have some 30,000 definitions together. PYTHON is the Python of an environment
# with a CUDA build of torch; vLLM is compared if it is installed there. TINY=1 tries out the script on a CPU.
# A part that fails or takes too long keeps no later one from running.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${PYTHON:-.venv/bin/python}
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT
status=0

# part SECONDS TITLE [NAME=VALUE …] MODULE ARGUMENT …
part() {
	local seconds=$1 title=$2 variables=()
	shift 2
	while [[ $1 == *=* ]]; do
		variables+=("$1")
		shift
	done
	echo "== $title"
	env "${variables[@]}" timeout "$seconds" "$python" -m "$@" || {
		echo "The part ended with status $?."
		status=1
	}
}

# worker TITLE [NAME=VALUE …]: a fill of a new installation
worker() {
	local title=$1
	shift
	part 90 "$title" CODEINDEX_HOME="$(mktemp --directory --tmpdir="$scratch")" "$@" \
		benchmarks.worker --texts 4096 "${repositories[@]}"
}

repositories=("$@")
compared=(--rounds 1 --texts 2048 --batch-sizes 64 256)
small=Qwen2.5-Coder-0.5B
if [ -n "${TINY:-}" ]; then compared=(--device cpu --tiny --rounds 1 --texts 64 --batch-sizes 8); fi

part 120 "Qwen2.5-Coder-1.5B" benchmarks.gpu --models Qwen2.5-Coder-1.5B "${compared[@]}"
worker "MiniLM: drafts" CODEINDEX_DRAFTS=on
worker "MiniLM: vectors of the language model" CODEINDEX_DRAFTS=off
if [ -z "${TINY:-}" ]; then
	part 60 "weights of $small" benchmarks.architectures "$small" "$scratch/$small"
	model=(CODEINDEX_LLM="$scratch/$small" CODEINDEX_TEXT_ONLY=true CODEINDEX_DTYPE=bfloat16)
	worker "$small" "${model[@]}"
	worker "$small, 8 bits" "${model[@]}" CODEINDEX_RUNTIME=8bit
	worker "$small, 4 bits" "${model[@]}" CODEINDEX_RUNTIME=4bit
fi
exit "$status"
