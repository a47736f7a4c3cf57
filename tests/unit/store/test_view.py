"""The server of pages: whom it answers, and which files it opens."""

import http.client
import os
import re
import socket
import threading
from dataclasses import replace

import pytest
from test_store_file import RUN, refused, saved

from neurorebit.store.record import Figure
from neurorebit.store.view import index
from neurorebit.store.view.server import Server
from neurorebit.store.view.shelf import Shelf, of_folder
from neurorebit.store.view.site import Site

PAGE = "<!doctype html><title>mine</title>"


def serving(site):
    server = Server(site)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    return server, thread


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that a run wrote, with what lies in and beside it."""
    place = tmp_path_factory.mktemp("view")
    out = place / "out"
    (out / "below").mkdir(parents=True)
    for name in ("report.html", "below/report.html", "not_recorded.html"):
        (out / name).write_text(PAGE)
    (out / "table.parquet").write_bytes(b"PAR1")
    (place / "secret.txt").write_text("secret")
    (out / "link.txt").symlink_to(place / "secret.txt")
    (out / "up").symlink_to(place)
    os.mkfifo(out / "pipe.txt")
    (out / ".hidden.txt").write_text("secret")
    files = ("report.html", "below/report.html", "link.txt", "up/secret.txt", "pipe.txt",
             ".hidden.txt", "../secret.txt", "gone.txt", "table.parquet")  # fmt: skip
    marked = replace(
        RUN,
        state="finished",
        folder=str(out),
        files=files,
        message="<script>alert(1)</script>\x1b[31m\u202e",
        figures=(Figure("energy", 3.5e-7, "J/image", "<b>assumed</b>"),),
    )
    saved(place / "runs.sqlite", marked)
    return place


@pytest.fixture(scope="module")
def server(place):
    made, thread = serving(Site(place / "runs.sqlite"))
    yield made
    made.close()
    thread.join(10)


def ask(server, path, method="GET", host=None, **headers):
    """Status, headers and content of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.port}")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read().decode()
    connection.close()
    return answer.status, dict(answer.getheaders()), content


def test_pages_are_served_below_the_secret_word(server):
    word = server.word
    assert len(word) >= 32
    status, headers, page = ask(server, f"/{word}/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert 'href="run/1/report.html"' in page
    status, headers, page = ask(server, f"/{word}/run/1/report.html?x=y")
    assert (status, page) == (200, PAGE)
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "no-referrer"
    assert ask(server, f"/{word}/run/1/below/report.html")[2] == PAGE
    status, headers, _ = ask(server, f"/{word}/run/1/table.parquet")
    assert (status, headers["Content-Disposition"]) == (200, "attachment")
    status, headers, page = ask(server, f"/{word}/run/1/report.html", "HEAD")
    assert (status, headers["Content-Length"], page) == (200, str(len(PAGE)), "")


def test_nothing_is_served_without_the_word(server):
    wrong = "x" * len(server.word)
    word = server.word
    for path in ("/", "/run/1/report.html", f"/{wrong}/", f"/{word}", f"/{word[:-1]}/", "//",
                 "/favicon.ico", "*", f"http://127.0.0.1/{word}/", f"/?{word}"):  # fmt: skip
        status, _, content = ask(server, path)
        assert status == 404, path
        assert server.word not in content
    assert ask(server, "/" + "a" * 5000)[0] == 404


@pytest.mark.parametrize(
    "name",
    ["link.txt", "up/secret.txt", "pipe.txt", ".hidden.txt", "../secret.txt", "%2e%2e/secret.txt",
     "..%2fsecret.txt", "below/../report.html", "below//report.html", "gone.txt", "", "below/",
     "not_recorded.html", "report.html%00", "report.html/", "%ff", "below%5creport.html",
     "C:report.html", "/secret.txt"],
)  # fmt: skip
def test_no_file_but_a_recorded_one_is_opened(server, name):
    status, _, content = ask(server, f"/{server.word}/run/1/{name}")
    assert "secret" not in content or status == 200  # the list of files names them
    assert status == (200 if name == "" else 404)


@pytest.mark.parametrize("run", ["2", "0", "-1", "1e3", "01", "9" * 30, "%31", "one"])
def test_no_run_but_a_recorded_one_is_shown(server, run):
    assert ask(server, f"/{server.word}/run/{run}/")[0] == (200 if run == "%31" else 404)


def test_other_names_of_the_address_are_refused(server):
    port, path = server.port, f"/{server.word}/"
    for host in (f"localhost:{port}", f"[::1]:{port}", f"LOCALHOST:{port}"):
        assert ask(server, path, host=host)[0] == 200
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "localhost", "",
                 f"[::]:{port}", f"127.0.0.1:{port}@evil.example",
                 f"127.0.0.1.evil.example:{port}"):  # fmt: skip
        assert ask(server, path, host=host)[0] == 421, host
    raw = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil.example\r\n\r\n"
    assert answered(server, raw).startswith(b"HTTP/1.0 421 ")


def answered(server, raw):
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(raw.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_it_is_read_alone(server, method):
    status, headers, _ = ask(server, f"/{server.word}/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


def test_what_is_no_request_is_answered_without_an_echo(server):
    for raw in ("nonsense\r\n\r\n", "BREW /<b> HTTP/1.1\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
                "\r\n", "GET /" + "a" * 70000):  # fmt: skip
        found = answered(server, raw)
        assert b"<b>" not in found
        assert b"aaaa" not in found
        assert b"Python" not in found


def test_it_listens_on_the_loopback_address_alone(server):
    addresses = {listener.server_address[0] for listener in server._listeners}
    assert addresses <= {"127.0.0.1", "::1"}
    assert server.url == f"http://127.0.0.1:{server.port}/{server.word}/"
    taken = refused(lambda: Server(server.site, server.port))
    assert taken.startswith(f"port {server.port}: Address already in use; name another, or 0")


def test_a_ticket_leads_to_the_page_once(server):
    path = server.ticket("run/1/").removeprefix(f"http://127.0.0.1:{server.port}")
    assert server.word not in path
    assert ask(server, "/other")[0] == 404
    status, headers, _ = ask(server, path)
    assert (status, headers["Location"]) == (302, f"/{server.word}/run/1/")
    assert ask(server, path)[0] == 404


def test_nothing_raw_stands_in_the_lists(server):
    for path in ("", "run/1/"):
        page = ask(server, f"/{server.word}/{path}")[2]
        assert not re.search(r"<script|<b>|\x1b|\u202e", page)
    assert "&lt;script&gt;" in page
    assert "&lt;b&gt;assumed&lt;/b&gt;" in page
    assert "350 nJ/image" in page


def test_links_of_the_lists_lead_to_files_of_odd_names():
    name = "a b/\"'<&>#?%.html"
    page = index.folder(Shelf("f", "/f", (name,)))
    assert 'href="folder/a%20b/%22%27%3C%26%3E%23%3F%25.html"' in page


def test_a_store_that_cannot_be_read_is_said(place):
    path = place / "letter"
    path.write_text("no store, but a letter")
    server, thread = serving(Site(path))
    status, _, content = ask(server, f"/{server.word}/")
    assert (status, content.count("\n")) == (500, 1)
    assert "is no store of runs" in content
    server.close()
    thread.join(10)


@pytest.mark.parametrize(
    ("files", "first"),
    [(("a.html", "report.html"), "report.html"), (("a/report.html", "all.html"), "all.html"),
     (("a.txt", "a/report.html"), "a/report.html"), (("a.csv", "a.txt"), "a.txt"), ((), None)],
)  # fmt: skip
def test_a_run_begins_with_its_report(files, first):
    assert Shelf("", "", files).first == first


def test_a_folder_that_is_named_shows_its_files_alone(place):
    shelf = of_folder(place / "out")
    files = ("not_recorded.html", "report.html", "table.parquet", "below/report.html")
    assert (shelf.files, shelf.first) == (files, "report.html")
    server, thread = serving(Site(None, place / "out"))
    assert ask(server, f"/{server.word}/folder/below/report.html")[2] == PAGE
    for path in ("run/1/", "folder/link.txt", "folder/up/secret.txt", "folder/", "folder/below"):
        assert ask(server, f"/{server.word}/{path}")[0] == 404
    assert "below/report.html" in ask(server, f"/{server.word}/")[2]
    server.close()
    thread.join(10)
