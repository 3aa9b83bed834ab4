"""Every error that a user can meet, with the HTTP status and the exit code that each one maps to."""

import errno
from typing import Final

NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # how the system says that a disk is full


class SikapError(Exception):
    """Base of all errors whose message is meant for the user.

    `code` is the word in an HTTP error body, `status` its HTTP status, `exit_code` what the command line ends with.
    """

    code = "internal"
    status = 500
    exit_code = 2

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.message, self.field = message, field


class InputError(SikapError):
    """What was given (a value, a file, an option) is not what was expected."""

    code, status = "invalid", 422


class ReadError(InputError):
    """A file could not be read, for a reason that lies with the disk, the store, the memory or its rights, not in it."""


class TooLargeError(SikapError):
    """What was given is over a limit of size."""

    code, status = "too_large", 413


class BundleError(SikapError):
    """A model bundle is missing, damaged, or does not fit this version of Sikap."""

    code, status = "model_unavailable", 503


class ModelError(SikapError):
    """The model failed on a text that there is nothing wrong with, for want of memory for instance."""


class DiskFullError(SikapError):
    """The disk has no room for the output, or fails under it; the run can be resumed."""

    code, exit_code = "disk_full", 3


class NotReadyError(SikapError):
    """The service has no model loaded yet, or is stopping."""

    code, status = "not_ready", 503


class BusyError(SikapError):
    """More work is waiting than the service takes on; `retry_after` says in how many seconds to come back."""

    code, status = "busy", 429

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeadlineError(SikapError):
    """The answer was not ready in time."""

    code, status = "deadline", 504


class GateError(SikapError):
    """A trained model was kept beside the current one, not promoted; the message says why."""

    code, exit_code = "gate", 1


class Stopped(SikapError):
    """The run was interrupted and can be resumed by the same command."""

    code, exit_code = "stopped", 3
