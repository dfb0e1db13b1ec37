"""What breaks each rule of the Carta Porte (see `test_rules`)."""

from __future__ import annotations

from lxml import etree

from cfdi.namespaces import CARTA_PORTE, NS, PAGOS
from cfdi.namespaces import cfdi as q

_CARTA = "Complemento/cartaporte31:CartaPorte"
_PLACE = f"{_CARTA}/cartaporte31:Ubicaciones/cartaporte31:Ubicacion"
_GOODS = f"{_CARTA}/cartaporte31:Mercancias"
_MERCANCIA = f"{_GOODS}/cartaporte31:Mercancia"
_CUSTOMS = f"{_MERCANCIA}/cartaporte31:DocumentacionAduanera"
_PEDIMENTO = f"{_MERCANCIA}[1]/cartaporte31:DocumentacionAduanera[1]"
_REGIME = f"{_CARTA}/cartaporte31:RegimenesAduaneros/cartaporte31:RegimenAduaneroCCP"
_QUANTITY = f"{_MERCANCIA}/cartaporte31:CantidadTransporta"
_ROAD = f"{_GOODS}/cartaporte31:Autotransporte"
_FIGURE = f"{_CARTA}/cartaporte31:FiguraTransporte/cartaporte31:TiposFigura"
_OWN, _PAID = "carta_porte_traslado", "carta_porte_ingreso"
_EXPORT, _IMPORT = "carta_porte_exportacion", "carta_porte_importacion"

# (code, attribute that is blamed) -> case, and what to change in its XML
BREAKS = {
    ("CP102", "SubTotal"): (_OWN, {"@SubTotal": "1"}),
    ("CP103", "Moneda"): (_OWN, {"@Moneda": "MXN"}),
    ("CP104", "Moneda"): (_PAID, {"@Moneda": "XXX"}),
    ("CP105", "Total"): (_OWN, {"@Total": "1"}),
    ("CP107", "Rfc"): (_OWN, {"Receptor/@Rfc": "XYZ010203AB9"}),
    ("CP109", ""): (_PAID, {"Conceptos/Concepto/@ClaveProdServ": "81111500"}),
    ("CP110", "ClaveProdServ"): (_PAID, {"Conceptos/Concepto/@ClaveProdServ": "78101903"}),
    ("CP111", "UsoCFDI"): (_OWN, {"Receptor/@UsoCFDI": "G03"}),
    ("CP114", "TipoDeComprobante"): (_PAID, {"@TipoDeComprobante": "E"}),
    ("CP116", ""): (_EXPORT, {f"{_CARTA}/@TranspInternac": "No"}),
    ("CP118", "RegimenAduanero"): (_IMPORT, {f"{_REGIME}/@RegimenAduanero": "EXD"}),
    ("CP119", "EntradaSalidaMerc"): (_EXPORT, {f"{_CARTA}/@EntradaSalidaMerc": None}),
    ("CP120", "EntradaSalidaMerc"): (_PAID, {f"{_CARTA}/@EntradaSalidaMerc": "Salida"}),
    ("CP121", "PaisOrigenDestino"): (_EXPORT, {f"{_CARTA}/@PaisOrigenDestino": None}),
    ("CP122", "PaisOrigenDestino"): (_PAID, {f"{_CARTA}/@PaisOrigenDestino": "USA"}),
    ("CP123", "ViaEntradaSalida"): (_EXPORT, {f"{_CARTA}/@ViaEntradaSalida": None}),
    ("CP124", "ViaEntradaSalida"): (_PAID, {f"{_CARTA}/@ViaEntradaSalida": "01"}),
    ("CP125", "TotalDistRec"): (_PAID, {f"{_CARTA}/@TotalDistRec": None}),
    ("CP126", "TotalDistRec"): (_PAID, {f"{_CARTA}/@TotalDistRec": "912.51"}),
    ("CP127", "UbicacionPoloOrigen"): ("carta_porte_istmo", {f"{_CARTA}/@UbicacionPoloOrigen": None}),
    ("CP127", "UbicacionPoloDestino"): (_PAID, {f"{_CARTA}/@UbicacionPoloDestino": "01"}),
    ("CP130", ""): (_PAID, {f"{_PLACE}/@TipoUbicacion": "Destino"}),
    ("CP131", "IDUbicacion"): (_OWN, {f"{_PLACE}[2]/@IDUbicacion": None}),
    ("CP133", "NumRegIdTrib"): (_PAID, {f"{_PLACE}/@NumRegIdTrib": "123456"}),
    ("CP134", "ResidenciaFiscal"): (_EXPORT, {f"{_PLACE}[2]/@ResidenciaFiscal": "MEX"}),
    ("CP135", "NumEstacion"): (_PAID, {f"{_PLACE}/@NumEstacion": "PM001"}),
    ("CP137", "NombreEstacion"): ("carta_porte_barco", {f"{_PLACE}/@NombreEstacion": None}),
    ("CP139", "NavegacionTrafico"): (_PAID, {f"{_PLACE}/@NavegacionTrafico": "Altura"}),
    ("CP141", "DistanciaRecorrida"): (_PAID, {f"{_PLACE}[1]/@DistanciaRecorrida": "1"}),
    ("CP143", "Colonia"): (_PAID, {f"{_PLACE}/cartaporte31:Domicilio/@Colonia": "9999"}),
    ("CP144", "Localidad"): (_PAID, {f"{_PLACE}/cartaporte31:Domicilio/@Localidad": "99"}),
    ("CP145", "Municipio"): (_PAID, {f"{_PLACE}/cartaporte31:Domicilio/@Municipio": "999"}),
    ("CP146", "Estado"): (_EXPORT, {f"{_PLACE}[2]/cartaporte31:Domicilio/@Estado": "NLE"}),
    ("CP147", "CodigoPostal"): (_PAID, {f"{_PLACE}[1]/cartaporte31:Domicilio/@CodigoPostal": "64000"}),
    ("CP149", "PesoBrutoTotal"): (_PAID, {f"{_GOODS}/@PesoBrutoTotal": "350.5"}),
    ("CP153", "LogisticaInversaRecoleccionDevolucion"): (
        "carta_porte_avion",
        {f"{_GOODS}/@LogisticaInversaRecoleccionDevolucion": "Sí"},
    ),
    ("CP154", "NumTotalMercancias"): (_PAID, {f"{_GOODS}/@NumTotalMercancias": "1"}),
    ("CP156", "CveMaterialPeligroso"): (_PAID, {f"{_MERCANCIA}[1]/@MaterialPeligroso": "Sí"}),
    ("CP157", "Embalaje"): ("carta_porte_peligroso", {f"{_MERCANCIA}[1]/@Embalaje": None}),
    ("CP159", "SectorCOFEPRIS"): (_IMPORT, {f"{_MERCANCIA}[1]/@LoteMedicamento": None}),
    ("CP160", "SectorCOFEPRIS"): ("carta_porte_cofepris", {f"{_MERCANCIA}[2]/@NomQuimico": None}),
    ("CP161", "SectorCOFEPRIS"): ("carta_porte_cofepris", {f"{_MERCANCIA}[1]/@DenominacionGenericaProd": None}),
    ("CP162", "SectorCOFEPRIS"): (_IMPORT, {f"{_MERCANCIA}[2]/@NumCAS": None}),
    ("CP163", "SectorCOFEPRIS"): ("carta_porte_cofepris", {f"{_MERCANCIA}[3]/@UsoAutorizado": None}),
    ("CP164", "PermisoImportacion"): (_IMPORT, {f"{_MERCANCIA}[1]/@PermisoImportacion": None}),
    ("CP165", "FolioImpoVUCEM"): (_PAID, {f"{_MERCANCIA}/@FolioImpoVUCEM": "VU-1"}),
    ("CP166", "RazonSocialEmpImp"): (_IMPORT, {f"{_MERCANCIA}[1]/@RazonSocialEmpImp": "COMERCIAL"}),
    ("CP168", "Moneda"): (_OWN, {f"{_MERCANCIA}[2]/@Moneda": None}),
    ("CP169", "RegimenAduanero"): (_EXPORT, {f"{_REGIME}/@RegimenAduanero": "ITE"}),
    ("CP170", "TipoMateria"): (_EXPORT, {f"{_MERCANCIA}[1]/@TipoMateria": None}),
    ("CP171", "DescripcionMateria"): (_EXPORT, {f"{_MERCANCIA}[2]/@DescripcionMateria": None}),
    ("CP173", "TipoDocumento"): (_EXPORT, {f"{_CUSTOMS}/@TipoDocumento": "01"}),
    ("CP174", "NumPedimento"): (_IMPORT, {f"{_PEDIMENTO}/@NumPedimento": None}),
    ("CP175", "IdentDocAduanero"): (_EXPORT, {f"{_CUSTOMS}/@IdentDocAduanero": None}),
    ("CP176", "RFCImpo"): (_IMPORT, {f"{_PEDIMENTO}/@RFCImpo": None}),
    ("CP178", "IDOrigen"): (_OWN, {f"{_QUANTITY}[1]/@IDOrigen": "OR000002"}),
    ("CP179", "IDDestino"): (_OWN, {f"{_QUANTITY}[2]/@IDDestino": "DE000003"}),
    ("CP180", "CvesTransporte"): (_OWN, {f"{_QUANTITY}/@CvesTransporte": "01"}),
    ("CP182", "AseguraMedAmbiente"): (
        "carta_porte_peligroso",
        {f"{_ROAD}/cartaporte31:Seguros/@AseguraMedAmbiente": None},
    ),
    ("CP183", "PolizaMedAmbiente"): (
        "carta_porte_peligroso",
        {f"{_ROAD}/cartaporte31:Seguros/@PolizaMedAmbiente": None},
    ),
    ("CP184", "ConfigVehicular"): (
        "carta_porte_figuras",
        {f"{_ROAD}/cartaporte31:IdentificacionVehicular/@ConfigVehicular": "C2"},
    ),
    ("CP194", ""): (_PAID, {f"{_FIGURE}/@TipoFigura": "04"}),
    ("CP196", "NumLicencia"): (_PAID, {f"{_FIGURE}/@NumLicencia": None}),
    ("CP197", "NumRegIdTribFigura"): (_PAID, {f"{_FIGURE}/@RFCFigura": None}),
    ("CP198", "ResidenciaFiscalFigura"): ("carta_porte_figuras", {f"{_FIGURE}[3]/@ResidenciaFiscalFigura": None}),
    ("CP199", ""): ("carta_porte_figuras", {f"{_FIGURE}[4]/@TipoFigura": "03"}),
    ("CP200", "Colonia"): ("carta_porte_figuras", {f"{_FIGURE}[2]/cartaporte31:Domicilio/@Colonia": "9999"}),
    ("CP201", "Localidad"): ("carta_porte_figuras", {f"{_FIGURE}[2]/cartaporte31:Domicilio/@Localidad": "99"}),
    ("CP202", "Municipio"): ("carta_porte_figuras", {f"{_FIGURE}[2]/cartaporte31:Domicilio/@Municipio": "999"}),
    ("CP203", "Estado"): ("carta_porte_figuras", {f"{_FIGURE}[3]/cartaporte31:Domicilio/@Estado": "ZZZ"}),
    ("CP204", "CodigoPostal"): ("carta_porte_figuras", {f"{_FIGURE}[2]/cartaporte31:Domicilio/@CodigoPostal": "06000"}),
}

# what is there only with something else, the other way round: where it must not be, or must
OTHER_WAY = (
    ("CP116", "", _EXPORT, {f"{_CARTA}/@TranspInternac": "No"}),
    ("CP125", "TotalDistRec", "carta_porte_avion", {f"{_CARTA}/@TotalDistRec": "1"}),
    ("CP127", "UbicacionPoloOrigen", _PAID, {f"{_CARTA}/@UbicacionPoloOrigen": "01"}),
    ("CP127", "UbicacionPoloDestino", "carta_porte_istmo", {f"{_CARTA}/@UbicacionPoloDestino": None}),
    ("CP133", "NumRegIdTrib", _EXPORT, {f"{_PLACE}[2]/@NumRegIdTrib": None}),
    ("CP134", "ResidenciaFiscal", _EXPORT, {f"{_PLACE}[2]/@ResidenciaFiscal": None}),
    ("CP134", "ResidenciaFiscal", _PAID, {f"{_PLACE}/@ResidenciaFiscal": "USA"}),
    ("CP137", "NombreEstacion", _PAID, {f"{_PLACE}/@NombreEstacion": "Rosarito"}),
    ("CP141", "DistanciaRecorrida", _PAID, {f"{_PLACE}[2]/@DistanciaRecorrida": None}),
    ("CP141", "DistanciaRecorrida", "carta_porte_avion", {f"{_PLACE}[2]/@DistanciaRecorrida": "1"}),
    ("CP146", "Estado", _PAID, {f"{_PLACE}[1]/cartaporte31:Domicilio/@Estado": "TX"}),
    ("CP147", "CodigoPostal", _PAID, {f"{_PLACE}[1]/cartaporte31:Domicilio/@CodigoPostal": "99999"}),
    ("CP147", "CodigoPostal", _PAID, {f"{_PLACE}[1]/cartaporte31:Domicilio/@Municipio": "007"}),
    ("CP147", "CodigoPostal", _PAID, {f"{_PLACE}[2]/cartaporte31:Domicilio/@Localidad": "06"}),
    ("CP156", "CveMaterialPeligroso", "carta_porte_peligroso", {f"{_MERCANCIA}[1]/@MaterialPeligroso": "No"}),
    ("CP157", "Embalaje", _PAID, {f"{_MERCANCIA}/@Embalaje": "1A1"}),
    ("CP164", "PermisoImportacion", _PAID, {f"{_MERCANCIA}/@PermisoImportacion": "PI-1"}),
    ("CP164", "PermisoImportacion", _IMPORT, {f"{_MERCANCIA}[2]/@PermisoImportacion": "PI-1"}),
    ("CP165", "FolioImpoVUCEM", _IMPORT, {f"{_MERCANCIA}[2]/@FolioImpoVUCEM": None}),
    ("CP166", "RazonSocialEmpImp", _IMPORT, {f"{_MERCANCIA}[2]/@RazonSocialEmpImp": None}),
    ("CP170", "TipoMateria", _PAID, {f"{_MERCANCIA}/@TipoMateria": "03"}),
    ("CP171", "DescripcionMateria", _EXPORT, {f"{_MERCANCIA}[1]/@DescripcionMateria": "Otra"}),
    ("CP172", "", _EXPORT, {f"{_CARTA}/@TranspInternac": "No"}),
    ("CP174", "NumPedimento", _EXPORT, {f"{_CUSTOMS}/@NumPedimento": "26  24  3009  6001234"}),
    ("CP174", "NumPedimento", _IMPORT, {f"{_PEDIMENTO}/@NumPedimento": "27  24  3009  6001234"}),
    ("CP175", "IdentDocAduanero", _IMPORT, {f"{_PEDIMENTO}/@IdentDocAduanero": "Aviso 9"}),
    ("CP176", "RFCImpo", _EXPORT, {f"{_CUSTOMS}/@RFCImpo": "XYZ010203AB9"}),
    ("CP180", "CvesTransporte", "carta_porte_intermodal", {f"{_QUANTITY}/@CvesTransporte": None}),
    ("CP182", "AseguraMedAmbiente", _PAID, {f"{_ROAD}/cartaporte31:Seguros/@AseguraMedAmbiente": "Seguros"}),
    ("CP183", "PolizaMedAmbiente", _PAID, {f"{_ROAD}/cartaporte31:Seguros/@PolizaMedAmbiente": "MA-9"}),
    (
        "CP184",
        "ConfigVehicular",
        _OWN,
        {f"{_ROAD}/cartaporte31:IdentificacionVehicular/@ConfigVehicular": "T3S2"},
    ),
    ("CP196", "NumLicencia", "carta_porte_figuras", {f"{_FIGURE}[4]/@NumLicencia": "LFD0102030"}),
    ("CP198", "ResidenciaFiscalFigura", "carta_porte_figuras", {f"{_FIGURE}[3]/@ResidenciaFiscalFigura": "MEX"}),
    ("CP199", "", "carta_porte_figuras", {f"{_FIGURE}[2]/@TipoFigura": "04"}),
)


def _all(root: etree._Element, name: str) -> list[etree._Element]:
    return root.findall(f".//cartaporte31:{name}", NS)


def _without(name: str):
    def change(root):
        nodes = _all(root, name)
        assert nodes
        for node in nodes:
            node.getparent().remove(node)

    return change


def _twice(root):
    [node] = _all(root, "CartaPorte")
    node.addnext(etree.fromstring(etree.tostring(node)))


def _beside_payments(root):
    etree.SubElement(root.find(q("Complemento")), f"{{{PAGOS}}}Pagos", Version="2.0")


def _weighed(root):
    for node in _all(root, "Mercancia"):
        etree.SubElement(
            node,
            f"{{{CARTA_PORTE}}}DetalleMercancia",
            UnidadPesoMerc="KGM",
            PesoBruto="1",
            PesoNeto="1",
            PesoTara="1",
        )


# rules on a whole node: what to do to the tree
TREE_BREAKS = {
    ("CP112", ""): (_PAID, _twice),
    ("CP113", ""): (_PAID, _beside_payments),
    ("CP142", ""): (_PAID, _without("Domicilio")),
    ("CP148", ""): (_PAID, _without("Autotransporte")),
    ("CP172", ""): (_IMPORT, _without("DocumentacionAduanera")),
    ("CP177", ""): ("carta_porte_istmo", _without("GuiasIdentificacion")),
    ("CP181", ""): (_PAID, _weighed),
    ("CP193", ""): (_PAID, _without("FiguraTransporte")),
}
