"""Everything storage can be told, read once from the environment."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.amqp.settings import AmqpSettings
from libs.durations import Duration
from libs.links.settings import LinkSettings
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings

_NOTHING = timedelta(0)


class DownloadSettings(BaseSettings):
    """How links are served."""

    model_config = SettingsConfigDict(env_prefix="STORAGE_", frozen=True)

    redirect_lifetime: Duration = Field(
        timedelta(seconds=300),
        gt=_NOTHING,
        le=timedelta(seconds=300),
        description="life of the presigned URL a link redirects to; leaked, it is worth no more than this",
    )
    stall_timeout: Duration = Field(
        timedelta(seconds=60), gt=_NOTHING, description="longest wait for a reader that takes no more bytes"
    )


class ReconcileSettings(BaseSettings):
    """How patient the reconciler is before it calls something lost, and how much it looks at in one round."""

    model_config = SettingsConfigDict(env_prefix="STORAGE_", frozen=True, populate_by_name=True)

    reconcile_period: Duration = Field(timedelta(seconds=30), gt=_NOTHING, description="time between rounds")
    quarantine: Duration = Field(
        timedelta(hours=24), ge=_NOTHING, description="age at which an object without record is adopted or removed"
    )
    receive_deadline: Duration = Field(
        timedelta(minutes=15), ge=_NOTHING, validation_alias="RECEIVE_DEADLINE", description="time an upload may take"
    )
    upload_margin: Duration = Field(
        timedelta(minutes=15), ge=_NOTHING, description="added to the deadline before an unfinished upload is aborted"
    )
    upload_claim: Duration = Field(
        timedelta(minutes=5), gt=_NOTHING, description="time one replica has to finish an interrupted upload"
    )
    redispatch_after: Duration = Field(
        timedelta(seconds=60), ge=_NOTHING, description="age at which a dispatched job that nobody began is repeated"
    )
    redispatch_limit: Duration = Field(
        timedelta(minutes=10), gt=_NOTHING, description="longest pause between repetitions of one job"
    )
    lease_grace: Duration = Field(
        timedelta(seconds=2), ge=_NOTHING, description="time after a lease's end before its job is repeated"
    )
    order_grace: Duration = Field(
        timedelta(seconds=30), ge=_NOTHING, description="time a deletion's command has before the reconciler steps in"
    )
    objects_per_round: int = Field(5000, gt=0, description="objects looked at in one round; the next continues there")
    records_per_round: int = Field(5000, gt=0, description="pages, extractions and messages looked at in one round")


class Settings(BaseSettings):
    """Storage's own settings and those of everything it stands on."""

    model_config = SettingsConfigDict(env_prefix="STORAGE_", frozen=True, populate_by_name=True)

    host: str = Field("127.0.0.1", description="address of both ports")
    port: int = Field(8081, description="public port: /d/{token}")
    internal_port: int = Field(9081, description="port of /healthz, /readyz, /metrics and /reconcile")
    grace: Duration = Field(timedelta(seconds=30), description="time open downloads get at shutdown")
    log_level: str = Field("INFO", validation_alias="LOG_LEVEL", description="lowest level that is logged")
    deletions_at_once: int = Field(2, gt=0, description="deletion orders carried out at the same time")

    downloads: DownloadSettings = Field(default_factory=DownloadSettings)
    reconcile: ReconcileSettings = Field(default_factory=ReconcileSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
    amqp: AmqpSettings = Field(default_factory=AmqpSettings)
    s3: S3Settings = Field(default_factory=S3Settings)
    links: LinkSettings = Field(default_factory=LinkSettings)
