"""What extraction counts."""

from prometheus_client import Counter, Gauge, Histogram

JOBS = Counter("satchel_extraction_jobs", "Jobs by how they ended", ["outcome"])
"""``succeeded``, ``skipped``, an error code, or why nothing was written: ``duplicate`` (or somebody else's), ``gone``,
``heavy`` (moved to the other queue), ``lost`` (the lease), ``handed_back`` (outage or shutdown)."""

RUNNING = Gauge("satchel_extraction_running", "Documents being read now", ["queue"])
SECONDS = Histogram(
    "satchel_extraction_seconds",
    "Time from claim to result",
    ["queue"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300),
)
PAGES = Counter("satchel_extraction_pages", "Pages stored")
