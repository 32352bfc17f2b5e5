"""Why a caller is turned away."""

from libs.errors import AppError, Kind


class AuthenticationRequired(AppError):
    """No credential came with the request."""

    kind, code, title = Kind.UNAUTHENTICATED, "authentication_required", "Send an API key in the X-API-KEY header."


class InvalidApiKey(AppError):
    """The key is unknown, revoked or misspelt; which one is not said."""

    kind, code, title = Kind.UNAUTHENTICATED, "invalid_api_key", "The API key is not valid."


class ApiKeyExpired(AppError):
    """The key was right but its time is over."""

    kind, code, title = Kind.UNAUTHENTICATED, "token_expired", "The API key has expired."


class ScopeMissing(AppError):
    """The key is valid but may not do this."""

    kind, code, title = Kind.FORBIDDEN, "scope_missing", "The API key lacks the scope this needs."


class AppNotFound(AppError):
    """The app does not exist or is not the caller's."""

    kind, code, title = Kind.NOT_FOUND, "app_not_found", "There is no such app."


class AgentNotFound(AppError):
    """The agent does not exist, belongs to another app or is not the key's to use."""

    kind, code, title = Kind.NOT_FOUND, "agent_not_found", "There is no such agent."


class ApiKeyNotFound(AppError):
    """No key has this id."""

    kind, code, title = Kind.NOT_FOUND, "api_key_not_found", "There is no such API key."
