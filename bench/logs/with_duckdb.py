"""Counts a log with duckdb: with_duckdb.py combined|json LOG OUT.csv. Prints the lines that it rejected."""

import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).parent


def main(form, log, out):
    database = duckdb.connect()
    database.execute("SET preserve_insertion_order = false")
    lines = (HERE / f"{form}.sql").read_text().replace("{file}", log)
    database.execute(f"CREATE TEMPORARY VIEW lines AS {lines}")
    database.execute((HERE / "counts.sql").read_text())
    # A JSON line that cannot be read is a row of nulls; a CSV line that cannot be read is in the table of rejects.
    (nulls,) = database.execute("SELECT coalesce(sum(total), 0) FROM counts WHERE minute IS NULL").fetchone()
    thrown = 0
    if form == "combined":
        (thrown,) = database.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchone()
    kept = "SELECT * FROM counts WHERE minute IS NOT NULL ORDER BY minute, segment"
    database.execute(f"COPY ({kept}) TO '{out}' (HEADER)")
    print(f"rejected {nulls + thrown}")


main(*sys.argv[1:])
