"""A PAC for tests and demonstrations: a real SOAP server in the shape of Finkok's stamp service.

It validates what it gets, seals timbres with its own test certificate and remembers them. It shares no code
with `cfdi/`: it is its judge. What it stamps has no legal value.
"""
