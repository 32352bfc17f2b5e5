"""What a key has used."""

from pydantic import BaseModel, Field


class TokenUsage(BaseModel):
    """Tokens that went through the model."""

    prompt: int = Field(0, description="tokens sent to the model")
    completion: int = Field(0, description="tokens the model answered")
    total: int = Field(0, description="both together")


class UsageBody(BaseModel):
    """What the calling key has stored and spent."""

    bytes_used: int = Field(description="bytes of all its files, with every agent")
    bytes_display: str = Field(description="the same for people")
    quota_bytes: int = Field(description="bytes it may store; 0 means no limit")
    files: int = Field(description="how many files these are")
    tokens: TokenUsage = Field(description="tokens of all its turns, those of deleted conversations included")
