"""Counts a log with polars: with_polars.py combined|json LOG OUT.csv. Prints the lines that it rejected."""

import sys

import polars as pl

COMBINED = {
    "address": pl.String,
    "ident": pl.String,
    "login": pl.String,
    "time": pl.String,
    "zone": pl.String,
    "request": pl.String,
    "status": pl.Int32,
    "bytes": pl.Int64,
    "referer": pl.String,
    "agent": pl.String,
    "request_time": pl.Float64,
    "segment": pl.String,
}
JSON = {"time": pl.String, "status": pl.Int32, "request_time": pl.Float64, "segment": pl.String}
NEEDED = ["minute", "segment", "status", "request_time"]


def read(form, log):
    """The lines as columns, the minute cut out of the time: `[02/Nov/2026:09:40:07` or RFC 3339."""
    if form == "combined":
        rows = pl.scan_csv(log, separator=" ", has_header=False, quote_char='"', schema=COMBINED, ignore_errors=True)
        return rows.with_columns(minute=pl.col("time").str.slice(13, 5))
    rows = pl.scan_ndjson(log, schema=JSON, ignore_errors=True)
    return rows.with_columns(minute=pl.col("time").str.slice(11, 5))


def main(form, log, out):
    segment, status = pl.col("segment"), pl.col("status")
    limit = pl.when(segment == "premium").then(0.2).when(segment == "standard").then(0.5).otherwise(2.0)
    whole = pl.all_horizontal(pl.col(NEEDED).is_not_null())
    counts = (
        read(form, log)
        .select(*NEEDED, whole=whole)
        .group_by(pl.when("whole").then("minute").alias("minute"), pl.when("whole").then("segment").alias("segment"))
        .agg(total=pl.len(), available=(status < 500).sum(), fast=(pl.col("request_time") < limit).sum())
        .collect(engine="streaming")
    )
    kept = counts.filter(pl.col("minute").is_not_null()).sort("minute", "segment")
    kept.write_csv(out)
    print(f"rejected {counts['total'].sum() - kept['total'].sum()}")


main(*sys.argv[1:])
