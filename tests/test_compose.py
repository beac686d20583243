"""docker-compose.yml against what it starts: settings, commands, files and times that it names are those we have.

That its brokers form a cluster, and what such a cluster promises, is shown by `tests/contract/test_three_brokers.py`.
"""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.settings import read_settings
from agents.worker.supervisor import STOP_SECONDS
from tests.support.command_line import santunan

ROOT = Path(__file__).parents[1]
GIVEN = {"SANTUNAN_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk", "POSTGRES_PASSWORD": "secret"}


def filled_in(text: str) -> str:
    """`${NAME:?message}`, `${NAME:-default}` and `$$` as compose reads them."""

    def value(found: re.Match[str]) -> str:
        name, default = found["name"], found["default"]
        return GIVEN[name] if default is None else default

    text = re.sub(r"\$\{(?P<name>[A-Z_]+):(?:\?[^}]*|-(?P<default>[^}]*))\}", value, text)
    return text.replace("$$", "$")


COMPOSE: dict[str, Any] = yaml.safe_load(filled_in((ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"].startswith("santunan:")}


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", sorted(OURS))
def test_its_variables_are_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {one: str(value) for one, value in OURS[name]["environment"].items()}
    for one, value in variables.items():
        monkeypatch.setenv(one, value)
    settings = read_settings()
    shown = {f"SANTUNAN_{one.upper()}" for one in settings.model_fields_set}
    assert variables.keys() <= shown
    brokers = [service for service in SERVICES if service.startswith("kafka-")]
    assert settings.kafka_bootstrap.split(",") == [f"{broker}:9092" for broker in brokers]
    assert settings.partitions % 2 == settings.partitions % 3 == 0  # alike for two workers and for three
    address = settings.database_url.partition("@")[2]
    assert address == f"postgresql:5432/{SERVICES['postgresql']['environment']['POSTGRES_DB']}"


def test_its_commands_are_ours() -> None:
    for name, service in OURS.items():
        command = service.get("command") or service["entrypoint"][-1].partition(" exec santunan ")[2].split()
        ran = santunan(*command, "--help")
        assert ran.status == 0 and "Usage: santunan" in ran.out, name


def test_each_worker_has_a_place_of_its_own() -> None:
    script = SERVICES["worker"]["entrypoint"][-1]
    assert script.startswith("SANTUNAN_INSTANCE_ID=$(hostname) ")
    assert "hostname" not in SERVICES["worker"], "replicas would share it; by default it is the container's number"


def test_a_worker_has_time_to_leave() -> None:
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "on-failure:5", "it ends, and what cannot succeed ends as well"


def test_a_worker_starts_after_everything_it_needs() -> None:
    assert set(SERVICES["worker"]["depends_on"]) == {"migrate", "topics"}
    assert set(SERVICES["migrate"]["depends_on"]) == {"postgresql"}
    assert set(SERVICES["topics"]["depends_on"]) == {name for name in SERVICES if name.startswith("kafka-")}


def test_images_are_pinned_and_what_they_hold_is_kept_and_bounded() -> None:
    dockerfile = COMPOSE["x-santunan"]["build"]["dockerfile_inline"]
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"FROM (\S+)", dockerfile)
    assert all(re.search(r":\d+\.\d+", image) for image in images), images
    mounted = {place.partition(":")[0] for service in SERVICES.values() for place in service.get("volumes", ())}
    assert mounted == set(COMPOSE["volumes"])
    kept = {name for name, service in SERVICES.items() if service.get("volumes")}
    assert kept == set(SERVICES) - set(OURS)
    lasting = kept | {"worker"}
    assert all(SERVICES[name]["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"} for name in lasting)


def test_the_image_is_built_of_what_there_is() -> None:
    dockerfile = COMPOSE["x-santunan"]["build"]["dockerfile_inline"]
    copied = [name for line in re.findall(r"COPY (?!--from)(.*)", dockerfile) for name in line.split()[:-1]]
    assert copied and all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ",".join(re.findall(r"pip install .*\[([a-z,]+)\]", dockerfile)).split(",")
    assert {"compiled", "kafka", "postgresql"} == set(extras) <= project["optional-dependencies"].keys()
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(copied)
    assert COMPOSE["x-santunan"]["image"] == f"santunan:{project['version']}"
