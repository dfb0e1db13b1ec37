"""`./dev test`: plain pytest and Odoo's tests side by side, and an honest count."""

import concurrent.futures
import os
import re
import sys

from . import ports, processes, results
from .console import step
from .home import REPOSITORY
from .selection import PYTEST, select, shares
from .setup import workshop
from .simulator import TEST_NAME, TEST_RFC, simulator

AT_ONCE = 5  # phases; each waits for servers half of its time, so that two cores are busy with five
ODOO_PARTS = 2  # databases on which Odoo's tests run side by side: they are the longest
# `-m odoo` for tests that start no browser: Odoo generates the bundles of all pages before it runs a test that speaks
# HTTP, minutes with the shop and the point of sale, for scripts and styles that only a browser asks for.
WITHOUT_BROWSER = """
import odoo.cli
from odoo.tests.suite import OdooSuite
OdooSuite.has_http_case = lambda suite: False
odoo.cli.main()
"""
# the test that takes pictures, the variable that has it write them, and where to
PICTURES_TEST, PICTURES, PICTURES_FOLDER = "TestDemoTabs", "L10N_MX_CUSTOMER_PICTURES", REPOSITORY / "docs/tabs"
SHOWN, WIDTH = 120, 1000  # lines of a failure on the screen and their length; the log has everything


def test(names):
    chosen = select(names)
    # the longest first, so that the short ones fill the gap at the end
    phases = []
    for folder, arguments in chosen.pytest.items():
        if arguments == ["."] and folder == PYTEST["dev"]:
            # those that are not slow mostly wait: for processes that end, for time-outs
            own = [["-m", "not slow"], *([file] for file in slow_files(folder))]
            phases = [(run_pytest, folder, arguments) for arguments in own] + phases
        else:
            phases.append((run_pytest, folder, arguments))
    if chosen.odoo:
        parts = shares(chosen.odoo, ODOO_PARTS)
        names = [f"Odoo's tests {number}/{len(parts)}" for number in range(1, len(parts) + 1)]
        phases = [(run_odoo, name, tags, "addon") for name, tags in zip(names, parts, strict=True)] + phases
    if chosen.demo:
        phases.append((run_odoo, "Odoo's tests of the demo data", chosen.demo, "demo"))
    if chosen.store:
        phases.append((run_odoo, "Odoo's tests with the shop and the point of sale", chosen.store, "store"))
    with workshop(packages=("chromium", "wkhtmltopdf") if chosen.odoo or chosen.demo else ()) as shop:
        if chosen.odoo or chosen.demo or chosen.store or chosen.pytest.get(PYTEST["dev"]) == ["."]:
            # most of the work on a cold cache, and of the disk: before the tests, whose times it would spoil
            shop.databases.deps()
            if chosen.store:
                shop.databases.store_deps()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            try:
                futures = [pool.submit(phase, shop, *arguments) for phase, *arguments in phases]
                found = [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                processes.stop_all()
                raise
    return report(found)


def screenshots():
    """Take the pictures of `PICTURES_FOLDER` again, with the test that walks the card's tabs."""
    tags = select([PICTURES_TEST]).demo
    with workshop(packages=("chromium",)) as shop:
        result = run_odoo(shop, "The pictures of the card", tags, "demo", **{PICTURES: str(PICTURES_FOLDER)})
    return report([result])


def slow_files(folder):
    """The test files that start Odoo servers; each is a phase of its own."""
    files = sorted((REPOSITORY / folder).glob("test_*.py"), reverse=True)
    return [file.name for file in files if "pytestmark = pytest.mark.slow" in file.read_text()]


def run_pytest(shop, folder, arguments):
    slug = re.sub(r"\W+", "-", " ".join([folder, *arguments])).strip("-")
    log = shop.home.logs / f"test-{os.getpid()}-{slug}.log"
    junit = log.with_suffix(".xml")
    command = [
        shop.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short", f"--junit-xml={junit}", *arguments,
    ]  # fmt: skip
    # what the tests of `dev` need to know of this run; the others do not read it
    env = {**shop.odoo.environ(), "L10N_MX_CUSTOMER_HOME": str(shop.home.path)}
    del env["PYTHONPATH"]  # these tests do without Odoo
    title = " ".join(["pytest", folder, *arguments]).removesuffix(" .")
    with step(title):
        status = processes.run(command, log, env=env, cwd=REPOSITORY / folder)
    return results.of_pytest(title, status, junit, log)


def run_odoo(shop, title, tags, template, **extra):
    """Odoo's tests of `tags`, on a copy of a template of `Databases`: "addon", "demo" or "store"; `extra` goes to their
    environment."""
    slug = re.sub(r"\W+", "_", title.lower())
    log = shop.home.logs / f"test-{os.getpid()}-{slug}.log"
    pac_log = log.with_suffix(".pac.log")
    log.touch()
    with (
        shop.databases.throwaway(getattr(shop.databases, template)(), slug) as database,
        simulator(shop, pac_log, TEST_RFC, TEST_NAME) as pac,
        step(title, measure=lambda: f"{results.odoo_started(log)} tests begun"),
    ):
        command = shop.odoo.command(
            "server", "-d", database, "--test-tags", ",".join(tags), "--stop-after-init",
            f"--http-port={ports.any_free()}", "--max-cron-threads=0", f"--screenshots={shop.home.logs}",
        )  # fmt: skip
        if template == "store":
            command[1:3] = ["-c", WITHOUT_BROWSER]
        status = processes.run(command, log, env=shop.odoo.environ(**pac.environ(), **extra))
    return results.of_odoo(title, status, log)


def report(found):
    """Failures with their tracebacks, notes, and the last line. The exit status."""
    for result in found:
        for note in result.notes:
            print(f"{result.title}: {note}")
        for failure in result.failures:
            print(f"\n=== {result.title}: {shorten(failure)}")
    for result in found:
        print(f"{result.title}: {result.passed} passed, {result.failed} failed, {result.skipped} skipped")
    passed = sum(result.passed for result in found)
    failed = sum(result.failed for result in found)
    skipped = sum(result.skipped for result in found)
    sys.stdout.flush()
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


def shorten(text):
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]} ..." for line in text.splitlines()]
    if len(lines) <= SHOWN:
        return "\n".join(lines)
    return "\n".join([*lines[:20], f"... {len(lines) - SHOWN} lines left out ...", *lines[20 - SHOWN :]])
