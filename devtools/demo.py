"""`./dev demo`: the main job, end to end, on a real Odoo."""

import os

from . import ports, processes
from .console import say
from .errors import DevError
from .home import REPOSITORY
from .odoo import LOGIN, PASSWORD
from .setup import workshop
from .simulator import simulator

JOB = REPOSITORY / "devtools/demo_job.py"
# the issuer of the demo's CFDI, whom the test certificate is made out to: the company that admin works for
COMPANY = """
    SELECT partner.vat || '|' || partner.cfdi_legal_name
      FROM res_users u
      JOIN res_company company ON company.id = u.company_id
      JOIN res_partner partner ON partner.id = company.partner_id
     WHERE u.login = 'admin'
"""


def demo(port=None, once=False):
    """A fresh demo database, the PAC simulator, Odoo, and the job over RPC. Everything goes when it ends.

    :return: the job's status with `once`; else serves until Ctrl-C
    """
    if port:
        ports.choose(port)  # a port that cannot be used is said before minutes of set-up
    with workshop(packages=("wkhtmltopdf",)) as shop:
        logs = shop.home.logs
        template = shop.databases.demo()
        with shop.databases.throwaway(template, "demo") as database:
            rfc, _bar, name = "".join(shop.databases.sql(COMPANY, database)).partition("|")
            if not (rfc and name):
                raise DevError("the demo company has no RFC or legal name (demo/company.xml)")
            log = logs / f"demo-{os.getpid()}-pac.log"
            with simulator(shop, log, rfc, name) as pac:
                number = ports.choose(port)
                log = logs / f"demo-{os.getpid()}-odoo.log"
                with shop.odoo.serving(database, number, log, env=shop.odoo.environ(**pac.environ())) as server:
                    status = run_job(shop, pac, number, database)
                    if once:
                        return status
                    say("the main job is done" if status == 0 else f"the main job FAILED with status {status}")
                    say(f"http://localhost:{number}  ({LOGIN} / {PASSWORD}), database {database}. Ctrl-C to stop")
                    ended = server.wait()
                    raise DevError(f"Odoo's server ended by itself with status {ended} (its output: {log})")


def run_job(shop, pac, port, database):
    command = [
        shop.python, JOB, "--url", f"http://localhost:{port}", "--db", database, "--login", LOGIN,
        "--password", PASSWORD, "--pac-url", pac.url, "--csd-folder", pac.csd,
    ]  # fmt: skip
    if not JOB.exists():
        raise DevError(f"{JOB} is missing: this is not a whole checkout")
    env = shop.odoo.environ(**pac.environ())
    env["PYTHONPATH"] = f"{REPOSITORY}{os.pathsep}{env['PYTHONPATH']}"
    with processes.running(command, env=env, cwd=REPOSITORY) as job:
        return job.wait()
