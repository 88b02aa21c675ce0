//! Access logs: combined with and without appended fields, segments by the edge's rules.

use attain_model::Catalogue;
use attain_model::company::{Edge, Identify, IdentifyBy, Roster, RosterFrom};
use attain_model::quantity::Unit;
use attain_model::selector::{Match, Pattern};
use attain_model::source::{Heartbeat, LogFormat, SourceKind};
use attain_sources::Options;

use crate::make::*;

/// The shape of a tile server's catalogue: partners by API key or by user agent.
pub fn tiles() -> Catalogue {
    let mut catalogue = empty()
        .segment("partner", &["partner"])
        .segment("public", &["public"])
        .source(
            "access",
            log(
                &["nginx.log"],
                LogFormat::Combined,
                &["request_time", "http_x_api_key"],
                Some(("request_time", Unit::Seconds)),
            ),
        )
        .slo(
            "tiles",
            log_lines(only(&[("path", "~/tiles/.*")])),
            &[200, 300],
        )
        .slo("all", log_lines(only(&[])), &[]);
    catalogue.edge = Some(Edge {
        header: "X-Customer-Segment".to_owned(),
        customer_header: "X-Customer-Id".to_owned(),
        sign: None,
        identify: vec![
            Identify {
                by: IdentifyBy::Header("X-Api-Key".to_owned()),
                matches: None,
                lookup: Some("key_sha256".to_owned()),
                segment: None,
            },
            Identify {
                by: IdentifyBy::Header("User-Agent".to_owned()),
                matches: Some(Match::Pattern(
                    Pattern::new("(PartnerSDK|TileKit)/.*").unwrap(),
                )),
                lookup: None,
                segment: Some("partner".into()),
            },
        ],
        otherwise: "public".into(),
        lanes: Vec::new(),
    });
    catalogue.roster = Some(Roster {
        from: RosterFrom::Csv("partners.csv".to_owned()),
        columns: [
            ("customer", "name"),
            ("segment", "tier"),
            ("key_sha256", "sha256"),
        ]
        .map(|(role, column)| (role.to_owned(), column.to_owned()))
        .into(),
        every: std::time::Duration::from_secs(300),
    });
    catalogue
}

#[test]
fn nginx_with_appended_fields() {
    check(
        "nginx",
        &read_text(&tiles(), &testdata(), &Options::default()),
    );
}

#[test]
fn apache_combined() {
    let catalogue = empty()
        .source(
            "access",
            log(&["apache/access.log"], LogFormat::Combined, &[], None),
        )
        .slo("site", log_lines(only(&[("method", "GET|HEAD")])), &[]);
    let options = Options {
        slice: std::time::Duration::from_secs(86_400),
        ..Options::default()
    };
    check("apache", &read_text(&catalogue, &testdata(), &options));
}

#[test]
fn a_heartbeat_tells_when_the_log_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let line = |minute: u32, path: &str| {
        format!(
            "::1 - - [02/Nov/2026:09:{minute:02}:00 +0000] \"GET {path} HTTP/1.1\" 200 1 \"-\" \"a\"\n"
        )
    };
    // The newer file has the earlier name, as rotation makes it.
    let newer: String = [4, 5, 20, 21]
        .map(|minute| line(minute, "/healthz"))
        .concat();
    let older: String = [0, 2].map(|minute| line(minute, "/healthz")).concat() + &line(3, "/a");
    std::fs::write(dir.path().join("a.log"), newer).unwrap();
    std::fs::write(dir.path().join("a.log.1"), older).unwrap();
    let mut catalogue = empty()
        .source("access", log(&["a.log*"], LogFormat::Combined, &[], None))
        .slo("site", log_lines(only(&[("path", "/a")])), &[]);
    let SourceKind::Log(source) = &mut catalogue.sources.get_mut("access").unwrap().kind else {
        unreachable!()
    };
    source.heartbeat = Some(Heartbeat {
        path: "/healthz".to_owned(),
        every: std::time::Duration::from_secs(120),
    });
    let text = read_text(&catalogue, dir.path(), &Options::default());
    let observed: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("observed"))
        .collect();
    assert_eq!(
        observed,
        [
            "  observed 2026-11-02T09:00:00Z to 2026-11-02T09:05:00Z",
            "  observed 2026-11-02T09:20:00Z to 2026-11-02T09:21:00Z",
        ]
    );
    // Read on a heartbeat at a time, it is not silent either.
    std::fs::remove_file(dir.path().join("a.log.1")).unwrap();
    let observed = |minute: u32, heard_until: &str| {
        std::fs::write(dir.path().join("a.log"), line(minute, "/healthz")).unwrap();
        let heard_until = heard_until.parse().unwrap();
        let options = Options {
            heard_until: [("access".into(), heard_until)].into(),
            ..Options::default()
        };
        let text = read_text(&catalogue, dir.path(), &options);
        let observed = text.lines().find(|line| line.contains("observed"));
        observed.map(str::trim).unwrap().to_owned()
    };
    assert_eq!(
        observed(23, "2026-11-02T09:21:10Z"),
        "observed 2026-11-02T09:21:10Z to 2026-11-02T09:23:00Z"
    );
    for heard_until in ["2026-11-02T09:20:00Z", "2026-11-02T09:40:00Z"] {
        assert_eq!(
            observed(23, heard_until),
            "observed 2026-11-02T09:23:00Z to 2026-11-02T09:23:00Z"
        );
    }
}

#[test]
fn json_logs_of_nginx_and_caddy() {
    let dir = tempfile::tempdir().unwrap();
    let lines = [
        // nginx with `escape=json`
        r#"{"time_iso8601":"2026-11-02T10:40:00+01:00","request":"GET /tiles/1.png?v=1 HTTP/1.1","status":"200","request_time":"0.201","http_user_agent":"TileKit/2","http_x_api_key":""}"#,
        r#"{"msec":"1793612400.123","request_uri":"/tiles/2.png","request_method":"GET","status":503,"request_time":0.1,"http_x_api_key":"k-partner-1"}"#,
        // Caddy
        r#"{"ts":1793612400.5,"request":{"method":"GET","uri":"/tiles/3.png?x","headers":{"X-Api-Key":["k-partner-1"],"User-Agent":["curl"]}},"status":200,"request_time":0.3}"#,
        r#"{"ts":1793612400.5,"level":"info","msg":"started"}"#,
    ];
    std::fs::write(dir.path().join("a.json"), lines.join("\n")).unwrap();
    std::fs::copy(
        testdata().join("partners.csv"),
        dir.path().join("partners.csv"),
    )
    .unwrap();
    let mut catalogue = tiles();
    catalogue.slos.remove("all");
    let kind = log(
        &["a.json"],
        LogFormat::Json,
        &[],
        Some(("request_time", Unit::Seconds)),
    );
    catalogue.sources.get_mut("access").unwrap().kind = kind;
    check(
        "json-log",
        &read_text(&catalogue, dir.path(), &Options::default()),
    );
}

#[test]
fn a_pattern_with_named_groups() {
    let dir = tempfile::tempdir().unwrap();
    let text = "2026-11-02 09:40:00 premium GET /a 200 12ms\n2026-11-02 09:40:01 free GET /b 500 900ms\nnoise\n";
    std::fs::write(dir.path().join("app.log"), text).unwrap();
    let pattern = r"(?P<time>\S+ \S+) (?<segment>\w+) (?<method>\w+) (?<path>\S+) (?<status>\d+) (?<took>\d+)ms";
    let format = LogFormat::Pattern(Pattern::new(pattern).unwrap());
    let catalogue = empty()
        .segment("premium", &["premium"])
        .source(
            "app",
            log(
                &["app.log"],
                format,
                &[],
                Some(("took", Unit::Milliseconds)),
            ),
        )
        .slo("all", log_lines(only(&[("method", "GET")])), &[100]);
    check(
        "pattern-log",
        &read_text(&catalogue, dir.path(), &Options::default()),
    );
}
