"""Error codes, and the exceptions that stop a run.

One site's trouble is a `Problem` value (renderer.types) and stops only that site. What is raised here stops the run.
Every exception takes one positional message and keywords with defaults, so that it survives a trip between processes.
Never: imports another module of ours at run time.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.types import Problem


class Code(StrEnum):
    """Stable codes of problems; docs/reference/errors.md explains each. The hundreds tell the stage."""

    FILE_UNREADABLE = "FP101"
    YAML_SYNTAX = "FP102"
    YAML_DUPLICATE_KEY = "FP103"
    YAML_AMBIGUOUS = "FP104"
    YAML_LIMIT = "FP105"
    YAML_FEATURE = "FP106"

    INPUT_SCHEMA = "FP201"
    INPUT_UNKNOWN_KEY = "FP202"
    SITE_LABEL = "FP203"
    LAYER_MISSING = "FP204"
    SITE_DUPLICATE = "FP205"
    SITE_NAME = "FP206"
    VALUE_RESERVED = "FP207"
    VALUE_UNKNOWN = "FP208"
    TEMPLATE_NONE = "FP209"
    SITE_UNKNOWN = "FP210"
    MIGRATION_CONFLICT = "FP220"
    MIGRATION_SHARED = "FP221"
    MIGRATION_BY_HAND = "FP222"
    PIN_BY_HAND = "FP223"
    VALUE_UNREAD = "FP230"
    VALUE_HIDDEN = "FP231"
    OVERRIDE_EQUAL = "FP232"
    LAYER_UNUSED = "FP233"
    LABEL_UNUSED = "FP234"
    SITE_GENERIC = "FP235"
    VERSION_UNPINNED = "FP236"
    VALUE_REPEATED = "FP237"
    SITE_TWIN = "FP238"
    POLICY_SCOPE = "FP240"
    POLICY_DUPLICATE = "FP241"
    POLICY_PATTERN = "FP242"
    WAIVER_INVALID = "FP243"
    WAIVER_IDLE = "FP244"
    WAIVER_EXPIRED = "FP245"
    WAIVER_UNUSED = "FP246"
    WAIVER_ENDING = "FP247"
    DEFINITION_TAKEN = "FP250"
    DEFINITION_UNKNOWN = "FP251"
    DEFINITION_GENERATED = "FP252"
    DEFINITION_ALTERED = "FP253"
    OVERLAY_UNAPPLIED = "FP260"

    TEMPLATE_MISSING = "FP301"
    TEMPLATE_CONFIG = "FP302"
    TEMPLATE_REFUSED = "FP303"
    TEMPLATE_SYNTAX = "FP304"
    TEMPLATE_UNDEFINED = "FP305"
    ANSWER_INVALID = "FP306"
    ANSWER_REJECTED = "FP307"
    ANSWER_MISSING = "FP308"
    OUTPUT_PATH = "FP309"
    OUTPUT_CONFLICT = "FP310"
    RENDER_FAILED = "FP311"
    RENDER_FORBIDDEN = "FP312"
    RENDER_LIMIT = "FP313"
    SITE_NOT_NAMED = "FP314"
    TEMPLATE_CHANGED = "FP315"
    TEMPLATE_UNLOCKED = "FP316"
    TEMPLATE_SOURCE = "FP317"
    TEMPLATE_RELEASE = "FP318"
    MEMO_WRONG = "FP319"
    TEMPLATE_INCLUDE = "FP320"
    QUESTION_UNUSED = "FP330"
    VARIABLE_UNASKED = "FP331"
    FILE_UNREACHABLE = "FP332"
    QUESTION_DEFAULT = "FP333"
    TEMPLATE_UNDOCUMENTED = "FP334"
    QUESTION_SECRET = "FP335"  # noqa: S105 - a code, not a secret
    FILE_VERBATIM = "FP336"
    CHOICE_UNREACHABLE = "FP337"
    TEMPLATE_UNTESTED = "FP338"
    CASE_INVALID = "FP340"
    CASE_FAILED = "FP341"

    OBJECT_YAML = "FP401"
    OBJECT_INCOMPLETE = "FP402"
    OBJECT_SCHEMA = "FP403"
    OBJECT_KIND_UNKNOWN = "FP404"
    OBJECT_API_REMOVED = "FP405"
    OBJECT_DUPLICATE = "FP406"
    OBJECT_NAME = "FP407"
    CRD_INVALID = "FP408"
    KUBERNETES_UNKNOWN = "FP409"
    OBJECT_SECRET = "FP410"  # noqa: S105 - a code, not a secret
    OBJECT_RULE = "FP411"
    OBJECT_REFERENCE = "FP412"
    OBJECT_API_DEPRECATED = "FP413"
    OBJECT_CEL = "FP420"
    OBJECT_POLICY = "FP421"
    POLICY_INVALID = "FP422"
    IMAGE_REGISTRY = "FP430"
    IMAGE_FOREIGN = "FP431"
    EGRESS_HOST = "FP432"
    EGRESS_FOREIGN = "FP433"
    IMAGE_UNPINNED = "FP434"
    SITE_LIMIT = "FP435"
    OBJECT_FORBIDDEN = "FP436"
    IMAGE_UNREADABLE = "FP437"
    HOST_UNREADABLE = "FP438"
    SECRET_VALUE = "FP440"  # noqa: S105 - a code, not a secret
    SECRET_RENDERED = "FP441"  # noqa: S105 - a code, not a secret
    SECRET_RULES = "FP442"  # noqa: S105 - a code, not a secret

    ARTIFACT_EMPTY = "FP501"
    ARTIFACT_NAME = "FP502"
    ARTIFACT_LIMIT = "FP503"

    KEY_UNREADABLE = "FP601"
    KEY_PASSWORD = "FP602"  # noqa: S105 - a code, not a password
    KEY_UNSUPPORTED = "FP603"
    SIGNATURE_INVALID = "FP604"
    SIGNATURE_FOREIGN = "FP605"
    SIGNATURE_MISSING = "FP606"
    DIGEST_MISMATCH = "FP607"
    SITE_MISMATCH = "FP608"
    KEY_EXPOSED = "FP609"
    SERIAL_MISMATCH = "FP610"
    BASE_OVERRIDE = "FP613"
    OBJECT_MOVES = "FP614"
    BASE_DIFFERS = "FP615"
    BASE_HELD = "FP616"
    BASE_SHARED = "FP617"
    BASE_UNFIT = "FP618"
    BASE_MODE = "FP619"

    REGISTRY_FAILED = "FP701"
    REGISTRY_AUTH = "FP702"
    REGISTRY_CORRUPT = "FP703"
    TAG_TAKEN = "FP704"
    SUPERSEDED = "FP705"
    RESIDENCY = "FP706"
    TARGET_INVALID = "FP707"
    LEDGER_CORRUPT = "FP708"
    NOT_PUBLISHED = "FP709"
    CACHE_UNSAFE = "FP710"
    CACHE_UNUSABLE = "FP711"
    CACHE_DAMAGED = "FP712"
    ARCHIVE_DAMAGED = "FP713"

    GIT_FAILED = "FP801"
    GIT_SHALLOW = "FP802"
    OUTPUT_UNWRITABLE = "FP803"
    WORKER_LOST = "FP804"
    USAGE = "FP805"
    SCAFFOLD_ANSWER = "FP806"
    SCAFFOLD_EXISTS = "FP807"
    IMPORT_LEFT_OUT = "FP808"
    ENGINE_UNKNOWN = "FP810"
    ENGINE_MISSING = "FP811"
    CLUSTER_FAILED = "FP812"
    WORKER_DIFFERS = "FP813"
    FILE_CHANGED = "FP814"
    SHARD_INVALID = "FP815"
    REPORT_INVALID = "FP816"
    SHARD_MISSING = "FP817"
    BASELINE_UNKNOWN = "FP820"
    SUPPOSITION_INVALID = "FP821"
    SNAPSHOT_INVALID = "FP822"
    EXPORT_INVALID = "FP823"
    HEALTH_UNREADABLE = "FP830"
    ROLLBACK_NONE = "FP831"
    LIMIT_EXCEEDED = "FP832"
    FROZEN = "FP833"
    INTERNAL = "FP899"


class FleetpressError(Exception):
    """Base of all exceptions of ours. `problems` says all that is wrong; `exit_code` is what the process ends with."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args, {"problems": self.problems}


class ConfigurationError(FleetpressError):
    """The fleet, its templates, schemas or the command line are wrong; nothing was done."""


class TemplateError(ConfigurationError):
    """A template version cannot be used."""


class SourceFailure(TemplateError):
    """The place that a template comes from cannot be reached; running again is safe."""

    exit_code = 4


class PublishError(FleetpressError):
    """A registry or layout folder failed; running again is safe."""

    exit_code = 4


class KeyFailure(FleetpressError):
    """A key cannot be read or used; nothing was signed."""

    exit_code = 4


class EnvironmentFailure(FleetpressError):
    """Git, the disk or a worker failed; running again is safe."""

    exit_code = 4
