"""Runs the saved queries of Athena on call records in a directory, with DuckDB.

Athena's engine version 3 speaks Trino's SQL. sqlglot reads it as Athena's dialect, which refuses
what Athena would not parse, and writes it anew for DuckDB; the time is the one the test gives.
What this does not show: that Glue and S3 are reached, what a query reads, and where DuckDB is
more lenient about types than Trino.

stdin: {"directory", "columns": {name: Glue type}, "now", "queries": [{"name", "sql", "parameters"}]}
stdout: {name: [row, ...]}, each row an object by column.
"""

import json
import re
import sys

import duckdb
import sqlglot
from sqlglot import exp

SIMPLE = {"string": "VARCHAR", "int": "INTEGER", "bigint": "BIGINT", "double": "DOUBLE"}


def duckdb_type(glue_type):
    if element := re.fullmatch(r"array<(\w+)>", glue_type):
        return f"{SIMPLE[element[1]]}[]"
    if members := re.fullmatch(r"map<(\w+),(\w+)>", glue_type):
        return f"MAP({SIMPLE[members[1]]}, {SIMPLE[members[2]]})"
    return SIMPLE[glue_type]


def main():
    asked = json.load(sys.stdin)
    columns = {name: duckdb_type(of) for name, of in asked["columns"].items()}
    database = duckdb.connect()
    database.execute("SET TimeZone = 'UTC'")
    database.execute(
        f"""CREATE VIEW calls AS SELECT * FROM read_json(
            '{asked["directory"]}/calls/*/*/*.json.gz', format = 'newline_delimited',
            columns = {columns}, hive_partitioning = true,
            hive_types = {{'dt': 'VARCHAR', 'hr': 'VARCHAR'}})"""
    )
    now = sqlglot.parse_one(f"CAST('{asked['now']}' AS TIMESTAMPTZ)", dialect="duckdb")
    answers = {}
    for query in asked["queries"]:
        statement = sqlglot.parse_one(query["sql"], dialect="athena")
        at_that_time = statement.transform(
            lambda node: now.copy() if isinstance(node, exp.CurrentTimestamp) else node
        )
        rows = database.execute(at_that_time.sql(dialect="duckdb"), query["parameters"])
        names = [column[0] for column in rows.description]
        answers[query["name"]] = [dict(zip(names, row)) for row in rows.fetchall()]
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
