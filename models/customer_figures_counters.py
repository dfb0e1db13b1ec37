"""The queries of the counters and dates of the card. What each figure means is in the table of ``customer_figures``."""

from .customer_figures_source import Source
from .mail_activity import SOURCES as DOCUMENTS

# A customer's row without any document is the same as no row: what a query does not find is 0, or no date.
FILES = Source(
    by_company=False,
    reads={
        "ir.attachment": ("customer_file_state", "res_field", "res_id", "res_model"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    , file AS (
        SELECT member.customer_id,
               COUNT(*) AS total,
               COUNT(*) FILTER (WHERE COALESCE(attachment.customer_file_state, 'pending') = 'pending') AS pending,
               COUNT(*) FILTER (WHERE attachment.customer_file_state = 'valid') AS valid,
               COUNT(*) FILTER (WHERE attachment.customer_file_state = 'rejected') AS rejected
          FROM member
          JOIN ir_attachment attachment ON attachment.res_model = 'res.partner' AND attachment.res_id = member.id
         WHERE attachment.res_field IS NULL
      GROUP BY member.customer_id
    )
    SELECT customer.id AS customer_id,
           COALESCE(file.total, 0) AS file_count,
           COALESCE(file.pending, 0) AS file_pending_count,
           COALESCE(file.valid, 0) AS file_valid_count,
           COALESCE(file.rejected, 0) AS file_rejected_count
      FROM customer
 LEFT JOIN file ON file.customer_id = customer.id
""",
)

LOG = Source(
    reads={
        "customer.log": ("company_id", "date", "done", "next_date", "partner_id"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    , entry AS (
        SELECT member.customer_id,
               log.company_id,
               MAX(log.date) AS latest,
               MIN(log.next_date) FILTER (WHERE log.done IS NOT TRUE AND log.next_date >= company.today) AS next
          FROM member
          JOIN customer_log log ON log.partner_id = member.id
          JOIN company ON company.id = log.company_id
      GROUP BY member.customer_id, log.company_id
    )
    SELECT customer.id AS customer_id,
           company.id AS company_id,
           entry.latest AS last_log_date,
           entry.next AS next_log_date
      FROM customer
CROSS JOIN company
 LEFT JOIN entry ON entry.customer_id = customer.id AND entry.company_id = company.id
""",
    dated="""
    SELECT log.partner_id
      FROM customer_log log
      JOIN company ON company.id = log.company_id
     WHERE log.done IS NOT TRUE
       AND log.next_date >= %(since)s::date - 1
       AND log.next_date < company.today
""",
)

# An event of whole days has no hour: it is over when its last day is, in Mexico City.
EVENT_END = """CASE
    WHEN event.allday THEN (COALESCE(event.stop_date, event.stop::date) + 1)::timestamp
                           AT TIME ZONE %(time_zone)s AT TIME ZONE 'UTC'
    ELSE event.stop
END"""
EVENTS = Source(
    by_company=False,
    reads={
        "calendar.event": (*("active", "allday", "customer_result", "partner_ids", "start", "stop", "stop_date"),),
        "res.partner": ("commercial_partner_id", "partner_share"),
    },
    query=f"""
    , attended AS (
        SELECT DISTINCT member.customer_id, rel.calendar_event_id AS id
          FROM member
          JOIN res_partner attendee ON attendee.id = member.id
          JOIN calendar_event_res_partner_rel rel ON rel.res_partner_id = member.id
         WHERE attendee.partner_share IS NOT FALSE
    ),
    meeting AS (
        SELECT attended.customer_id,
               COUNT(*) AS total,
               COUNT(*) FILTER (WHERE event.customer_result IS NULL AND {EVENT_END} >= %(now)s) AS planned,
               COUNT(*) FILTER (WHERE event.customer_result = 'held') AS held,
               COUNT(*) FILTER (WHERE event.customer_result = 'not_held') AS not_held,
               MIN(event.start) AS earliest,
               MAX(event.start) AS latest
          FROM attended
          JOIN calendar_event event ON event.id = attended.id
         WHERE event.active
      GROUP BY attended.customer_id
    )
    SELECT customer.id AS customer_id,
           COALESCE(meeting.total, 0) AS event_count,
           COALESCE(meeting.planned, 0) AS event_planned_count,
           COALESCE(meeting.held, 0) AS event_held_count,
           COALESCE(meeting.not_held, 0) AS event_not_held_count,
           meeting.earliest AS first_event_date,
           meeting.latest AS last_event_date
      FROM customer
 LEFT JOIN meeting ON meeting.customer_id = customer.id
""",  # noqa: S608
    dated=f"""
    SELECT rel.res_partner_id
      FROM calendar_event event
      JOIN calendar_event_res_partner_rel rel ON rel.calendar_event_id = event.id
      JOIN res_partner attendee ON attendee.id = rel.res_partner_id
     WHERE event.active
       AND event.customer_result IS NULL
       AND event.stop >= %(since)s::date - 2
       AND {EVENT_END} >= %(since)s::date - 1
       AND {EVENT_END} < %(now)s
       AND attendee.partner_share IS NOT FALSE
""",  # noqa: S608
)

ACTIVITIES = Source(
    by_company=False,
    # The documents come first: an activity follows its document when the document's partner is written.
    reads={
        **{
            model: (path, *(leaf[0] for leaf in domain))
            for model, (path, domain) in DOCUMENTS.items()
            if model != "res.partner"
        },
        "mail.activity": ("active", "date_deadline", "date_done", "document_partner_id"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    , activity AS (
        SELECT member.customer_id,
               COUNT(*) AS total,
               COUNT(*) FILTER (WHERE activity.active) AS open,
               MIN(day.value) AS earliest,
               MAX(day.value) AS latest
          FROM member
          JOIN mail_activity activity ON activity.document_partner_id = member.id
    CROSS JOIN LATERAL (
               SELECT CASE
                   WHEN activity.active THEN activity.date_deadline
                   ELSE COALESCE(activity.date_done, activity.date_deadline)
               END AS value
               ) day
      GROUP BY member.customer_id
    )
    SELECT customer.id AS customer_id,
           COALESCE(activity.total, 0) AS activity_total_count,
           COALESCE(activity.open, 0) AS activity_not_started_count,
           COALESCE(activity.total - activity.open, 0) AS activity_done_count,
           activity.earliest AS first_activity_date,
           activity.latest AS last_activity_date
      FROM customer
 LEFT JOIN activity ON activity.customer_id = customer.id
""",
)

# Points left on a card that was withdrawn cannot be spent: they do not count, not even as issued.
POINTS = Source(
    reads={
        "loyalty.card": ("active", "company_id", "partner_id", "points", "program_id"),
        "loyalty.history": ("card_id", "used"),
        "loyalty.program": ("active", "program_type"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    , card AS (
        SELECT member.customer_id,
               card.company_id,
               SUM(card.points::numeric) FILTER (WHERE card.active AND program.active) AS balance,
               SUM(history.used) AS used
          FROM member
          JOIN loyalty_card card ON card.partner_id = member.id
          JOIN loyalty_program program ON program.id = card.program_id
     LEFT JOIN LATERAL (
               SELECT SUM(line.used::numeric) AS used
                 FROM loyalty_history line
                WHERE line.card_id = card.id
               ) history ON TRUE
         WHERE program.program_type = 'loyalty'
      GROUP BY member.customer_id, card.company_id
    ),
    total AS (
        SELECT customer.id AS customer_id,
               company.id AS company_id,
               ROUND(COALESCE(SUM(card.balance), 0), 2) AS balance,
               ROUND(COALESCE(SUM(card.used), 0), 2) AS used
          FROM customer
    CROSS JOIN company
     LEFT JOIN card ON card.customer_id = customer.id AND COALESCE(card.company_id, company.id) = company.id
      GROUP BY customer.id, company.id
    )
    SELECT total.customer_id,
           total.company_id,
           total.balance AS points_balance,
           total.balance + total.used AS points_issued,
           total.used AS points_used
      FROM total
""",
)
