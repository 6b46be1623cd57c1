"""The table of all semantic rules.

In: an object of one of Kubernetes' own kinds, which fits its schema. Out: findings.
Never: holds a rule itself; each topic has a module.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from renderer.validate import (
    rules_batch,
    rules_config,
    rules_containers,
    rules_extensions,
    rules_meta,
    rules_network,
    rules_pods,
    rules_probes,
    rules_rbac,
    rules_scheduling,
    rules_services,
    rules_storage,
    rules_volumes,
    rules_workloads,
)
from renderer.validate.rules import Finding, Rule, Step, compiled, findings

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPICS: Mapping[str, tuple[Rule, ...]] = {
    "Pods": rules_pods.RULES,
    "Containers": rules_containers.RULES,
    "Probes and hooks": rules_probes.RULES,
    "Volumes and mounts": rules_volumes.RULES,
    "Scheduling": rules_scheduling.RULES,
    "Workloads, autoscalers, disruption budgets": rules_workloads.RULES,
    "Jobs": rules_batch.RULES,
    "Services": rules_services.RULES,
    "Ingresses and network policies": rules_network.RULES,
    "Storage": rules_storage.RULES,
    "Configuration": rules_config.RULES,
    "Access": rules_rbac.RULES,
    "Extensions of the API": rules_extensions.RULES,
    "Metadata": rules_meta.RULES,
}
RULES: tuple[Rule, ...] = tuple(rule for rules in TOPICS.values() for rule in rules)


def broken(group: str, kind: str, got: Any) -> list[Finding]:
    """What semantic rules say about an object that fits its schema."""
    return findings(_places(group, kind), got)


@lru_cache(maxsize=512)
def _places(group: str, kind: str) -> Step:
    return compiled(RULES, group, kind)
