from contextlib import contextmanager
from inspect import ismethod
from weakref import WeakKeyDictionary

import psycopg2

# {database: the cursor that this process keeps}, while nobody uses it
_kept = {}
# {kept cursor: {text of a statement: its name in the connection}}
_prepared = WeakKeyDictionary()
# Of how many databases: each takes one of the connections that the process may have.
DATABASES = 8


@contextmanager
def kept_cursor(registry, begin):
    """A cursor for one short transaction, whose connection keeps its plans for the next one.

    Odoo's pool resets a connection each time that it lends it (psycopg2's ``reset`` is ``DISCARD ALL``): functions of
    the database are planned again, which takes ten times as long as running them for one customer. The pool still
    knows the connection, and closes it when the database is dropped and before the server forks.

    Committed at the end of the block; closed, as any other, if the block fails.

    :param str begin: the statements that the transaction begins with
    """
    if not ismethod(registry.cursor):  # a test's: savepoints of its transaction, which has begun
        with registry.cursor() as cr:
            yield cr
        return
    cr = _kept.pop(registry.db_name, None)
    begun = cr is not None and _has_begun(cr, begin)
    if not begun:
        cr = registry.cursor()
        _prepared[cr] = {}
    kept = False
    try:
        if not begun:
            cr.execute(begin)
        yield cr
        cr.commit()  # pylint: disable=invalid-commit
        cr.cache.clear()
        cr.transaction = None  # the registry may be another one the next time
        # From here on another thread may have it.
        kept = len(_kept) < DATABASES and _kept.setdefault(registry.db_name, cr) is cr
    finally:
        if not kept:
            cr.close()


def execute_prepared(cr, query):
    """Execute a query, which a kept cursor plans once and not each time. On any other cursor it is just executed.

    :param SQL query: each ``%s`` of it with its type: ``%s::int[]``. Its parameters may differ from time to time, its
        text tells which query it is
    """
    if cr not in _prepared:
        cr.execute(query)
        return
    prepared = _prepared[cr]
    name = prepared.get(query.code)
    if name is None:
        name = f"customer_{len(prepared)}"
        text = query.code % tuple(f"${number}" for number in range(1, len(query.params) + 1))
        cr.execute(f"PREPARE {name} AS {text}")  # pylint: disable=sql-injection
        prepared[query.code] = name
    cr.execute(f"EXECUTE {name} ({', '.join(['%s'] * len(query.params))})", query.params, log_exceptions=False)


def _has_begun(cr, begin):
    """Begin a transaction. :return: False if the connection is not there any more"""
    if cr.closed:
        return False
    try:
        cr.execute(begin, log_exceptions=False)
    except (psycopg2.InterfaceError, psycopg2.OperationalError):
        cr.close()
        return False
    return True
