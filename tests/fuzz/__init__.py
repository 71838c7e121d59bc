"""Fuzzing of every entry point, as commands: `python -m tests.fuzz --help`.

Input number N of a seed is always the same, so that its number reproduces a finding. Each input
runs in a process that is killed, as a hang, if it takes longer than five seconds (twenty for a
repository)."""
