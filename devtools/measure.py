"""`./dev bench [names]` and `./dev load [names]`: the scripts devtools/bench/*.py and devtools/load/*.py.

Each runs in the virtual environment with `--db NAME --url URL`, on a throw-away copy of the demo with a server of its
own, and prints its own figures. Its exit status says whether it met them.
"""

import os

from . import ports, processes
from .console import say
from .errors import DevError
from .home import REPOSITORY
from .setup import workshop


def measure(kind, names, repository=REPOSITORY):
    folder = repository / "devtools" / kind
    scripts = {file.stem: file for file in sorted(folder.glob("*.py")) if not file.name.startswith("_")}
    unknown = [name for name in names if name not in scripts]
    if unknown:
        known = ", ".join(scripts) or f"devtools/{kind}/ has none yet"
        raise DevError(f"{kind}: nothing is called {unknown[0]} (there is: {known})")
    if not scripts:
        print(f"{kind}: devtools/{kind}/ has nothing to measure yet")
        return 0
    failed = [name for name in names or scripts if _run(kind, name, scripts[name])]
    print(f"{kind}: {', '.join(failed)} failed" if failed else f"{kind}: done")
    return 1 if failed else 0


def _run(kind, name, script):
    with workshop() as shop, shop.databases.throwaway(shop.databases.demo(), kind) as database:
        port = ports.any_free()
        log = shop.home.logs / f"{kind}-{os.getpid()}-{name}-odoo.log"
        with shop.odoo.serving(database, port, log):
            say(f"{kind} {name}")
            command = [shop.python, script, "--db", database, "--url", f"http://localhost:{port}"]
            env = shop.odoo.environ()
            env["PYTHONPATH"] = f"{REPOSITORY}{os.pathsep}{env['PYTHONPATH']}"
            # Else a script would be found before the package of its name: devtools/bench/cfdi.py before cfdi.
            env["PYTHONSAFEPATH"] = "1"
            with processes.running(command, env=env, cwd=REPOSITORY) as process:
                return process.wait()
