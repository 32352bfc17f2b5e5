"""The route table of the file operations."""

from libs.errors import AppError
from services.gateway.auth.models import Scope
from services.gateway.chat.errors import ConversationNotFound
from services.gateway.errors import UnsupportedBodyType
from services.gateway.files import handlers
from services.gateway.files.errors import (
    EmptyFile,
    FileNotFound,
    FileTooLarge,
    NothingExtracted,
    PageNotFound,
    QuotaExceeded,
    StillProcessing,
    TooManyFiles,
    UnsupportedFileType,
    UploadExpired,
)
from services.gateway.files.models import (
    AttachForm,
    AttachQuery,
    ContentQuery,
    DownloadLink,
    FileBody,
    FileChanges,
    FileContent,
    FileDetached,
    FileDetails,
    FileList,
    LinkRequest,
    ListQuery,
)
from services.gateway.idempotency.errors import IdempotencyKeyInvalid, IdempotencyKeyReused, RequestInProgress
from services.gateway.routing import JSON, MULTIPART, PUBLIC_ROOT, Route

UPLOAD_ERRORS: tuple[type[AppError], ...] = (
    FileTooLarge,
    TooManyFiles,
    QuotaExceeded,
    UnsupportedFileType,
    EmptyFile,
    UploadExpired,
    IdempotencyKeyInvalid,
    IdempotencyKeyReused,
    RequestInProgress,
)
"""What every operation that takes files can answer."""

_ROOT = f"{PUBLIC_ROOT}/files/{{agent_id}}"
_FILE = f"{_ROOT}/attached-files/{{file_id}}"
_TAG = "files"

ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path=f"{_ROOT}/attach-file",
        handler=handlers.attach_file,
        summary="Attach a file and have it read",
        tag=_TAG,
        scope=Scope.FILES_WRITE,
        query=AttachQuery,
        body={MULTIPART: AttachForm},
        files=(handlers.FILE_FIELD,),
        answer=FileBody,
        errors=(*UPLOAD_ERRORS, ConversationNotFound),
    ),
    Route(
        method="GET",
        path=f"{_ROOT}/attached-files",
        handler=handlers.list_files,
        summary="List attached files",
        tag=_TAG,
        scope=Scope.FILES_READ,
        query=ListQuery,
        answer=FileList,
        errors=(ConversationNotFound,),
    ),
    Route(
        method="GET",
        path=_FILE,
        handler=handlers.show_file,
        summary="Show a file and what its document says of itself",
        tag=_TAG,
        scope=Scope.FILES_READ,
        answer=FileDetails,
        errors=(FileNotFound,),
    ),
    Route(
        method="PATCH",
        path=_FILE,
        handler=handlers.change_file,
        summary="Switch a file on or off for turns, or replace its metadata",
        tag=_TAG,
        scope=Scope.FILES_WRITE,
        body={JSON: FileChanges},
        answer=FileBody,
        errors=(FileNotFound, UnsupportedBodyType),
    ),
    Route(
        method="GET",
        path=f"{_FILE}/content",
        handler=handlers.read_content,
        summary="Read a file's text",
        tag=_TAG,
        scope=Scope.FILES_READ,
        query=ContentQuery,
        answer=FileContent,
        other_answers=("text/plain", "text/markdown"),
        errors=(FileNotFound, PageNotFound, StillProcessing, NothingExtracted),
    ),
    Route(
        method="POST",
        path=f"{_FILE}/link",
        handler=handlers.link_file,
        summary="Get a fresh download link",
        tag=_TAG,
        scope=Scope.FILES_READ,
        query=LinkRequest,
        body={JSON: LinkRequest},
        body_required=False,
        answer=DownloadLink,
        errors=(FileNotFound, UnsupportedBodyType),
    ),
    Route(
        method="POST",
        path=f"{_FILE}/reprocess",
        handler=handlers.reprocess_file,
        summary="Have a file read again",
        tag=_TAG,
        scope=Scope.FILES_WRITE,
        answer=FileBody,
        errors=(FileNotFound,),
    ),
    Route(
        method="DELETE",
        path=f"{_ROOT}/detach-file/{{file_id}}",
        handler=handlers.detach_file,
        summary="Delete a file with its text, bytes and links",
        tag=_TAG,
        scope=Scope.FILES_WRITE,
        answer=FileDetached,
        errors=(FileNotFound,),
    ),
)
