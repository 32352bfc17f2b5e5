"""Where the object store is and how patient to be with it."""

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.durations import Duration

MIB = 1024 * 1024


class S3Settings(BaseSettings):
    """``S3_*``: two endpoints, because what services reach inside is rarely what clients reach outside."""

    model_config = SettingsConfigDict(env_prefix="S3_", frozen=True)

    endpoint: str = Field(description="address services use, http://host:port")
    public_endpoint: str = Field("", description="address clients use; empty = no client reaches the object store")
    access_key: str = Field(description="access key id")
    secret_key: SecretStr = Field(description="secret access key")
    bucket: str = Field("satchel", description="bucket that holds every file")
    region: str = Field("us-east-1", description="region that requests are signed for")
    part_size_bytes: int = Field(
        8 * MIB, ge=5 * MIB, le=64 * MIB, description="upload part in bytes; an upload holds two in memory"
    )
    connect_timeout: Duration = Field(timedelta(seconds=2), description="longest wait for a connection")
    timeout: Duration = Field(timedelta(seconds=7), description="longest wait without progress, repeats included")

    @field_validator("endpoint", "public_endpoint")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("an endpoint starts with http:// or https://")
        return value.rstrip("/")
