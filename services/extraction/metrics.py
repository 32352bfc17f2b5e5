"""What extraction counts. Media types are those the gateway stored, a closed list, not what a child says."""

from prometheus_client import Counter, Gauge, Histogram

JOBS = Counter("satchel_extraction_jobs", "Jobs by how they ended", ["outcome"])
"""``succeeded``, ``skipped``, an error code, or why nothing was written: ``duplicate`` (or somebody else's), ``gone``,
``heavy`` (moved to the other queues), ``lost`` (the lease), ``handed_back`` (outage or shutdown)."""

RUNNING = Gauge("satchel_extraction_running", "Documents being read now", ["queue"])
WAITING = Gauge(
    "satchel_extraction_waiting",
    "Jobs in the queues that no replica has taken, as last seen; the same for every replica",
    ["queue"],
)
"""A replica takes its slots but one, and one at least, from each lane; what it has not begun appears nowhere.
So 0 means that the replicas hold all there is, not that nobody waits."""
SECONDS = Histogram(
    "satchel_extraction_seconds",
    "Time from claim to result",
    ["queue", "media_type"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200),
)
PAGES = Counter("satchel_extraction_pages", "Pages of runs that came to their end", ["queue", "media_type"])
OCR_PAGES = Counter("satchel_extraction_ocr_pages", "Those of them that were read by OCR", ["queue", "media_type"])
