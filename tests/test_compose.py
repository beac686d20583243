"""docker-compose.yml against what it starts: settings, commands, files and times that it names are those we have.

That its brokers form a cluster, and what such a cluster promises, is shown by `tests/contract/test_three_brokers.py`.
"""

import os
import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.services import secured
from agents.services.secured import PRINCIPALS, ROLES, users_file
from agents.settings import read_settings
from agents.web.serving import LEAVING_SECONDS
from agents.worker.supervisor import STOP_SECONDS
from tests.support.command_line import santunan

ROOT = Path(__file__).parents[1]
GIVEN = {"SANTUNAN_CLUSTER_ID": "MkU3OEVBNTcwNTJENDM2Qk"}
BROKERS = ("kafka-1", "kafka-2", "kafka-3")


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
def test_its_variables_are_settings(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    variables = {one: str(value) for one, value in OURS[name]["environment"].items()}
    role = variables.pop("DATABASE_ROLE")
    secrets = {one: one.upper() for one in OURS[name]["secrets"]}
    variables |= entered(variables | {"DATABASE_ROLE": role}, secrets, tmp_path)
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
    assert settings.database_url.startswith(f"postgresql://santunan_{role}:POSTGRESQL_{role.upper()}@")
    assert settings.kafka_password is not None and settings.kafka_user in PRINCIPALS and role in ROLES
    assert settings.kafka_password.get_secret_value() == f"KAFKA_{settings.kafka_user.upper()}"
    assert settings.kafka_security_protocol == "SASL_SSL" and settings.instance_id


def entered(environment: dict[str, str], secrets: dict[str, str], folder: Path) -> dict[str, str]:
    """Variables that the entrypoint of our image adds, from the files of its secrets."""
    for name, value in secrets.items():
        (folder / name).write_text(value)
    fake = folder / "santunan"
    fake.write_text('#!/bin/sh\nenv | grep ^SANTUNAN_\necho "GIVEN=$*"\n')
    fake.chmod(0o755)
    shell, option, script, *name = COMPOSE["x-santunan"]["entrypoint"]
    done = subprocess.run(  # noqa: S603
        [shell, option, script.replace("/run/secrets", str(folder)), *name, "submit", "a b"],
        env={**environment, "PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == "" and "GIVEN=submit a b" in done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("SANTUNAN_")]
    return dict(line.split("=", 1) for line in lines)


def test_its_commands_are_ours() -> None:
    commands = {name: one["command"] for name, one in OURS.items() if "command" in one}
    assert set(OURS) - set(commands) == {"operator"}, "it runs what is asked for"
    for name, command in commands.items():
        ran = santunan(*command, "--help")
        assert ran.status == 0 and "Usage: santunan" in ran.out, name


def test_each_worker_has_a_place_of_its_own() -> None:
    assert 'SANTUNAN_INSTANCE_ID="$(hostname)"' in COMPOSE["x-santunan"]["entrypoint"][2]
    assert "hostname" not in SERVICES["worker"], "replicas would share it; by default it is the container's number"


def test_a_worker_and_a_gateway_have_time_to_leave() -> None:
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > STOP_SECONDS
    assert int(SERVICES["gateway"]["stop_grace_period"].removesuffix("s")) > LEAVING_SECONDS


def test_two_gateways_answer_where_they_are_asked_and_keep_papers_where_both_see_them() -> None:
    gateway = SERVICES["gateway"]
    port = gateway["environment"]["SANTUNAN_WEB_ADDRESS"].rpartition(":")[2]
    assert gateway["deploy"]["replicas"] == 2 and "hostname" not in gateway
    assert gateway["expose"] == [port] and f"127.0.0.1:{port}/health" in gateway["healthcheck"]["test"][-1]
    [volume] = gateway["volumes"]
    assert volume == f"papers:{gateway['environment']['SANTUNAN_PAPERS_FOLDER']}"
    dockerfile = COMPOSE["x-santunan"]["build"]["dockerfile_inline"]
    assert "install --directory --owner santunan --mode 700 /papers" in dockerfile, "a new volume gets its owner so"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for other, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert SERVICES[other]["healthcheck"]["test"]
        else:
            assert how["condition"] == "service_completed_successfully"
            assert SERVICES[other]["restart"] == "on-failure:5", "it ends, and what cannot succeed ends as well"


def test_a_worker_and_a_gateway_start_after_everything_they_need() -> None:
    assert set(SERVICES["worker"]["depends_on"]) == set(SERVICES["gateway"]["depends_on"]) == {"migrate", "topics"}
    assert set(SERVICES["migrate"]["depends_on"]) == {"postgresql"}
    assert set(SERVICES["topics"]["depends_on"]) == {name for name in SERVICES if name.startswith("kafka-")}


def test_images_are_pinned_and_what_they_hold_is_kept_and_bounded() -> None:
    dockerfile = COMPOSE["x-santunan"]["build"]["dockerfile_inline"]
    images = [service["image"] for service in SERVICES.values()] + re.findall(r"FROM (\S+)", dockerfile)
    assert all(re.fullmatch(r"\S+:\d+\.\d+(\.\d+)?(-[a-z-]+)?|compiled", image) for image in images), images
    mounted = {place.partition(":")[0] for service in SERVICES.values() for place in service.get("volumes", ())}
    files = {one for one in mounted if one.startswith("./")}
    assert all((ROOT / one).is_file() for one in files)
    assert mounted - files == set(COMPOSE["volumes"])
    kept = {name for name, service in SERVICES.items() if service.get("volumes")}
    assert kept == set(SERVICES) - set(OURS) | {"gateway"}
    lasting = kept | {"worker", "webhooks"}
    assert all(SERVICES[name]["deploy"]["resources"]["limits"].keys() >= {"cpus", "memory"} for name in lasting)


def test_the_image_is_built_of_what_there_is() -> None:
    dockerfile = COMPOSE["x-santunan"]["build"]["dockerfile_inline"]
    copied = [name for line in re.findall(r"COPY (?!--from)(.*)", dockerfile) for name in line.split()[:-1]]
    assert copied and all((ROOT / name).exists() for name in copied)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = ",".join(re.findall(r"pip install .*\[([a-z0-9,]+)\]", dockerfile)).split(",")
    assert (
        {"compiled", "kafka", "postgresql", "gateway", "s3"} == set(extras) <= project["optional-dependencies"].keys()
    )
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages <= set(copied)
    assert COMPOSE["x-santunan"]["image"] == f"santunan:{project['version']}"


# --- what keeps others out


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True and service["tmpfs"]
    assert service["cap_drop"] == ["ALL"] and "cap_add" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in service, "published nowhere"
    assert not any("PASSWORD" in one and not one.endswith("_FILE") for one in service["environment"])


def test_each_service_gets_the_secrets_that_it_uses_and_no_other() -> None:
    assert {name for one in SERVICES.values() for name in one["secrets"]} == set(COMPOSE["secrets"])
    for name, one in OURS.items():
        user, role = one["environment"]["SANTUNAN_KAFKA_USER"], one["environment"]["DATABASE_ROLE"]
        users = {"attestation": ("worker", "gateway", "operator"), "sealing": ("gateway", "webhooks")}
        keys = [key for key, services in users.items() if name in services]
        assert one["secrets"] == ["authority", f"kafka_{user}", f"postgresql_{role}", "nik", *keys], name
        files = [value for variable, value in one["environment"].items() if variable.endswith("_KEY_FILE")]
        assert sorted(files) == sorted(f"/run/secrets/{key}" for key in ("nik", *keys))
    for name in BROKERS:
        assert SERVICES[name]["secrets"] == ["authority", "kafka_users", name]
        assert SERVICES[name]["environment"]["KAFKA_SSL_KEYSTORE_LOCATION"] == f"/run/secrets/{name}"
    assert all(one == {"file": f"./secrets/{name}"} for name, one in COMPOSE["secrets"].items())


def properties_of(broker: str) -> dict[str, str]:
    """As the image reads them from its variables."""
    own = {name: str(value) for name, value in SERVICES[broker]["environment"].items()}
    others = ("KAFKA_OPTS", "KAFKA_HEAP_OPTS")
    return {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in own.items()
        if name.startswith("KAFKA_") and name not in others
    }


@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_is_secured_as_the_tried_one(broker: str) -> None:
    tried = dict(line.split("=", 1) for line in secured.PROPERTIES.splitlines())
    found = properties_of(broker)
    places = {"listeners", "advertised.listeners", "listener.security.protocol.map", "inter.broker.listener.name"}
    own = {"ssl.keystore.type", "ssl.keystore.location", "ssl.keystore.password", "ssl.truststore.location"}
    assert {name: found[name] for name in tried.keys() - places - own} == {
        name: value for name, value in tried.items() if name not in places | own
    }
    protocols = dict(one.split(":") for one in found["listener.security.protocol.map"].split(","))
    assert set(protocols.values()) == {"SASL_SSL"}
    assert {one.partition(":")[0] for one in found["listeners"].split(",")} == set(protocols)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="secrets.sh needs openssl")
def test_the_script_makes_every_secret_once(tmp_path: Path) -> None:
    def run() -> int:
        script = ["sh", str(ROOT / "secrets.sh")]
        return subprocess.run(script, cwd=tmp_path, capture_output=True, check=False).returncode  # noqa: S603

    assert run() == 0
    folder = tmp_path / "secrets"
    made = {one.name: one.read_text() for one in folder.iterdir()}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "authority.key").stat().st_mode) == 0o600
    assert set(made) >= set(COMPOSE["secrets"])
    assert made["kafka_users"] == users_file({name: made[f"kafka_{name}"] for name in PRINCIPALS})
    passwords = [text for name, text in made.items() if re.fullmatch("(kafka|postgresql)_(?!users).*", name)]
    assert len(set(passwords)) == len(passwords) == len(PRINCIPALS) + len(ROLES) + 1
    assert all(re.fullmatch("[0-9a-f]{48}", one) for one in passwords), "as a URL wants them"
    assert run() != 0
    assert {one.name: one.read_text() for one in folder.iterdir()} == made


def test_the_roles_are_made_with_the_passwords_of_their_files(tmp_path: Path) -> None:
    for role in ROLES:
        (tmp_path / f"postgresql_{role}").write_text(f"of-{role}")
    (tmp_path / "psql").write_text('#!/bin/sh\nenv | grep _PASSWORD | sort\necho "$*"\n')
    (tmp_path / "psql").chmod(0o755)
    script = COMPOSE["configs"]["roles"]["content"].replace("/run/secrets", str(tmp_path))
    own = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "POSTGRES_USER": "postgres", "POSTGRES_DB": "santunan"}
    done = subprocess.run(["sh", "-c", script], env=own, capture_output=True, text=True, check=True)  # noqa: S603, S607
    *passwords, arguments = done.stdout.splitlines()
    assert passwords == sorted(f"SANTUNAN_{role.upper()}_PASSWORD=of-{role}" for role in ROLES)
    assert arguments == "--username postgres --dbname santunan --file /roles.sql"
    assert all(f"getenv {role}_password SANTUNAN_{role.upper()}_PASSWORD" in ROLES_TEXT for role in ROLES)


ROLES_TEXT = secured.ROLES_FILE.read_text(encoding="utf-8")
