"""Databases: templates made once and copied in a second, and throw-away copies.

Templates, each keyed by all that it is made of:
- `deps`: the modules that the manifest depends on, installed for a Mexican company in Spanish, without demo data;
- `addon`: a copy of it with this addon installed;
- `demo`: a copy of `deps` with this addon installed and this addon's demo data, and no other module's;
- `store_deps`: a copy of `deps` with the modules of `STORE`, which the addon works with and does not need;
- `store`: a copy of `store_deps` with this addon installed.
A template is made under another name and renamed when it is complete, so one that was interrupted is never used.
"""

import contextlib
import os
import re
import shutil
import subprocess

from . import addon
from .console import say, step
from .errors import DevError
from .home import NAME, REPOSITORY, digest
from .odoo import own_warnings

COUNTRY, LANGUAGE = "MX", "es_MX"
RECIPE = "3"  # raised when the way templates are made changes
# Modules that the addon works with where they are installed: tests with the tag `store` run where they are.
STORE = (
    "auth_password_policy",
    "auth_password_policy_portal",
    "auth_password_policy_signup",
    "point_of_sale",
    "pos_sale",
    "queue_job",
    "website_sale",
)
NAME_LENGTH = 63  # of PostgreSQL's identifiers
KEPT = 2  # templates of a kind that stay: two checkouts or two branches may share the cache folder

# Odoo loads a module's demo data when every module that it depends on has its own (ModuleNode.demo_installable).
# Ours is of Mexican customers, and the English partners of all the others would bury it: so the dependencies are
# marked as having theirs while ours is installed by Odoo's own mechanism, and the marks are taken away afterwards.
MARK_DEMO = "UPDATE ir_module_module SET demo = true WHERE state = 'installed'"
UNMARK_DEMO = f"UPDATE ir_module_module SET demo = false WHERE name != '{NAME}'"
DEMO_LOADED = f"SELECT demo FROM ir_module_module WHERE name = '{NAME}' AND state = 'installed'"

# Odoo's browser tests do it first of all, in each new database: half a minute, the same every time. The template with
# this addon generates those again that it adds to.
GENERATE_ASSETS = "env['ir.qweb']._pregenerate_assets_bundles()\nenv.cr.commit()\n"


class Databases:
    def __init__(self, odoo):
        self.odoo = odoo
        self.home = odoo.home
        self.server = odoo.server
        # the cache folder is part of the name: a server of DATABASE_URL may serve several, and filestores are here
        self.prefix = f"lmx_{digest(self.home.path)[:6]}"

    # -- PostgreSQL ----------------------------------------------------------------------------------------------

    def sql(self, query, database=None):
        """Run SQL, return its rows as lines of text."""
        database = database or self.server.maintenance
        command = [self.server.program("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", query]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, env={**os.environ, **self.server.environ()}, check=False
            )
        except FileNotFoundError as error:
            raise DevError("psql is not in PATH: install PostgreSQL's client") from error
        if done.returncode:
            raise DevError(f"PostgreSQL: {done.stderr.strip().splitlines()[0]}")
        return done.stdout.splitlines()

    def names(self, kind=""):
        """Our databases, the newest first."""
        query = f"SELECT datname FROM pg_database WHERE datname LIKE '{self.prefix}\\_{kind}%' ORDER BY oid DESC"
        return self.sql(query)

    def exists(self, name):
        return bool(self.sql(f"SELECT 1 FROM pg_database WHERE datname = {quote(name)}"))

    def drop(self, name):
        self.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def filestore(self, name):
        return self.odoo.data / "filestore" / name

    def copy(self, template, name):
        """A copy of a database and of its files, that knows itself to be another one."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        source = self.filestore(template)
        if source.exists():
            # Odoo never changes a file of a filestore: it writes new ones and deletes. So hard links will do.
            shutil.rmtree(self.filestore(name), ignore_errors=True)
            shutil.copytree(source, self.filestore(name), copy_function=os.link)
        self.sql("UPDATE ir_config_parameter SET value = gen_random_uuid() WHERE key = 'database.uuid'", name)

    # -- templates -----------------------------------------------------------------------------------------------

    def template(self, kind, key, build):
        name = f"{self.prefix}_{kind}_{key}"
        if self.exists(name):
            return name
        with self.home.lock(f"db-{kind}"):
            if self.exists(name):
                return name
            part = f"{name}_part"
            for old in self.names(kind):
                if old.endswith("_part"):  # half-made by a process that was ended
                    self.drop(old)
            build(part)
            self._rename(part, name)
            for old in self.names(kind)[KEPT:]:
                self.drop(old)
        return name

    def _rename(self, part, name):
        shutil.rmtree(self.filestore(name), ignore_errors=True)
        if self.filestore(part).exists():
            self.filestore(part).rename(self.filestore(name))
        # from now on nobody connects to it, so that it can be copied at any time
        self.sql(f'ALTER DATABASE "{part}" ALLOW_CONNECTIONS false; ALTER DATABASE "{part}" RENAME TO "{name}"')

    def deps(self):
        depends = sorted(set(addon.manifest()["depends"]))
        requirements = (REPOSITORY / "requirements.txt").read_text()
        key = digest(RECIPE, self.odoo.source.version, requirements, COUNTRY, LANGUAGE, *depends)

        def build(part):
            log = self.home.logs / "db-deps.log"
            self.odoo.run(
                "Making an Odoo database", log,
                "db", "init", part, "--country", COUNTRY, "--language", LANGUAGE,
            )  # fmt: skip
            log = self.home.logs / "db-deps-modules.log"
            title = f"Installing the {len(depends)} modules that the addon needs (a few minutes)"
            self._install(part, log, title, *depends)
            self._generate_assets(part)

        return self.template("deps", key, build)

    def addon(self):
        """The template with this addon; its key leaves out the tests, which are read from the checkout anyway."""
        deps = self.deps()

        def build(part):
            self.copy(deps, part)
            self._install(part, self.home.logs / "db-addon.log", f"Installing {NAME}", NAME)
            self._generate_assets(part)

        return self.template("addon", digest(RECIPE, deps, addon.content_key(without=("tests", "demo"))), build)

    def demo(self):
        deps = self.deps()

        def build(part):
            log = self.home.logs / "db-demo.log"
            self.copy(deps, part)
            self.sql(MARK_DEMO, part)
            self._install(part, log, f"Installing {NAME} with its demo data", NAME)
            # a failure of demo data is only a warning for Odoo, which goes on without
            if self.sql(DEMO_LOADED, part) != ["t"]:
                raise DevError(f"the demo data of {NAME} cannot be loaded (why: {log})")
            self.sql(UNMARK_DEMO, part)

        return self.template("demo", digest(RECIPE, deps, addon.content_key(without=("tests",))), build)

    def store_deps(self):
        deps = self.deps()

        def build(part):
            self.copy(deps, part)
            title = f"Installing the {len(STORE)} modules of the shop and the point of sale"
            self._install(part, self.home.logs / "db-store-deps.log", title, *STORE)

        return self.template("shopdeps", digest(RECIPE, deps, *STORE), build)

    def store(self):
        """Odoo puts the addon before or after those modules as their dependencies say: here it comes last."""
        deps = self.store_deps()

        def build(part):
            self.copy(deps, part)
            log = self.home.logs / "db-store.log"
            self._install(part, log, f"Installing {NAME} beside the shop and the point of sale", NAME)

        return self.template("shop", digest(RECIPE, deps, addon.content_key(without=("tests", "demo"))), build)

    def _install(self, database, log, title, *modules):
        self.odoo.run(title, log, "module", "install", "-d", database, *modules)
        self._require_installed(database, modules, log)
        for warning in own_warnings(log):
            say(f"warning while installing: {warning}")

    def install(self, database, name, *modules):
        """Install modules in a database of somebody's own; ``name`` is the log's."""
        title = f"Installing {', '.join(modules)}"
        self._install(database, self.home.logs / f"{name}.log", title, *modules)

    def _generate_assets(self, database):
        log = self.home.logs / "db-assets.log"
        with step("Generating the web client's assets"):
            if self.odoo.shell(database, GENERATE_ASSETS, log):
                raise DevError(f"the web client's assets cannot be generated (why: {log})")

    def _require_installed(self, database, modules, log):
        """`odoo module install` ignores the names that it does not find."""
        found = self.sql("SELECT name FROM ir_module_module WHERE state = 'installed'", database)
        missing = sorted(set(modules) - set(found))
        if missing:
            raise DevError(f"not installed: {', '.join(missing)} (why: {log})")

    # -- databases to work in ------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def throwaway(self, template, purpose):
        """A copy for the length of a block. Those of processes that were killed are dropped by the next one."""
        for name in self.names("run"):
            pid = int(re.search(r"_(\d+)$", name)[1])
            if not alive(pid):
                self.drop(name)
        # PostgreSQL cuts names: the process, by which a name is known, must not be what it cuts.
        owner = f"_{os.getpid()}"
        name = f"{self.prefix}_run_{purpose}"[: NAME_LENGTH - len(owner)] + owner
        with step(f"Copying the database {template} to {name}"):
            self.drop(name)
            self.copy(template, name)
        try:
            yield name
        finally:
            self.drop(name)

    def kept(self):
        """The database of `serve`, `shell` and `psql`: a copy of the demo, kept between runs.

        Returns its name and, if the addon has changed since it was last upgraded, the key to record when it has been.
        """
        name = f"{self.prefix}_dev"
        key = addon.content_key(without=("tests",))
        with self.home.lock("db-dev"):
            if not self.exists(name):
                self.copy(self.demo(), name)
                self.record(name, key)
        query = f"SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = {quote(name)}"
        return name, None if self.sql(query) == [key] else key

    def record(self, name, key):
        """Note which content of the addon a database has been upgraded to."""
        self.sql(f'COMMENT ON DATABASE "{name}" IS {quote(key)}')


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
