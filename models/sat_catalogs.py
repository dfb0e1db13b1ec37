"""SAT catalogues small enough to be selections of a field.

The stored value is the SAT's code, so that an integration writes ``cfdi_use="G03"``. The labels are the SAT's own
Spanish texts (catCFDI, Anexo 20 version 4.0) in every language: they are what the users look up in the SAT's guides.
Which use goes with which régimen and kind of person is checked in ``cfdi/``.
"""

# c_RegimenFiscal
TAX_REGIMES = [
    ("601", "601 - General de Ley Personas Morales"),
    ("603", "603 - Personas Morales con Fines no Lucrativos"),
    ("605", "605 - Sueldos y Salarios e Ingresos Asimilados a Salarios"),
    ("606", "606 - Arrendamiento"),
    ("607", "607 - Régimen de Enajenación o Adquisición de Bienes"),
    ("608", "608 - Demás ingresos"),
    ("610", "610 - Residentes en el Extranjero sin Establecimiento Permanente en México"),
    ("611", "611 - Ingresos por Dividendos (socios y accionistas)"),
    ("612", "612 - Personas Físicas con Actividades Empresariales y Profesionales"),
    ("614", "614 - Ingresos por intereses"),
    ("615", "615 - Régimen de los ingresos por obtención de premios"),
    ("616", "616 - Sin obligaciones fiscales"),
    ("620", "620 - Sociedades Cooperativas de Producción que optan por diferir sus ingresos"),
    ("621", "621 - Incorporación Fiscal"),
    ("622", "622 - Actividades Agrícolas, Ganaderas, Silvícolas y Pesqueras"),
    ("623", "623 - Opcional para Grupos de Sociedades"),
    ("624", "624 - Coordinados"),
    ("625", "625 - Régimen de las Actividades Empresariales con ingresos a través de Plataformas Tecnológicas"),
    ("626", "626 - Régimen Simplificado de Confianza"),
]

# c_UsoCFDI, without those of payments (CP01) and payroll (CN01): nobody is invoiced with them
CFDI_USES = [
    ("D01", "D01 - Honorarios médicos, dentales y gastos hospitalarios"),
    ("D02", "D02 - Gastos médicos por incapacidad o discapacidad"),
    ("D03", "D03 - Gastos funerales"),
    ("D04", "D04 - Donativos"),
    ("D05", "D05 - Intereses reales efectivamente pagados por créditos hipotecarios (casa habitación)"),
    ("D06", "D06 - Aportaciones voluntarias al SAR"),
    ("D07", "D07 - Primas por seguros de gastos médicos"),
    ("D08", "D08 - Gastos de transportación escolar obligatoria"),
    ("D09", "D09 - Depósitos en cuentas para el ahorro, primas que tengan como base planes de pensiones"),
    ("D10", "D10 - Pagos por servicios educativos (colegiaturas)"),
    ("G01", "G01 - Adquisición de mercancías"),
    ("G02", "G02 - Devoluciones, descuentos o bonificaciones"),
    ("G03", "G03 - Gastos en general"),
    ("I01", "I01 - Construcciones"),
    ("I02", "I02 - Mobiliario y equipo de oficina por inversiones"),
    ("I03", "I03 - Equipo de transporte"),
    ("I04", "I04 - Equipo de cómputo y accesorios"),
    ("I05", "I05 - Dados, troqueles, moldes, matrices y herramental"),
    ("I06", "I06 - Comunicaciones telefónicas"),
    ("I07", "I07 - Comunicaciones satelitales"),
    ("I08", "I08 - Otra maquinaria y equipo"),
    ("S01", "S01 - Sin efectos fiscales"),
]

# c_FormaPago
PAYMENT_FORMS = [
    ("01", "01 - Efectivo"),
    ("02", "02 - Cheque nominativo"),
    ("03", "03 - Transferencia electrónica de fondos"),
    ("04", "04 - Tarjeta de crédito"),
    ("05", "05 - Monedero electrónico"),
    ("06", "06 - Dinero electrónico"),
    ("07", "07 - Tarjetas digitales"),
    ("08", "08 - Vales de despensa"),
    ("09", "09 - Bienes"),
    ("10", "10 - Servicio"),
    ("11", "11 - Por cuenta de tercero"),
    ("12", "12 - Dación en pago"),
    ("13", "13 - Pago por subrogación"),
    ("14", "14 - Pago por consignación"),
    ("15", "15 - Condonación"),
    ("16", "16 - Cancelación"),
    ("17", "17 - Compensación"),
    ("23", "23 - Novación"),
    ("24", "24 - Confusión"),
    ("25", "25 - Remisión de deuda"),
    ("26", "26 - Prescripción o caducidad"),
    ("27", "27 - A satisfacción del acreedor"),
    ("28", "28 - Tarjeta de débito"),
    ("29", "29 - Tarjeta de servicios"),
    ("30", "30 - Aplicación de anticipos"),
    ("31", "31 - Intermediario pagos"),
    ("99", "99 - Por definir"),
]

# c_MetodoPago
PAYMENT_METHODS = [
    ("PUE", "PUE - Pago en una sola exhibición"),
    ("PPD", "PPD - Pago en parcialidades o diferido"),
]

# c_ObjetoImp
TAX_OBJECTS = [
    ("01", "01 - No objeto de impuesto"),
    ("02", "02 - Sí objeto de impuesto"),
    ("03", "03 - Sí objeto del impuesto y no obligado al desglose"),
    ("04", "04 - Sí objeto del impuesto y no causa impuesto"),
    ("05", "05 - Sí objeto del impuesto, IVA crédito PODEBI"),
    ("06", "06 - Sí objeto del IVA, No traslado IVA"),
    ("07", "07 - No traslado del IVA, Sí desglose IEPS"),
    ("08", "08 - No traslado del IVA, No desglose IEPS"),
]

# c_Exportacion
EXPORTS = [
    ("01", "01 - No aplica"),
    ("02", "02 - Definitiva con clave A1"),
    ("03", "03 - Temporal"),
    ("04", "04 - Definitiva con clave distinta a A1 o cuando no existe enajenación en términos del CFF"),
]

# c_TipoRelacion, those that an invoice or a credit note may have
RELATION_TYPES = [
    ("01", "01 - Nota de crédito de los documentos relacionados"),
    ("02", "02 - Nota de débito de los documentos relacionados"),
    ("03", "03 - Devolución de mercancía sobre facturas o traslados previos"),
    ("04", "04 - Sustitución de los CFDI previos"),
    ("05", "05 - Traslados de mercancías facturados previamente"),
    ("06", "06 - Factura generada por los traslados previos"),
    ("07", "07 - CFDI por aplicación de anticipo"),
]

# c_Periodicidad
PERIODICITIES = [
    ("01", "01 - Diario"),
    ("02", "02 - Semanal"),
    ("03", "03 - Quincenal"),
    ("04", "04 - Mensual"),
    ("05", "05 - Bimestral"),
]

# c_Meses
MONTHS = [
    ("01", "01 - Enero"),
    ("02", "02 - Febrero"),
    ("03", "03 - Marzo"),
    ("04", "04 - Abril"),
    ("05", "05 - Mayo"),
    ("06", "06 - Junio"),
    ("07", "07 - Julio"),
    ("08", "08 - Agosto"),
    ("09", "09 - Septiembre"),
    ("10", "10 - Octubre"),
    ("11", "11 - Noviembre"),
    ("12", "12 - Diciembre"),
    ("13", "13 - Enero-Febrero"),
    ("14", "14 - Marzo-Abril"),
    ("15", "15 - Mayo-Junio"),
    ("16", "16 - Julio-Agosto"),
    ("17", "17 - Septiembre-Octubre"),
    ("18", "18 - Noviembre-Diciembre"),
]
