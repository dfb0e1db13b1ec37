"""The PAC simulator as a server of its own, with a test authority and a test CSD, for demos and tests."""

import contextlib
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from . import processes
from .console import step
from .errors import DevError
from .home import NAME, REPOSITORY

PASSWORD = "12345678a"  # of the test certificate's key, which has no value
AUTHORITY = "authority.pem"
# the issuer in Odoo's tests: the RFC and the name that the SAT publishes for tests
TEST_RFC, TEST_NAME = "EKU9003173C9", "ESCUELA KEMPER URGATE"
LISTENING = re.compile(r"listening on (http://127\.0\.0\.1:\d+\S*)")


@dataclass(frozen=True)
class Simulator:
    url: str
    csd: Path
    authority: Path
    password: str
    rfc: str
    name: str

    def environ(self):
        """What Odoo's tests are told."""
        prefix = NAME.upper()
        return {
            f"{prefix}_PAC_URL": self.url,
            f"{prefix}_CSD_FOLDER": str(self.csd),
            f"{prefix}_CSD_PASSWORD": self.password,
            f"{prefix}_CSD_RFC": self.rfc,
            f"{prefix}_CSD_NAME": self.name,
            f"{prefix}_PAC_AUTHORITY": str(self.authority),
        }


@contextlib.contextmanager
def simulator(shop, log, rfc, name):
    """A running simulator with a CSD made for `rfc`, for the length of a block. It forgets everything afterwards."""
    env = {**shop.odoo.environ(), "PYTHONPATH": str(REPOSITORY)}
    with tempfile.TemporaryDirectory(prefix="pac-", dir=shop.home.path) as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        with step(f"Starting the PAC simulator, with a test certificate for {rfc}"):
            maker = [shop.python, "-m", "devtools.csd", "--folder", folder]
            maker += ["--rfc", rfc, "--name", name, "--password", PASSWORD]
            processes.check(maker, log, "making the test certificate", env=env, cwd=REPOSITORY)
            authority = folder / AUTHORITY
            server = [shop.python, "-m", "devtools.pac", "--port", "0", "--folder", folder, "--authority", authority]
            output = stack.enter_context(open(log, "ab"))
            process = stack.enter_context(
                processes.running(server, stdout=output, stderr=subprocess.STDOUT, env=env, cwd=REPOSITORY)
            )
            url = _address(process, log)
        yield Simulator(url, folder, authority, PASSWORD, rfc, name)


def _address(process, log):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = LISTENING.search(log.read_text(errors="replace"))
        if found:
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise DevError(f"the PAC simulator does not start: {processes.last_words(log)} (its output: {log})")
