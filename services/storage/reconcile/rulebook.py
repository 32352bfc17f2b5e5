"""Every rule of the reconciler, in the order of a round: first what a user waits for, last what only takes space."""

from libs.amqp.publisher import Publisher
from libs.mongo.database import Database
from libs.objects.store import ObjectStore
from services.storage.deletion_store import DeletionStore
from services.storage.deletions import DeletionService
from services.storage.reconcile.custody_store import CustodyStore
from services.storage.reconcile.job_store import JobStore
from services.storage.reconcile.jobs import Outboxes, StuckJobs
from services.storage.reconcile.leftover_store import LeftoverStore
from services.storage.reconcile.leftovers import EXTRACTIONS, MESSAGES, PAGES, Leftovers, StrayFiles
from services.storage.reconcile.objects import Custody
from services.storage.reconcile.orders import LateOrders, OrderStore
from services.storage.reconcile.orphans import Orphans
from services.storage.reconcile.rules import Outcome, Rule
from services.storage.reconcile.upload_store import UploadStore
from services.storage.reconcile.uploads import InterruptedUploads, StaleUploads
from services.storage.retention import Retention
from services.storage.settings import Settings


def all_rules(
    database: Database, objects: ObjectStore, publisher: Publisher, deletions: DeletionService, settings: Settings
) -> list[Rule]:
    """Build the rules. An upload completed early in a round has its job published in the next."""
    patience, lifetime = settings.reconcile, settings.links.link_lifetime
    jobs, uploads, custody = JobStore(database), UploadStore(database), CustodyStore(database)
    graves = DeletionStore(database)
    orphans = Orphans(
        store=custody, graves=graves, objects=objects, quarantine=patience.quarantine, link_lifetime=lifetime
    )
    return [
        InterruptedUploads(
            store=uploads, objects=objects, deletions=deletions, settings=patience, link_lifetime=lifetime
        ),
        Outboxes(jobs, publisher, patience),
        StuckJobs(jobs, publisher, patience),
        Retention(graves, deletions),
        LateOrders(OrderStore(database), deletions, patience.order_grace),
        *(
            Leftovers(kind, outcome, store=LeftoverStore(database), graves=graves, per_round=patience.records_per_round)
            for kind, outcome in (
                (PAGES, Outcome.PAGES_REMOVED),
                (EXTRACTIONS, Outcome.EXTRACTIONS_REMOVED),
                (MESSAGES, Outcome.MESSAGES_REMOVED),
            )
        ),
        StrayFiles(
            store=LeftoverStore(database), graves=graves, deletions=deletions, per_round=patience.records_per_round
        ),
        StaleUploads(store=uploads, objects=objects, graves=graves, settings=patience),
        Custody(store=custody, objects=objects, orphans=orphans, objects_per_round=patience.objects_per_round),
    ]
