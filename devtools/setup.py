"""All that a command needs, made if missing: Odoo, the virtual environment, PostgreSQL, a browser."""

import concurrent.futures
import contextlib
import os
from dataclasses import dataclass

from . import browser, postgres, processes, source, venv
from .databases import Databases
from .errors import DevError
from .home import Home
from .odoo import Odoo


@dataclass
class Workshop:
    """What commands work with."""

    home: Home
    odoo: Odoo
    databases: Databases

    @property
    def python(self):
        return self.odoo.python


def tools(home, packages=()):
    """Odoo and the virtual environment, and packages of the system (see devtools/browser.py).

    All are fetched side by side: one waits for the network while another computes.
    """
    if os.environ.get("ODOO_SOURCE") or not (home / "odoo/.stamp").exists():
        source.check()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        odoo = pool.submit(source.find, home)

        def pip_wheel():
            found = sorted(odoo.result().path.parents[2].glob("share/python-wheels/pip-*.whl"))
            if not found:
                raise DevError("this Python has no ensurepip: install its venv package (Debian: python3-venv)")
            return found[-1]

        environment = pool.submit(venv.ensure, home, pip_wheel)
        all_three = [odoo, environment, pool.submit(browser.ensure, home, packages)]
        try:
            concurrent.futures.wait(all_three, return_when=concurrent.futures.FIRST_EXCEPTION)
            for future in all_three:
                if future.done():
                    future.result()
        except BaseException:
            processes.stop_all()
            raise
    venv.link_odoo(environment.result(), odoo.result())
    return odoo.result(), environment.result()


@contextlib.contextmanager
def workshop(packages=()):
    """Everything ready, with PostgreSQL running, for the length of a block."""
    home = Home()
    found, environment = tools(home, packages)
    with postgres.server(home, environment) as server:
        odoo = Odoo(home, found, environment, server)
        yield Workshop(home, odoo, Databases(odoo))
