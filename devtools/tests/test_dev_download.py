"""Fetching Odoo: no apt, no network, a mirror that cannot be trusted, an interrupted download, a full disk."""

import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from devtools import debian, processes, source
from devtools.errors import DevError, explain
from devtools.ports import any_free

needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="a machine without apt")


def test_no_apt_and_no_source(dev, error_of, tmp_path):
    (tmp_path / "empty").mkdir()
    done = dev("env", path=tmp_path / "empty")
    assert error_of(done) == (
        "Odoo 19 comes from Debian's packages and apt-get is not on this machine: "
        "set ODOO_SOURCE=/path/to/odoo-19 (an Odoo 19 tree) to work without apt"
    )


@pytest.mark.parametrize(
    ("release", "said"),
    [
        (None, "is not an Odoo tree"),
        ("version_info = (18, 0, 0, 'final', 0, '')", "is Odoo 18.0; 19.0 is needed"),
        ("version_info = ('saas~19', 2, 0, 'final', 0, '')", "is Odoo saas~19.2; 19.0 is needed"),
        ("x = 1", "is Odoo of an unknown version"),
    ],
)
def test_bad_source(dev, error_of, tmp_path, release, said):
    if release:
        (tmp_path / "odoo").mkdir()
        (tmp_path / "odoo/release.py").write_text(release)
    done = dev("env", ODOO_SOURCE=str(tmp_path))
    assert said in error_of(done)


def test_source_of_both_layouts(tmp_path):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo/release.py").write_text("FINAL = 'final'\nversion_info = (19, 0, 0, FINAL, 0, '')\n")
    found = source.from_tree(tmp_path)
    assert found.path == tmp_path
    assert str(tmp_path) in found.version


@needs_apt
def test_no_network(monkeypatch, tmp_path):
    monkeypatch.setattr(debian, "mirror", lambda: f"http://127.0.0.1:{any_free()}/debian")
    with pytest.raises(DevError, match=r"reading Debian's package lists .* failed: E: .*(connect|Failed)"):
        debian.fetch(tmp_path / "apt", tmp_path / "log")


@needs_apt
def test_mirror_without_a_signature_is_refused(monkeypatch, tmp_path):
    for suite in debian.SUITES:
        folder = tmp_path / f"mirror/dists/{suite}"
        (folder / "main/binary-amd64").mkdir(parents=True)
        (folder / "main/binary-amd64/Packages").write_text("Package: odoo-19\n")
        (folder / "Release").write_text(f"Suite: {suite}\nCodename: {suite}\nComponents: main\n")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path / "mirror"))
    handler.log_message = lambda *_: None
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(debian, "mirror", lambda: f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(DevError, match="is not signed"):
            debian.fetch(tmp_path / "apt", tmp_path / "log")
        server.shutdown()


@pytest.mark.parametrize(
    "text",
    [
        "deb [arch=amd64] http://mirror.example/debian bookworm main\n",
        "deb http://security.example/debian-security x main\ndeb http://mirror.example/debian x main",
    ],
)
def test_mirror_from_the_sources_files(monkeypatch, tmp_path, text):
    (tmp_path / "sources.list").write_text(f"# deb http://old.example/debian x main\n{text}")
    assert "http://mirror.example/debian" in list(debian._addresses_in_sources(tmp_path))


def test_mirror_from_a_sources_file_of_the_new_format(tmp_path):
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(
        "Types: deb\nURIs: http://mirror.example/debian\nSuites: x\n"
    )
    assert list(debian._addresses_in_sources(tmp_path)) == ["http://mirror.example/debian"]


FAKE_APT = """#!{python}
# An apt-get whose downloads are cut as many times as the file `cuts` says.
import pathlib, shutil, sys
folder = pathlib.Path({folder!r})
with open(folder / "calls", "a") as calls:
    calls.write(sys.argv[1] + chr(10))
if sys.argv[1] == "download":
    cuts = int((folder / "cuts").read_text())
    target = pathlib.Path("odoo-19_19.0.0_all.deb")
    assert not target.exists(), "the half file is still there"
    if cuts:
        (folder / "cuts").write_text(str(cuts - 1))
        target.write_bytes((folder / "good.deb").read_bytes()[:100])
        print("E: Failed to fetch odoo-19  Connection closed prematurely")
        sys.exit(100)
    shutil.copy(folder / "good.deb", target)
"""


@pytest.fixture
def fake_apt(monkeypatch, tmp_path):
    """An apt-get in PATH that we command, and a real .deb for it to hand out."""
    folder = tmp_path / "fake"
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(
        "Package: odoo-19\nVersion: 19.0.0\nArchitecture: all\nMaintainer: x <x@example.com>\nDescription: x\n"
    )
    (tree / "usr/lib/python3/dist-packages/odoo").mkdir(parents=True)
    (tree / "usr/lib/python3/dist-packages/odoo/release.py").write_text("version_info = (19, 0)")
    subprocess.run(["dpkg-deb", "-b", tree, folder / "good.deb"], check=True, capture_output=True)
    (folder / "bin").mkdir()
    program = folder / "bin/apt-get"
    program.write_text(FAKE_APT.format(python=sys.executable, folder=str(folder)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(debian, "mirror", lambda: "http://mirror.example/debian")
    monkeypatch.setattr(debian, "keyring", lambda: Path("/usr/share/keyrings/debian-archive-keyring.gpg"))
    monkeypatch.delenv("ODOO_SOURCE", raising=False)
    return folder


@needs_apt
def test_interrupted_download_is_fetched_again(fake_apt, home):
    (fake_apt / "cuts").write_text("1")
    found = source.find(home)
    assert (found.path / "odoo/release.py").exists()
    assert found.version == "debian 19.0.0"
    assert (fake_apt / "calls").read_text().split() == ["update", "download", "download"]
    source.find(home)
    assert (fake_apt / "calls").read_text().split() == ["update", "download", "download"], "fetched again for nothing"


@needs_apt
def test_download_that_never_ends_well(fake_apt, home):
    (fake_apt / "cuts").write_text("2")
    with pytest.raises(DevError, match=r"downloading Odoo 19 .* failed: E: Failed to fetch .*whole output: "):
        source.find(home)
    assert not (home / "odoo").exists()
    assert list((home / "apt/debs").iterdir()), "the next run has a half file to stumble over"
    assert (source.find(home).path / "odoo/release.py").exists()


def test_signature_is_asked_for(fake_apt, tmp_path):
    env = debian.write_configuration(tmp_path / "apt")
    sources = (tmp_path / "apt/sources.list").read_text()
    assert sources.count("signed-by=/usr/share/keyrings/debian-archive-keyring") == len(debian.SUITES)
    assert "trusted=yes" not in sources
    assert 'AllowUnauthenticated "false"' in Path(env["APT_CONFIG"]).read_text()


def test_disk_full(home, monkeypatch):
    def build(folder):
        with open("/dev/full", "w") as file:
            file.write("x" * 100_000)

    with pytest.raises(OSError, match="No space left") as caught:
        home.ensure("odoo", "1", build)
    assert explain(caught.value).startswith("the disk is full: free some 5 GB, or set L10N_MX_CUSTOMER_HOME")
    assert not (home / "odoo").exists()


def test_disk_full_in_a_child(tmp_path):
    """pip, dpkg-deb and Odoo say it in their own words."""
    command = ["sh", "-c", "echo 'ERROR: Could not install: [Errno 28] No space left on device'; exit 1"]
    with pytest.raises(DevError, match=r"^the disk is full"):
        processes.check(command, tmp_path / "log", "installing")
