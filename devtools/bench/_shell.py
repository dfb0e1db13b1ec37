import json
import tempfile
from pathlib import Path

from devtools.home import REPOSITORY

SCRIPT = """
import json, sys
sys.path.insert(0, {repository!r})
from {module} import {name}
answer = {name}(env, **json.loads({arguments!r}))
open({file!r}, "w").write(json.dumps(answer))
"""


def call(shop, database, function, **arguments):
    """Call ``function(env, **arguments)`` in an Odoo shell on a database.

    :param function: of a module of devtools.bench; arguments and answer can be written as JSON
    :return: its answer
    """
    with tempfile.TemporaryDirectory() as folder:
        answer, log = Path(folder, "answer"), Path(folder, "log")
        script = SCRIPT.format(
            repository=str(REPOSITORY),
            module=function.__module__,
            name=function.__name__,
            arguments=json.dumps(arguments),
            file=str(answer),
        )
        if shop.odoo.shell(database, script, log):
            raise SystemExit(log.read_text(errors="replace"))
        return json.loads(answer.read_text())
