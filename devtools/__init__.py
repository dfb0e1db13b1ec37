"""The one command for people who work here: `./dev`. Standard library alone, Python 3.10 or newer.

`devtools.pac` and `devtools.csd` are the exception: they run in the virtual environment, in processes of their own.
"""
