"""What test runs really did: counted from pytest's own report and from Odoo's log."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field

from .odoo import LOG_LINE, log_records, own_warnings

# Odoo skips a browser test when it cannot find or reach a browser. That is a failure.
NO_BROWSER = re.compile(r"chrome|websocket-client", re.IGNORECASE)
SKIPPED = re.compile(r"^skipped (?P<test>\S+).* : (?P<reason>.*)$")
TOTAL = re.compile(r"^(?P<failed>\d+) failed, (?P<errors>\d+) error\(s\) of (?P<tests>\d+) tests")


@dataclass
class Result:
    """Counts of a phase, and what to show of it: the failures with their tracebacks, and notes."""

    title: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list = field(default_factory=list)
    notes: list = field(default_factory=list)

    def fail(self, reason):
        self.failed += 1
        self.failures.append(reason)


def of_pytest(title, status, report, log):
    """A phase of pytest, from its JUnit report. Status 0: all passed, 1: some failed; the others are trouble."""
    result = Result(title)
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        cases = ()
    for case in cases:
        name = f"{case.get('classname')}.{case.get('name')}"
        bad = [child for child in case if child.tag in ("failure", "error")]
        if bad:
            result.fail(f"{name}\n{bad[0].text or bad[0].get('message')}")
        elif case.find("skipped") is not None:
            result.skipped += 1
            result.notes.append(f"skipped {name}: {case.find('skipped').get('message')}")
        else:
            result.passed += 1
    if status not in (0, 1) or (status == 1 and not result.failed):
        result.fail(f"pytest ended with status {status}\n{_tail(log)}")
    elif not (result.passed or result.failed or result.skipped):
        result.fail("pytest ran no test at all")
    return result


def of_odoo(title, status, log):
    """A run of Odoo's tests. Odoo's own total is believed only when nothing else in its log speaks against it."""
    result = Result(title)
    tests = broken = None
    for record in log_records(log, {"INFO", "ERROR", "WARNING"}):
        first = record.splitlines()[0]
        level_logger, _colon, text = first.partition(": ")
        if level_logger.endswith("odoo.tests.result") and (total := TOTAL.match(text)):
            tests, broken = int(total["tests"]), int(total["failed"]) + int(total["errors"])
        if skip := SKIPPED.match(text):
            if NO_BROWSER.search(skip["reason"]):
                result.fail(f"{skip['test']} found no browser: {skip['reason']}")
            else:
                result.skipped += 1
                result.notes.append(f"skipped {skip['test']}: {skip['reason']}")
    no_browser = result.failed
    errors = list(log_records(log, {"ERROR", "CRITICAL"}))
    result.failures += errors
    result.notes += [f"warning: {record}" for record in own_warnings(log)]
    if tests is None:
        result.fail(f"Odoo ended with status {status} before it counted its tests\n{_tail(log)}")
        return result
    # a class skipped as a whole is in Odoo's log but not in its number of tests
    result.passed = max(tests - broken - result.skipped - no_browser, 0)
    result.failed += broken
    if not tests:
        result.fail("Odoo ran no test at all")
    elif not broken and (errors or status):
        # an error outside any test: a cron, a request, the end of the server
        result.failed += 1
        result.failures.append(f"Odoo ended with status {status} and {len(errors)} errors in its log")
    return result


def odoo_started(log):
    """How many tests an Odoo run has begun so far."""
    count = 0
    with open(log, errors="replace") as lines:
        for line in lines:
            match = LOG_LINE.match(line)
            count += bool(match and match["text"].startswith("Starting "))
    return count


def _tail(log, lines=40):
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
