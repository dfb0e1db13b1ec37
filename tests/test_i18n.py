from pathlib import Path

import polib
from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

from ..models import sat_catalogs
from .card_contract import CARD

# Mexico's, Latin America's and Spain's: Odoo reads es.po for all of them, then es_419.po for those that are not
# Spain's, then the country's own file (odoo.tools.translate.get_base_langs), each over the one before.
SPANISHES = ("es_MX", "es_419", "es_ES")


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
            for catalogue in vars(sat_catalogs).values()
            if isinstance(catalogue, list)
            for _code, label in catalogue
        }
        terms = {row[4] for row in TranslationModuleReader(self.env.cr, modules=["l10n_mx_customer"])}
        self.assertGreater(len(terms), 200)
        self.assertFalse(terms - translated - official)

    def test_one_file_serves_every_spanish(self):
        """es.po is written in the Spanish of Mexico, whose terms (RFC, régimen, CFDI) have no others elsewhere.

        A file of a country would be a second truth: read over es.po in that country alone, where nobody would see that
        a term of es.po had been mended. So there is none.
        """
        self.assertEqual(
            sorted(path.name for path in Path(file_path("l10n_mx_customer/i18n")).iterdir()),
            ["es.po", "l10n_mx_customer.pot"],
        )
        partners = self.env["res.partner"]
        own = {
            name: label for label, name, kind, made in CARD if made in ("own", "related", "stored") and kind != "action"
        }
        view = self.env.ref("l10n_mx_customer.view_customer_form")
        for lang in SPANISHES:
            self.env["res.lang"]._activate_lang(lang)
            self.env["ir.module.module"]._load_module_terms(["l10n_mx_customer"], [lang])
        for lang in SPANISHES:
            spanish = partners.with_context(lang=lang)
            described = spanish.fields_get(list(own), ["string", "help"])
            with self.subTest(lang):
                self.assertEqual({name: described[name]["string"] for name in own}, own)
                self.assertIn("Constancia de Situación Fiscal", described["cfdi_legal_name"]["help"])
                self.assertIn('string="Núm. Cliente"', spanish.get_view(view.id, "form")["arch"])
                with self.assertRaisesRegex(ValidationError, "no es válid"), self.env.cr.savepoint():
                    spanish.create({"name": "X", "customer_rank": 1, "cfdi_zip": "1"})
