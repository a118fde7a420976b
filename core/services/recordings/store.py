"""Where recordings are copied to: a folder, a bucket, whatever fsspec knows."""

from collections.abc import Iterable

from fsspec.core import url_to_fs

from core.errors import ConfigurationError, ZoomUnavailable

# Others keep nothing of a file that was not written to its end, so there is nothing to go on with.
CAN_APPEND = frozenset({"file", "local", "memory", "sftp", "ssh", "smb"})
UNFINISHED = ".part"


class RecordingStore:
    """Files by their path below one address. Used by many threads, each on files of its own."""

    def __init__(self, url: str) -> None:
        """*url*: any fsspec address; it may hold a password and is not quoted in errors.

        Raises:
            ConfigurationError: nothing here can speak its protocol.
        """
        try:
            self._files, self._root = url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"RECORDING_ARCHIVE_URL names a kind of storage that cannot be used here ({type(error).__name__}).",
                next_step="Check its scheme; some need a package of their own, such as s3fs for s3:// and gcsfs for gs://.",
            ) from None
        protocol = self._files.protocol
        self._appends = not CAN_APPEND.isdisjoint((protocol,) if isinstance(protocol, str) else protocol)

    def begun(self, path: str) -> int:
        """How many bytes of *path* are there from an earlier try that can be gone on with."""
        part = self._at(path) + UNFINISHED
        return int(self._files.size(part) or 0) if self._appends and self._files.exists(part) else 0

    def write(self, path: str, chunks: Iterable[bytes], *, go_on: bool) -> None:
        """Write *chunks* under a name of its own, after what is there if told to *go on*."""
        part = self._at(path) + UNFINISHED
        self._files.makedirs(part.rpartition("/")[0], exist_ok=True)
        with self._files.open(part, "ab" if go_on else "wb") as file:
            for chunk in chunks:
                file.write(chunk)

    def keep(self, path: str, expected: int | None) -> int:
        """Give what was written its own name if it has the *expected* size; how large it is.

        Raises:
            ZoomUnavailable: it has another size; it is forgotten, and has to be fetched anew.
        """
        part = self._at(path) + UNFINISHED
        size = int(self._files.size(part) or 0)
        if size == 0 or (expected is not None and size != expected):
            self._files.rm(part)
            raise ZoomUnavailable(f"{size} bytes came where {expected or 'some'} were announced.")
        if self._files.exists(self._at(path)):
            self._files.rm(self._at(path))
        self._files.mv(part, self._at(path))
        return size

    def _at(self, path: str) -> str:
        return f"{self._root.rstrip('/')}/{path}"
