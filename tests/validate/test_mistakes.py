"""Mistakes that people make, on one good application: every one is told, though few of them break a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from renderer.errors import Code
from renderer.types import Severity
from renderer.validate import minors
from tests.validate.support import manifests

if TYPE_CHECKING:
    from renderer.validate import Validator

GOOD = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: analyser, namespace: lab, labels: {app: analyser}}
spec:
  replicas: 2
  selector: {matchLabels: {app: analyser}}
  template:
    metadata: {labels: {app: analyser}}
    spec:
      containers:
      - name: app
        image: registry.eu.labs.example/lab/analyser:1.4.2
        imagePullPolicy: IfNotPresent
        ports: [{name: http, containerPort: 8080}]
        env: [{name: MODE, value: fast}]
        resources: {requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}
        volumeMounts: [{name: data, mountPath: /data}]
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 10}
      volumes: [{name: data, emptyDir: {sizeLimit: 1Gi}}]
---
apiVersion: v1
kind: Service
metadata: {name: analyser, namespace: lab}
spec:
  selector: {app: analyser}
  ports: [{name: http, port: 80, targetPort: http}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: analyser, namespace: lab}
spec:
  rules:
  - host: analyser.lab.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: analyser, port: {name: http}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: analyser, namespace: lab}
spec:
  podSelector: {matchLabels: {app: analyser}}
  policyTypes: [Ingress]
  ingress: [{from: [{ipBlock: {cidr: 10.1.0.0/16}}]}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup, namespace: lab}
spec:
  schedule: 15 3 * * *
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: backup, image: 'registry.eu.labs.example/lab/backup:1.0.0'}]
"""
SCHEMA = {
    "a misspelled field",
    "a text for a number",
    "a field in the wrong place",
    "a missing field",
    "an unknown kind",
}
# Told as breaches of the schema too, though the published one takes them: quantities and keys of lists are ours.
BESIDE = {"a quantity without sense", "two containers with one name", "one variable twice"}
MISTAKES = {
    "a misspelled field": ("replicas: 2", "replica: 2"),
    "a text for a number": ("replicas: 2", 'replicas: "2"'),
    "a field in the wrong place": ("spec:\n  replicas: 2", "replicas: 2\nspec:"),
    "a missing field": ("  selector: {matchLabels: {app: analyser}}\n  template:", "  template:"),
    "an unknown kind": ("kind: CronJob", "kind: Cronjob"),
    "a quantity without sense": ("memory: 128Mi", "memory: 128MB"),
    "a request above its limit": ("memory: 128Mi", "memory: 512Mi"),
    "a port out of range": ("containerPort: 8080", "containerPort: 80800"),
    "a port name that is too long": ("{name: http, containerPort", "{name: analyser-http-metrics, containerPort"),
    "a name in capitals": ("{name: analyser, namespace: lab, labels", "{name: Analyser, namespace: lab, labels"),
    "a label with spaces": ("labels: {app: analyser}}\nspec:", "labels: {app: 'the analyser'}}\nspec:"),
    "a selector that misses the pods": ("metadata: {labels: {app: analyser}}", "metadata: {labels: {app: analyzer}}"),
    "two containers with one name": ("      volumes:", "      - {name: app, image: a}\n      volumes:"),
    "one variable twice": ("env: [{name: MODE, value: fast}]", "env: [{name: MODE, value: a}, {name: MODE, value: b}]"),
    "a mount without volume": ("volumeMounts: [{name: data,", "volumeMounts: [{name: results,"),
    "fewer than no replicas": ("replicas: 2", "replicas: -1"),
    "a misspelled policy": ("imagePullPolicy: IfNotPresent", "imagePullPolicy: Allways"),
    "a probe of a port that is not there": ("port: http}, period", "port: https}, period"),
    "a schedule with six fields": ("schedule: 15 3 * * *", "schedule: 0 15 3 * * *"),
    "a network without its prefix": ("cidr: 10.1.0.0/16", "cidr: 10.1.0.0"),
    "a host with its scheme": ("host: analyser.lab.example", "host: https://analyser.lab.example"),
    "a job that is always restarted": ("restartPolicy: Never", "restartPolicy: Always"),
    "a digest that is cut off": ("analyser:1.4.2", "analyser@sha256:4f2a"),
}  # fmt: skip


def codes(text: str, validator: Validator, minor: str = "1.35") -> set[Code]:
    found = validator.check(manifests(app=text), minor)
    assert all(problem.hint and problem.where and problem.where.line > 1 for problem in found)
    return {problem.code for problem in found if problem.severity is Severity.ERROR}


@pytest.mark.parametrize("minor", minors())
def test_the_application_is_good_for_every_minor_and_a_typo_in_it_is_found(minor: str, validator: Validator) -> None:
    assert codes(GOOD, validator, minor) == set()
    assert codes(GOOD.replace("replicas", "replica"), validator, minor) == {Code.OBJECT_SCHEMA}


def test_the_minors_are_those_from_1_29_to_the_newest_without_a_gap() -> None:
    numbers = [int(minor.partition(".")[2]) for minor in minors()]

    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] <= 29
    assert numbers[-1] >= 37


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_an_error_and_most_are_no_affair_of_a_schema(mistake: str, validator: Validator) -> None:
    before, after = MISTAKES[mistake]
    assert GOOD.count(before) >= 1

    found = codes(GOOD.replace(before, after, 1), validator)

    assert found
    schema = {Code.OBJECT_SCHEMA, Code.OBJECT_KIND_UNKNOWN}
    assert bool(found & schema) is (mistake in SCHEMA | BESIDE)


def test_there_are_as_many_mistakes_as_in_the_comparison_with_strict_schemas() -> None:
    assert (len(MISTAKES), len(SCHEMA)) == (23, 5)
