"""`./dev serve`, `shell`, `psql` and `env`: working by hand on a database of one's own, kept between runs."""

import os
import shlex
import signal
import subprocess
from pathlib import Path

from . import ports
from .console import say
from .errors import DevError
from .home import NAME
from .odoo import LOGIN, PASSWORD
from .setup import workshop


def serve(options):
    with workshop() as shop:
        port = ports.choose(options.port)
        database = _database(shop, None)
        log = shop.home.logs / f"serve-{os.getpid()}.log"
        with shop.odoo.serving(database, port, log) as server:
            say(f"http://localhost:{port}  ({LOGIN} / {PASSWORD}), database {database}, log {log}. Ctrl-C to stop")
            status = server.wait()
        raise DevError(f"the server ended by itself with status {status} (its output: {log})")


def shell(options):
    script = None
    if options.file:
        try:
            script = Path(options.file).read_text()
        except OSError as error:
            raise DevError(f"{options.file} cannot be read: {error.strerror}") from error
        # a traceback then names the file and the right line
        script = f"exec(compile({script!r}, {options.file!r}, 'exec'), globals())\n"
    with workshop() as shop:
        database = _database(shop, options.db)
        if script is not None:
            return shop.odoo.shell(database, script)
        command = shop.odoo.command("shell", "-d", database, "--no-http", "--log-level=warn")
        return _foreground(command, shop.odoo.environ())


def psql(options):
    with workshop() as shop:
        database = _database(shop, options.db)
        arguments = [word for word in options.arguments if word != "--"]
        command = [shop.odoo.server.program("psql"), "-d", database, *arguments]
        return _foreground(command, {**os.environ, **shop.odoo.server.environ()})


def env(_options):
    with workshop() as shop:
        if shop.odoo.server.own:
            (shop.home / "pg/keep").touch()
        database = _database(shop, None)
        values = {
            **shop.odoo.server.environ(database),
            "DEV_PORT": ports.choose(),
            "DEV_PYTHON": shop.python,
            "DEV_ADDONS_PATH": shop.odoo.checkout / "odoo/addons",
            "ODOO_RC": shop.odoo.config,
            "PYTHONPATH": shop.odoo.checkout,
        }
        for name, value in values.items():
            print(f"export {name}={shlex.quote(str(value))}")


def _database(shop, asked):
    if not asked:
        database, newer = shop.databases.kept()
        if newer:
            log = shop.home.logs / "db-upgrade.log"
            title = f"Upgrading {database} to this version of the addon"
            # not `odoo module upgrade`: it reads companies before it gives them their new columns
            shop.odoo.run(title, log, "server", "-d", database, "-u", NAME, "--stop-after-init", "--no-http")
            shop.databases.record(database, newer)
        return database
    if not shop.databases.exists(asked):
        raise DevError(f"there is no database {asked}: there are {', '.join(shop.databases.names()) or 'none yet'}")
    return asked


def _foreground(command, environ):
    """An interactive program: Ctrl-C is for it, not for us."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(
            [str(part) for part in command],
            env=environ,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            check=False,
        ).returncode
    finally:
        signal.signal(signal.SIGINT, before)
