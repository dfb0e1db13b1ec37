from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from . import res_partner_figures  # noqa: F401  The class below extends it.
from .customer_figure_fields import Figure

files = Figure("files")
log = Figure("log")
events = Figure("events")
activities = Figure("activities")
points = Figure("points")


class ResPartner(models.Model):
    """How much there is of a customer's files, log, events, activities and points, and from when to when."""

    _inherit = "res.partner"

    # What the figures depend on, for the ORM alone; see res_partner_balances.
    customer_card_ids = fields.One2many("loyalty.card", "partner_id", groups=fields.NO_ACCESS)
    document_activity_ids = fields.One2many("mail.activity", "document_partner_id", groups=fields.NO_ACCESS)

    file_count = files.count(
        string="Files (Number)",
        help="How many files the customer and its contacts have, those of the chatter included.",
    )
    file_pending_count = files.count(
        string="Pending Files",
        help="How many of the files nobody has reviewed yet.",
    )
    file_valid_count = files.count(
        string="Valid Files",
        help="How many of the files were reviewed and found valid.",
    )
    file_rejected_count = files.count(
        string="Rejected Files",
        help="How many of the files were rejected: the customer has to send them again.",
    )
    last_log_date = log.datetime(
        string="Last Log Date",
        help="When something was last said or done with the customer, by the log of the company.",
    )
    next_log_date = log.date(
        string="Next Log Date",
        help="Earliest follow-up, today or later, of the log's entries that are not done. Those that were missed are "
        "in the log, in red.",
    )
    event_count = events.count(
        string="Events (Number)",
        help="How many calendar events the customer or its contacts were invited to, whatever became of them. An event "
        "with several contacts counts once; what a user of ours attends is no event of a customer.",
    )
    event_planned_count = events.count(
        string="Planned Events",
        help="How many of the events are to come, or not over yet, and were not called off.",
    )
    event_held_count = events.count(
        string="Held Events",
        help="How many of the events took place: whoever was there says so on the event.",
    )
    event_not_held_count = events.count(
        string="Events Not Held",
        help="How many of the events were called off, or nobody came, by what the event says.",
    )
    first_event_date = events.datetime(
        string="First Event Date",
        help="Start of the earliest of the events.",
    )
    last_event_date = events.datetime(
        string="Last Event Date",
        help="Start of the latest of the events, past or to come.",
    )
    activity_total_count = activities.count(
        string="Activities (Number)",
        help="How many activities there are of the customer, its contacts, deals, sales, invoices and payments, done "
        "ones included. A cancelled activity leaves nothing.",
    )
    activity_not_started_count = activities.count(
        string="Activities Not Started",
        help="How many of the activities are still to be done, overdue or to come.",
    )
    activity_done_count = activities.count(
        string="Completed Activities",
        help="How many of the activities were marked done.",
    )
    first_activity_date = activities.date(
        string="First Activity Date",
        help="Earliest day of the activities: when it was done, or when it is due if it is not done.",
    )
    last_activity_date = activities.date(
        string="Last Activity Date",
        help="Latest day of the activities, to come included: when it was done, or when it is due if it is not done.",
    )
    points_balance = points.amount(
        string="Points Balance",
        help="Points on the customer's loyalty cards, which it can still spend: points issued less points used.",
    )
    points_issued = points.amount(
        string="Points Issued",
        help="All the points ever given to the customer, by sales or by hand.",
    )
    points_used = points.amount(
        string="Points Used",
        help="All the points that the customer ever redeemed.",
    )

    # Attachments lead to their document by a name and a number, which the ORM follows for nobody: they mark themselves.
    def _compute_files_figures(self):
        self._compute_figures("files")

    @api.depends(
        "customer_log_ids.company_id",
        "customer_log_ids.date",
        "customer_log_ids.done",
        "customer_log_ids.next_date",
        "customer_log_ids.partner_id",
    )
    def _compute_log_figures(self):
        self._compute_figures("log")

    @api.depends(
        "meeting_ids.active",
        "meeting_ids.allday",
        "meeting_ids.customer_result",
        "meeting_ids.start",
        "meeting_ids.stop",
    )
    def _compute_events_figures(self):
        self._compute_figures("events")

    @api.depends(
        "document_activity_ids.active",
        "document_activity_ids.date_deadline",
        "document_activity_ids.date_done",
        "document_activity_ids.document_partner_id",
    )
    def _compute_activities_figures(self):
        self._compute_figures("activities")

    @api.depends(
        "customer_card_ids.active",
        "customer_card_ids.company_id",
        "customer_card_ids.history_ids.used",
        "customer_card_ids.partner_id",
        "customer_card_ids.points",
        "customer_card_ids.program_id.active",
        "customer_card_ids.program_id.program_type",
    )
    def _compute_points_figures(self):
        self._compute_figures("points")

    def _compute_partner_share(self):
        result = super()._compute_partner_share()
        # The events of who becomes a user of ours are no customer's any more, and the other way round.
        if ids := [id_ for id_ in self._ids if id_]:
            rows = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT res_partner_id FROM calendar_event_res_partner_rel WHERE res_partner_id = ANY(%s)",
                    ids,
                )
            )
            self.env["customer.figure.pending"].sudo()._mark(self.browse(row[0] for row in rows), ["events"])
        return result

    def _partners_of_source(self, source):
        partners = super()._partners_of_source(source)
        # Every meeting of our own people would count their company again, and hold its row.
        return partners.sudo().filtered("partner_share") if source == "events" else partners

    def _members(self):
        """The customer and its contacts, archived ones too: those whose documents its figures count."""
        self.ensure_one()
        return self.with_context(active_test=False).search(
            [("id", "child_of", self.id), ("commercial_partner_id", "=", self.commercial_partner_id.id)]
        )

    def action_customer_events(self):
        """List the calendar events of this customer and its contacts: those that the card counts.

        :return: the action of the calendar, as a list first
        :raise AccessError: for who may not read the customer
        """
        self.ensure_one()
        self.check_access("read")
        attendees = self._members().sudo().filtered("partner_share")
        action = self.env["ir.actions.act_window"]._for_xml_id("calendar.action_calendar_event")
        name = self.env._("Events of %(name)s", name=self.display_name)
        return {
            **action,
            "name": name,
            "display_name": name,
            "views": [(False, "list"), (False, "form"), (False, "calendar")],
            "domain": list(Domain("partner_ids", "in", attendees.ids)),
            "context": {"default_partner_ids": [self.id, self.env.user.partner_id.id]},
        }
