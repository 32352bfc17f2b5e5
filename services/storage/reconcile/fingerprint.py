"""The hash of an object as the store has it now."""

from hashlib import sha256

from libs.objects.store import ObjectStore, StoredObject


async def fingerprint(objects: ObjectStore, key: str) -> StoredObject:
    """Read the object once, a chunk at a time; raises ``ObjectMissing``."""
    digest, size = sha256(), 0
    async with objects.open_object(key) as reader:
        async for chunk in reader.chunks():
            digest.update(chunk)
            size += len(chunk)
    return StoredObject(size_bytes=size, sha256=digest.hexdigest())
