"""The cache folder: where it is, and that what is in it is whole, whoever is killed and however many run at once."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import pytest

from conftest import REPOSITORY
from devtools import addon, processes
from devtools.home import Home, cache_folder
from devtools.selection import select


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"L10N_MX_CUSTOMER_HOME": "/a/b", "XDG_CACHE_HOME": "/c"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/c"}, "/c/l10n_mx_customer"),
        ({"XDG_CACHE_HOME": "relative"}, "~/.cache/l10n_mx_customer"),
        ({}, "~/.cache/l10n_mx_customer"),
    ],
)
def test_where(environ, expected):
    assert str(cache_folder(environ)) == os.path.expanduser(expected)


def test_made_once_for_a_key(home):
    calls = []

    def build(folder):
        calls.append(folder)
        (folder / "content").write_text(str(len(calls)))

    assert (home.ensure("thing", "1", build) / "content").read_text() == "1"
    assert (home.ensure("thing", "1", build) / "content").read_text() == "1"
    assert (home.ensure("thing", "2", build) / "content").read_text() == "2", "another key, another content"


def test_half_made_is_made_again(home):
    def killed(folder):
        (folder / "half").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        home.ensure("thing", "1", killed)
    assert (home / "thing.part/half").exists()
    made = home.ensure("thing", "1", lambda folder: (folder / "whole").touch())
    assert {file.name for file in made.iterdir()} == {"whole", ".stamp"}
    assert not (home / "thing.part").exists()


def _ensure_slowly(path, calls):
    def build(folder):
        calls.put(os.getpid())
        time.sleep(0.5)
        (folder / "whole").touch()

    assert (Home(path).ensure("thing", "1", build) / "whole").exists()


def test_two_at_once_make_it_once(home):
    context = multiprocessing.get_context("fork")
    calls = context.Queue()
    both = [context.Process(target=_ensure_slowly, args=(home.path, calls)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(20)
    assert [process.exitcode for process in both] == [0, 0]
    assert calls.get(timeout=5)
    assert calls.empty()


CHILD = """
import signal, sys
sys.path.insert(0, {repository!r})
from devtools import cli, processes
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGTERM, cli.interrupt)
with processes.running(["sh", "-c", "sleep 300 & echo $!; wait"], stdout=sys.stdout) as child:
    sys.stdout.write(f"{child.pid}\\n")
    sys.stdout.flush()
    child.wait()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_children_end_with_us(number):
    """Also when we are killed; and their own children, when we have the time to end the group."""
    program = CHILD.replace("{repository!r}", repr(str(REPOSITORY)))
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    child, grandchild = (int(parent.stdout.readline()) for _ in range(2))
    parent.send_signal(number)
    parent.wait(20)
    expected = {child, grandchild} if number != signal.SIGKILL else {min(child, grandchild)}
    end = time.monotonic() + 10
    while any(_runs(pid) for pid in expected) and time.monotonic() < end:
        time.sleep(0.1)
    still = {pid for pid in (child, grandchild) if _runs(pid)}
    for pid in still:
        os.kill(pid, signal.SIGKILL)
    assert not still & expected


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_last_words_are_the_reason(tmp_path):
    log = tmp_path / "log"
    log.write_text("Get:1 x\nE: Could not connect to mirror\nE: Some index files failed to download\n")
    assert processes.last_words(log) == "E: Could not connect to mirror"


def test_addon_key_follows_its_content(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs").mkdir()
    (tmp_path / "__manifest__.py").write_text("{}")
    keys = [addon.content_key(repository=tmp_path)]
    for name in ("models/a.py", "tests/test_a.py", "docs/a.md", "models/a.pyc"):
        (tmp_path / name).write_text("1")
        keys.append(addon.content_key(repository=tmp_path))
    assert len(set(keys)) == 3, "models and tests count, documentation and compiled files do not"
    (tmp_path / "tests/test_a.py").write_text("2")
    assert addon.content_key(repository=tmp_path) != keys[2]
    assert addon.content_key(("tests",), tmp_path) == addon.content_key(("tests",), tmp_path)


def test_link_names_the_addon_whatever_the_checkout_is_called(home, tmp_path):
    checkout = tmp_path / "my clone"
    checkout.mkdir()
    folder = addon.link(home, checkout)
    assert (folder / "odoo/addons/l10n_mx_customer").resolve() == checkout
    assert addon.link(home, checkout) == folder
    assert addon.link(home, tmp_path) != folder, "two checkouts share the cache folder"


def test_names_select_tests(tmp_path):
    for name, text in {
        "tests/test_sale.py": "class TestSale: pass",
        "tests/test_demo.py": "class TestDemo: pass",
        "tests/test_store_modules.py": "class TestStore: pass",
        "tests/test_store_stock.py": "class TestShelf: pass",
        "tests/test_store.py": "class TestPassword: pass",
        "tests/test_demo_tabs.py": "class TestTabs: pass",
        "tests/cfdi/test_xml.py": "def test_one(): pass\nclass TestXml:\n    def test_two(self): pass",
        "devtools/tests/test_dev.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    def chosen(*names):
        found = select(names, tmp_path)
        return found.pytest, found.odoo, found.demo, found.store

    everything = ({"tests/cfdi": ["."], "devtools/tests": ["."]}, ["/l10n_mx_customer"], ["demo_data/l10n_mx_customer"],
                  ["store_modules/l10n_mx_customer"])  # fmt: skip
    assert chosen() == everything
    assert chosen("cfdi", "dev", "odoo") == everything
    assert chosen("test_sale") == ({}, ["/l10n_mx_customer/tests/test_sale.py"], [], [])
    assert chosen("tests/test_sale.py") == ({}, ["/l10n_mx_customer/tests/test_sale.py"], [], [])
    assert chosen("TestSale") == ({}, ["/l10n_mx_customer:TestSale"], [], [])
    assert chosen("TestSale.test_x") == ({}, ["/l10n_mx_customer:TestSale.test_x"], [], [])
    assert chosen("test_demo") == ({}, [], ["demo_data/l10n_mx_customer/tests/test_demo.py"], [])
    assert chosen("TestTabs") == ({}, [], ["demo_data/l10n_mx_customer:TestTabs"], [])
    assert chosen("TestDemo") == ({}, [], ["demo_data/l10n_mx_customer:TestDemo"], [])
    assert chosen("test_store_modules") == ({}, [], [], ["store_modules/l10n_mx_customer/tests/test_store_modules.py"])
    assert chosen("TestStore") == ({}, [], [], ["store_modules/l10n_mx_customer:TestStore"])
    assert chosen("TestShelf") == ({}, [], [], ["store_modules/l10n_mx_customer:TestShelf"])
    assert chosen("test_store") == ({}, ["/l10n_mx_customer/tests/test_store.py"], [], [])
    assert chosen("test_xml") == ({"tests/cfdi": ["test_xml.py"]}, [], [], [])
    assert chosen("test_one") == ({"tests/cfdi": ["test_xml.py::test_one"]}, [], [], [])
    assert chosen("TestXml.test_two") == ({"tests/cfdi": ["test_xml.py::TestXml::test_two"]}, [], [], [])


@pytest.mark.parametrize("path", ["/proc/nothing", "{tmp}/file"])
def test_cache_folder_that_cannot_be(dev, error_of, tmp_path, path):
    (tmp_path / "file").touch()
    done = dev("env", L10N_MX_CUSTOMER_HOME=path.format(tmp=tmp_path))
    assert "cannot be made" in error_of(done)


def test_reset_deletes_what_dev_made_and_nothing_else(dev, tmp_path):
    home = Home(tmp_path / "home")
    for name in ("odoo", "venv.part", "logs", "photos"):
        (home / name).mkdir()
        (home / name / "file").touch()
    assert dev("reset").returncode == 0
    assert [entry.name for entry in home.path.iterdir()] == ["photos"]
