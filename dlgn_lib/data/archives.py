"""Files of public data sets: found on this machine or downloaded, and unpacked in memory."""

import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from dlgn_lib.progress import quiet
from dlgn_lib.store import cache_folder


class DataError(RuntimeError):
    """A data set is missing, or a file of it is not what it should be. Says which file, what is wrong, what to do."""


@dataclass(frozen=True)
class Folder:
    """A folder with the files of a data set.

    Attributes:
        path: where it is.
        origin: what it is, in words that name no path.
        remedy: what to do about a bad file in it.
    """

    path: Path
    origin: str
    remedy: str

    def error(self, name: str, wrong: str) -> DataError:
        """Return the error that says what is wrong with the file `name`."""
        return DataError(f"{self.path / name} {wrong}; {self.remedy}")

    def sha256(self, name: str) -> str | None:
        """Return the checksum of the file `name` in hexadecimal digits, or None if there is no such file."""
        try:
            with open(self.path / name, "rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self.error(name, f"cannot be read ({error.strerror})") from error

    def gunzip(self, name: str) -> bytes:
        """Return what the gzip file `name` holds, all of it and with the right checksum."""
        try:
            with gzip.open(self.path / name) as file:
                return file.read()
        except FileNotFoundError:
            raise self.error(name, "is missing") from None
        except (gzip.BadGzipFile, zlib.error, EOFError) as error:
            raise self.error(name, f"is damaged ({error})") from error
        except OSError as error:
            raise self.error(name, f"cannot be read ({error.strerror})") from error

    def untar(self, name: str, members: Collection[str]) -> dict[str, bytes]:
        """Return those of `members` that the tar.gz file `name` holds. Nothing is written to disk."""
        raw = io.BytesIO(self.gunzip(name))
        try:
            with tarfile.open(fileobj=raw, mode="r:") as tar:
                wanted = [m for m in tar if m.name in members and m.isfile()]
                files = {m.name: tar.extractfile(m) for m in wanted}
                return {name: file.read() for name, file in files.items() if file is not None}
        except tarfile.TarError as error:
            raise self.error(name, f"is no complete tar archive ({error})") from error


@dataclass(frozen=True)
class Source:
    """Where a data set may come from.

    Attributes:
        title: its name.
        folder: its folder in `$DLGN_DATA` and in the cache.
        url: where its files are downloaded from.
        sha256: the checksum of each of its files.
        package: the name of a Debian package that brings it, and the folder it puts it in.
    """

    title: str
    folder: str
    url: str
    sha256: dict[str, str]
    package: tuple[str, str] | None = None

    def find(self, download: bool | None = None) -> Folder:
        """Return the folder with the files: `$DLGN_DATA`, the Debian package, the cache, or a download into the cache.

        What is found in the first two is used as it is; what is downloaded has the right checksums.

        Args:
            download: whether to download what is not found; None means yes, unless `$DLGN_DOWNLOAD` is 0, as in builds.

        Raises:
            DataError: if `$DLGN_DATA` cannot be read, nothing is found, or the download fails.
        """
        root = os.environ.get("DLGN_DATA")
        files = ", ".join(self.sha256)
        if root:
            try:
                inside = os.listdir(root)
            except OSError as error:
                raise DataError(
                    f"$DLGN_DATA is {root}, which cannot be read ({error.strerror}); correct or unset it"
                ) from error
            if self.folder in inside:
                remedy = f"put the file of that name from {self.url} there, or remove the folder"
                return Folder(Path(root, self.folder), "$DLGN_DATA", remedy)
        if self.package and os.path.isdir(self.package[1]):
            package, path = self.package
            return Folder(Path(path), f"Debian package {package}", f"install {package} again")
        cached = Folder(
            cache_folder() / "data" / self.folder,
            "download, checksum verified",
            "delete it and run again, or set $DLGN_CACHE to a folder of yours",
        )
        missing = [name for name, known in self.sha256.items() if cached.sha256(name) != known]
        if missing and (os.environ.get("DLGN_DOWNLOAD", "1") != "0" if download is None else download):
            for name in missing:
                self._download(name, cached.path)
        elif missing:
            install = f", install the Debian package {self.package[0]}" if self.package else ""
            raise DataError(
                f"{self.title} was not found; put {files} from {self.url} into $DLGN_DATA/{self.folder}/{install}, "
                "or call with download=True"
            )
        return cached

    def _download(self, name: str, folder: Path) -> None:
        """Bring a file into the folder, under a temporary name until its checksum is verified."""
        try:
            import pooch
        except ImportError as error:
            raise DataError(
                f"{self.title} was not found, and pooch, which downloads it, is not installed; pip install pooch, "
                f"or put {', '.join(self.sha256)} from {self.url} into $DLGN_DATA/{self.folder}/"
            ) from error
        downloader = pooch.HTTPDownloader(progressbar=not quiet(), chunk_size=1 << 16)
        known = f"sha256:{self.sha256[name]}"
        try:
            pooch.retrieve(self.url + name, known, fname=name, path=folder, downloader=downloader)
        except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong checksum is a ValueError
            raise DataError(
                f"{self.url}{name} could not be downloaded into {folder} ({error}); nothing of it was kept. Try again, "
                f"set $DLGN_CACHE to a folder of yours, or put the file into $DLGN_DATA/{self.folder}/"
            ) from error
