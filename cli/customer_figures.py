"""`odoo customer_figures -d DATABASE`: Odoo finds its commands as files of a folder of this name in each addon."""

import logging
import sys
import time

from odoo import SUPERUSER_ID, api
from odoo.cli import Command
from odoo.modules.registry import Registry
from odoo.tools import config

_logger = logging.getLogger(__name__)


class CustomerFigures(Command):
    """Count the stored figures of every customer again (l10n_mx_customer), and say how many were other ones.

    It can be stopped and run again at any time, also while Odoo is at work.
    """

    name = "customer_figures"

    def run(self, args):
        """:param args: Odoo's options; ``-d`` names the database"""
        config.parser.prog = self.prog
        config.parse_config(args, setup_logging=True)
        if len(config["db_name"]) != 1:
            sys.exit("customer_figures: name one database with -d")
        [name] = config["db_name"]
        registry = Registry(name)
        if "customer.figure.pending" not in registry:
            sys.exit(f"customer_figures: l10n_mx_customer is not installed in {name}")
        start = time.monotonic()
        with registry.cursor() as cr:
            pending = api.Environment(cr, SUPERUSER_ID, {})["customer.figure.pending"]
            pending._mark_all()
            customer_ids = pending._pending_ids()
        with registry.cursor() as cr:  # which asks nothing itself
            pending = api.Environment(cr, SUPERUSER_ID, {})["customer.figure.pending"]
            done = changed = 0
            for done_now, changed_now in pending._refresh_pending(customer_ids):
                done += done_now
                changed += changed_now
                _logger.info("%s of %s customers, %s had other figures", done, len(customer_ids), changed)
        _logger.info("Figures of %s customers in %.1f s", done, time.monotonic() - start)
