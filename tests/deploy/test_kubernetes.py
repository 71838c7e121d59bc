"""The manifests, by the schemas of Kubernetes, and as kustomize puts them together."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.deploy.programs import OF_OTHERS, PROJECT, documented_settings, refused_arguments

FOLDER = PROJECT / "deploy/kubernetes"
VERSIONS = ["1.30", "1.34"]
"""The oldest one that has all that is used, and a recent one."""

FILES = [path for path in sorted(FOLDER.glob("base/*.yaml")) if path.stem != "kustomization"]
WORKLOADS = {"Deployment", "StatefulSet", "Job"}
Manifest = dict[str, Any]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_manifest_is_valid(file: Any, version: str) -> None:
    for manifest in yaml.safe_load_all(file.read_text()):
        if file.stem != "hardening":  # it is a part of one
            kubernetes_validate.validate(manifest, version, strict=True)


def test_every_manifest_is_used() -> None:
    kustomization = yaml.safe_load((FOLDER / "base/kustomization.yaml").read_text())
    patches = [patch["path"] for patch in kustomization["patches"]]
    assert {*kustomization["resources"], *patches} == {path.name for path in FILES}


@pytest.mark.parametrize("variant", ["base", "gpu"])
def test_what_kustomize_makes_of_them_is_valid(variant: str) -> None:
    for manifest in built(variant):
        kubernetes_validate.validate(manifest, VERSIONS[-1], strict=True)


def test_every_container_may_do_little() -> None:
    """What the pod security standard `restricted` asks for, and a file system that is read-only."""
    pods = workloads(built("base"))
    assert set(pods) == {"migrate", "web", "ingest", "light", "embed", "beat"}
    for pod in pods.values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod["automountServiceAccountToken"] is False
        for container in containers(pod):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"requests", "limits"} <= set(container["resources"])
            mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            assert mounted == {"state": "/var/lib/codeindex", "tmp": "/tmp"}


def test_every_command_is_one_that_codeindex_has() -> None:
    for manifests in (built("base"), built("gpu")):
        for pod in workloads(manifests).values():
            for container in containers(pod):
                arguments = container.get("args")
                assert arguments is None or refused_arguments(arguments) == ""


def test_what_they_set_is_a_setting() -> None:
    base, gpu = built("base"), built("gpu")
    (settings,) = [each for each in base if each["kind"] == "ConfigMap"]
    names = set(settings["data"])
    for pod in (*workloads(base).values(), *workloads(gpu).values()):
        for container in containers(pod):
            names |= {variable["name"] for variable in container.get("env", [])}
    assert names - documented_settings() - OF_OTHERS == set()


def test_an_update_takes_no_web_server_away_before_another_answers() -> None:
    (web,) = [each for each in built("base") if identity(each) == ("Deployment", "web")]
    assert web["spec"]["replicas"] >= 2
    assert web["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    pod = web["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    paths = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("liveness", "readiness")]
    assert paths == ["/healthz", "/readyz?exclude=broker"]
    drained = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert drained + 10 <= pod["terminationGracePeriodSeconds"]


def identity(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def workloads(manifests: list[Manifest]) -> dict[str, Manifest]:
    """The pods by the names of what they belong to."""
    return {
        each["metadata"]["name"]: each["spec"]["template"]["spec"]
        for each in manifests
        if each["kind"] in WORKLOADS
    }


def containers(pod: Manifest) -> list[Manifest]:
    return [*pod.get("initContainers", []), *pod["containers"]]


@cache
def built(variant: str) -> list[Manifest]:
    if shutil.which("kubectl"):
        command = ["kubectl", "kustomize"]
    elif shutil.which("kustomize"):
        command = ["kustomize", "build"]
    else:
        pytest.skip("there is neither kubectl nor kustomize")
    made = subprocess.run([*command, FOLDER / variant], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    return list(yaml.safe_load_all(made.stdout))
