"""The PAC simulator that ``./dev test`` starts, as the tests see it: a server of its own, over a real socket."""

import base64
import os
import uuid
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit, urlunsplit

import requests
from odoo.tests.common import _super_send

from .common import CustomerCommon

VARIABLES = ("PAC_URL", "CSD_FOLDER", "CSD_PASSWORD")


class PacCommon(CustomerCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        told = {name: os.environ.get(f"L10N_MX_CUSTOMER_{name}") for name in VARIABLES}
        if not all(told.values()):
            # Not a skip: a run without the simulator has not tested the stamping.
            raise AssertionError(f"these tests need the PAC simulator: run them with ./dev test (told: {told})")
        address = urlsplit(told["PAC_URL"])
        cls.pac_url = urlunsplit((address.scheme, address.netloc, "", "", ""))
        # The database may be somebody's, with a PAC and a certificate in use.
        for model in ("customer.pac", "certificate.certificate"):
            cls.env[model].search([("company_id", "=", cls.company.id)]).active = False
        cls.pac = cls._create_pac()
        cls.certificate = cls._load_certificate(
            Path(told["CSD_FOLDER"]), cls.company.partner_id.vat, told["CSD_PASSWORD"]
        )

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        # Odoo's own compares the time-out with a number, and a PAC's is a pair (connect, read).
        if request.url.startswith(("http://127.0.0.1:", "http://localhost:")):
            return _super_send(session, request, **kwargs)
        return super()._request_handler(session, request, **kwargs)

    @classmethod
    def _create_pac(cls, **values):
        return cls.env["customer.pac"].create(
            {
                "company_id": cls.company.id,
                "kind": "finkok",
                "environment": "simulator",
                "url": cls.pac_url,
                "username": "simulador",
                "password": "simulador",
                **values,
            }
        )

    @classmethod
    def _load_certificate(cls, folder, rfc, password):
        key = cls.env["certificate.key"].create(
            {
                "name": "CSD",
                "content": base64.b64encode((folder / f"csd_{rfc}.key").read_bytes()),
                "password": password,
                "company_id": cls.company.id,
            }
        )
        return cls.env["certificate.certificate"].create(
            {
                "name": "CSD",
                "content": base64.b64encode((folder / f"csd_{rfc}.cer").read_bytes()),
                "private_key_id": key.id,
                "scope": "cfdi",
                "company_id": cls.company.id,
            }
        )

    def setUp(self):
        super().setUp()
        self.control(reset=True)
        # Tests roll back and use the same folios: without this, two of them in one second would send the same bytes.
        self.product.name = f"Silla de oficina {uuid.uuid4().hex[:8]}"

    def _job_transaction(self):
        """For a job to run in: a test's transaction must not be committed."""
        return patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 60.0)

    def control(self, **command):
        """Tell the simulator what its next requests suffer; see ``devtools/pac/faults.py``."""
        requests.post(f"{self.pac_url}/control", json=command, timeout=10).raise_for_status()

    def stamps(self):
        """How many comprobantes the simulator has stamped."""
        return requests.get(f"{self.pac_url}/control", timeout=10).json()["stamped"]
