"""What must hold before anything can be shown: the tables are there, and they say what the cards say."""

from __future__ import annotations

from django.core.management import CommandError, call_command
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.executor import MigrationExecutor

from catalog import loading


def prepare() -> None:
    """Bring the database up to date. Quick when it is.

    Raises
    ------
    CommandError
        If a card has a mistake; the message names file, key and value.
    """
    executor = MigrationExecutor(connections[DEFAULT_DB_ALIAS])
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    try:
        loading.load()
    except loading.CatalogError as error:
        raise CommandError(str(error)) from error
