from markupsafe import Markup
from odoo import Command, models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    """A quotation as the template of the next sale of its customer."""

    _inherit = "sale.order"

    def _copy_as_cart(self, customer):
        """A new quotation for the customer with this one's lines. See ``action_new_sale_from_cart``."""
        self.ensure_one()
        # What others add to an order comes back by itself, or must not: deliveries, down payments, rewards.
        lines = self.order_line.filtered(
            lambda line: (
                not (
                    line.is_downpayment
                    or line.is_expense
                    or ("is_delivery" in line._fields and line.is_delivery)
                    or ("is_reward_line" in line._fields and line.is_reward_line)
                )
            )
        )
        gone = lines.filtered(lambda line: line.product_id and not (line.product_id.active and line.product_id.sale_ok))
        # A combo without one of its items is not the combo.
        gone |= gone.linked_line_id.filtered("linked_line_ids.combo_item_id")
        gone |= gone.linked_line_ids
        kept = lines - gone
        if not kept.product_id:
            raise UserError(
                self.env._(
                    "Default Cart (POS): “%(value)s” of %(name)s has no product that can be sold; "
                    "a quotation with at least one active product is expected.",
                    value=self.name,
                    name=customer.display_name,
                )
            )
        order = self.with_company(self.company_id).create(
            {
                "partner_id": customer.id,
                "company_id": self.company_id.id,
                "origin": self.name,
                "order_line": [Command.create(line._prepare_cart_line_vals()) for line in kept],
            }
        )
        if gone:
            order._tell_left_out(gone.product_id)
        return order

    def _tell_left_out(self, products):
        message = self.env._("Left out, because they are archived or not sold any more:")
        names = products.mapped("display_name")
        self.message_post(
            body=Markup("<p>%s</p><ul>%s</ul>")
            % (message, Markup("").join(Markup("<li>%s</li>") % name for name in names)),
            subtype_xmlid="mail.mt_note",
        )
        self.env.user._bus_send(
            "simple_notification", {"type": "warning", "sticky": True, "message": f"{message} {', '.join(names)}"}
        )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_cart_line_vals(self):
        """What of this line does not depend on the day: no price, no discount, no tax."""
        self.ensure_one()
        vals = {
            "sequence": self.sequence,
            "display_type": self.display_type,
            "collapse_prices": self.collapse_prices,
            "collapse_composition": self.collapse_composition,
        }
        if self.display_type:
            return vals | {"name": self.name}
        vals |= {
            "product_id": self.product_id.id,
            "product_uom_qty": self.product_uom_qty,
            "product_uom_id": self.product_uom_id.id,
            "product_no_variant_attribute_value_ids": [Command.set(self.product_no_variant_attribute_value_ids.ids)],
            "product_custom_attribute_value_ids": [
                Command.create(
                    {
                        "custom_product_template_attribute_value_id": (
                            value.custom_product_template_attribute_value_id.id
                        ),
                        "custom_value": value.custom_value,
                    }
                )
                for value in self.product_custom_attribute_value_ids
            ],
            # Lines linked to each other (combos, options) find each other by this within one creation.
            "virtual_id": str(self.id),
            "linked_virtual_id": str(self.linked_line_id.id) if self.linked_line_id else False,
            "combo_item_id": self.combo_item_id.id,
        }
        # A description that somebody wrote is kept; the product's own is written anew, in its words of today.
        lang = self.order_id.partner_id.lang or self.env.lang
        if self.name != self.with_context(lang=lang)._get_sale_order_line_multiline_description_sale():
            vals["name"] = self.name
        return vals
