"""The commands of `./dev`."""

import argparse
import os
import signal
import subprocess
import sys
import traceback

from .errors import DevError, explain


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise DevError(f"{message} (see `./dev --help`)")


def port(text):
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise DevError(f"--port must be a number between 1 and 65535, not {text!r}")
    return int(text)


def parser():
    top = Parser(prog="dev", description="The one command for people who work on l10n_mx_customer.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)

    def add(name, summary):
        return commands.add_parser(name, help=summary, description=summary)

    demo = add("demo", "the main job on a real Odoo, step by step, on a fresh demo database; then serve until Ctrl-C")
    demo.add_argument("--once", action="store_true", help="stop after the job; exit 0 only if every step is right")
    demo.add_argument("--port", type=port, help="port of the server (8069, or the next free one)")
    test = add("test", "every test, or the named ones")
    test.add_argument("names", nargs="*", help="a test file, folder (cfdi, dev, odoo), class or Class.method")
    serve = add("serve", "an Odoo server for your own database, kept between runs (admin / admin)")
    serve.add_argument("--port", type=port, help="port of the server (8069, or the next free one)")
    shell = add("shell", "an Odoo shell, or run FILE with `env` in it and exit with its status")
    shell.add_argument("--db", help="database (your own one)")
    shell.add_argument("file", nargs="?", metavar="FILE")
    psql = add("psql", "PostgreSQL's shell on your own database")
    psql.add_argument("--db", help="another database")
    psql.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="arguments of psql")
    add("screenshots", "take the pictures of docs/tabs again, in a browser on the demo database")
    add("lint", "ruff and pylint-odoo")
    for name, what in (("bench", "measure speed"), ("load", "put under load")):
        measure = add(name, f"{what}: devtools/{name}/*.py, or the named ones")
        measure.add_argument("names", nargs="*")
    add("build", "build the wheel into dist/")
    add("env", "print shell exports (database, port, python, addons path), and leave PostgreSQL running")
    add("stop", "stop the PostgreSQL server that `env` left running")
    add("reset", "delete everything in the cache folder")
    add("lock", "resolve requirements.in into requirements.txt")
    return top


def run(options):
    # imported when needed: each command starts as fast as it can, and tells what is wrong with its arguments first
    name = options.command
    if name == "demo":
        from .demo import demo

        return demo(options.port, options.once)
    if name == "test":
        from .testing import test

        return test(options.names)
    if name == "screenshots":
        from .testing import screenshots

        return screenshots()
    if name in ("serve", "shell", "psql", "env"):
        from . import work

        return getattr(work, name)(options)
    if name in ("bench", "load"):
        from .measure import measure

        return measure(name, options.names)
    if name == "lock":
        from .lock import lock

        return lock()
    from . import upkeep

    return getattr(upkeep, name)()


def interrupt(number, _frame):
    """SIGTERM and SIGHUP end us like Ctrl-C: through the `finally` blocks that end our children."""
    raise SystemExit(128 + number)


def main(arguments):
    os.umask(0o022)  # PostgreSQL's own account must be able to read the programs
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also as a background job, where shells have it ignored
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)
    try:
        return run(parser().parse_args(arguments)) or 0
    except KeyboardInterrupt:
        print("dev: interrupted", file=sys.stderr)
        return 130
    except subprocess.CalledProcessError as error:
        problem = error
        message = f"{' '.join(map(str, error.cmd[:4]))} failed with status {error.returncode}"
    except Exception as error:  # noqa: BLE001 (whatever it is, the developer reads one line)
        problem = error
        message = explain(error)
        if message is None:
            message = f"unexpected {type(error).__name__}: {error} (DEV_DEBUG=1 shows where)"
    if os.environ.get("DEV_DEBUG"):
        traceback.print_exception(problem)
    print(f"dev: error: {message}", file=sys.stderr)
    return 2 if isinstance(problem, DevError) else 1
