"""Records the requests of this folder: `python record.py FOLDER`, with opentelemetry-sdk and -exporter-otlp-proto-http."""
import sys
from opentelemetry.sdk.metrics import MeterProvider, Counter, Histogram, UpDownCounter, ObservableCounter
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, AggregationTemporality
from opentelemetry.sdk.metrics.view import View, ExponentialBucketHistogramAggregation
from opentelemetry.sdk.resources import Resource
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from google.protobuf.json_format import MessageToJson
out=sys.argv[1]
for temp in ("cumulative","delta"):
  for hist in ("explicit","exponential"):
    pref={} if temp=="cumulative" else {Counter:AggregationTemporality.DELTA,Histogram:AggregationTemporality.DELTA,ObservableCounter:AggregationTemporality.DELTA}
    reader=InMemoryMetricReader(preferred_temporality=pref)
    views=[] if hist=="explicit" else [View(instrument_type=Histogram, aggregation=ExponentialBucketHistogramAggregation())]
    p=MeterProvider(metric_readers=[reader],views=views,resource=Resource({"service.name":"shop","service.namespace":"eu","service.instance.id":"i-1","cores":4}))
    m=p.get_meter("test")
    c=m.create_counter("http.requests",unit="{request}")
    h=m.create_histogram("http.server.request.duration",unit="s",explicit_bucket_boundaries_advisory=[0.005,0.01,0.025,0.05,0.075,0.1,0.25,0.5,0.75,1,2.5,5,7.5,10])
    u=m.create_up_down_counter("queue.length",unit="{item}")
    g=m.create_gauge("queue.age",unit="ms")
    def observe(k):
        for i in range(100*k):
            seg=("gold","free")[i%2]
            c.add(1,{"http.response.status_code":503 if i%10==9 else 200,"attain.segment":seg,"ok":i%10!=9})
            h.record(0.001*(i+1),{"attain.segment":seg,"http.route":"/pay"})
        u.add(k,{"attain.segment":"free"}); g.set(250.5*k,{"attain.segment":"free"})
    for n in (1,2):
        observe(n)
        data=reader.get_metrics_data()
        req=encode_metrics(data)
        open(f"{out}/{temp}-{hist}-{n}.pb","wb").write(req.SerializeToString())
        if n==1 : open(f"{out}/{temp}-{hist}-{n}.json","w").write(MessageToJson(req,use_integers_for_enums=True,indent=None))
