"""What can be wrong with a turn or a conversation."""

from libs.errors import AppError, Kind


class ConversationNotFound(AppError):
    """No such conversation, or a stranger's, or one of another agent: the answer is the same."""

    kind, code, title = Kind.NOT_FOUND, "conversation_not_found", "There is no such conversation."


class FileInactive(AppError):
    """A turn named a file whose content its owner has taken out of use."""

    kind, code, title = Kind.CONFLICT, "file_inactive", "The file is inactive; set it active to use it."


class MessageTooLong(AppError):
    """The message alone is more than the model's context holds."""

    kind, code, title = Kind.INVALID, "message_too_long", "The message is longer than the model can read."


class ModelFailed(AppError):
    """The model's endpoint refused, broke or cannot be reached; nothing was stored."""

    kind, code, title = Kind.UPSTREAM_FAILED, "model_failed", "The model did not answer; it is safe to repeat."


class ModelTimeout(AppError):
    """The model took longer than it may; nothing was stored."""

    kind, code, title = Kind.UPSTREAM_TIMEOUT, "model_timeout", "The model took too long; it is safe to repeat."


class ModelBusy(AppError):
    """The model's endpoint limits its rate; nothing was stored."""

    kind, code, title = Kind.UNAVAILABLE, "model_busy", "The model is busy; repeat in a moment."
