"""The migrations make exactly the tables that the program works with, and every step of them is in its place."""

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Integer, MetaData, Table, inspect, text

from trackway.store import schema
from trackway.store.case import create_case, open_case
from trackway.store.migrations import HEAD, _config, known_revision

Case = Callable[[str], str]
REMEDY = (
    "The tables of store/schema.py are not those that the migrations make. Add a revision below "
    "store/migrations/versions (and raise HEAD) that does this:\n"
)


def differences(case: str, metadata: MetaData) -> list[str]:
    store = open_case(case)
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        found = compare_metadata(context, metadata)
    store.close()
    return [str(one) for one in found]


def test_the_migrated_tables_are_those_of_the_schema(case: Case) -> None:
    create_case(case("heron")).close()
    found = differences(case("heron"), schema.metadata)
    assert found == [], REMEDY + "\n".join(found)


def test_control_a_table_without_a_migration_is_noticed(case: Case) -> None:
    create_case(case("heron")).close()
    changed = MetaData(naming_convention=schema.metadata.naming_convention)
    for table in schema.metadata.tables.values():
        table.to_metadata(changed)
    Table("herons", changed, Column("no", Integer, primary_key=True))
    changed.tables["exhibit"].append_column(Column("colour", Integer))
    assert len(differences(case("heron"), changed)) == 2


def test_keys_and_uniqueness_are_those_of_the_schema(case: Case) -> None:
    """What Alembic's comparison leaves out: primary keys, with the order of their columns."""
    store = create_case(case("heron"))
    inspector = inspect(store.engine)
    for name, table in schema.metadata.tables.items():
        assert inspector.get_pk_constraint(name)["constrained_columns"] == [c.name for c in table.primary_key], name
        unique = {tuple(one["column_names"]) for one in inspector.get_unique_constraints(name)}
        assert unique == {
            tuple(c.name for c in one.columns) for one in table.constraints if one.__visit_name__ == "unique_constraint"
        }, name
    store.close()


def test_the_head_is_the_last_script_and_there_is_one() -> None:
    script = ScriptDirectory.from_config(_config())
    assert script.get_heads() == [HEAD]
    assert known_revision(HEAD)
    assert not known_revision("9999")


def test_no_migration_reads_the_schema_of_today() -> None:
    """A revision says itself what it does: it must do the same in ten years, whatever the tables are then."""
    for script in ScriptDirectory.from_config(_config()).walk_revisions():
        with open(script.path, encoding="utf-8") as file:
            source = file.read()
        assert "trackway" not in source, script.path
        assert "metadata" not in source, script.path


def test_a_case_that_was_cut_while_it_was_migrated_is_migrated_again(case: Case) -> None:
    """One transaction: all tables and the revision, or nothing."""
    create_case(case("heron")).close()
    store = open_case(case("heron"))
    with store.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    store.close()
