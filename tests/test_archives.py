"""Where image data is looked for, without permission, without a network, and from a server that fails."""

import hashlib
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

import pooch  # noqa: F401  # before a test gives up its rights
import pytest
import requests  # noqa: F401
import torch
from image_files import ARCHIVE, cifar10_members, cifar100_members, fashion_files, put, tarred, zipped

from dlgn_lib import fashion_mnist
from dlgn_lib.data import DataError, cifar10, cifar100, images

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.usefixtures("no_data")

LOADERS = {
    "Fashion-MNIST": lambda **k: fashion_mnist(full=True, **k),
    "CIFAR-10": cifar10,
    "CIFAR-100": cifar100,
}


@pytest.mark.parametrize("title", LOADERS)
@pytest.mark.parametrize("download", [None, False], ids=["in a build", "forbidden"])
def test_what_is_not_found_is_said_with_the_ways_to_get_it(monkeypatch, title, download):
    monkeypatch.setenv("DLGN_DOWNLOAD", "1" if download is False else "0")
    with pytest.raises(DataError, match=rf"{title} was not found; put .* into \$DLGN_DATA/{title.lower()}/"):
        LOADERS[title](download=download)


def test_what_is_not_found_is_said_without_a_folder_of_this_machine(tmp_path):
    with pytest.raises(DataError) as error:
        cifar10(download=False)
    assert str(tmp_path) not in str(error.value)


@pytest.mark.parametrize("name", ["missing", "a file"])
def test_a_data_folder_that_cannot_be_read_is_said(monkeypatch, tmp_path, name):
    (tmp_path / "a file").write_text("no folder")
    monkeypatch.setenv("DLGN_DATA", str(tmp_path / name))
    with pytest.raises(DataError, match=rf"\$DLGN_DATA is .*{name}, which cannot be read"):
        cifar10(download=False)


def test_the_data_folder_comes_before_the_debian_package_before_the_download(monkeypatch, tmp_path, server):
    assert "download, checksum verified" in fashion_mnist(full=True, download=True).provenance
    package = tmp_path / "package"
    package.mkdir()
    for name, content in fashion_files(30, 10).items():
        (package / name).write_bytes(content)
    source = replace(images.FASHION_MNIST, package=("dataset-fashion-mnist", str(package)))
    monkeypatch.setattr(images, "FASHION_MNIST", source)
    assert fashion_mnist(full=True).provenance.endswith(
        "30 training and 10 test images, Debian package dataset-fashion-mnist"
    )
    put("fashion-mnist", fashion_files(40, 10))
    assert fashion_mnist(full=True).provenance.endswith("40 training and 10 test images, $DLGN_DATA")


@contextmanager
def without_rights():
    """As a user who may read only what everybody may: the tests may run as root, who may read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that everybody may enter, as those of pytest are not."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        for path in [*Path(folder).rglob("*")]:
            path.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="the rights of files are another matter on Windows")
@pytest.mark.parametrize("closed", ["data", "data/cifar-10", f"data/cifar-10/{ARCHIVE}"])
def test_no_permission_to_read(open_folder, monkeypatch, closed):
    folder = open_folder / "data" / "cifar-10"
    folder.mkdir(parents=True)
    (folder / ARCHIVE).write_bytes(zipped(tarred(cifar10_members())))
    monkeypatch.setenv("DLGN_DATA", str(open_folder / "data"))
    with without_rights():
        cifar10()
    (open_folder / closed).chmod(0)
    with without_rights(), pytest.raises(DataError, match=r"cannot be read \(Permission denied\)"):
        cifar10()


@pytest.mark.skipif(os.name == "nt", reason="the rights of files are another matter on Windows")
def test_no_permission_to_write_a_download(open_folder, monkeypatch, server):
    (open_folder / "cache").mkdir()
    (open_folder / "cache").chmod(0o555)
    monkeypatch.setenv("DLGN_CACHE", str(open_folder / "cache"))
    monkeypatch.delenv("DLGN_DATA")  # lies where a user without rights may not look
    with without_rights(), pytest.raises(DataError, match=r"Permission denied.*set \$DLGN_CACHE to a folder of yours"):
        fashion_mnist(full=True, download=True)


def test_a_cache_folder_that_cannot_be(monkeypatch, tmp_path, server):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("DLGN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match=r"cannot be read \(Not a directory\).*set \$DLGN_CACHE to a folder of yours"):
        fashion_mnist(full=True, download=True)


# Downloads, from a server on this machine


class Server:
    """Serves `files` (path: content) on 127.0.0.1; `fault` says how it fails, `asked` what it was asked for."""

    def __init__(self):
        self.files, self.fault, self.asked, self.going_on = {}, None, [], threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                content = outer.files.get(self.path)
                if content is None or outer.fault == "gone":
                    self.send_error(404)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if outer.fault == "other":
                    content = bytes(len(content))
                if outer.fault in ("interrupted", "stuck"):
                    content = content[: len(content) // 2]
                self.wfile.write(content)
                self.wfile.flush()
                if outer.fault == "stuck":
                    outer.going_on.wait(30)

            def log_message(self, *args):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


def official(monkeypatch, url, files):
    """Let the library know three small data sets, by their checksums, as the official ones at `url`."""
    for name, content in files.items():
        sums = {file: hashlib.sha256(raw).hexdigest() for file, raw in content.items()}
        monkeypatch.setattr(images, name, replace(getattr(images, name), url=url, sha256=sums))


SMALL = {
    "FASHION_MNIST": fashion_files(),
    "CIFAR10": {ARCHIVE: zipped(tarred(cifar10_members()))},
    "CIFAR100": {"cifar-100-binary.tar.gz": zipped(tarred(cifar100_members()))},
}


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.files = {f"/{file}": raw for content in SMALL.values() for file, raw in content.items()}
    official(monkeypatch, server.url, SMALL)
    yield server
    server.going_on.set()
    server.http.shutdown()
    server.http.server_close()


def cached(tmp_path):
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


@pytest.mark.parametrize("title", LOADERS)
def test_a_download_is_kept_and_not_repeated(monkeypatch, tmp_path, server, title):
    first = LOADERS[title](download=True)
    asked = len(server.asked)
    assert asked == len(cached(tmp_path)) == (4 if title == "Fashion-MNIST" else 1)
    assert "download, checksum verified" in first.provenance
    again = LOADERS[title](download=False)  # what lies in the cache needs no download
    assert len(server.asked) == asked and torch.equal(first.images, again.images)


FAULTS = {
    "gone": "404 Client Error",
    "other": "does not match the known hash",
    "interrupted": "IncompleteRead",
    "refused": "refused",
}


@pytest.mark.parametrize("title", LOADERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_download_that_fails_leaves_nothing_and_the_next_one_works(monkeypatch, tmp_path, server, title, fault):
    server.fault = fault
    if fault == "refused":
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            official(monkeypatch, f"http://127.0.0.1:{unused.getsockname()[1]}/", SMALL)
    with pytest.raises(DataError, match=f"could not be downloaded into .*{FAULTS[fault]}.*nothing of it was kept"):
        LOADERS[title](download=True)
    assert cached(tmp_path) == []
    server.fault = None
    official(monkeypatch, server.url, SMALL)
    assert len(LOADERS[title](download=True).labels) >= 20


def test_a_download_goes_on_where_it_stopped(tmp_path, server):
    last = server.files.pop("/t10k-labels-idx1-ubyte.gz")
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte\.gz could not be downloaded"):
        fashion_mnist(full=True, download=True)
    assert len(cached(tmp_path)) == 3  # whole files, with the right checksums
    server.files["/t10k-labels-idx1-ubyte.gz"] = last
    fashion_mnist(full=True, download=True)
    assert len(server.asked) == 5


def test_a_process_killed_during_a_download_leaves_nothing_that_is_read(monkeypatch, tmp_path, server):
    server.fault = "stuck"
    code = (
        "from dataclasses import replace; from dlgn_lib.data import images\n"
        f"images.CIFAR10 = replace(images.CIFAR10, url={images.CIFAR10.url!r}, sha256={images.CIFAR10.sha256!r})\n"
        "images.cifar10(download=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL) as process:
        while not any(path.stat().st_size > 1000 for path in (tmp_path / "cache").rglob("*") if path.is_file()):
            assert process.poll() is None
        process.kill()
    assert cached(tmp_path) and ARCHIVE not in cached(tmp_path)  # killed in the middle, under another name
    server.fault = None
    assert len(cifar10(download=True).labels) == 60


def test_a_cached_file_that_was_altered_is_downloaded_again(monkeypatch, tmp_path, server):
    right = cifar10(download=True)
    path = tmp_path / "cache" / "data" / "cifar-10" / ARCHIVE
    path.write_bytes(zipped(tarred(cifar10_members((30,)))))  # a good archive, but another one
    with pytest.raises(DataError, match="was not found"):
        cifar10(download=False)
    assert torch.equal(cifar10(download=True).images, right.images) and len(server.asked) == 2


def test_a_directory_in_place_of_a_cached_file(monkeypatch, tmp_path, server):
    (tmp_path / "cache" / "data" / "cifar-10" / ARCHIVE).mkdir(parents=True)
    with pytest.raises(DataError, match=f"{ARCHIVE} cannot be read .*; delete it and run again"):
        cifar10(download=True)


def test_a_build_downloads_nothing_and_a_reader_sees_progress(monkeypatch, server, capsys):
    monkeypatch.setenv("DLGN_DOWNLOAD", "0")
    with pytest.raises(DataError, match="was not found"):
        cifar10()
    assert server.asked == []
    monkeypatch.setenv("DLGN_DOWNLOAD", "1")
    monkeypatch.setenv("DLGN_PROGRESS", "1")
    assert len(cifar10().labels) == 60
    assert "100%" in capsys.readouterr().err


def test_without_pooch_the_error_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(
        DataError, match=r"CIFAR-10 was not found, and pooch, .*, is not installed; pip install pooch, or put"
    ):
        cifar10(download=True)


def test_the_import_does_not_need_pooch():
    code = "import sys, dlgn_lib; sys.exit('pooch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
