//! Access logs: combined with and without appended fields, segments by the edge's rules.

use attain_model::Catalogue;
use attain_model::company::{Edge, Identify, IdentifyBy, Roster, RosterFrom};
use attain_model::quantity::Unit;
use attain_model::selector::{Match, Pattern};
use attain_model::source::LogFormat;
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
