"""A real Kafka and a real PostgreSQL from packages, for a person without Docker and for the tests.

Both run as processes of their own, keep their data and ports in one directory, and outlive the command that started
them: `up` starts what does not run, `down` stops it cleanly, `status` says what there is. One broker, one copy of
everything: for trying and testing. `docker-compose.yml` has the production shape.

Needs the extra `services`, which is imported only when something is started.
"""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from agents.services import secured
from agents.services.kafka import format_storage, kafka_command, write_properties
from agents.services.postgresql import identity_options, let_in, make_database, postgresql_commands, prepare_cluster
from pipeline.errors import NotReady
from pipeline.private_files import open_private, own_folder, read_private, write_private

DEFAULT_DIRECTORY: Final = Path(".santunan") / "services"
START_SECONDS: Final = 120.0
STOP_SECONDS: Final = 30.0
PORTS: Final = range(15_000, 32_000)  # Linux begins its own range at 32,768
Say = Callable[[str], None]
_started_here: Final[dict[int, "subprocess.Popen[bytes]"]] = {}  # to reap; they may well outlive this process


@dataclass(frozen=True, slots=True)
class Services:
    """Where both servers listen; only on this machine. `settings`: all variables of a worker."""

    kafka_bootstrap: str
    database_url: str
    more: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> dict[str, str]:
        return {"SANTUNAN_BROKER_URL": self.broker_url, "SANTUNAN_DATABASE_URL": self.database_url, **self.more}

    @property
    def broker_url(self) -> str:
        return f"kafka+chunks://{self.kafka_bootstrap}"


@dataclass(frozen=True, slots=True)
class Status:
    """`None` as a process id: it does not run."""

    services: Services | None
    kafka_pid: int | None
    postgresql_pid: int | None

    @property
    def is_up(self) -> bool:
        return self.kafka_pid is not None and self.postgresql_pid is not None


@dataclass(frozen=True, slots=True)
class Places:
    """Values that stay the same over all starts: Kafka's metadata and people's settings name the ports."""

    kafka_port: int
    controller_port: int
    postgresql_port: int
    password: str
    cluster_id: str
    passwords: dict[str, str] = field(default_factory=dict)  # of a secured pair; empty: everybody may do everything


def up(
    directory: Path = DEFAULT_DIRECTORY, log: Say = print, *, only: str | None = None, is_secured: bool = False
) -> Services:
    """Start what does not run yet; returns when it answers. Raises NotReady with one sentence.

    `only`: "kafka" or "postgresql"; None: both. `is_secured`: with TLS, passwords, an authorizer and database roles.
    """
    directory = directory.absolute()
    own_folder(directory)
    with _alone(directory):
        places = _places(directory, is_secured=is_secured)
        if bool(places.passwords) != is_secured:
            how = "without" if is_secured else "with"
            raise NotReady(f"the servers in {directory} were made {how} --secured: give these another folder by --in")
        if only != "kafka":
            _start_postgresql(directory, places, log)
        if only != "postgresql":
            _start_kafka(directory, places, log)
        if is_secured:
            secured.make_attestation_key(directory)
        for principal in secured.PRINCIPALS if is_secured else ():
            lines = [f"export {name}={value}" for name, value in _settings_of(principal, directory, places).items()]
            secured.write_private(directory / f"{principal}.env", "\n".join(lines) + "\n")
    return _services(directory, places)


def down(directory: Path = DEFAULT_DIRECTORY, log: Say = print) -> None:
    """Stop both cleanly; the data stays. Raises NotReady where one does not stop."""
    directory = directory.absolute()
    if not _file(directory).exists():
        log("Nothing was ever started here.")
        return
    with _alone(directory):
        names = [name for name in ("kafka", "postgresql") if running(directory, name) is not None]
        for name in names:
            stop(directory, name, log)
    if not names:
        log("Nothing runs.")


def status(directory: Path = DEFAULT_DIRECTORY) -> Status:
    """The running servers, without starting or stopping any."""
    directory = directory.absolute()
    if not _file(directory).exists():
        return Status(None, None, None)
    return Status(
        _services(directory, _places(directory)), running(directory, "kafka"), running(directory, "postgresql")
    )


def stop(directory: Path, name: str, log: Say = print, *, signum: int | None = None) -> None:
    """Stop one server, cleanly unless `signum` says otherwise, and wait until it is gone."""
    pid = running(directory, name)
    if pid is None:
        return
    log(f"Stopping {name} …")
    # PostgreSQL: SIGINT is its fast shutdown (sessions end, data is written); SIGTERM would wait for every session.
    clean = signal.SIGINT if name == "postgresql" else signal.SIGTERM
    os.kill(pid, signum or clean)
    deadline = time.monotonic() + STOP_SECONDS
    while running(directory, name) is not None:
        if time.monotonic() > deadline:
            raise NotReady(f"{name} (process {pid}) did not stop within {STOP_SECONDS:.0f} s; look at {name}.log")
        time.sleep(0.05)
    if pid in _started_here:
        _started_here.pop(pid).wait()
    _pid_file(directory, name).unlink(missing_ok=True)


def running(directory: Path, name: str) -> int | None:
    """The process id of a server of this directory, or None where it does not run."""
    try:
        written, started = read_private(_pid_file(directory, name)).decode().split()
        pid = int(written)
    except (FileNotFoundError, ValueError):
        return None
    return pid if _birth(pid) == started else None


def _start_postgresql(directory: Path, places: Places, log: Say) -> None:
    port = places.postgresql_port
    if running(directory, "postgresql") is None:
        data = directory / "postgresql"
        let_in(directory)
        prepare_cluster(data, places.password, log)
        log(f"Starting PostgreSQL on 127.0.0.1:{port} …")
        _require_free(directory, "PostgreSQL", port)
        command, user = postgresql_commands(data, port)
        launch(directory, "postgresql", command, {"LC_ALL": "C"}, user)
    wait_until_it_answers(directory, "postgresql", port)  # also where another command started it and was interrupted
    make_database(port, places.password)
    if places.passwords:
        secured.make_roles(port, places.password, places.passwords)


def _start_kafka(directory: Path, places: Places, log: Say) -> None:
    if running(directory, "kafka") is None:
        data = directory / "kafka"
        properties = write_properties(data, places.kafka_port, places.controller_port)
        users = None
        if places.passwords:
            ports = (places.kafka_port, places.controller_port)
            users = secured.secure_kafka(data, properties, *ports, places.passwords)
        format_storage(data, properties, places.cluster_id, log)
        log(f"Starting Kafka on 127.0.0.1:{places.kafka_port} …")
        for port in (places.kafka_port, places.controller_port):
            _require_free(directory, "Kafka", port)
        command, environment = kafka_command(data, properties, users=users)
        launch(directory, "kafka", command, environment)
    wait_until_it_answers(directory, "kafka", places.kafka_port)


def _require_free(directory: Path, name: str, port: int) -> None:
    """Another program on the port would be taken for our server. Raises NotReady."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that have ended do not count
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise NotReady(
                f"port {port} of {name} is taken by another program: end that one, or put another port into "
                f"{_file(directory)}"
            ) from None


def launch(
    directory: Path, name: str, command: list[str], environment: dict[str, str], user: str | None = None
) -> None:
    """Start a process that outlives this one, its output in a file."""
    log = open_private(directory / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with os.fdopen(log, "ab") as output:
        process = subprocess.Popen(  # noqa: S603 - the commands are our own
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            umask=0o077,
            cwd=directory / name,
            env={**os.environ, **environment},
            **identity_options(user),
        )
    for pid in [pid for pid, other in _started_here.items() if other.poll() is not None]:
        del _started_here[pid]  # killed by another program
    _started_here[process.pid] = process
    write_private(_pid_file(directory, name), f"{process.pid} {_birth(process.pid)}".encode())


def wait_until_it_answers(directory: Path, name: str, port: int) -> None:
    """Until the port answers. Raises NotReady with the last line of the server's log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if running(directory, name) is None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    lines = (directory / f"{name}.log").read_text(errors="replace").splitlines()
    last = lines[-1] if lines else "(nothing)"
    raise NotReady(f"{name} did not start; {directory / f'{name}.log'} ends with: {last}")


def _services(directory: Path, places: Places) -> Services:
    kafka = f"127.0.0.1:{places.kafka_port}"
    if places.passwords:
        worker = _settings_of("worker", directory, places)
        more = {name: value for name, value in worker.items() if name.startswith("SANTUNAN_KAFKA_")}
        return Services(kafka, worker["SANTUNAN_DATABASE_URL"], more)
    return Services(kafka, f"postgresql://santunan:{places.password}@127.0.0.1:{places.postgresql_port}/santunan")


def _settings_of(principal: str, directory: Path, places: Places) -> dict[str, str]:
    kafka = f"127.0.0.1:{places.kafka_port}"
    return secured.settings_of(principal, directory, kafka, places.postgresql_port, places.passwords)


def _places(directory: Path, *, is_secured: bool = False) -> Places:
    """Drawn at the first start. `is_secured`: counts only then."""
    file = _file(directory)
    if not file.exists():
        # Kafka's cluster id is a UUID in URL-safe base64, which must not begin with a dash.
        cluster_id = "S" + secrets.token_urlsafe(16)[1:]
        kafka, controller, postgresql = free_ports(3)
        passwords = secured.new_passwords() if is_secured else {}
        made = Places(kafka, controller, postgresql, secrets.token_urlsafe(24), cluster_id, passwords)
        write_private(file, json.dumps(asdict(made)).encode())  # it holds passwords
    return Places(**json.loads(read_private(file)))


def free_ports(count: int) -> list[int]:
    """Below the range from which a system takes the near end of a connection: none can come first before the start."""
    found: list[int] = []
    for port in secrets.SystemRandom().sample(PORTS, len(PORTS)):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            return found
    raise NotReady(f"fewer than {count} of the ports {PORTS.start} to {PORTS.stop - 1} are free: end other programs")


@contextlib.contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Two commands at once would start two servers on one directory."""
    lock = open_private(directory / "lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _file(directory: Path) -> Path:
    return directory / "services.json"


def _pid_file(directory: Path, name: str) -> Path:
    return directory / f"{name}.pid"


def _birth(pid: int) -> str | None:
    """Start time of a process, since its id may have gone to another one. None: it has ended."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return None if fields[0] == "Z" else fields[19]
    shown = subprocess.run(  # noqa: S603
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,  # noqa: S607
    ).stdout.split()
    return None if not shown or shown[0].startswith("Z") else "-".join(shown[1:])
