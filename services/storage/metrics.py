"""What storage counts. Gauges are set at the end of a complete pass over the bucket."""

from prometheus_client import Counter, Gauge

LINKS = Counter("satchel_links", "Download links asked for, by what became of them", ["outcome"])
RECONCILED = Counter("satchel_reconciled", "Things the reconciler did", ["outcome"])
RULE_FAILURES = Counter("satchel_reconcile_failures", "Reconciler rules that ended early", ["rule"])
DELETIONS = Counter("satchel_deletions", "Deletion orders carried out in full", ["kind"])
ORPHAN_OBJECTS = Gauge("satchel_orphan_objects", "Objects without a record, waiting in quarantine")
MISSING_OBJECTS = Gauge("satchel_missing_objects", "Stored files whose object is gone: data was lost")
FOREIGN_OBJECTS = Gauge("satchel_foreign_objects", "Objects whose key is none of ours; never touched")
