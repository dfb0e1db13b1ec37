"""`./dev demo`, as who tries the addon meets it. Uses the real cache folder."""

import contextlib
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from conftest import PYTHON, REPOSITORY
from devtools import demo, odoo, ports

pytestmark = pytest.mark.slow
DEV = [PYTHON, str(REPOSITORY / "dev")]


def children_of(pid):
    """Every process that descends from `pid` by now."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, frontier = set(), {pid}
    while frontier:
        frontier = {child for child, parent in parents.items() if parent in frontier}
        found |= frontier
    return found


def test_the_main_job_then_serving_until_ctrl_c(tmp_path):
    """It runs beside Odoo's tests, which have servers and databases of their own: they do not collide."""
    port = ports.any_free()
    with open(tmp_path / "log", "w") as log:
        serving = subprocess.Popen([*DEV, "demo", f"--port={port}"], stdout=log, stderr=log)
        try:
            wait_for_text(tmp_path / "log", "Ctrl-C to stop", serving)
            text = (tmp_path / "log").read_text()
            assert "the main job is done" in text, text
            assert re.search(r"UUID [0-9A-F]{8}-", text), "the invoice was stamped"
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/web/login", timeout=60) as page:
                assert page.status == 200
            children = children_of(serving.pid)
            assert children
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(60)
    assert serving.returncode == 130
    assert ports.is_free(port), "the server has ended"
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()], "its servers have ended with it"


def test_once_ends_with_the_status_of_the_job(monkeypatch):
    """The test above runs the same job; here are the rules around it, with the servers as they are."""
    port = ports.any_free()
    asked = []

    def job(shop, pac, number, database):
        asked.append(number)
        assert odoo.answers(number)
        return 7

    monkeypatch.setattr(demo, "run_job", job)
    assert demo.demo(port=port, once=True) == 7
    assert asked == [port]
    assert ports.is_free(port), "the server has ended"


def wait_for_text(file, text, process):
    end = time.monotonic() + 600
    while text not in file.read_text():
        assert process.poll() is None, file.read_text()
        assert time.monotonic() < end, file.read_text()
        time.sleep(0.5)
