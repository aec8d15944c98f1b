"""The files of deploy/ as the programs they are for judge them."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY, CollectorRegistry

from chatserver import metrics
from chatserver.bus.broker_survey import survey
from chatserver.processes.supervisor import Supervisor
from chatserver.settings import FIELDS, Settings
from tests.support.proxy import program
from tests.support.rabbit import RabbitNode
from tests.support.server import ROOT

MANUAL = ROOT / "docs" / "operations.md"
DEPLOY = ROOT / "deploy"


def run(name: str, *arguments: str) -> str:
    found = program(name)
    if found is None:
        pytest.skip(f"{name} is not installed: scripts/prepare test")
    done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_accepts_the_unit() -> None:
    installed = "/opt/chatserver/.venv/bin/python /opt/chatserver/run.py"
    text = (DEPLOY / "chatserver.service").read_text()
    assert installed in text
    with tempfile.TemporaryDirectory(prefix="unit-") as path:
        unit = Path(path) / "chatserver.service"
        unit.write_text(text.replace(installed, f"{sys.executable} {ROOT / 'run.py'}"))

        said = run("systemd-analyze", "verify", str(unit))

    assert "chatserver" not in said, said


def test_promtool_accepts_the_scrape_and_the_alerts() -> None:
    assert "SUCCESS" in run("promtool", "check", "config", str(DEPLOY / "prometheus.yml"))


def test_each_alert_fires_when_it_should_and_not_when_all_is_well() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", str(DEPLOY / "alerts.test.yml"))


def test_every_setting_that_a_file_sets_exists() -> None:
    files = [file for file in DEPLOY.rglob("*") if file.is_file()]
    named = {name for file in files for name in re.findall(r"CHATSERVER_([A-Z_]*[A-Z])", file.read_text())}

    assert len(named) >= 8
    assert {name.lower() for name in named} - {"name"} - set(FIELDS) == set()


def test_the_image_holds_all_that_a_wheel_holds() -> None:
    copied = set(re.findall(r"^COPY (\S+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE))
    beside = re.search(r"^BESIDE = \((.+)\)$", (ROOT / "setup.py").read_text(), re.MULTILINE)

    assert beside
    assert copied >= {*re.findall(r'"(\w+)"', beside[1]), "chatserver", "run.py", "requirements.lock"}


def test_the_image_installs_the_lock_by_its_hashes_and_without_a_database() -> None:
    text = (DEPLOY / "Dockerfile").read_text()
    found = re.search(r"RUN (sed '.+' requirements\.lock)", text)
    assert found and "--require-hashes -r server.lock" in text
    kept = subprocess.run(
        ["bash", "-c", found[1]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    blocks = re.split(r"^(?=[A-Za-z0-9._-]+==)", kept, flags=re.MULTILINE)[1:]
    locked = re.findall(r"^([A-Za-z0-9._-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    without = [name for name in locked if not name.startswith("fiftyone")]
    assert [block.partition("==")[0] for block in blocks] == without and len(without) >= 20
    assert all("--hash=sha256:" in block for block in blocks)


def test_every_image_is_named_by_its_exact_version() -> None:
    for file in (DEPLOY / "Dockerfile", DEPLOY / "compose.yaml", DEPLOY / "kubernetes.yaml"):
        images = re.findall(r"^\s*(?:- )?(?:FROM|image:) (\S+)", file.read_text(), re.MULTILINE)
        assert images, file
        for image in images:
            assert re.search(r":\d+\.\d+\.\d+\b|@sha256:", image), f"{file.name}: {image}"


def test_of_a_cluster_only_the_ingress_is_believed_about_addresses_and_only_it_gets_through() -> None:
    parts = {part["kind"]: part for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}

    named = parts["ConfigMap"]["data"]["CHATSERVER_TRUSTED_PROXIES"].split(",")
    assert sum(ipaddress.ip_network(network).num_addresses for network in named) <= 16
    ways = parts["NetworkPolicy"]["spec"]["ingress"]
    (http,) = (way for way in ways if {"port": "http"} in way["ports"])
    assert all("podSelector" in source and "namespaceSelector" in source for source in http["from"])


def test_a_pod_serves_until_nobody_sends_it_anything_and_its_neighbours_are_elsewhere() -> None:
    """`make deploy-check` holds the manifest against the schemas; this is what they cannot know."""
    parts = {part["kind"]: part for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())}
    pod = parts["Deployment"]["spec"]["template"]
    container = pod["spec"]["containers"][0]
    settings = Settings()

    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["spec"]["terminationGracePeriodSeconds"] > max(
        settings.max_hold_secs, pause + settings.drain_secs
    )
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert "podAntiAffinity" in pod["spec"]["affinity"]
    assert parts["Service"]["spec"]["sessionAffinity"] == "None"
    assert parts["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    labels = pod["metadata"]["labels"]
    for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"):
        spec = parts[kind]["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        assert selector.get("matchLabels", selector) == labels, kind
    assert parts["ConfigMap"]["data"]["CHATSERVER_PORT"] == str(container["ports"][0]["containerPort"])


def test_a_broker_takes_the_definitions_and_the_permissions_that_the_manual_gives(rabbit: RabbitNode) -> None:
    rabbit.ensure_running()
    pattern = re.search(r"set_permissions -p chat chat '(\S+)'", MANUAL.read_text())
    assert pattern
    rabbit.rabbitmqctl("import_definitions", str(DEPLOY / "rabbitmq" / "definitions.json"))
    rabbit.rabbitmqctl("add_user", "chat", "secret")
    rabbit.rabbitmqctl("set_permissions", "-p", "chat", "chat", *[pattern[1]] * 3)

    found = asyncio.run(survey(f"amqp://chat:secret@127.0.0.1:{rabbit.port}/chat", ""))

    assert [(each.step, each.problem) for each in found] == [("", "")]
    assert "chat-bells" in rabbit.rabbitmqctl("list_policies", "-p", "chat")
    assert not re.search(r'"ha-|quorum', (DEPLOY / "rabbitmq" / "definitions.json").read_text())


def names(registry: CollectorRegistry) -> set[str]:
    found = set()
    for family in registry.collect():
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        found |= {family.name + suffix for suffix in suffixes}
    return found


def test_every_metric_an_alert_asks_for_exists() -> None:
    supervisor = Supervisor([], [], "", 2, 0)
    known = names(REGISTRY) | names(supervisor.registry)
    expressions = re.findall(r"expr: (.+)", (DEPLOY / "alerts.yml").read_text())
    asked = set(re.findall(r"\bchat_\w+", " ".join(expressions)))

    assert len(expressions) >= 10 and metrics.HELD_POLLS
    assert asked - known == set()


def test_every_alert_is_explained_to_who_gets_it() -> None:
    manual = MANUAL.read_text()
    alerts = re.findall(r"alert: (\w+)", (DEPLOY / "alerts.yml").read_text())

    assert [alert for alert in alerts if f"`{alert}`" not in manual] == []
