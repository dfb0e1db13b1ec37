from odoo import http
from odoo.http import request

from odoo.addons.helpdesk_mgmt.controllers.main import HelpdeskTicketController


class CustomerHelpdeskTicketController(HelpdeskTicketController):
    @http.route()
    def support_ticket_close(self, **kw):
        """Helpdesk closes whatever case it is told to, as the system. A closed case consumes what a customer has paid
        for, so only who may see the case closes it."""
        ticket_id = kw.get("ticket_id", "")
        case = request.env["helpdesk.ticket"].browse(int(ticket_id) if ticket_id.isdecimal() else 0).exists()
        if not case:
            raise request.not_found()
        case.check_access("read")
        return super().support_ticket_close(**kw)
