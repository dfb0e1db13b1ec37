"""A PAC for tests, demonstrations and companies that have none yet: a real server, one memory, four protocols.

It speaks as Finkok, Solución Factible, SW Sapien and the SAT's ConsultaCFDIService do, a module each; validates what
it gets, seals timbres with its own test certificate, cancels, and remembers. It shares no code with `cfdi/`: it is
its judge. What it stamps has no legal value.
"""
