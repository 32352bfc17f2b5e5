"""The published limits."""

from pydantic import BaseModel, Field


class ExtensionBody(BaseModel):
    """What happens to files of one ending."""

    accepted: bool = Field(description="whether such files are taken; endings not listed are not")
    extracted: bool = Field(description="whether text is extracted from them")
    how: str = Field(description="what extraction makes of them")
    mime_types: list[str] = Field(description="media types of the ending; the first is the one answered")


class LimitsBody(BaseModel):
    """Everything a client needs to check before it uploads."""

    max_upload_size: int = Field(description="largest file, in bytes")
    max_files_per_request: int = Field(description="files in one multipart request")
    max_files_per_conversation: int = Field(description="files a conversation may hold; 0 means no limit")
    max_tokens: int = Field(description="tokens of documents in one prompt")
    requests_per_minute: int = Field(description="requests of one key; 0 means no limit")
    quota_bytes: int = Field(description="bytes one key may store; 0 means no limit")
    max_wait: float = Field(description="longest `wait` for extraction, in seconds")
    extensions: dict[str, ExtensionBody] = Field(description="every accepted ending of a file name")
