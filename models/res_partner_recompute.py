from odoo import api, models
from odoo.exceptions import AccessError

from .notification import notification

MANAGERS = "l10n_mx_customer.group_customer_manager"


class ResPartner(models.Model):
    """Counting figures again, for whoever doubts them or has written documents past Odoo."""

    _inherit = "res.partner"

    def recompute_figures(self):
        """Count the stored figures of these customers again; they are stored right after the transaction.

        A contact stands for its customer. Until then, whoever reads a figure gets it from the documents.

        :return: True
        :raise AccessError: the user may not read them
        """
        self.check_access("read")
        self.env["customer.figure.pending"].sudo()._mark(self)
        return True

    @api.model
    def recompute_all_figures(self):
        """Count the stored figures of every customer of every company again, by jobs in the background.

        Jobs of ``queue_job`` where it is installed, else Odoo's scheduled action; both go on where they were stopped.
        Until its turn comes, whoever reads a figure of a customer gets it from the documents.

        :return: how many customers there are to count
        :raise AccessError: the user is no customer administrator
        """
        self._check_may_recompute()
        # Sudo: nobody has rights on the marks.
        return self.env["customer.figure.pending"].sudo()._recompute_all()

    @api.model
    def count_pending_figures(self):
        """Tell how far a recount is.

        :return: how many customers have figures that are still to be stored; 0 when all is done
        :raise AccessError: the user is no customer administrator
        """
        self._check_may_recompute()
        return len(self.env["customer.figure.pending"].sudo()._pending_ids())

    @api.model
    def _check_may_recompute(self):
        if not self.env.user.has_group(MANAGERS):
            raise AccessError(
                self.env._(
                    "Recomputing the figures of every customer takes the group “%(group)s”.",
                    group=self.env.ref(MANAGERS).sudo().display_name,
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_recompute_figures(self):
        """Count the figures of these customers again, and tell so.

        :return: the action that shows the notification
        :raise AccessError: the user may not read them
        """
        self.recompute_figures()
        count = len(self.commercial_partner_id)
        return notification(self.env._("Customers whose figures are counted again: %(count)s.", count=count))

    @api.model
    def action_recompute_all_figures(self):
        """Count the figures of every customer again, in the background, and tell so.

        :return: the action that shows the notification
        :raise AccessError: the user is no customer administrator
        """
        count = self.recompute_all_figures()
        return notification(
            self.env._("Customers whose figures are counted again in the background: %(count)s.", count=count)
        )
