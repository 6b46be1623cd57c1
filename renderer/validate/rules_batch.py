"""Rules about Jobs and CronJobs.

In: Jobs, and the job templates of CronJobs. Out: rules.
Never: knows a date. Source: kubernetes pkg/apis/batch/validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from renderer.types import Severity
from renderer.validate.rules import Rule, at_least, mapping, one_of, records, value
from renderer.validate.rules_cron import is_ever_due, schedule_problem
from renderer.validate.rules_grammar import time_zones
from renderer.validate.wording import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.validate.rules import Breach

_CRON = {("batch", "CronJob"): "spec"}
_JOBS = {("batch", "Job"): "spec", ("batch", "CronJob"): "spec.jobTemplate.spec"}
_MOST_INDEXED = 100_000
_ACTIONS = ("FailJob", "FailIndex", "Ignore", "Count")


def _schedule(got: str) -> Iterator[Breach]:
    if "TZ=" in got:
        yield (), f"expected no time zone in the schedule, got {shown(got)}"
    elif problem := schedule_problem(got):
        yield (), f"{problem}; got {shown(got)}"


def _indexed(got: Any) -> Iterator[Breach]:
    indexed = got.get("completionMode") == "Indexed"
    # Without both, the API server takes 1 for each.
    if indexed and got.get("completions") is None and got.get("parallelism") is not None:
        yield ("completionMode",), "expected completions with Indexed and parallelism, got none"
    if indexed and (got.get("parallelism") or 1) > _MOST_INDEXED:
        yield ("parallelism",), f"expected at most {_MOST_INDEXED} with Indexed, got {got['parallelism']}"
    for key in ("backoffLimitPerIndex", "maxFailedIndexes", "successPolicy"):
        if got.get(key) is not None and not indexed:
            yield (key,), "can only be set with completionMode Indexed"
    if got.get("maxFailedIndexes") is not None and got.get("backoffLimitPerIndex") is None:
        yield ("maxFailedIndexes",), "expected backoffLimitPerIndex with it"


def _selector(got: Any) -> Iterator[Breach]:
    if got.get("selector") is not None and not got.get("manualSelector"):
        yield ("selector",), "is made by the cluster, unless manualSelector is true"


def _failure(got: Any) -> Iterator[Breach]:
    policy = got.get("podFailurePolicy")
    if policy is None:
        return
    if mapping(got, "template", "spec").get("restartPolicy") != "Never":
        yield ("podFailurePolicy",), "expected restartPolicy Never with it"
    if got.get("podReplacementPolicy") == "TerminatingOrFailed":
        yield ("podReplacementPolicy",), "expected Failed with podFailurePolicy"
    for index, rule in records(policy, "rules"):
        if (rule.get("onExitCodes") is None) == (not rule.get("onPodConditions")):
            yield ("podFailurePolicy", "rules", index), "expected either onExitCodes or onPodConditions"
        if rule.get("action") == "FailIndex" and got.get("backoffLimitPerIndex") is None:
            yield ("podFailurePolicy", "rules", index, "action"), "FailIndex needs backoffLimitPerIndex"


RULES = (
    Rule("cronjob-schedule", _CRON, "schedule", "five cron fields, or a descriptor such as @daily; no time zone",
         _schedule, "validateScheduleFormat", "a time zone goes into timeZone"),
    value("cronjob-never", _CRON, "schedule", is_ever_due, "a day that exists in one of the months",
          "robfig/cron: it is never due", severity=Severity.WARNING),
    value("cronjob-time-zone", _CRON, "timeZone", lambda got: got in time_zones(),
          "a name of the time zone database such as Europe/Berlin", "validateTimeZone", "names are case-sensitive"),
    one_of("cronjob-concurrency", _CRON, "concurrencyPolicy", ("Allow", "Forbid", "Replace"),
           "validateConcurrencyPolicy"),
    at_least("cronjob-number", _CRON, "startingDeadlineSeconds|successfulJobsHistoryLimit|failedJobsHistoryLimit", 0,
             "validateCronJobSpec"),
    at_least("job-number", _JOBS,
             "parallelism|completions|activeDeadlineSeconds|backoffLimit|backoffLimitPerIndex|maxFailedIndexes|"
             "ttlSecondsAfterFinished", 0, "validateJobSpec"),
    one_of("job-completion-mode", _JOBS, "completionMode", ("NonIndexed", "Indexed"), "validateJobSpec", empty=False),
    one_of("job-replacement-policy", _JOBS, "podReplacementPolicy", ("TerminatingOrFailed", "Failed"),
           "validateJobSpec", empty=False),
    Rule("job-indexed", _JOBS, "", "completions for Indexed jobs, limits for each index on them only", _indexed,
         "validateJobSpec"),
    Rule("job-selector", _JOBS, "", "no selector without manualSelector", _selector, "validateGeneratedSelector",
         "remove the selector"),
    Rule("job-failure-policy", _JOBS, "", "restartPolicy Never and whole rules with podFailurePolicy", _failure,
         "validatePodFailurePolicy"),
    one_of("job-failure-action", _JOBS, "podFailurePolicy.rules[].action", _ACTIONS, "validatePodFailurePolicyRule",
           empty=False),
)  # fmt: skip
"""Jobs."""
