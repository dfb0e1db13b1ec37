"""Which tests the names given to `./dev test` mean."""

import ast
from dataclasses import dataclass, field

from .errors import DevError
from .home import NAME, REPOSITORY

# folders of plain pytest tests, each with a pytest.ini of its own, by the name that selects them
PYTEST = {"cfdi": "tests/cfdi", "dev": "devtools/tests"}
ODOO = "tests"
# Odoo's tests of these files look at the demo data: they have a tag of their own and run on a database that has it
DEMO_FILES, DEMO_TAG = "test_demo*.py", "demo_data"
# and those of these need modules that the addon does without: the shop, the point of sale...
STORE_FILES, STORE_TAG = "test_store_*.py", "store_modules"


@dataclass
class Selection:
    """Arguments for pytest, by folder; test tags for Odoo without, and with demo data, and with the modules that the
    addon works with where they are. What is absent is not run."""

    pytest: dict = field(default_factory=dict)
    odoo: list = field(default_factory=list)
    demo: list = field(default_factory=list)
    store: list = field(default_factory=list)

    def add_pytest(self, folder, argument):
        self.pytest.setdefault(folder, []).append(argument)


def select(names, repository=REPOSITORY):
    chosen = Selection()
    if not names:
        names = [*PYTEST, "odoo"]
    for name in names:
        if not _select(name, chosen, repository):
            raise DevError(
                f"no test is called {name}: give a file (test_duplicate), a folder (cfdi, dev, odoo), "
                "a class or Class.method"
            )
    return chosen


def _select(name, chosen, repository):
    if name in PYTEST:
        chosen.add_pytest(PYTEST[name], ".")
        return True
    if name in ("odoo", ODOO):
        chosen.odoo.append(f"/{NAME}")
        chosen.demo.append(f"{DEMO_TAG}/{NAME}")
        chosen.store.append(f"{STORE_TAG}/{NAME}")
        return True
    found = False
    wanted = name.rstrip("/").removesuffix(".py").rpartition("/")[2]
    klass, _dot, method = wanted.partition(".")
    for folder in PYTEST.values():
        for file in sorted((repository / folder).rglob("test_*.py")):
            relative = str(file.relative_to(repository / folder))
            if file.stem == wanted:
                chosen.add_pytest(folder, relative)
                found = True
            elif wanted in _top_level(file):
                chosen.add_pytest(folder, f"{relative}::{wanted}")
                found = True
            elif method and klass in _top_level(file):
                chosen.add_pytest(folder, f"{relative}::{klass}::{method}")
                found = True
    return _select_odoo(wanted, klass, chosen, repository) or found


def _select_odoo(wanted, klass, chosen, repository):
    found = False
    for file in sorted((repository / ODOO).glob("test_*.py")):
        tags, prefix = chosen.odoo, ""
        if file.match(DEMO_FILES):
            tags, prefix = chosen.demo, DEMO_TAG
        elif file.match(STORE_FILES):
            tags, prefix = chosen.store, STORE_TAG
        if file.stem == wanted:
            tags.append(f"{prefix}/{NAME}/{ODOO}/{file.name}")
            found = True
        elif klass in _top_level(file):
            tags.append(f"{prefix}/{NAME}:{wanted}")
            found = True
    return found


def shares(tags, count, repository=REPOSITORY):
    """Odoo's tests of `tags` in `count` parts with about as many tests each, for as many databases.

    :return: lists of tags; only the whole addon is divided, file by file
    """
    if tags != [f"/{NAME}"]:
        return [tags]
    files = [
        file
        for file in (repository / ODOO).glob("test_*.py")
        if not file.match(DEMO_FILES) and not file.match(STORE_FILES)
    ]
    sizes = {file: file.read_text().count("    def test_") for file in files}
    parts = [[] for _part in range(count)]
    for file in sorted(files, key=lambda file: (-sizes[file], file.name)):
        min(parts, key=lambda part: sum(sizes[other] for other in part)).append(file)
    return [[f"/{NAME}/{ODOO}/{file.name}" for file in sorted(part)] for part in parts]


def _top_level(file):
    """The names of the classes and test functions of a file."""
    return {node.name for node in ast.parse(file.read_text()).body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
