"""What can be wrong with a file, or with a question about one."""

from libs.errors import AppError, Kind


class FileNotFound(AppError):
    """No such file, or a stranger's, or one of another agent: the answer is the same."""

    kind, code, title = Kind.NOT_FOUND, "file_not_found", "There is no such file."


class PageNotFound(AppError):
    """The document ends before the page that was asked for."""

    kind, code, title = Kind.NOT_FOUND, "page_not_found", "The document has no such page."


class FileTooLarge(AppError):
    """The upload passed the size limit; nothing was kept."""

    kind, code, title = Kind.TOO_LARGE, "file_too_large", "The file is larger than is accepted."


class TooManyFiles(AppError):
    """The request, or the conversation, holds as many files as it may."""

    kind, code, title = Kind.TOO_LARGE, "too_many_files", "There are more files than are accepted."


class QuotaExceeded(AppError):
    """The caller has stored as many bytes as it may; nothing was kept."""

    kind, code, title = Kind.TOO_LARGE, "quota_exceeded", "The storage quota is used up."


class UnsupportedFileType(AppError):
    """The name's ending is not accepted, or the content is not what the ending says."""

    kind, code, title = Kind.UNSUPPORTED_TYPE, "unsupported_file_type", "Files of this type are not accepted."


class EmptyFile(AppError):
    """A file of zero bytes."""

    kind, code, title = Kind.INVALID, "empty_file", "The file is empty."


class StillProcessing(AppError):
    """The text is not there yet; it will be."""

    kind, code, title = Kind.CONFLICT, "still_processing", "The file is still being processed."


class NothingExtracted(AppError):
    """Processing ended without a result; ``error`` says why."""

    kind, code, title = Kind.CONFLICT, "extraction_failed", "No content could be read from this file."


class UploadExpired(AppError):
    """The upload took longer than its deadline and was given up; nothing was kept."""

    kind, code, title = Kind.TOO_SLOW, "upload_expired", "The upload took too long and was given up."
