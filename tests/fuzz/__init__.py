"""Random hostile input at every door, as commands: `python -m tests.fuzz --help`.

Input number N of a seed is always the same, so that a finding is repeated by its number alone. Each
input is tried in a process that is killed when it takes longer than five seconds (twenty for a
repository): a hang."""
