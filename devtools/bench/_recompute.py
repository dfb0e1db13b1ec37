"""Counting all the figures of a big database again, by the command of the addon."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from devtools.bench._cycle import use_mexican_chart
from devtools.bench._documents import generate

DONE = re.compile(r"(\d+) of \d+ customers, (\d+) had other figures")
SECONDS = re.compile(r"Figures of (\d+) customers in ([\d.]+) s")


def make_documents(env, customers, open_orders, invoices, hot_orders, hot_invoices):
    """:return: ids of the first of the customers and of one who has a great many documents"""
    use_mexican_chart(env)
    first = generate(env, customers, open_orders, invoices)
    hot = generate(env, 1, hot_orders, hot_invoices)
    env.cr.execute("ANALYZE")
    env.cr.commit()
    return {"first": first, "hot": hot}


def recompute(shop, database):
    """Run the command. :return: customers, how many had other figures, seconds, and memory of the process in MB"""
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("w+b") as log:
        command = shop.odoo.command("customer_figures", "-d", database)
        process = subprocess.Popen(command, env=shop.odoo.environ(), stdout=log, stderr=subprocess.STDOUT)
        _pid, status, usage = os.wait4(process.pid, 0)
        text = Path(log.name).read_text(errors="replace")
    if status:
        raise SystemExit(text)
    [(customers, seconds)] = SECONDS.findall(text)
    return {
        "customers": int(customers),
        "changed": int(DONE.findall(text)[-1][1]),
        "seconds": float(seconds),
        "memory_mb": round(usage.ru_maxrss / 1024),
    }
