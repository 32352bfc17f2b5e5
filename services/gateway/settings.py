"""Everything the gateway can be told, read once from the environment."""

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.amqp.settings import AmqpSettings
from libs.durations import Duration
from libs.links.settings import LinkSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings


class LimitSettings(BaseSettings):
    """What a client may send; published at ``/limits``. 0 means no limit where the description says so."""

    model_config = SettingsConfigDict(frozen=True)

    max_upload_size: int = Field(10_485_760, gt=0, description="largest file, in bytes")
    max_files_per_request: int = Field(20, gt=0, description="files in one multipart request")
    max_files_per_conversation: int = Field(0, ge=0, description="files one conversation may hold; 0 = no limit")
    max_tokens: int = Field(100_000, gt=0, description="tokens of documents in one prompt, at most")
    requests_per_minute: int = Field(0, ge=0, description="requests per API key and minute; 0 = no limit")
    quota_bytes: int = Field(0, ge=0, description="bytes one API key may store; 0 = no limit")


class ModelSettings(BaseSettings):
    """The OpenAI-compatible endpoint that answers."""

    model_config = SettingsConfigDict(env_prefix="MODEL_", frozen=True)

    base_url: str = Field("http://127.0.0.1:8088/v1", description="endpoint, /v1 included")
    api_key: SecretStr = Field(SecretStr("none"), description="bearer key of the endpoint")
    name: str = Field("default", description="model to ask for when the agent names none")
    context_tokens: int = Field(8192, gt=0, description="context window of the model, in tokens")
    max_answer_tokens: int = Field(512, gt=0, description="longest answer, in tokens")
    timeout: Duration = Field(timedelta(seconds=60), description="longest wait for one answer")
    retries: int = Field(2, ge=0, description="repeats after a connection error, 429 or 5xx")


class Settings(BaseSettings):
    """The gateway's own settings and those of everything it stands on."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", frozen=True)

    host: str = Field("127.0.0.1", description="address of the public port")
    port: int = Field(8080, description="public port")
    internal_port: int = Field(9080, description="port of /healthz, /readyz and /metrics")
    grace: Duration = Field(timedelta(seconds=30), description="time open requests get at shutdown")
    log_level: str = Field("INFO", validation_alias="LOG_LEVEL", description="lowest level that is logged")
    agents_file: Path = Field(
        Path("agents.yaml"), validation_alias="AGENTS_FILE", description="apps and agents to declare at start"
    )
    receive_deadline: Duration = Field(
        timedelta(minutes=15), validation_alias="RECEIVE_DEADLINE", description="time an upload may take"
    )
    idle_timeout: Duration = Field(timedelta(seconds=30), description="longest silence in the middle of an upload")
    default_wait: Duration = Field(timedelta(seconds=10), description="wait for extraction when the caller names none")
    max_wait: Duration = Field(timedelta(seconds=60), description="longest wait for extraction a caller may ask for")
    retention: Duration | None = Field(
        None, description="time a file is kept after its upload; absent: until it is deleted"
    )

    mongo: MongoSettings = Field(default_factory=MongoSettings)
    amqp: AmqpSettings = Field(default_factory=AmqpSettings)
    s3: S3Settings = Field(default_factory=S3Settings)
    links: LinkSettings = Field(default_factory=LinkSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
