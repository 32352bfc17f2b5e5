"""Apps and agents in MongoDB."""

from pymongo.errors import DuplicateKeyError

from libs.mongo.database import Collection, Database, Document
from services.gateway.agents.models import Agent


class AgentStore:
    """Reads and writes the collections ``apps`` and ``agents``."""

    def __init__(self, database: Database) -> None:
        self._apps = database["apps"]
        self._agents = database["agents"]

    async def put_app(self, app_id: str, name: str) -> None:
        """Create or rename an app."""
        await _put(self._apps, {"_id": app_id, "name": name})

    async def put(self, agent: Agent) -> None:
        """Create an agent or replace what was declared before."""
        await _put(self._agents, agent.to_document())

    async def find(self, app_id: str, agent_id: str) -> Agent | None:
        """Find an agent of an app."""
        document = await self._agents.find_one({"_id": Agent.key_of(app_id, agent_id), "app_id": app_id})
        return Agent.from_document(document) if document else None

    async def list(self, app_id: str) -> list[Agent]:
        """List an app's agents by name."""
        cursor = self._agents.find({"app_id": app_id}).sort([("name", 1), ("_id", 1)])
        return [Agent.from_document(document) async for document in cursor]


async def _put(collection: Collection, document: Document) -> None:
    """Upsert by id. Two replicas may both insert; the second finds the document there and replaces it."""
    query = {"_id": document["_id"]}
    try:
        await collection.replace_one(query, document, upsert=True)
    except DuplicateKeyError:
        await collection.replace_one(query, document)
