"""Everything extraction can be told, read once from the environment."""

import math
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from libs.amqp.settings import AmqpSettings
from libs.durations import Duration
from libs.mongo.database import MongoSettings
from libs.objects.settings import S3Settings
from services.extraction.content import Limits
from services.extraction.machine import machine_cores, machine_memory_bytes
from services.extraction.protocol import Task

_NOTHING = timedelta(0)
_LONGEST = timedelta(minutes=25)
"""The broker takes a message back after 30 minutes, unless it is configured otherwise."""

_MIB = 1 << 20
_DEFAULTS = Limits()


class SandboxSettings(BaseSettings):
    """What one child may use; how many there may be at once is ``capacity``'s to say."""

    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True)

    memory_bytes: int = Field(1024 * _MIB, ge=64 * _MIB, description="memory of one child")
    file_bytes: int = Field(256 * _MIB, ge=_MIB, description="largest file a child may write")
    open_files: int = Field(64, ge=16, description="descriptors of one child")
    processes: int = Field(32, ge=1, description="processes and threads of one child, where it has a user of its own")

    def task(
        self,
        folder: Path,
        *,
        suffix: str,
        declared_type: str,
        limits: Limits,
        slot: int,
        seconds: float,
        niceness: int,
    ) -> Task:
        """Describe one document to the template process; ``seconds`` bounds its processor time."""
        return Task(
            folder=str(folder),
            suffix=suffix,
            declared_type=declared_type,
            limits=limits,
            slot=slot,
            memory_bytes=self.memory_bytes,
            cpu_seconds=math.ceil(seconds) + 1,
            file_bytes=self.file_bytes,
            open_files=self.open_files,
            processes=self.processes,
            niceness=niceness,
        )


class LimitSettings(BaseSettings):
    """How much of a document is read at most; see ``content.Limits``."""

    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True)

    max_pages: int = Field(_DEFAULTS.pages, gt=0, description="pages kept of a document; the rest is cut")
    hard_max_pages: int = Field(_DEFAULTS.hard_pages, gt=0, description="a document of more pages is refused")
    max_characters: int = Field(_DEFAULTS.characters, gt=0, description="characters kept of a document")
    max_page_characters: int = Field(
        _DEFAULTS.page_characters, gt=0, le=500_000, description="characters kept of one page"
    )
    max_unpacked_bytes: int = Field(_DEFAULTS.unpacked_bytes, gt=0, description="unpacked size of a ZIP document")
    max_ratio: int = Field(_DEFAULTS.ratio, gt=0, description="unpacked to packed size of a ZIP document")
    max_members: int = Field(_DEFAULTS.members, gt=0, description="members of a ZIP document")
    max_cells: int = Field(_DEFAULTS.cells, gt=0, description="cells of a spreadsheet")
    max_pixels: int = Field(_DEFAULTS.pixels, gt=0, description="pixels of an image")
    max_depth: int = Field(_DEFAULTS.depth, gt=0, description="nesting of elements in markup")
    ocr_languages: str = Field(
        "+".join(_DEFAULTS.ocr_languages),
        pattern=r"^[A-Za-z_]+(\+[A-Za-z_]+)*$",
        description="languages OCR may find, as Tesseract names them; their data must be installed",
    )

    def limits(self) -> Limits:
        """Give the limits as extractors take them."""
        return Limits(
            pages=self.max_pages,
            hard_pages=self.hard_max_pages,
            characters=self.max_characters,
            page_characters=self.max_page_characters,
            unpacked_bytes=self.max_unpacked_bytes,
            ratio=self.max_ratio,
            members=self.max_members,
            cells=self.max_cells,
            pixels=self.max_pixels,
            depth=self.max_depth,
            ocr_languages=tuple(self.ocr_languages.split("+")),
        )


class RunSettings(BaseSettings):
    """How one run over one document goes."""

    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True, populate_by_name=True)

    timeout: Duration = Field(timedelta(seconds=30), gt=_NOTHING, le=_LONGEST, description="time a child may take")
    heavy_timeout: Duration = Field(
        timedelta(minutes=5), gt=_NOTHING, le=_LONGEST, description="the same for heavy documents"
    )
    ocr_page_time: Duration = Field(
        timedelta(seconds=10), ge=_NOTHING, description="time a heavy document gains with each page that OCR finished"
    )
    longest_time: Duration = Field(
        timedelta(minutes=20),
        gt=_NOTHING,
        le=_LONGEST,
        description="bound of a heavy document's whole time, what it gained included",
    )
    heavy_size_bytes: int = Field(25_000_000, gt=0, description="a larger file goes to the heavy queue")
    heavy_pages: int = Field(500, gt=0, description="a document of more pages goes to the heavy queue")
    lease: Duration = Field(timedelta(seconds=30), gt=_NOTHING, description="time a run is ours without a sign of life")
    heartbeat: Duration = Field(timedelta(seconds=10), gt=_NOTHING, description="period of signs of life")
    max_attempts: int = Field(3, gt=0, description="runs that may die before the document counts as failed")
    download_timeout: Duration = Field(timedelta(minutes=2), gt=_NOTHING, description="time a download may take")
    page_period: Duration = Field(
        timedelta(milliseconds=500), gt=_NOTHING, description="longest time a finished page waits to be stored"
    )
    progress_period: Duration = Field(
        timedelta(milliseconds=500), gt=_NOTHING, description="pause between progress events of one document"
    )
    tmp_base_folder: Path = Field(
        Path(tempfile.gettempdir()), validation_alias="TMP_BASE_FOLDER", description="where documents lie meanwhile"
    )


@dataclass(frozen=True)
class Capacity:
    """How many documents are read at once."""

    short: int
    heavy: int


class Settings(BaseSettings):
    """Extraction's own settings and those of everything it stands on."""

    model_config = SettingsConfigDict(env_prefix="EXTRACTION_", frozen=True, populate_by_name=True)

    host: str = Field("127.0.0.1", description="address of the internal port")
    internal_port: int = Field(9082, description="port of /healthz, /readyz and /metrics")
    grace: Duration = Field(timedelta(seconds=5), description="time open requests get at shutdown")
    log_level: str = Field("INFO", validation_alias="LOG_LEVEL", description="lowest level that is logged")
    concurrency: int = Field(
        default_factory=lambda: machine_cores() + 1,
        gt=0,
        description="short documents at once; one tenant alone gets one less, so that the next need not wait",
    )
    heavy_concurrency: int = Field(
        default_factory=lambda: max(2, machine_cores() // 2 + 1), gt=0, description="the same for heavy documents"
    )
    total_memory_bytes: int = Field(
        default_factory=lambda: machine_memory_bytes() * 3 // 4,
        ge=_MIB,
        description="memory of all children together; fewer documents are read at once where it would be exceeded",
    )

    sandbox: SandboxSettings = Field(default_factory=SandboxSettings)
    limits: LimitSettings = Field(default_factory=LimitSettings)
    run: RunSettings = Field(default_factory=RunSettings)
    mongo: MongoSettings = Field(default_factory=MongoSettings)
    amqp: AmqpSettings = Field(default_factory=AmqpSettings)
    s3: S3Settings = Field(default_factory=S3Settings)

    def capacity(self) -> Capacity:
        """Say how many documents may be read at once: what was asked for as far as memory goes, and one of each."""
        most = max(2, self.total_memory_bytes // self.sandbox.memory_bytes)
        heavy = min(self.heavy_concurrency, most // 2)
        return Capacity(short=min(self.concurrency, most - heavy), heavy=heavy)
