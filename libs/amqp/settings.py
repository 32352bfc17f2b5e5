"""Where the broker is and how patient we are with it."""

from datetime import timedelta

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.durations import Duration


class AmqpSettings(BaseSettings):
    """Connection, time limits and retry policy; everything but the address has a sensible default."""

    model_config = SettingsConfigDict(env_prefix="AMQP_", frozen=True)

    url: SecretStr = Field(description="amqp:// or amqps:// address with credentials and virtual host")
    connect_timeout: Duration = Field(
        timedelta(seconds=10), description="connecting, declaring and consuming together, before it is tried again"
    )
    publish_timeout: Duration = Field(timedelta(seconds=2), description="longest wait for the broker's confirmation")
    heartbeat: Duration = Field(
        timedelta(seconds=10),
        ge=timedelta(seconds=1),
        description="period of heartbeats and our own checks, in seconds",
    )
    check_timeout: Duration = Field(timedelta(seconds=5), description="longest wait for the answer to such a check")
    reconnect_delay: Duration = Field(timedelta(milliseconds=200), description="first pause before reconnecting")
    reconnect_delay_max: Duration = Field(timedelta(seconds=5), description="longest pause before reconnecting")
    max_retries: int = Field(
        10, ge=0, description="delayed retries of one message (1 s, 5 s, then 30 s apart) before it is dead-lettered"
    )
    stop_grace: Duration = Field(timedelta(seconds=20), description="time running handlers get when a consumer stops")
    event_prefetch: int = Field(100, gt=0, description="events a subscriber takes before it has handled them")
