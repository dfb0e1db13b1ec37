from odoo import models


class ResCompany(models.Model):
    """The door from the demo files to the Python that makes the documents.

    Odoo's demo files can only call a method of a model. This one is all that a production server loads of it, and its
    name keeps it from being called over RPC.
    """

    _inherit = "res.company"

    def _load_demo_documents(self):
        from . import documents

        documents.load(self)

    def _load_demo_card(self):
        from . import card

        card.load(self)
