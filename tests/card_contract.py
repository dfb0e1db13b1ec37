"""The fields of the customer card: label in Spanish, name, type, and how it is made.

core: Odoo's own, labelled so on the card; rule: Odoo's with a rule of ours; own; related: of an address; stored:
computed from documents and stored.
"""

from pathlib import Path

# Where the agreement itself is, for who has it: it is not a part of this repository.
AGREEMENT = Path(__file__).resolve().parents[2] / "shared/design/fields.csv"

CARD = (
    ("Nombre del Cliente", "name", "char", "core"),
    ("Teléfono principal", "phone", "char", "core"),
    ("Correo electrónico principal", "email", "char", "rule"),
    ("RFC", "vat", "char", "rule"),
    ("CP del RFC", "cfdi_zip", "char", "own"),
    ("Razon Social", "cfdi_legal_name", "char", "own"),
    ("Nombre", "firstname", "char", "own"),
    ("Apellidos", "lastname", "char", "own"),
    ("Descripción", "comment", "html", "core"),
    ("Lista de Precios", "property_product_pricelist", "many2one", "core"),
    ("Fecha ultima venta", "last_sale_date", "datetime", "stored"),
    ("Fecha ultima bitacora", "last_log_date", "datetime", "stored"),
    ("Fecha proxima de bitacora", "next_log_date", "date", "stored"),
    ("Saldo en servicios", "services_sold", "float", "stored"),
    ("Fecha primer venta", "first_sale_date", "datetime", "stored"),
    ("Dirección Facturación", "billing_street_name", "char", "related"),
    ("Colonia Facturación", "billing_colony", "char", "related"),
    ("Deleg./Mpio. Facturación", "billing_city", "char", "related"),
    ("Estado Facturación", "billing_state_id", "many2one", "related"),
    ("Código Postal Facturación", "billing_zip", "char", "related"),
    ("País Facturación", "billing_country_id", "many2one", "related"),
    ("Num. Ext. Facturación", "billing_street_number", "char", "related"),
    ("Num. Int. Facturación", "billing_street_number2", "char", "related"),
    ("Dirección Envío", "shipping_street_name", "char", "related"),
    ("Colonia Envío", "shipping_colony", "char", "related"),
    ("Deleg./Mpio. Envío", "shipping_city", "char", "related"),
    ("Estado Envío", "shipping_state_id", "many2one", "related"),
    ("Código Postal Envío", "shipping_zip", "char", "related"),
    ("País Envío", "shipping_country_id", "many2one", "related"),
    ("Num. Ext. Envío", "shipping_street_number", "char", "related"),
    ("Num. Int. Envío", "shipping_street_number2", "char", "related"),
    ("Dirección de fact pred", "billing_address_id", "many2one", "own"),
    ("Dirección de envío pred", "shipping_address_id", "many2one", "own"),
    ("Cambiar Contraseña Tienda", "action_change_store_password", "action", "own"),
    ("No enviar correos", "no_email", "boolean", "own"),
    ("Notificar al propietario", "notify_owner", "boolean", "own"),
    ("Suscrito a Mercadotecnia", "marketing_opt_in", "boolean", "own"),
    ("Carrito Predeterminado (TPV)", "default_cart_id", "many2one", "own"),
    ("Tarjeta de puntos", "points_card_code", "char", "own"),
    ("Fecha de creación", "create_date", "datetime", "core"),
    ("Fecha de modificación", "write_date", "datetime", "core"),
    ("Origen de captura", "capture_origin", "selection", "own"),
    ("Núm. Cliente", "ref", "char", "rule"),
    ("Creado a partir de Prospecto", "from_lead", "boolean", "stored"),
    ("Cuenta STP", "stp_account_id", "many2one", "own"),
    ("Total Contratado", "policy_amount", "float", "stored"),
    ("Total Consumido", "policy_consumed", "float", "stored"),
    ("Total Contratado Vigente", "policy_available", "float", "stored"),
    ("Casos en curso", "open_case_count", "integer", "stored"),
    ("Envios disponibles", "allowed_carrier_ids", "many2many", "own"),
    ("Tipo de afiliado", "affiliate_type_id", "many2one", "own"),
    ("Comisiones", "commission_total", "float", "stored"),
    ("% Comision por referir", "referral_rate", "float", "own"),
    ("Referido Por", "referred_by_id", "many2one", "own"),
    ("Anticipos por amortizar", "advance_balance", "float", "stored"),
    ("NdC por aplicar", "credit_note_balance", "float", "stored"),
    ("Vendido Autorizado", "sold_authorized", "float", "stored"),
    ("Vendido Apartado", "sold_reserved", "float", "stored"),
    ("Cobrado", "collected", "float", "stored"),
    ("NdC Aplicadas", "credit_note_applied", "float", "stored"),
    ("Por Cobrar", "receivable_balance", "float", "stored"),
    ("Facturado", "invoiced_total", "float", "stored"),
    ("Venta Promedio", "average_sale", "float", "stored"),
    ("Cantidad de Ventas", "pending_sale_count", "integer", "stored"),
    ("Por Cobrar Vencido", "overdue_balance", "float", "stored"),
    ("Balance en Facturas", "invoice_balance", "float", "stored"),
    ("Limite de credito", "credit_limit", "float", "core"),
    ("Dias de credito", "credit_days", "integer", "own"),
    ("Deuda mas antigua", "oldest_debt_date", "date", "stored"),
    ("Crédito disponible", "credit_available", "float", "stored"),
    ("Datos de Campaña", "campaign_notes", "text", "own"),
    ("Metodo de Pago", "cfdi_payment_method", "selection", "own"),
    ("Forma de Pago", "cfdi_payment_form", "selection", "own"),
    ("Uso de CFDI", "cfdi_use", "selection", "own"),
    ("Régimen Fiscal", "cfdi_tax_regime", "selection", "own"),
    ("Timbre NdC Pendiente", "credit_note_unstamped_count", "integer", "stored"),
    ("Plantilla Adenda", "addenda_template_id", "many2one", "own"),
    ("Saldo en Puntos", "points_balance", "float", "stored"),
    ("Puntos Asignados", "points_issued", "float", "stored"),
    ("Puntos Utilizados", "points_used", "float", "stored"),
    ("# archivos", "file_count", "integer", "stored"),
    ("# archivos pendientes", "file_pending_count", "integer", "stored"),
    ("# archivos válidos", "file_valid_count", "integer", "stored"),
    ("# archivos rechazados", "file_rejected_count", "integer", "stored"),
    ("# eventos", "event_count", "integer", "stored"),
    ("# eventos planeados", "event_planned_count", "integer", "stored"),
    ("# eventos mantenidos", "event_held_count", "integer", "stored"),
    ("# eventos no mantenidos", "event_not_held_count", "integer", "stored"),
    ("Fecha primer evento", "first_event_date", "datetime", "stored"),
    ("Fecha último evento", "last_event_date", "datetime", "stored"),
    ("# actividades", "activity_total_count", "integer", "stored"),
    ("# actividades no iniciadas", "activity_not_started_count", "integer", "stored"),
    ("# actividades completadas", "activity_done_count", "integer", "stored"),
    ("Fecha primer actividad", "first_activity_date", "date", "stored"),
    ("Fecha última actividad", "last_activity_date", "date", "stored"),
)

# Figures whose documents the card does not have yet.
LATER = frozenset(
    """
    activity_done_count activity_not_started_count activity_total_count commission_total
    event_count event_held_count
    event_not_held_count event_planned_count file_count file_pending_count file_rejected_count file_valid_count
    first_activity_date first_event_date last_activity_date last_event_date last_log_date next_log_date
    open_case_count points_balance points_issued points_used policy_amount
    policy_available policy_consumed
    """.split()
)
