//! Whose request it was: label, customer, contract, edge; and what nobody claims.

use attain_model::company::{CustomerContract, Edge, Identify, IdentifyBy, Roster, RosterFrom};
use attain_model::meta::Meta;
use attain_model::selector::Match;
use attain_model::source::{CsvLayout, SourceKind};
use attain_model::{Catalogue, CountedSegment};
use attain_sources::{Options, read};

use crate::make::*;

const ROWS: &str = "at,status,tier,account,plan,service
2026-11-02T09:00:00Z,200,ent,,,shop
2026-11-02T09:00:00Z,200,enterprise,acc-2,team,shop
2026-11-02T09:00:00Z,200,gold,acc-1,team,shop
2026-11-02T09:00:00Z,200,,acc-1,,shop
2026-11-02T09:00:00Z,200,,acc-2,,shop
2026-11-02T09:00:00Z,200,,acc-9,team,shop
2026-11-02T09:00:00Z,200,,,platinum,shop
2026-11-02T09:00:00Z,200,,,,shop
2026-11-02T09:00:00Z,200,ent,,,other
";

fn catalogue() -> Catalogue {
    let mut catalogue = empty()
        .segment("enterprise", &["ent", "enterprise"])
        .segment("team", &["team"])
        .service("calls", "shop")
        .source(
            "rows",
            SourceKind::Csv(csv(&["rows.csv"], CsvLayout::Events, "at")),
        )
        .labels("rows", "tier", Some("service"), Some("account"))
        .slo("calls", log_lines(only(&[])), &[]);
    catalogue.roster = Some(Roster {
        from: RosterFrom::Csv("roster.csv".to_owned()),
        columns: [("customer", "id"), ("segment", "plan")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into(),
        every: std::time::Duration::from_secs(300),
    });
    catalogue.contracts.insert(
        "acc-1".into(),
        CustomerContract {
            id: "acc-1".into(),
            name: None,
            segment: "enterprise".into(),
            reference: None,
            fee: None,
            credits: None,
            terms: Vec::new(),
            meta: Meta::default(),
        },
    );
    catalogue.edge = Some(Edge {
        header: "X-Customer-Segment".to_owned(),
        customer_header: "X-Customer-Id".to_owned(),
        sign: None,
        identify: vec![Identify {
            by: IdentifyBy::Claim("plan".to_owned()),
            matches: None::<Match>,
            lookup: None,
            segment: None,
        }],
        otherwise: "team".into(),
        lanes: Vec::new(),
    });
    catalogue
}

#[test]
fn decided_once_in_this_order() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    std::fs::write(
        dir.path().join("roster.csv"),
        "\u{feff}id,plan\nacc-1,team\nacc-2,team\n",
    )
    .unwrap();
    let mut seen = std::collections::BTreeMap::new();
    let mut sink = |delivery: attain_model::delivery::Delivery| {
        for counted in delivery.counted {
            *seen.entry(counted.segment).or_insert(0) += counted.tally.total();
        }
        Ok(())
    };
    let reading = read(
        &catalogue(),
        dir.path(),
        &Options::default(),
        &mut sink,
        &mut |_| {},
    )
    .unwrap();
    let want = [
        // Two by label, one by contract, which wins over the roster.
        (CountedSegment::Known("enterprise".into()), 3),
        // One by the roster, one by the claim.
        (CountedSegment::Known("team".into()), 2),
        // A label and a claim that no segment claims, and nothing at all: not what `otherwise` serves.
        (CountedSegment::Unknown, 3),
    ];
    assert_eq!(seen, want.into());
    assert_eq!(
        reading.sources["rows"].unknown_values,
        [("gold".to_owned(), 1)].into()
    );
}

/// Who a customer is counted for, where the list says two things or what nobody claims.
#[test]
fn what_is_unclear_in_a_roster_is_said() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    let notes = |roster: &str| {
        std::fs::write(dir.path().join("roster.csv"), roster).unwrap();
        let (options, mut sink) = (Options::default(), |_| Ok(()));
        let reading = read(&catalogue(), dir.path(), &options, &mut sink, &mut |_| {});
        reading.unwrap().sources["rows"].notes.clone()
    };
    assert_eq!(
        notes("id,plan\nacc-1,team\nacc-1,team\n"),
        Vec::<String>::new()
    );
    assert_eq!(
        notes(
            "id,plan\nacc-1,team\nacc-2,Team\nacc-3,platinum\nacc-1,enterprise\nacc-4,platinum\n"
        ),
        [
            "the roster gives one `id` two segments: `team` in row 2, `enterprise` in row 5; the first row counts",
            "no segment claims what rows of the roster say: `platinum` (2), `Team` (1); their requests are counted as unknown, \
             add it to `match:` of a segment",
        ]
    );
}

#[test]
fn a_roster_without_its_column_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    std::fs::write(dir.path().join("roster.csv"), "id,tariff\nacc-1,team\n").unwrap();
    let text = read_text(&catalogue(), dir.path(), &Options::default());
    assert!(
        text.contains("no column `plan` for the segment; it has `id`, `tariff`"),
        "{text}"
    );
}

#[test]
fn a_roster_at_a_url_is_not_silently_empty() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rows.csv"), ROWS).unwrap();
    let mut catalogue = catalogue();
    catalogue.roster.as_mut().unwrap().from = RosterFrom::Http {
        url: "https://crm.example/customers".to_owned(),
        bearer: None,
    };
    let notes = |catalogue: &Catalogue| {
        let options = Options::default();
        let reading = read(
            catalogue,
            dir.path(),
            &options,
            &mut |_| Ok(()),
            &mut |_| {},
        )
        .unwrap();
        reading
            .sources
            .into_values()
            .flat_map(|source| source.notes)
            .collect::<Vec<_>>()
    };
    let [note] = &notes(&catalogue)[..] else {
        panic!("{:?}", notes(&catalogue));
    };
    assert!(
        note.starts_with("the roster is at a URL, which is not read for files"),
        "{note}"
    );
    // Who looks nobody up misses nothing.
    catalogue.sources.get_mut("rows").unwrap().labels.customer = None;
    catalogue.edge = None;
    assert_eq!(notes(&catalogue), [""; 0]);
}
