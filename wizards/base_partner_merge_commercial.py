from odoo import api, models


class BasePartnerMerge(models.TransientModel):
    """Merging customers: what may be in one place only goes over to the one that stays."""

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        # The relation's rows of the sources go with them; those of products that both have cannot be rewritten.
        products = src_partners.sudo().exclusive_product_tmpl_ids
        for product in products:
            product.exclusive_partner_ids = (product.exclusive_partner_ids - src_partners) | dst_partner
        self.env.flush_all()
        return super()._update_foreign_keys(src_partners, dst_partner)

    @api.model
    def _update_values(self, src_partners, dst_partner):
        # The card of the one that stays wins, else it takes that of the other; never both at the same time.
        sources = src_partners.sudo()
        cards = [code for code in sources.mapped("points_card_code") if code]
        sources.points_card_code = False
        if cards and not dst_partner.points_card_code:
            dst_partner.sudo().points_card_code = cards[0]
        # The same with who referred it, unless the one that stays brought that referrer.
        referrer = sources.referred_by_id[:1]
        sources.referred_by_id = False
        if referrer and not dst_partner.sudo().referred_by_id:
            chain = referrer
            while chain and chain != dst_partner:
                chain = chain.referred_by_id
            if not chain:
                dst_partner.sudo().referred_by_id = referrer
        self.env.flush_all()
        return super()._update_values(src_partners, dst_partner)
