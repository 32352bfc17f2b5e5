"""Sign requests with AWS Signature Version 4; the only module that imports the S3 SDK.

``minio`` signs without a network once it is told the region. The bytes travel over aiohttp instead, because the SDK
is synchronous: a thread per upload would cost memory and throughput.
"""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import SplitResult, quote, urlsplit

from minio.credentials.credentials import Credentials
from minio.signer import presign_v4, sign_v4_s3
from minio.time import to_amz_date

from libs.clock import now
from libs.objects.settings import S3Settings

UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
"""Stands for a body whose hash is not part of the signature; its signed ``Content-MD5`` protects it instead."""


class Signer:
    """Turns method, key, query and headers into an address and the headers that prove who asks."""

    def __init__(self, settings: S3Settings) -> None:
        self._endpoint = settings.endpoint
        self._public_endpoint = settings.public_endpoint or settings.endpoint
        self._bucket = settings.bucket
        self._region = settings.region
        self._credentials = Credentials(settings.access_key, settings.secret_key.get_secret_value())

    def sign(
        self, method: str, key: str, *, query: Mapping[str, str], headers: Mapping[str, str], content_sha256: str
    ) -> tuple[str, dict[str, str]]:
        """Give the address, already percent-encoded, and the headers to send with it; an empty key is the bucket."""
        url = self._address(self._endpoint, key, query)
        moment = now()
        signed: dict[str, str | list[str] | tuple[str]] = {
            "host": url.netloc,
            "x-amz-date": to_amz_date(moment),
            "x-amz-content-sha256": content_sha256,
            **headers,
        }
        sign_v4_s3(
            method=method,
            url=url,
            region=self._region,
            headers=signed,
            credentials=self._credentials,
            content_sha256=content_sha256,
            date=moment,
        )
        return url.geturl(), {name: str(value) for name, value in signed.items()}

    def presign(self, key: str, *, query: Mapping[str, str], expires: timedelta) -> str:
        """Give an address on the public endpoint that lets anyone GET ``key`` until it expires.

        Raises ``ValueError`` outside SigV4's 1 second to 7 days.
        """
        if not timedelta(seconds=1) <= expires <= timedelta(days=7):
            raise ValueError("a presigned URL lives between 1 second and 7 days")
        url = presign_v4(
            method="GET",
            url=self._address(self._public_endpoint, key, query),
            region=self._region,
            credentials=self._credentials,
            date=now(),
            expires=int(expires.total_seconds()),
        )
        return str(url.geturl())

    def _address(self, endpoint: str, key: str, query: Mapping[str, str]) -> SplitResult:
        """Path-style, which every S3 server understands; the query is sorted and encoded as SigV4 wants it."""
        path = f"/{self._bucket}/{quote(key, safe='/-_.~')}" if key else f"/{self._bucket}"
        pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
        return urlsplit(f"{endpoint}{path}{'?' if pairs else ''}{pairs}")
