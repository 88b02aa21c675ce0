//! Two versions of a catalogue: what was promised stays, and a name does not vanish without a word.

use attain_spec::{Parsed, compare, parse};

use super::catalogue;

/// The catalogue `shop` after `edit` in one file.
fn edited(folder: &str, file: &str, from: &str, to: &str) -> Parsed {
    let mut files = catalogue(folder);
    let file = files.iter_mut().find(|f| f.name == file).unwrap();
    assert!(file.text.contains(from), "{from}");
    file.text = file.text.replacen(from, to, 1);
    parse(&files)
}

fn listing(before: &Parsed, after: &Parsed) -> Vec<String> {
    compare(before, after)
        .iter()
        .map(|d| {
            let place = after.sources.place(d.span);
            format!(
                "{place} {}: {} | {}",
                d.code,
                d.cause,
                d.help.as_deref().unwrap_or("-")
            )
        })
        .collect()
}

#[test]
fn an_edited_commitment_is_refused_where_it_was_edited() {
    let before = parse(&catalogue("shop"));
    let after = edited(
        "shop",
        "customer.yaml",
        "{availability: {premium: 99.5%}}",
        "{availability: {premium: 99.4%}}",
    );
    assert_eq!(
        listing(&before, &after),
        [
            "customer.yaml:25:63 commitment-edited: on record the commitment of 2024-06-01 is 99.5%; what was promised \
          is never edited | restore it, and add an entry with a new `since` above it"
        ]
    );
}

#[test]
fn a_commitment_is_superseded_by_adding_on_top() {
    let before = parse(&catalogue("shop"));
    let after = edited(
        "shop",
        "customer.yaml",
        "      - {since: 2026-01-01,",
        "      - {since: 2026-09-01, targets: {availability: {premium: 99.92%}}}\n      - {since: 2026-01-01,",
    );
    assert!(after.catalogue.is_some());
    assert!(listing(&before, &after).is_empty());
}

#[test]
fn other_edits_of_what_was_promised_are_found() {
    let before = parse(&catalogue("shop"));
    for (from, to, wanted) in [
        (
            "      - {since: 2024-06-01, targets: {availability: {premium: 99.5%}}, window: calendar month, published: [MSA 3.0]}\n",
            "",
            "customer.yaml:24:7 commitment-edited: the commitment of 2024-06-01 is gone",
        ),
        (
            "since: 2024-06-01",
            "since: 2024-07-01",
            "the commitment of 2024-06-01 is gone",
        ),
        (
            "{premium: 99.9%, standard: 99.5%}",
            "{premium: 99.9%}",
            "on record the commitment of 2026-01-01 is 99.5%",
        ),
        (
            "{premium: 99.9%, standard: 99.5%}",
            "{premium: 99.9%, standard: 99.5%, free: 99%}",
            "the commitment of 2026-01-01 says nothing about free",
        ),
        (
            "window: calendar month, published: [pricing",
            "published: [pricing",
            "judged in another way",
        ),
    ] {
        let found = listing(&before, &edited("shop", "customer.yaml", from, to));
        assert_eq!(found.len(), 1, "{to}: {found:?}");
        assert!(found[0].contains(wanted), "{found:?}");
    }
}

#[test]
fn a_name_does_not_vanish_without_a_word() {
    let before = parse(&catalogue("petshop"));
    let gone = edited(
        "petshop",
        "petshop.yaml",
        "  adoption-queue: {layer: infrastructure}\n",
        "",
    );
    // A dependency still leads there, so that the file does not hold together either.
    assert!(gone.catalogue.is_none());
    let gone = edited(
        "petshop",
        "petshop.yaml",
        "  site-quick:  ",
        "  site-fast:  ",
    );
    assert_eq!(
        listing(&before, &gone),
        [
            "petshop.yaml:17:1 id-disappeared: the SLO `site-quick` (petshop.yaml:27:3) is gone, and nothing says where \
          its history went | keep it with `retired: <date>`, or write `formerly: [site-quick]` under its new name"
        ]
    );
    let renamed = edited(
        "petshop",
        "petshop.yaml",
        "  site-quick:      {",
        "  site-fast:      {formerly: [site-quick], ",
    );
    assert_eq!(listing(&before, &renamed), Vec::<String>::new());
    let retired = edited(
        "petshop",
        "petshop.yaml",
        "  site-quick:      {",
        "  site-quick:      {retired: 2026-12-01, ",
    );
    assert_eq!(listing(&before, &retired), Vec::<String>::new());
}

#[test]
fn a_source_of_another_name_is_said_to_begin_anew() {
    let with = |sources: &str, source: &str| {
        let text = format!(
            "attain: 1
sources:
{sources}slos:
  pay:
    owner: shop
    indicator: {{metric: a_total, source: {source}, bad: {{code: 5xx}}}}
    objectives: {{availability: 99.5%}}
"
        );
        parse(&[attain_spec::Input {
            name: "shop.yaml".to_owned(),
            text,
        }])
    };
    let before = with("  prom: {remote_write: {}}\n", "prom");
    let renamed = with("  metrics: {remote_write: {}}\n", "metrics");
    assert_eq!(
        listing(&before, &renamed),
        [
            "shop.yaml:3:3 source-renamed: the source `prom` is gone, and what it counted is counted from `metrics` now: the \
             history of pay begins anew | if it is the same one, write `formerly: [prom]` under `metrics`"
        ]
    );
    let said = with(
        "  metrics: {formerly: [prom], remote_write: {}}\n",
        "metrics",
    );
    assert_eq!(listing(&before, &said), [] as [String; 0]);
    // A source beside it is another one, and whoever counts it says so.
    let both = with(
        "  prom: {remote_write: {}}\n  metrics: {remote_write: {}}\n",
        "metrics",
    );
    assert_eq!(listing(&before, &both), [] as [String; 0]);
}

#[test]
fn negotiated_terms_and_dated_objectives_stay() {
    let before = parse(&catalogue("parcelo"));
    let after = edited(
        "parcelo",
        "parcelo.yaml",
        "{availability: 99.93%}",
        "{availability: 99.9%}",
    );
    let found = listing(&before, &after);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("on record the term of 2026-07-01 is 99.93%"),
        "{found:?}"
    );

    let text = |second: &str| {
        format!(
            "attain: 1\nslos:\n  a:\n    owner: t\n    indicator: {{metric: x_total}}\n    objectives:\n      - {{since: \
             2026-06-01, targets: {{availability: {second}}}}}\n      - {{targets: {{availability: 99%}}}}\n"
        )
    };
    let (before, after) = (
        super::one("a.yaml", &text("99.9%")),
        super::one("a.yaml", &text("99.5%")),
    );
    assert!(before.catalogue.is_some(), "{:?}", before.diagnostics);
    let found = listing(&before, &after);
    assert_eq!(
        found,
        [
            "a.yaml:7:53 commitment-edited: on record the objective of 2026-06-01 is 99.9%; what was promised is never \
          edited | restore it, and add an entry with a new `since` above it"
        ]
    );
}

#[test]
fn a_renamed_segment_keeps_what_was_promised_to_it() {
    let renamed = |from: &str, to: &str, formerly: &str| {
        let mut files = catalogue("shop");
        for file in &mut files {
            file.text = file
                .text
                .replace(&format!("  {from}:  {{"), &format!("  {to}:  {{{formerly}"))
                .replace(&format!("{from}:"), &format!("{to}:"))
                .replace(&format!("[{from}]"), &format!("[{to}]"));
        }
        parse(&files)
    };
    let before = parse(&catalogue("shop"));
    // The commitments of 2024 and 2026 name it as everything else does.
    let gold = renamed("premium", "gold", "formerly: premium, ");
    assert!(gold.catalogue.is_some(), "{:?}", gold.diagnostics);
    assert_eq!(listing(&before, &gold), Vec::<String>::new());
    let edited = {
        let mut files = catalogue("shop");
        for file in &mut files {
            file.text = file
                .text
                .replace("  premium:  {", "  gold:  {formerly: [premium], ")
                .replace("premium: 99.5%", "premium: 99.4%")
                .replace("premium:", "gold:")
                .replace("dedicated: [premium]", "dedicated: [gold]");
        }
        parse(&files)
    };
    let found = listing(&before, &edited);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("commitment-edited: on record the commitment of 2024-06-01 is 99.5%")
    );
    // The next renaming names both: what was counted first is found under the last.
    let platinum = renamed("premium", "platinum", "formerly: [gold, premium], ");
    assert_eq!(listing(&gold, &platinum), Vec::<String>::new());
    let forgetful = renamed("premium", "platinum", "formerly: [gold], ");
    assert_eq!(
        listing(&gold, &forgetful),
        [
            "company.yaml:4:14 id-disappeared: `platinum` was called `premium` once, and nothing says where that history \
          went | write `premium` under its `formerly:`, too"
        ]
    );
}
