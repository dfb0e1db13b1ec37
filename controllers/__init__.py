from . import helpdesk_ticket, portal
