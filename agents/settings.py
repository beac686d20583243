"""All settings: `SANTUNAN_*` variables, then `santunan.toml` in the current directory.

Never imports Faust, Kafka or the store: `santunan --help` and the clients of clinics read this too.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from pipeline.errors import NotReady

SETTINGS_FILE: Final = "santunan.toml"
EMBEDDED_FILE: Final = Path(".santunan") / "santunan.db"
KAFKA_SCHEME: Final = "kafka+chunks"
SQLITE_SCHEME: Final = "sqlite"
POSTGRESQL: Final = ("postgresql://", "postgresql+psycopg://")
EMBEDDED_PARTITIONS: Final = 1  # one worker a file: more partitions would only cut its runs, and so its chunks, short
KAFKA_PARTITIONS: Final = 8  # as many workers as may share the work; cannot be lowered later

_SHAPES: Final = {  # shown instead of the pattern of a setting
    "group": "write small letters, digits and . _ -, at most 64, such as santunan",
    "instance_id": "write letters, digits and . _ -, at most 64, such as hall-1",
    "health_address": "write HOST:PORT, such as 127.0.0.1:9100 or [::1]:9100",
    "web_address": "write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080",
    "oidc_issuer": "write https://HOST… without ? and #, exactly as the provider names itself",
    "web_url": "write https://HOST in small letters, without a path, such as https://santunan.example",
}
_BROKER: Final = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:/@\[\]]+)(:[0-9]{1,5})?")

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


class Settings(BaseSettings):
    """Broker, store and behaviour of a worker. Use `read_settings` to make one."""

    model_config = SettingsConfigDict(
        env_prefix="SANTUNAN_",
        toml_file=SETTINGS_FILE,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    database_url: str = Field(description="SQLAlchemy URL: sqlite:///FILE or postgresql://USER@HOST/NAME")
    broker_url: str = Field(description="sqlite:///FILE (the file of the store) or kafka+chunks://HOST:PORT")
    group: str = Field(default="santunan", pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$", description="consumer group")
    partitions: int = Field(ge=1, le=256, description="of every topic alike")
    instance_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$",
        description="name of this worker's place: one that comes back under it within the session gets its partitions "
        "back without a rebalance",
    )
    chunk_records: int = Field(default=1500, ge=1, le=10_000, description="most events in one transaction")
    idle_poll_seconds: float = Field(default=0.01, gt=0, le=1, description="how often an idle embedded worker looks")
    retries: int = Field(default=5, ge=0, le=20, description="of a chunk's transaction before the worker gives up")
    accept_unknown: bool = Field(
        default=False, description="events of unknown type become dead letters, whatever their number"
    )
    health_address: str | None = Field(
        default=None,
        pattern=r"^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$",
        description="HOST:PORT on which a worker answers /metrics, /health and /ready; unset: nowhere",
    )
    web_address: str = Field(
        default="127.0.0.1:8080",
        pattern=r"^(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$",
        description="HOST:PORT on which the gateway listens; beyond this machine, put TLS before it",
    )
    web_url: str | None = Field(
        default=None,
        pattern=r"^https?://(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?$",  # as browsers write an origin
        description="address that browsers visit, such as https://santunan.example; with https the cookies are Secure",
    )
    web_rate: int = Field(
        default=100,
        ge=1,
        le=100_000,
        description="requests a second of one principal that the gateway lets through, and twice as many at once; "
        "one address has ten times as many",
    )
    letter_place: str | None = Field(
        default=None,
        pattern=r"^[A-Z][A-Za-z .'-]{0,59}$",
        description="town before the date of letters, such as Tangerang; unset: the date alone",
    )
    work_hold_hours: int = Field(
        default=48, ge=1, le=720, description="hours for which an officer keeps a claim that he took, unless he rules"
    )
    web_draft_hours: int = Field(
        default=72,
        ge=1,
        le=168,
        description="how long a report that was begun in a browser and not sent is kept after its last change; "
        "it holds personal data",
    )
    oidc_issuer: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="identity provider of the organisation (OpenID Connect), exactly as it names itself",
    )
    oidc_client_id: str | None = Field(default=None, description="the gateway's name at the provider")
    oidc_client_secret_file: Path | None = Field(
        default=None, description="file with the gateway's secret at the provider; unset: a public client with PKCE"
    )
    oidc_claim: str = Field(default="sub", description="claim of the token that names a person; email only if verified")
    oidc_principals: dict[str, str] = Field(
        default_factory=dict, description="by the claim's value the principal KIND:WHO, as JSON or as a table"
    )
    login_file: Path = Field(
        default=EMBEDDED_FILE.with_name("login.json"),
        description="where `santunan login` keeps a session or a key, readable by its owner alone",
    )
    attestation_key_file: Path | None = Field(
        default=None,
        description="file with the key by which a worker knows that a gateway let an event in; unset: all count",
    )
    secrets_key_file: Path | None = Field(
        default=None,
        description="file with the key that seals second factors and webhook secrets in the database; unset: readable",
    )
    nik_key_file: Path | None = Field(
        default=None,
        description="file with the key under which columns of the database hold NIKs; unset: readable",
    )
    backup_folder: Path | None = Field(
        default=None, description="where backups are put, on another disk; `doctor --deploy` looks at the newest"
    )
    webhooks_private: bool = Field(
        default=False,
        description="whether webhooks may lead into private networks, and to this machine by http as well",
    )
    webhooks_ca_file: Path | None = Field(
        default=None, description="certificates to trust at receivers of webhooks, beside those of the system"
    )
    papers_folder: Path | None = Field(
        default=None,
        description="where scanned papers are kept; unset: `papers` beside the embedded store, over Kafka nowhere",
    )
    papers_scanner: str | None = Field(
        default=None, description="command that gets the path of a new paper and refuses it by its status"
    )
    papers_s3_bucket: str | None = Field(default=None, description="keeps papers in this bucket of an S3 store instead")
    papers_s3_endpoint: str | None = Field(default=None, description="URL of the S3 store; unset: Amazon's own")
    papers_s3_region: str | None = None
    papers_s3_credentials: Path | None = Field(
        default=None, description="file with [default], aws_access_key_id and aws_secret_access_key"
    )
    ledger_key_file: Path | None = Field(
        default=None,
        description="private key of the ledger, made on first start; unset: beside the store. Workers share one key",
    )
    witness_dir: Path | None = Field(
        default=None, description="folder, kept elsewhere, into which every checkpoint of the ledger is written"
    )
    daily_clock: bool = Field(default=True, description="whether this worker may say the days that have passed")
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    kafka_security_protocol: Protocol = "PLAINTEXT"
    kafka_sasl_mechanism: Mechanism = "SCRAM-SHA-512"
    kafka_user: str | None = None
    kafka_password: SecretStr | None = None
    kafka_ca_file: Path | None = None
    kafka_session_seconds: float = Field(default=6.0, ge=1, le=300, description="silence after which a worker is dead")
    kafka_request_seconds: float = Field(default=30.0, ge=1, le=300)
    # Longer than it takes to replace a lost broker. librdkafka 2.16 may wait without end for a lost group coordinator
    # (its issues 5456 and 5511): a new start ends that.
    kafka_publish_seconds: float = Field(default=15.0, ge=1, le=300, description="longest a chunk's outputs may take")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, values: dict[str, Any]) -> dict[str, Any]:
        database = str(values.get("database_url") or f"sqlite:///{EMBEDDED_FILE}")
        if database.startswith(f"{SQLITE_SCHEME}:"):
            database = _absolute(database)
        broker = str(values.get("broker_url") or (database if database.startswith(SQLITE_SCHEME) else ""))
        if broker.startswith(f"{SQLITE_SCHEME}:"):
            broker = _absolute(broker)
        partitions = values.get("partitions") or (
            KAFKA_PARTITIONS if broker.startswith(KAFKA_SCHEME) else EMBEDDED_PARTITIONS
        )
        return {**values, "database_url": database, "broker_url": broker, "partitions": partitions}

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        stored, broker = self.database_url.partition(":")[0], self.broker_url.partition(":")[0]
        if not self.database_url.startswith((f"{SQLITE_SCHEME}:///", *POSTGRESQL)):
            raise ValueError(f"the database_url begins with sqlite:/// or postgresql://, not with {stored}:")
        if not broker:
            raise ValueError(f"a PostgreSQL store needs a Kafka broker: set broker_url to {KAFKA_SCHEME}://HOST:PORT")
        if broker not in (SQLITE_SCHEME, KAFKA_SCHEME):
            raise ValueError(f"the broker_url begins with sqlite:/// or {KAFKA_SCHEME}://, not with {broker}:")
        if broker == KAFKA_SCHEME and stored == SQLITE_SCHEME:
            raise ValueError(
                "a Kafka broker needs a PostgreSQL store, since several workers share it: "
                "set database_url to postgresql://USER@HOST/NAME"
            )
        if broker == KAFKA_SCHEME and not all(map(_BROKER.fullmatch, self.kafka_bootstrap.split(","))):
            raise ValueError(f"the broker_url is {KAFKA_SCHEME}://HOST:PORT, or several HOST:PORT with commas between")
        if stored != SQLITE_SCHEME:
            _refuse_unclear_places(self.database_url)
        if broker == SQLITE_SCHEME and self.broker_url != self.database_url:
            raise ValueError("the embedded broker and the store are one file: leave broker_url out, or make them equal")
        if self.oidc_issuer is not None and not (self.oidc_client_id and self.oidc_principals and self.web_url):
            raise ValueError("oidc_issuer needs oidc_client_id, oidc_principals and web_url")
        if self.kafka_security_protocol.startswith("SASL") and (not self.kafka_user or not self.kafka_password):
            raise ValueError(f"{self.kafka_security_protocol} needs kafka_user and kafka_password")
        return self

    @property
    def public_url(self) -> str:
        """Where browsers find the gateway, without a path."""
        return self.web_url or f"http://{self.web_address}"

    @property
    def is_embedded(self) -> bool:
        return self.broker_url.startswith(f"{SQLITE_SCHEME}:")

    @property
    def embedded_file(self) -> Path:
        """The one file of the embedded broker and store. Only where `is_embedded`."""
        assert self.is_embedded
        return Path(self.broker_url.removeprefix(f"{SQLITE_SCHEME}:///"))

    @property
    def papers_place(self) -> Path | None:
        """The folder of papers; of their drafts where a bucket keeps them. None: several gateways share no folder that
        we could guess."""
        return self.papers_folder or (self.embedded_file.parent / "papers" if self.is_embedded else None)

    @property
    def ledger_key(self) -> Path:
        """The file of the ledger's private key."""
        beside = self.embedded_file if self.is_embedded else EMBEDDED_FILE
        return self.ledger_key_file or beside.with_name(f"{beside.name}.ledger.key")

    @property
    def kafka_bootstrap(self) -> str:
        """`host:port,host:port`. Only where not `is_embedded`."""
        assert not self.is_embedded
        return self.broker_url.removeprefix(f"{KAFKA_SCHEME}://").rstrip("/").replace(";", ",")

    def redacted(self) -> dict[str, Any]:
        """All settings for a screen, without a password."""
        shown: dict[str, Any] = self.model_dump(mode="json")
        parts = urlsplit(self.database_url)
        if parts.password:
            place = parts.netloc.replace(f":{parts.password}@", ":**********@", 1)
            shown["database_url"] = urlunsplit(parts._replace(netloc=place))
        if "password" in parts.query:
            shown["database_url"] = shown["database_url"].replace(parts.query, "**********")
        return shown


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process; `overrides` that are None are left out.

    Raises NotReady with one sentence a fault, naming the variable.
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise NotReady(_sentences(error)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise NotReady(f"{SETTINGS_FILE} cannot be read: {error}") from None


def _sentences(error: ValidationError) -> str:
    sentences = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = ".".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "string_pattern_mismatch":
            message = _SHAPES[name]
        elif fault["type"] == "extra_forbidden":
            message = "no such setting; correct the name, or remove it"
        sentences.append(f"SANTUNAN_{name.upper()} (or {name} in {SETTINGS_FILE}): {message}" if name else message)
    return "; ".join(sentences)


def _refuse_unclear_places(url: str) -> None:
    """Raises ValueError where a password would be taken for a part of the place, and be shown with it."""
    try:
        parts = urlsplit(url)
        is_clear = parts.port != 0 and "@" not in parts.path + parts.query + parts.fragment
    except ValueError:
        is_clear = False
    if not is_clear:
        raise ValueError(
            "the database_url is postgresql://USER:PASSWORD@HOST:PORT/NAME with a number as its port; in a password "
            "write / as %2F, ? as %3F, # as %23, @ as %40"
        )


def _absolute(url: str) -> str:
    """`sqlite:///FILE` with a file that does not depend on the directory a child process starts in."""
    if not url.startswith(f"{SQLITE_SCHEME}:///") or url == f"{SQLITE_SCHEME}:///":
        raise ValueError(
            f"a file as database_url is written {SQLITE_SCHEME}:///FILE, or {SQLITE_SCHEME}:////FOLDER/FILE"
        )
    return f"{SQLITE_SCHEME}:///{Path(url.removeprefix(f'{SQLITE_SCHEME}:///')).absolute()}"
