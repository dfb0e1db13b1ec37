import re

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..cfdi import CfdiRelacionados
from . import sat_catalogs
from .customer_cfdi import VALID_STATES

UUID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")
# Context key: ids of the documents that are stamped just before, whose UUIDs nobody knows yet.
STAMPED_BEFORE = "cfdi_stamped_before"
NO_UUID = "00000000-0000-0000-0000-000000000000"
CREDIT, REPLACEMENT, DOWN_PAYMENT = "01", "04", "07"
# With this form a credit note is for sales to come, and relates to nothing yet (guide, appendix 5, IV.B).
FUTURE_DISCOUNT_FORM = "23"


class AccountMove(models.Model):
    """Which CFDIs a CFDI relates to: what a credit note takes back, a down payment applied, what it replaces."""

    _inherit = "account.move"

    cfdi_relation_type = fields.Selection(
        selection=sat_catalogs.RELATION_TYPES,
        string="Relation to Other CFDIs",
        compute="_compute_cfdi_relation_type",
        store=True,
        readonly=False,
        precompute=True,
        copy=False,
        help="How this CFDI relates to those named beside it (TipoRelacion). Of a credit note: 01 for a discount or "
        "allowance, 03 when goods come back, 07 when it applies a down payment to the invoice named. The deduction of "
        "down payments in the final invoice of a sale, and replacing a CFDI, relate by themselves.",
    )
    cfdi_related_move_ids = fields.Many2many(
        "account.move",
        "account_move_cfdi_related_rel",
        "move_id",
        "related_id",
        string="Related Invoices",
        copy=False,
        check_company=True,
        help="Invoices that this CFDI relates to; they must be stamped. Of a credit note, empty means the invoice that "
        "it reverses; name several when it takes back a part of each.",
    )
    cfdi_related_uuids = fields.Char(
        string="Related Fiscal Folios",
        copy=False,
        help="Fiscal folios (UUID) of CFDIs that were not stamped here, such as invoices from before you used Odoo, "
        "separated by commas or blanks.",
    )
    cfdi_replaces_id = fields.Many2one(
        "account.move",
        string="Replaces the CFDI of",
        copy=False,
        check_company=True,
        index="btree_not_null",
        help="The document whose CFDI this one replaces (relation 04). It is stamped first, and then the old one is "
        "cancelled with motive 01.",
    )

    @api.depends("move_type")
    def _compute_cfdi_relation_type(self):
        for move in self:
            move.cfdi_relation_type = CREDIT if move.move_type == "out_refund" else False

    @api.constrains("cfdi_related_uuids")
    def _check_cfdi_related_uuids(self):
        for move in self:
            wrong = [value for value in move._written_uuids() if not UUID.fullmatch(value)]
            if wrong:
                raise ValidationError(
                    self.env._(
                        "Related Fiscal Folios: “%(value)s” of %(name)s is not valid; 32 hexadecimal digits in five "
                        "groups are expected, such as 5FB2822E-396D-4725-8521-CDC4BDD20CCF.",
                        value=wrong[0],
                        name=move.display_name,
                    )
                )

    def _written_uuids(self):
        return [value.upper() for value in re.split(r"[\s,;]+", self.cfdi_related_uuids or "") if value]

    def _valid_cfdi(self):
        """The stamped CFDI of a document, if the SAT has it as valid."""
        self.ensure_one()
        # Sudo: who may read an invoice relates to its CFDI, whatever else he may see.
        return self.sudo().cfdi_ids.filtered(lambda cfdi: cfdi.state in VALID_STATES and cfdi.uuid)[:1]

    def _deducted_down_payments(self):
        """Invoices of the down payments that lines of this one deduct."""
        deductions = self.invoice_line_ids.filtered(lambda line: line.is_downpayment and line.price_subtotal < 0)
        return deductions._get_downpayment_lines().move_id.filtered(
            lambda move: move.move_type == "out_invoice" and move.state == "posted" and move != self
        )

    def _is_cfdi_down_payment(self):
        """Whether this is the invoice of a down payment, which the SAT wants paid in one exhibition."""
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        return bool(lines) and all(line.is_downpayment and line.quantity > 0 for line in lines)

    def _prepare_relations(self, problems):
        """CfdiRelacionados: one node a kind of relation, each UUID once.

        :param list problems: one line is added to it for each document that has no CFDI to relate to
        """
        self.ensure_one()
        written, relations = self._written_uuids(), {}
        related = self.cfdi_related_move_ids
        if not related and self.move_type == "out_refund" and not written:
            related = self.reversed_entry_id
        deducted = self._deducted_down_payments()
        if written and self.cfdi_relation_type == DOWN_PAYMENT:
            # Down payments that were stamped elsewhere are named by hand.
            deducted = deducted.filtered(lambda move: move._valid_cfdi())
        if related or written:
            if self.cfdi_relation_type:
                relations[self.cfdi_relation_type] = self._related_uuids(related, problems) + written
            else:
                problems.append(
                    self.env._(
                        "%(name)s: how does it relate to other CFDIs? “Relation to Other CFDIs” is missing.",
                        name=self.display_name,
                    )
                )
        elif self._cfdi_type() == "E" and self.cfdi_payment_form != FUTURE_DISCOUNT_FORM:
            problems.append(
                self.env._(
                    "%(name)s: a credit note relates to the CFDIs that it takes something off. Name them in “Related "
                    "Invoices”, or in “Related Fiscal Folios” those that were not stamped here.",
                    name=self.display_name,
                )
            )
        if deducted:
            relations.setdefault(DOWN_PAYMENT, []).extend(self._related_uuids(deducted, problems))
        if self.cfdi_replaces_id:
            relations.setdefault(REPLACEMENT, []).extend(self._replaced_uuids(problems))
        return tuple(
            CfdiRelacionados(TipoRelacion=kind, UUIDs=tuple(dict.fromkeys(uuids)))
            for kind, uuids in sorted(relations.items())
            if uuids
        )

    def _related_uuids(self, moves, problems):
        found = []
        for move in moves:
            cfdi = move._valid_cfdi()
            if cfdi:
                found.append(cfdi.uuid)
            elif move.id in self.env.context.get(STAMPED_BEFORE, ()):
                found.append(NO_UUID)
            else:
                problems.append(
                    self.env._(
                        "%(name)s relates to %(related)s, which has no stamped CFDI. Stamp it first, or write its UUID "
                        "in “Related Fiscal Folios” and take it out of “Related Invoices”.",
                        name=self.display_name,
                        related=move.display_name,
                    )
                )
        return found

    def _replaced_uuids(self, problems):
        cfdis = self.cfdi_replaces_id.sudo().cfdi_ids.filtered("uuid").sorted("id")
        if not cfdis:
            problems.append(
                self.env._(
                    "%(name)s replaces %(replaced)s, which has no stamped CFDI to replace.",
                    name=self.display_name,
                    replaced=self.cfdi_replaces_id.display_name,
                )
            )
        return cfdis[-1:].mapped("uuid")
