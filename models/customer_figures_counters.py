"""The queries of the counters and dates of the card. What each figure means is in the table of ``customer_figures``."""

from .customer_figures_source import Source
from .mail_activity import SOURCES as DOCUMENTS

FILES = Source(
    by_company=False,
    reads={
        "ir.attachment": ("customer_file_state", "res_field", "res_id", "res_model"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    SELECT member.customer_id,
           COUNT(*) AS file_count,
           COUNT(*) FILTER (
               WHERE COALESCE(attachment.customer_file_state, 'pending') = 'pending'
           ) AS file_pending_count,
           COUNT(*) FILTER (WHERE attachment.customer_file_state = 'valid') AS file_valid_count,
           COUNT(*) FILTER (WHERE attachment.customer_file_state = 'rejected') AS file_rejected_count
      FROM member
      JOIN ir_attachment attachment ON attachment.res_model = 'res.partner' AND attachment.res_id = member.id
     WHERE attachment.res_field IS NULL
  GROUP BY member.customer_id
""",
)

LOG = Source(
    reads={
        "customer.log": ("company_id", "date", "done", "next_date", "partner_id"),
        "res.partner": ("commercial_partner_id",),
    },
    query="""
    SELECT member.customer_id,
           company.id AS company_id,
           MAX(log.date) AS last_log_date,
           MIN(log.next_date) FILTER (
               WHERE log.done IS NOT TRUE AND log.next_date >= company.today
           ) AS next_log_date
      FROM member
      JOIN customer_log log ON log.partner_id = member.id
      JOIN company ON company.id = log.company_id
  GROUP BY member.customer_id, company.id
""",
    dated="""
    SELECT log.partner_id
      FROM customer_log log
      JOIN dated company ON company.id = log.company_id
     WHERE log.done IS NOT TRUE
       AND log.next_date >= company.since
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
    SELECT attended.customer_id,
           COUNT(*) AS event_count,
           COUNT(*) FILTER (WHERE event.customer_result IS NULL AND {EVENT_END} >= %(now)s) AS event_planned_count,
           COUNT(*) FILTER (WHERE event.customer_result = 'held') AS event_held_count,
           COUNT(*) FILTER (WHERE event.customer_result = 'not_held') AS event_not_held_count,
           MIN(event.start) AS first_event_date,
           MAX(event.start) AS last_event_date
      FROM (
           SELECT DISTINCT member.customer_id, rel.calendar_event_id AS event_id
             FROM member
             JOIN calendar_event_res_partner_rel rel ON rel.res_partner_id = member.id
            WHERE member.partner_share IS NOT FALSE
           ) attended
      JOIN calendar_event event ON event.id = attended.event_id
     WHERE event.active
  GROUP BY attended.customer_id
""",  # noqa: S608
    dated=f"""
    SELECT rel.res_partner_id
      FROM calendar_event event
      JOIN calendar_event_res_partner_rel rel ON rel.calendar_event_id = event.id
      JOIN res_partner attendee ON attendee.id = rel.res_partner_id
     WHERE event.active
       AND event.customer_result IS NULL
       AND event.stop >= %(since)s::timestamp - INTERVAL '2 days'
       AND {EVENT_END} >= %(since)s::timestamp
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
    SELECT member.customer_id,
           COUNT(*) AS activity_total_count,
           COUNT(*) FILTER (WHERE activity.active) AS activity_not_started_count,
           COUNT(*) FILTER (WHERE activity.active IS NOT TRUE) AS activity_done_count,
           MIN(day.value) AS first_activity_date,
           MAX(day.value) AS last_activity_date
      FROM member
      JOIN mail_activity activity ON activity.document_partner_id = member.id
CROSS JOIN LATERAL (
           SELECT CASE
               WHEN activity.active THEN activity.date_deadline
               ELSE COALESCE(activity.date_done, activity.date_deadline)
           END AS value
           ) day
  GROUP BY member.customer_id
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
    SELECT total.customer_id,
           total.company_id,
           total.balance AS points_balance,
           total.balance + total.used AS points_issued,
           total.used AS points_used
      FROM (
           SELECT member.customer_id,
                  company.id AS company_id,
                  ROUND(COALESCE(SUM(card.points::numeric) FILTER (
                      WHERE card.active AND program.active
                  ), 0), 2) AS balance,
                  ROUND(COALESCE(SUM(history.used), 0), 2) AS used
             FROM member
             JOIN loyalty_card card ON card.partner_id = member.id
             JOIN loyalty_program program ON program.id = card.program_id
             JOIN company ON company.id = COALESCE(card.company_id, company.id)
       CROSS JOIN LATERAL (
                  SELECT SUM(line.used::numeric) AS used
                    FROM loyalty_history line
                   WHERE line.card_id = card.id
                  ) history
            WHERE program.program_type = 'loyalty'
         GROUP BY member.customer_id, company.id
           ) total
""",
)
