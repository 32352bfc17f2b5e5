"""What can be wrong with a declaration of agents."""

from libs.errors import AppError, Kind


class AgentsFileInvalid(AppError):
    """The file that declares apps and agents cannot be read or says something it must not."""

    kind, code, title = Kind.INVALID, "agents_file_invalid", "The agents file is not valid."
