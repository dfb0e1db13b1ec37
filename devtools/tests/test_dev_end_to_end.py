"""The whole, as a developer and as a company that installs the wheel meet it. Uses the real cache folder."""

import json
import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import odoorpc
import pytest

from conftest import PYTHON, REPOSITORY
from devtools import addon, ports
from devtools.home import NAME
from devtools.odoo import LOGIN, PASSWORD
from devtools.setup import workshop

pytestmark = pytest.mark.slow
DEV = [PYTHON, str(REPOSITORY / "dev")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (file,) = folder.glob("*.whl")
    return file


def test_wheel_holds_the_addon_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    prefix = f"odoo/addons/{NAME}/"
    packed = {name.removeprefix(prefix) for name in names if name.startswith(prefix)}
    assert packed == {str(file.relative_to(REPOSITORY)) for file in addon.files()}
    assert all(name.startswith(prefix) or ".dist-info/" in name for name in names)
    manifest = addon.manifest()
    assert f"\nVersion: {manifest['version']}\n" in metadata
    assert "\nName: odoo-addon-l10n_mx_customer\n" in metadata
    assert "\nLicense-Expression: AGPL-3.0-or-later\n" in metadata
    requires = set(re.findall(r"^Requires-Dist: (.+)$", metadata, re.MULTILINE))
    assert "odoo==19.0.*" in requires
    assert set(manifest["external_dependencies"]["python"]) <= requires


def test_wheel_requires_the_oca_addons_that_the_manifest_depends_on(wheel):
    with workshop() as shop, zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(next(name for name in archive.namelist() if name.endswith("/METADATA"))).decode()
        core = shop.odoo.source.path
        folders = (core / "odoo/addons", core / "addons")
        others = [
            name for name in addon.manifest()["depends"] if not any((folder / name).is_dir() for folder in folders)
        ]
    for name in others:
        pattern = rf"^Requires-Dist: odoo-addon-{name.replace('_', '[-_]')}==19\.0\."
        assert re.search(pattern, metadata, re.MULTILINE), name


def test_wheel_installs_in_another_environment_and_leaves_a_working_odoo(wheel, tmp_path):
    """Another virtual environment with the same Odoo; its heavy packages are shared by a .pth file."""
    other = tmp_path / "venv"
    subprocess.run([PYTHON, "-m", "venv", "--without-pip", other], check=True)
    (site,) = (other / "lib").glob("python*/site-packages")
    (mine,) = Path(sys.prefix).glob("lib/python*/site-packages")
    with workshop() as shop:
        (site / "shared.pth").write_text(f"{mine}\n{shop.odoo.source.path}\n")
        pip = [sys.executable, "-m", "pip", "--python", other / "bin/python", "install", "-q", "--no-deps", wheel]
        subprocess.run(pip, check=True)
        env = shop.odoo.environ()
        del env["PYTHONPATH"]  # no link to this checkout
        found = subprocess.run(
            [other / "bin/python", "-c", f"import odoo.addons.{NAME} as m; print(m.__file__)"],
            env=env, capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        assert found == str(site / "odoo/addons" / NAME / "__init__.py")
        shop.odoo.python = other / "bin/python"
        shop.odoo.environ = lambda **extra: {**env, **extra}
        with shop.databases.throwaway(shop.databases.deps(), "wheel") as database:
            state = f"SELECT state FROM ir_module_module WHERE name = '{NAME}'"
            shop.odoo.run("Installing the wheel", tmp_path / "install.log", "module", "install", "-d", database, NAME)
            assert shop.databases.sql(state, database) == ["installed"]
            shop.odoo.run("Uninstalling", tmp_path / "uninstall.log", "module", "uninstall", "-d", database, NAME)
            assert shop.databases.sql(state, database) == ["uninstalled"]
            left = f"SELECT count(*) FROM ir_model_data WHERE module = '{NAME}'"
            assert shop.databases.sql(left, database) == ["0"]
            port = ports.any_free()
            with shop.odoo.serving(database, port, tmp_path / "odoo.log"):
                use_plain_odoo(port, database)


def use_plain_odoo(port, database):
    """A login in the web client and the everyday calls by RPC."""
    odoo = odoorpc.ODOO("127.0.0.1", port=port)
    odoo.login(database, LOGIN, PASSWORD)
    partners = odoo.env["res.partner"]
    identifier = partners.create({"name": "Después", "customer_rank": 1})
    assert partners.search([("name", "=", "Después")]) == [identifier]
    partners.write([identifier], {"credit_limit": 10})
    assert partners.get_views([(False, "form"), (False, "list")])["views"]["form"]["arch"]
    order = odoo.env["sale.order"].create({"partner_id": identifier})
    assert odoo.env["sale.order"].read([order], ["state"])[0]["state"] == "draft"
    payload = {"jsonrpc": "2.0", "params": {"db": database, "login": LOGIN, "password": PASSWORD}}
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/web/session/authenticate",
        json.dumps(payload).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert json.load(answer)["result"]["uid"]


def test_shell_runs_a_file_and_ends_with_its_status(tmp_path):
    script = tmp_path / "count.py"
    script.write_text("print('users:', env['res.users'].search_count([]))\nraise SystemExit(7)\n")
    done = subprocess.run([*DEV, "shell", str(script)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 7, done.stderr
    assert re.search(r"^users: \d+$", done.stdout, re.MULTILINE)
    script.write_text("1 / 0\n")
    done = subprocess.run([*DEV, "shell", str(script)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode != 0
    assert f'File "{script}", line 1' in done.stderr + done.stdout


def test_env_is_for_a_shell(tmp_path):
    """The exports reach the database and import the addon, from anywhere."""
    script = f'eval "$({" ".join(DEV)} env 2>/dev/null)" && exec "$DEV_PYTHON" -c "$PROGRAM"'
    program = (
        f"import os, psycopg2; import odoo.addons.{NAME} as m; cr = psycopg2.connect('').cursor();"
        "cr.execute('SELECT count(*) FROM res_users'); print(cr.fetchone()[0] > 0, m.__file__)"
    )
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, "PROGRAM": program},
        capture_output=True, text=True, cwd=tmp_path, timeout=600, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("True "), done.stderr
    subprocess.run([*DEV, "stop"], check=True)
