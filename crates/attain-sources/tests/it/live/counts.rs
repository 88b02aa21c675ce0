//! The count of a histogram or a summary, `x_count`: a counter by every way in.

use attain_wire::remote_write::encode;

use super::remote_write::native_request;
use super::*;

/// Requests as the count of the histogram whose latency is promised as well.
fn counted() -> Catalogue {
    empty()
        .segment("free", &["free"])
        .source("live", SourceKind::RemoteWrite { token: None })
        .slo(
            "requests",
            metric(
                "request_seconds_count",
                MetricKind::Counter,
                only(&[]),
                &[("code", "5xx")],
            ),
            &[],
        )
}

#[test]
fn the_count_of_a_histogram_is_a_counter_by_every_way() {
    let want = "\
        0: request_seconds_count free [];
        0 at 0: 14
        1 accepted, 0 of them for nobody, 0 refused, newest Some(0)
    ";
    let mut prometheus = intake(&counted());
    let labels = [("__name__", "request_seconds_count"), ("segment", "free")];
    let body = encode(&[(&labels, &[(14.0, NOW_MS)])]);
    check(&text(prometheus.remote_write(&body, now()).unwrap()), want);
    // The same histogram as a native one is the same series: it counts once.
    let native = native_request(0, 15, &[8, 1, 2, 1], 1000);
    let got = text(prometheus.remote_write(&native, now()).unwrap());
    assert!(got.starts_with("0 at 1000: 15\n1 accepted"), "{got}");
    let native = native_request(0, 14, &[8, 1, 2, 1], 0);
    check(
        &text(intake(&counted()).remote_write(&native, now()).unwrap()),
        want,
    );

    let page = "# TYPE request_seconds summary\nrequest_seconds{segment=\"free\",quantile=\"0.5\"} 1\nrequest_seconds_count{segment=\"free\"} 14\n";
    let got = text(intake(&counted()).exposition(page.as_bytes(), now(), &[]));
    assert!(
        got.starts_with("0: request_seconds_count free [];\n0 at 0: 14\n"),
        "{got}"
    );

    let point = format!(
        r#"{{"timeUnixNano":"{NOW_MS}000000","attributes":[{{"key":"segment","value":{{"stringValue":"free"}}}}],"count":"14""#
    );
    for data in [
        format!(
            r#""histogram":{{"aggregationTemporality":2,"dataPoints":[{point},"explicitBounds":[1],"bucketCounts":["9","5"]}}]}}"#
        ),
        format!(
            r#""exponentialHistogram":{{"aggregationTemporality":2,"dataPoints":[{point},"scale":0,"zeroCount":"14"}}]}}"#
        ),
        format!(r#""summary":{{"dataPoints":[{point},"sum":1.5}}]}}"#),
    ] {
        let request = format!(
            r#"{{"resourceMetrics":[{{"scopeMetrics":[{{"metrics":[{{"name":"request","unit":"s",{data}}}]}}]}}]}}"#
        );
        let got = text(
            intake(&counted())
                .otlp_json(request.as_bytes(), now())
                .unwrap(),
        );
        assert!(
            got.contains("request_seconds_count free [];"),
            "{data}: {got}"
        );
        assert!(got.contains("0 at 0: 14"), "{data}: {got}");
    }
}
