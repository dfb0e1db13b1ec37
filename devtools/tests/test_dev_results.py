"""The count of tests says what happened, above all when something went wrong in another way than a failed test."""

import pytest

from devtools import results
from devtools.home import REPOSITORY
from devtools.selection import DEMO_FILES, ODOO, STORE_FILES, select, shares

LINE = "2026-11-21 20:00:00,000 7 {} db {}: {}\n"
TOTAL = "{} failed, {} error(s) of {} tests when loading database 'db'"


def odoo(tmp_path, *records, status=0):
    log = tmp_path / "log"
    log.write_text("".join(LINE.format(*record) for record in records))
    found = results.of_odoo("Odoo", status, log)
    return found, (found.passed, found.failed, found.skipped)


def total(failed, errors, tests):
    return ("ERROR" if failed or errors else "INFO", "odoo.tests.result", TOTAL.format(failed, errors, tests))


SKIP = ("INFO", "odoo.addons.l10n_mx_customer.tests.test_x", "skipped TestX.test_y : {}")


@pytest.mark.parametrize(
    ("records", "status", "counts"),
    [
        ([total(0, 0, 12)], 0, (12, 0, 0)),
        ([("ERROR", "odoo.addons.x", "FAIL: TestX.test_y"), total(1, 1, 12)], 1, (10, 2, 0)),
        ([total(0, 0, 0)], 0, (0, 1, 0)),
        # the server ended before the tests
        ([("CRITICAL", "odoo.service.server", "Failed to initialize database `db`.")], 255, (0, 1, 0)),
        ([], -9, (0, 1, 0)),
        # all tests passed, and yet something is wrong
        ([total(0, 0, 12)], 1, (12, 1, 0)),
        ([("ERROR", "odoo.addons.base.models.ir_cron", "job failed"), total(0, 0, 12)], 0, (12, 1, 0)),
        ([(*SKIP[:2], SKIP[2].format("Chrome executable not found")), total(0, 0, 12)], 0, (11, 1, 0)),
        ([(*SKIP[:2], SKIP[2].format("websocket-client module is not installed")), total(0, 0, 12)], 0, (11, 1, 0)),
        ([(*SKIP[:2], SKIP[2].format("needs the moon")), total(0, 0, 12)], 0, (11, 0, 1)),
    ],
)
def test_odoo(tmp_path, records, status, counts):
    found, counted = odoo(tmp_path, *records, status=status)
    assert counted == counts
    assert bool(found.failures) == bool(counts[1]), "every failure is told"


def test_traceback_is_shown_and_own_warnings_too(tmp_path):
    found, _counts = odoo(
        tmp_path,
        ("WARNING", "odoo.addons.sale", "another module's affair"),
        ("WARNING", "odoo.addons.l10n_mx_customer.models.a", "look at me"),
        ("ERROR", "odoo.x", "FAIL: TestX.test_y\nTraceback (most recent call last):\n  boom"),
        total(1, 0, 2),
    )
    assert "boom" in found.failures[0]
    assert found.notes == ["warning: WARNING odoo.addons.l10n_mx_customer.models.a: look at me"]


CASES = """<testsuites><testsuite>
<testcase classname="test_a" name="test_good"/>
<testcase classname="test_a" name="test_bad"><failure message="m">the traceback</failure></testcase>
<testcase classname="test_a" name="test_left"><skipped message="no moon"/></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("status", "report", "counts"),
    [
        (1, CASES, (1, 1, 1)),
        (2, CASES, (1, 2, 1)),  # interrupted after those
        (0, "<testsuites/>", (0, 1, 0)),
        (5, "<testsuites/>", (0, 1, 0)),
        (4, None, (0, 1, 0)),
        (-9, None, (0, 1, 0)),
    ],
)
def test_pytest(tmp_path, status, report, counts):
    (tmp_path / "log").write_text("what pytest said")
    if report:
        (tmp_path / "report").write_text(report)
    found = results.of_pytest("pytest", status, tmp_path / "report", tmp_path / "log")
    assert (found.passed, found.failed, found.skipped) == counts
    assert len(found.failures) == counts[1]


def test_shares_hold_every_file_once():
    parts = shares(select([]).odoo, 2)
    assert len(parts) == 2
    tags = [tag for part in parts for tag in part]
    expected = {
        file.name
        for file in (REPOSITORY / ODOO).glob("test_*.py")
        if not file.match(DEMO_FILES) and not file.match(STORE_FILES)
    }
    assert sorted(tag.rpartition("/")[2] for tag in tags) == sorted(expected)
    assert shares(["/l10n_mx_customer:TestCfdi"], 2) == [["/l10n_mx_customer:TestCfdi"]]
