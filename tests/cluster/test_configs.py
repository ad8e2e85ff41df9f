"""The shipped cluster configurations. They cannot be run here, so each is held against what is published.

autoscaler: the schema in Ray's wheel, and Ray's own validation. KubeRay and compose: the parts of the published
schemas that these files use, written out below (the whole files were checked against KubeRay's v1 CRDs, unknown
keys refused, and against compose-spec.json, when they were written). Slurm: bash's parser and sbatch's options.
"""

import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import jsonschema
import pytest
import yaml

CONFIGS = Path(__file__).parents[2] / "cluster" / "configs"
TEXT = {"type": "string"}
TEXTS = {"type": "array", "items": TEXT}
TEXT_MAP = {"type": "object", "additionalProperties": TEXT}


def record(required=(), **properties):
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def many(items):
    return {"type": "array", "items": items, "minItems": 1}


def read(name):
    return yaml.safe_load((CONFIGS / name).read_text())


CONTAINER = record(
    ["name", "image", "resources"],
    name=TEXT,
    image=TEXT,
    env=many(record(["name", "value"], name=TEXT, value=TEXT)),
    ports=many(record(["containerPort"], containerPort={"type": "integer"}, name=TEXT)),
    resources=record(["limits", "requests"], limits=TEXT_MAP, requests=TEXT_MAP),
    volumeMounts=many(record(["mountPath", "name"], mountPath=TEXT, name=TEXT)),
)
VOLUME = record(
    ["name", "persistentVolumeClaim"], name=TEXT, persistentVolumeClaim=record(["claimName"], claimName=TEXT)
)
POD = record(["spec"], spec=record(["containers"], containers=many(CONTAINER), volumes=many(VOLUME)))
COUNT = {"type": "integer", "minimum": 0}
RAY_CLUSTER = record(
    ["headGroupSpec", "workerGroupSpecs", "rayVersion", "authOptions"],
    rayVersion=TEXT,
    authOptions=record(["mode"], mode={"enum": ["token"]}),
    headGroupSpec=record(["template"], rayStartParams=TEXT_MAP, template=POD),
    workerGroupSpecs=many(
        record(
            ["groupName", "template"],
            groupName=TEXT,
            replicas=COUNT,
            minReplicas=COUNT,
            maxReplicas=COUNT,
            rayStartParams=TEXT_MAP,
            template=POD,
        )
    ),
)
RAY_JOB = record(
    ["entrypoint", "rayClusterSpec"],
    entrypoint=TEXT,
    shutdownAfterJobFinishes={"type": "boolean"},
    ttlSecondsAfterFinished=COUNT,
    rayClusterSpec=RAY_CLUSTER,
)
SERVICE = record(
    ["image", "command"],
    image=TEXT,
    build=record(context=TEXT, dockerfile_inline=TEXT),
    command=TEXT,
    environment=TEXT_MAP,
    secrets=TEXTS,
    shm_size=TEXT,
    volumes=TEXTS,
    networks=TEXTS,
    ports=TEXTS,
    init={"type": "boolean"},
    restart={"enum": ["no", "always", "on-failure", "unless-stopped"]},
    healthcheck=record(["test"], test=TEXTS, interval=TEXT, timeout=TEXT, retries=COUNT),
    depends_on={
        "type": "object",
        "additionalProperties": record(["condition"], condition={"enum": ["service_healthy"]}),
    },
    deploy=record(replicas=COUNT),
)


@pytest.mark.parametrize(
    ("name", "kind", "spec"), [("kuberay-raycluster", "RayCluster", RAY_CLUSTER), ("kuberay-rayjob", "RayJob", RAY_JOB)]
)
def test_kuberay(name, kind, spec):
    resource = read(f"{name}.yaml")
    metadata = record(["name"], name={"type": "string", "pattern": "^[a-z0-9-]+$"})
    schema = record(
        ["apiVersion", "kind"], apiVersion={"const": "ray.io/v1"}, kind={"const": kind}, metadata=metadata, spec=spec
    )
    jsonschema.validate(resource, schema)
    cluster = resource["spec"].get("rayClusterSpec", resource["spec"])
    assert cluster["rayVersion"] == version("ray")
    pods = [cluster["headGroupSpec"]["template"], *(group["template"] for group in cluster["workerGroupSpecs"])]
    for pod in pods:
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        assert {mount["name"] for c in pod["spec"]["containers"] for mount in c["volumeMounts"]} <= volumes


def test_compose():
    file = read("compose.yaml")
    volumes = {key: value for key, value in file.items() if not key.startswith("x-")}
    secrets = {"type": "object", "additionalProperties": record(["file"], file=TEXT)}
    services = {"type": "object", "additionalProperties": SERVICE}
    jsonschema.validate(
        volumes, record(["services"], name=TEXT, services=services, networks={"type": "object"}, secrets=secrets)
    )
    for service in file["services"].values():
        assert set(service["secrets"]) <= set(file["secrets"])
        assert set(service["networks"]) <= set(file["networks"])
        assert set(service.get("depends_on", {})) <= set(file["services"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


def test_autoscaler():
    file = read("autoscaler.yaml")
    assert file["max_workers"] == len(file["provider"]["worker_ips"])
    # In a process of its own: what imports ray decides, for the whole process, where Ray listens.
    code = """if True:
        import importlib.resources, json, sys, jsonschema
        from ray.autoscaler._private.util import prepare_config, validate_config
        file = json.load(sys.stdin)
        schema = importlib.resources.files("ray.autoscaler") / "ray-schema.json"
        jsonschema.validate(file, json.loads(schema.read_text()))
        validate_config(prepare_config(file))
    """
    subprocess.run([sys.executable, "-c", code], input=json.dumps(file), text=True, check=True)


def test_slurm():
    file = CONFIGS / "slurm.sh"
    subprocess.run(["bash", "-n", file], check=True)
    options = re.findall(r"^#SBATCH --([a-z-]+)=", file.read_text(), re.MULTILINE)
    assert {"nodes", "time", "cpus-per-task"} <= set(options)
    # The options of sbatch(1) that such a script may use.
    assert set(options) <= {
        "job-name",
        "nodes",
        "ntasks-per-node",
        "cpus-per-task",
        "mem",
        "time",
        "output",
        "gpus-per-node",
    }


@pytest.mark.parametrize(
    "name", ["autoscaler.yaml", "compose.yaml", "kuberay-raycluster.yaml", "kuberay-rayjob.yaml", "slurm.sh"]
)
def test_every_cluster_keeps_its_token_and_reports_nothing(name):
    text = (CONFIGS / name).read_text()
    assert "RAY_AUTH_MODE=token" in text or "RAY_AUTH_MODE: token" in text or "mode: token" in text
    assert "disabled" not in text
    assert "RAY_USAGE_STATS_REPORT_URL" in text
    assert "disable-usage-stats" in text
    ray_starts = re.findall(r"ray\"? start .*", text)
    assert not [line for line in ray_starts if "dashboard-host=0.0.0.0" in line and name != "compose.yaml"]


def test_every_file_is_checked_here():
    checked = Path(__file__).read_text() + Path(__file__).with_name("test_launcher.py").read_text()
    assert [file.name for file in CONFIGS.iterdir() if file.stem not in checked] == []
