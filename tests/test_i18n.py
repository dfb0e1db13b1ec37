import polib
from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

from ..models.sat_catalogs import CFDI_USES, PAYMENT_FORMS, PAYMENT_METHODS, TAX_REGIMES


@tagged("post_install", "-at_install")
class TestSpanish(TransactionCase):
    def test_every_term_is_in_spanish(self):
        """What users read is in Spanish: a new term fails here until i18n/es.po has it."""
        translated = {
            entry.msgid for entry in polib.pofile(file_path("l10n_mx_customer/i18n/es.po")).translated_entries()
        }
        # The SAT's own texts are Spanish in every language.
        official = {
            label
            for catalogue in (TAX_REGIMES, CFDI_USES, PAYMENT_FORMS, PAYMENT_METHODS)
            for _code, label in catalogue
        }
        terms = {row[4] for row in TranslationModuleReader(self.env.cr, modules=["l10n_mx_customer"])}
        self.assertGreater(len(terms), 200)
        self.assertFalse(terms - translated - official)
