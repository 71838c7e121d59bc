"""The tables, content-addressed as git is.

A branch's commit is a set of source files. Each points at a blob, which is parsed once, no matter
how many branches and forks hold it. Each definition of a blob points at a text, which is encoded
once for each space, no matter how many definitions share it. Permissions are checked on source
files.
"""

from codeindex.models.audit import AuditRecord
from codeindex.models.code_hosts import (
    CodeHost,
    HostAccount,
    HostKind,
    HostReader,
    Import,
    ImportedRepository,
    PermissionSync,
)
from codeindex.models.commits import Commit, DefinitionChange
from codeindex.models.costs import Forecast, RunCost
from codeindex.models.evaluations import Evaluation
from codeindex.models.files import (
    Blob,
    BlobWords,
    Definition,
    GramBlock,
    NamesUsed,
    SkippedFiles,
    SourceFile,
    SourceFileQuerySet,
    Text,
    WordCount,
)
from codeindex.models.freshness import Upstream
from codeindex.models.identities import SignOnIdentity
from codeindex.models.invitations import Invitation
from codeindex.models.oauth import OAuthGrant
from codeindex.models.observability import GpuState, RecallSample, WorkDone
from codeindex.models.projections import EDGE, MapPoint, Projection
from codeindex.models.quality import (
    BranchClones,
    Documented,
    NameDismissal,
    NameDoubt,
    NearClone,
    TextShape,
    UsageDay,
)
from codeindex.models.repositories import (
    CHECK_MINUTES,
    DEFAULT_MATCHING,
    IGNORE_PATTERNS,
    MOST_MATCHING,
    UNPUBLISHED,
    UNREAD,
    Branch,
    IndexRun,
    PlainId,
    Repository,
    RepositoryQuerySet,
    RunStatus,
    Visibility,
    host_path,
)
from codeindex.models.schedule import ScheduledTask
from codeindex.models.searches import Alert, AwaitedComparison, RecentSearch, SavedSearch
from codeindex.models.teams import Membership, Role, SignOnAdministrator
from codeindex.models.tokens import Scope, Token
from codeindex.models.vectors import ATTEMPTS, Claim, Embedding, EmbeddingState, Space, SpaceState
from codeindex.models.webhooks import (
    OutgoingDelivery,
    OutgoingEvent,
    OutgoingWebhook,
    PushDelivery,
    PushWebhook,
)

__all__ = [
    "ATTEMPTS",
    "CHECK_MINUTES",
    "DEFAULT_MATCHING",
    "EDGE",
    "IGNORE_PATTERNS",
    "MOST_MATCHING",
    "UNPUBLISHED",
    "UNREAD",
    "Alert",
    "AuditRecord",
    "AwaitedComparison",
    "Blob",
    "BlobWords",
    "Branch",
    "BranchClones",
    "Claim",
    "CodeHost",
    "Commit",
    "Definition",
    "DefinitionChange",
    "Documented",
    "Embedding",
    "EmbeddingState",
    "Evaluation",
    "Forecast",
    "GpuState",
    "GramBlock",
    "HostAccount",
    "HostKind",
    "HostReader",
    "Import",
    "ImportedRepository",
    "IndexRun",
    "Invitation",
    "MapPoint",
    "Membership",
    "NameDismissal",
    "NameDoubt",
    "NamesUsed",
    "NearClone",
    "OAuthGrant",
    "OutgoingDelivery",
    "OutgoingEvent",
    "OutgoingWebhook",
    "PermissionSync",
    "PlainId",
    "Projection",
    "PushDelivery",
    "PushWebhook",
    "RecallSample",
    "RecentSearch",
    "Repository",
    "RepositoryQuerySet",
    "Role",
    "RunCost",
    "RunStatus",
    "SavedSearch",
    "ScheduledTask",
    "Scope",
    "SignOnAdministrator",
    "SignOnIdentity",
    "SkippedFiles",
    "SourceFile",
    "SourceFileQuerySet",
    "Space",
    "SpaceState",
    "Text",
    "TextShape",
    "Token",
    "Upstream",
    "UsageDay",
    "Visibility",
    "WordCount",
    "WorkDone",
    "host_path",
]
