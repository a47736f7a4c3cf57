"""Downloads: resumed, checked, unpacked whole or not at all. The server is on this machine."""

import hashlib
import io
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from neurorebit.data import cifar10, download
from neurorebit.data.dataset import Archive
from neurorebit.schema import InputError

FOLDER = "some-batches"
FILES = {name: np.random.default_rng(i).bytes(70_000) for i, name in enumerate(("one", "two"))}


def packed(files):
    """A tar.gz of these files: name -> content, or a ready TarInfo without content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


WHOLE = packed({f"{FOLDER}/{name}": content for name, content in FILES.items()})


class Server(ThreadingHTTPServer):
    """Serves one body; ``cut`` ends a reply early, ``ranges`` says whether parts can be had."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.body, self.cut, self.ranges, self.status = WHOLE, None, True, 200
        self.shift = 0
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        asked = self.headers.get("Range")
        self.server.asked.append(asked)
        body, size, start = self.server.body, len(self.server.body), 0
        if self.server.status != 200:
            self.send_error(self.server.status)
            return
        if asked and self.server.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= size:
                self.send_error(416)
                return
            start += self.server.shift
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(size - start))
        self.end_headers()
        self.wfile.write(body[start : self.server.cut])

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def archives(server, body=WHOLE):
    url = f"http://127.0.0.1:{server.server_address[1]}/some/"
    files = {"one": hashlib.md5(FILES["one"]).hexdigest(), "two": None}
    packed = {"batches.tar.gz": hashlib.sha256(body).hexdigest()}
    return {"some": Archive((url,), packed, FOLDER, files)}


def fetch(server, target, **kwargs):
    return download.fetch("some", target, known=archives(server), **kwargs)


def refused(call, *said):
    with pytest.raises(InputError) as problem:
        call()
    assert "\n" not in str(problem.value)
    for words in said:
        assert str(words) in str(problem.value)


def left(target):
    return sorted(path.name for path in target.iterdir())


def whole(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} == FILES


def test_a_data_set_is_downloaded_and_unpacked(server, tmp_path):
    target, steps = tmp_path / "new" / "cache", []
    folder = fetch(server, target, progress=lambda done, total: steps.append((done, total)))
    assert folder == target / FOLDER
    assert whole(folder)
    assert left(target) == [FOLDER]  # no archive, nothing partial
    assert steps[0] == (0, len(WHOLE))
    assert steps[-1] == (len(WHOLE), len(WHOLE))


def test_a_whole_data_set_is_not_downloaded_again(server, tmp_path):
    fetch(server, tmp_path)
    assert fetch(server, tmp_path) == tmp_path / FOLDER
    assert server.asked == [None]


def test_an_interrupted_download_is_resumed(server, tmp_path):
    server.cut = 60_000
    refused(lambda: fetch(server, tmp_path), "after 60000 of", "run this again to go on")
    assert left(tmp_path) == ["batches.tar.gz.partial"]
    server.cut, steps = None, []
    folder = fetch(server, tmp_path, progress=lambda done, total: steps.append((done, total)))
    assert whole(folder)
    assert left(tmp_path) == [FOLDER]
    assert server.asked == [None, "bytes=60000-"]
    assert steps[0] == (60_000, len(WHOLE))


def test_a_stop_by_the_user_keeps_what_came(server, tmp_path):
    def stop(done, _total):
        if done > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server, tmp_path, progress=stop)
    assert left(tmp_path) == ["batches.tar.gz.partial"]
    assert whole(fetch(server, tmp_path))


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    (tmp_path / "batches.tar.gz.partial").write_bytes(WHOLE[:60_000])
    server.ranges = False
    assert whole(fetch(server, tmp_path))
    assert server.asked == ["bytes=60000-"]


def test_a_download_that_only_lacked_its_name_is_used(server, tmp_path):
    (tmp_path / "batches.tar.gz.partial").write_bytes(WHOLE)
    assert whole(fetch(server, tmp_path))


def test_a_part_that_was_not_asked_for_is_refused(server, tmp_path):
    (tmp_path / "batches.tar.gz.partial").write_bytes(WHOLE[:60_000])
    server.shift = 100
    refused(lambda: fetch(server, tmp_path), "another part")
    assert (tmp_path / "batches.tar.gz.partial").read_bytes() == WHOLE[:60_000]


def test_a_wrong_checksum_leaves_nothing(server, tmp_path):
    server.body = WHOLE[:-1] + b"x"
    refused(lambda: fetch(server, tmp_path), "SHA-256", "run this again")
    assert left(tmp_path) == []
    (tmp_path / "batches.tar.gz.partial").write_bytes(WHOLE + b"more")
    refused(lambda: fetch(server, tmp_path), "SHA-256")
    assert left(tmp_path) == []


def test_offline_it_says_where_to_put_the_file(server, tmp_path):
    server.status = 404
    refused(lambda: fetch(server, tmp_path), "404", "put batches.tar.gz into", tmp_path)
    server.shutdown()
    server.server_close()
    refused(lambda: fetch(server, tmp_path), "refused", "put batches.tar.gz into", tmp_path)


def test_an_archive_put_there_by_hand_is_used_and_kept(server, tmp_path):
    (tmp_path / "batches.tar.gz").write_bytes(WHOLE)
    assert whole(fetch(server, tmp_path))
    assert left(tmp_path) == ["batches.tar.gz", FOLDER]
    assert server.asked == []


def test_another_archive_put_there_by_hand_is_refused(server, tmp_path):
    (tmp_path / "batches.tar.gz").write_bytes(b"<html>")
    refused(lambda: fetch(server, tmp_path), tmp_path / "batches.tar.gz", "SHA-256", "remove it")


def test_other_files_in_the_way_are_left_alone(server, tmp_path):
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "one").write_bytes(b"mine")
    refused(lambda: fetch(server, tmp_path), tmp_path / FOLDER, "move it away")
    assert (tmp_path / FOLDER / "one").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "files",
    [
        {f"{FOLDER}/one": b"1"},  # one is missing
        {f"{FOLDER}/one": b"1", f"{FOLDER}/two": "../../outside"},  # a link that leads out
        {f"{FOLDER}/one": b"1", f"{FOLDER}/two": "/etc/passwd"},
    ],
)
def test_what_is_not_a_plain_file_of_the_archive_is_refused(server, tmp_path, files):
    body = packed(files)
    target = tmp_path / "deep" / "cache"
    target.mkdir(parents=True)
    (tmp_path / "outside").write_bytes(b"secret")
    (target / "batches.tar.gz").write_bytes(body)
    refused(
        lambda: download.fetch("some", target, known=archives(server, body)),
        "cannot be unpacked",
    )
    assert left(target) == ["batches.tar.gz"]


def test_nothing_is_written_outside_the_folder(server, tmp_path):
    extra = {"../escaped": b"x", f"{FOLDER}/../../escaped": b"x", "/neurorebit-escaped": b"x"}
    body = packed({f"{FOLDER}/{name}": content for name, content in FILES.items()} | extra)
    target = tmp_path / "cache"
    target.mkdir()
    (target / "batches.tar.gz").write_bytes(body)
    assert whole(download.fetch("some", target, known=archives(server, body)))
    assert left(target) == ["batches.tar.gz", FOLDER]
    assert left(tmp_path) == ["cache"]


def test_a_folder_that_cannot_be_written_is_named(server, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    refused(lambda: fetch(server, tmp_path / "file" / "below"), tmp_path / "file")


def test_only_known_data_sets_can_be_fetched(tmp_path):
    refused(lambda: download.fetch("digits", tmp_path), "digits", "cifar10")


def test_the_official_archive_is_described():
    official = download.archives()["cifar10"]
    assert set(official.files) == {"batches.meta", *cifar10.OFFICIAL}
    assert [len(bytes.fromhex(x)) for x in official.packed.values()] == [32]


# several files, several servers

FOUR = {f"part-{i}.gz": np.random.default_rng(i).bytes(30_000) for i in range(3)}


class Shelf(ThreadingHTTPServer):
    """Serves files by name; ``cut``: replies end early; ``gone``: names that it does not have."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), ShelfHandler)
        self.files, self.cut, self.gone, self.asked = dict(FOUR), None, set(), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}/shelf/"


class ShelfHandler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self):
        name, asked = self.path.rsplit("/", 1)[-1], self.headers.get("Range")
        self.server.asked.append((name, asked))
        if name in self.server.gone:
            self.send_error(404)
            return
        body = self.server.files[name]
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        self.wfile.write(body[start : self.server.cut])

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def shelves():
    with Shelf() as one, Shelf() as two:
        threads = [threading.Thread(target=s.serve_forever, args=(0.01,)) for s in (one, two)]
        for thread in threads:
            thread.start()
        yield one, two
        for shelf, thread in zip((one, two), threads, strict=True):
            shelf.shutdown()
            thread.join()


def several(shelves):
    digests = {name: hashlib.md5(content).hexdigest() for name, content in FOUR.items()}
    return {"some": Archive(tuple(s.url for s in shelves), digests, "four", digests)}


def fetch_several(shelves, target):
    return download.fetch("some", target, known=several(shelves))


def all_there(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} == FOUR


def test_several_files_are_kept_as_they_are_published(shelves, tmp_path):
    assert all_there(fetch_several(shelves, tmp_path))
    assert left(tmp_path) == ["four"]
    assert shelves[1].asked == []
    assert all_there(fetch_several(shelves, tmp_path))  # not asked for again
    assert len(shelves[0].asked) == 3


def test_another_server_has_what_one_lacks(shelves, tmp_path):
    shelves[0].gone = {"part-1.gz"}
    assert all_there(fetch_several(shelves, tmp_path))
    assert [name for name, _ in shelves[1].asked] == ["part-1.gz"]


def test_another_server_goes_on_where_one_broke_off(shelves, tmp_path):
    shelves[0].cut = 10_000
    assert all_there(fetch_several(shelves, tmp_path))
    assert shelves[1].asked == [(name, "bytes=10000-") for name in FOUR]


def test_another_server_is_asked_where_one_sends_another_file(shelves, tmp_path):
    shelves[0].files["part-2.gz"] = b"<html>"
    assert all_there(fetch_several(shelves, tmp_path))
    assert shelves[1].asked == [("part-2.gz", None)]


def test_what_came_is_kept_where_no_server_has_the_rest(shelves, tmp_path):
    for shelf in shelves:
        shelf.gone = {"part-2.gz"}
    refused(
        lambda: fetch_several(shelves, tmp_path),
        f"{shelves[0].url}part-2.gz: HTTP 404",
        f"{shelves[1].url}part-2.gz: HTTP 404",
        f"put part-2.gz into {tmp_path / 'four.partial'} by hand",
    )
    assert left(tmp_path) == ["four.partial"]  # and no folder with a gap
    (tmp_path / "four.partial" / "part-2.gz").write_bytes(b"another")
    refused(lambda: fetch_several(shelves, tmp_path), "part-2.gz: not the file at", "MD5 differs")
    (tmp_path / "four.partial" / "part-2.gz").write_bytes(FOUR["part-2.gz"])
    shelves[0].asked.clear()
    assert all_there(fetch_several(shelves, tmp_path))
    assert shelves[0].asked == []


def test_a_wrong_digest_everywhere_leaves_nothing_of_the_file(shelves, tmp_path):
    for shelf in shelves:
        shelf.files["part-0.gz"] = FOUR["part-0.gz"][:-1] + b"x"
    refused(lambda: fetch_several(shelves, tmp_path), "MD5 differs", "run this again")
    assert left(tmp_path / "four.partial") == []


def test_a_server_that_sends_without_end_is_left(server, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST", 60_000)
    refused(lambda: fetch(server, tmp_path), "more than any data set has")


def test_every_data_set_that_is_downloaded_names_its_digests():
    for archive in download.archives().values():
        assert all(mirror.endswith("/") for mirror in archive.mirrors)
        assert all(len(bytes.fromhex(x)) in (16, 32) for x in archive.packed.values())
        if not archive.tar:
            assert archive.files == archive.packed
