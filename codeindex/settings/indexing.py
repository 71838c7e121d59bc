"""What may be indexed, how it is read, and how often it is looked at."""

from __future__ import annotations

from codeindex.settings.services import env

CODEINDEX_LOCAL_ROOTS = env.folders("CODEINDEX_LOCAL_ROOTS")
CODEINDEX_REFUSED_NETWORKS = env.networks(
    "CODEINDEX_REFUSED_NETWORKS",
    # This machine, its links, and the metadata services of Alibaba, Azure, Oracle, Amazon, Google
    "0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 240.0.0.0/4,"
    " ::/128, ::1/128, fe80::/10, fec0::/10, ff00::/8,"
    " 100.100.100.200/32, 168.63.129.16/32, 192.0.0.0/24, fd00:ec2::/32, fd20:ce::254/128",
)
# The kinds of code hosts, or templates of their links, for links to files there
CODEINDEX_CODE_HOSTS = env.code_hosts("CODEINDEX_CODE_HOSTS")
CODEINDEX_SSH_KNOWN_HOSTS = env.file("CODEINDEX_SSH_KNOWN_HOSTS")
CODEINDEX_CLONE_SECONDS = env.integer("CODEINDEX_CLONE_SECONDS", 600)
CODEINDEX_CLONE_BYTES = env.size("CODEINDEX_CLONE_BYTES", "2 GiB")
CODEINDEX_CLONE_MEMORY = env.size("CODEINDEX_CLONE_MEMORY", "2 GiB")
CODEINDEX_CLONE_FILES = env.integer("CODEINDEX_CLONE_FILES", 1_000_000)
CODEINDEX_CLONE_CONTENT = env.size("CODEINDEX_CLONE_CONTENT", "20 GiB")
# The most repositories that a user may own; administrators have no limit
CODEINDEX_REPOSITORIES_PER_USER = env.integer("CODEINDEX_REPOSITORIES_PER_USER", 500)
CODEINDEX_FILE_BYTES = env.size("CODEINDEX_FILE_BYTES", "1 MiB")
# Limits for parsing one file: seconds of CPU time, and memory
CODEINDEX_READ_SECONDS = env.integer("CODEINDEX_READ_SECONDS", 10, high=3600)
CODEINDEX_READ_BYTES = env.size("CODEINDEX_READ_BYTES", "1 GiB")
# Time limit for all SQL statements of one search together
CODEINDEX_SEARCH_SECONDS = env.integer("CODEINDEX_SEARCH_SECONDS", 10, high=600)
# After this time another worker takes over the work of a killed one
CODEINDEX_LEASE_SECONDS = env.integer("CODEINDEX_LEASE_SECONDS", 60, high=3600)
# How often work is looked for that nobody was told of, or that a killed worker left
CODEINDEX_SWEEP_SECONDS = env.integer("CODEINDEX_SWEEP_SECONDS", 15, high=3600)
# How much lower than the web server's and the database's the workers' priority is
CODEINDEX_NICENESS = env.integer("CODEINDEX_NICENESS", 10, low=0, high=19)
# How many commits back the history of a branch is fetched, to tell who changed a definition last;
# 0: only the newest commit
CODEINDEX_HISTORY_COMMITS = env.integer("CODEINDEX_HISTORY_COMMITS", 0, low=0, high=100_000)
# How often a host is asked for new commits of a branch, unless its repository says otherwise; 0:
# never
CODEINDEX_CHECK_MINUTES = env.integer("CODEINDEX_CHECK_MINUTES", 60, low=0, high=43_200)
# How often imports ask for the repositories of an organisation
CODEINDEX_IMPORT_MINUTES = env.integer("CODEINDEX_IMPORT_MINUTES", 60, high=43_200)
# How often a code host is asked who may read what is imported, and for how long its answer counts
CODEINDEX_PERMISSION_MINUTES = env.integer("CODEINDEX_PERMISSION_MINUTES", 60, high=43_200)
CODEINDEX_PERMISSION_HOURS = env.integer("CODEINDEX_PERMISSION_HOURS", 24, high=24 * 365)
# Who may import the repositories of an organisation
CODEINDEX_IMPORTS_BY = env.choice(
    "CODEINDEX_IMPORTS_BY", "administrators", "administrators", "everyone"
)
# How long a host may take to answer whether a branch has moved on
CODEINDEX_CHECK_SECONDS = env.integer("CODEINDEX_CHECK_SECONDS", 20, high=600)
# A process that has made no progress for this time is ended
CODEINDEX_STALL_SECONDS = env.integer("CODEINDEX_STALL_SECONDS", 300)
