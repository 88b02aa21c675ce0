"""Records calls with the OpenTelemetry SDK and exports them to ADDRESS, once for each COMBINATION of temporality, histogram
and protocol. Prints what it recorded: the combination, good, bad, fast (under 250 ms), slow."""

import random
import sys
import time

from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as ByGrpc
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as ByHttp
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
)
from opentelemetry.sdk.resources import Resource

EXPORTS = 4
CALLS = 50
EDGES = [0.005, 0.025, 0.1, 0.25, 1, 5]


def exporter(protocol, address, temporality, histogram):
    delta = AggregationTemporality.DELTA
    kinds = {Counter: delta, Histogram: delta} if temporality == "delta" else {}
    kind = ExponentialBucketHistogramAggregation() if histogram == "exponential" else ExplicitBucketHistogramAggregation(EDGES)
    common = {"preferred_temporality": kinds, "preferred_aggregation": {Histogram: kind}}
    if protocol == "grpc":
        return ByGrpc(endpoint=address, insecure=True, **common)
    return ByHttp(endpoint=f"http://{address}/v1/metrics", **common)


def run(combination, address, rng):
    sender = exporter(combination.split("-")[2], address, *combination.split("-")[:2])
    # Exports are asked for, so that what is recorded between two of them is known.
    reader = PeriodicExportingMetricReader(sender, export_interval_millis=3_600_000)
    resource = Resource({"service.name": "shop", "service.instance.id": combination})
    provider = MeterProvider(metric_readers=[reader], resource=resource)
    meter = provider.get_meter("shop")
    calls = meter.create_counter("shop.calls", unit="{call}")
    duration = meter.create_histogram("http.server.request.duration", unit="s")
    segment = {"attain.segment": combination}
    good = bad = fast = slow = 0
    for _ in range(EXPORTS):
        for _ in range(rng.randrange(1, CALLS)):
            failed = rng.random() < 0.2
            calls.add(1, {**segment, "outcome": "failed" if failed else "served"})
            good, bad = good + (not failed), bad + failed
        for _ in range(rng.randrange(1, CALLS)):
            # Far from the threshold: a bucket of an exponential histogram has its own edges.
            late = rng.random() < 0.3
            duration.record(rng.uniform(0.5, 9) if late else rng.uniform(0.001, 0.12), segment)
            fast, slow = fast + (not late), slow + late
        # Times are milliseconds to attain: nobody exports in the one in which the first call was recorded.
        time.sleep(0.02)
        if not provider.force_flush():
            sys.exit(f"{combination}: an export failed")
    provider.shutdown()
    print(combination, good, bad, fast, slow, flush=True)


if __name__ == "__main__":
    draws = random.Random(11)
    for one in sys.argv[2:]:
        run(one, sys.argv[1], draws)
