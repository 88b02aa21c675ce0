//! A total and its errors in two metrics whose labels differ: never silently good.

use std::collections::BTreeMap;
use std::path::Path;

use attain_model::delivery::Delivery;
use attain_model::indicator::Part;
use attain_model::source::{CsvLayout, SourceKind};
use attain_model::{Catalogue, Class};
use attain_sources::{Options, read};

use crate::make::*;

fn catalogue(layout: CsvLayout, part: Part) -> Catalogue {
    let mut source = csv(&["*.csv"], layout, "t");
    source.name = Some("name".to_owned());
    source.slot = (layout != CsvLayout::Samples).then_some(std::time::Duration::from_secs(60));
    if layout != CsvLayout::Wide {
        source.received = Some("seen".to_owned());
    }
    empty()
        .segment("premium", &["premium"])
        .segment("free", &["free"])
        .source("s", SourceKind::Csv(source))
        .slo(
            "pair",
            totals(("requests", only(&[])), part, ("part", only(&[])), None),
            &[],
        )
}

/// `minute segment good+bad` of every instant or slot, then what could not be read, and notes.
fn told(catalogue: &Catalogue, base: &Path, options: &Options) -> String {
    let mut cells: BTreeMap<(i64, String), [u64; 2]> = BTreeMap::new();
    let mut lines = Vec::new();
    let mut sink = |delivery: Delivery| {
        let samples = delivery.samples.iter().map(|s| {
            let late = s
                .received
                .map_or(String::new(), |t| format!(" at {}", t.as_second()));
            (
                s.time.as_second(),
                format!("{}{late}", s.segment),
                &s.class,
                s.value,
            )
        });
        let counted = delivery.counted.iter().flat_map(|c| {
            let late = c
                .received
                .map_or(String::new(), |t| format!(" at {}", t.as_second()));
            let key = (c.slice.as_second(), format!("{}{late}", c.segment));
            let cells = c.tally.cells.iter();
            cells.map(move |((class, _), events)| (key.0, key.1.clone(), class, *events))
        });
        for (time, segment, class, events) in samples.chain(counted) {
            let cell = cells.entry((time, segment)).or_default();
            cell[usize::from(*class == Class::bad())] += events;
        }
        lines.extend(
            delivery
                .unparsed
                .into_iter()
                .map(|u| format!("{}: {}", u.place, u.why)),
        );
        Ok(())
    };
    let reading = read(catalogue, base, options, &mut sink, &mut |_| {}).unwrap();
    let cells = cells
        .iter()
        .map(|((time, who), [good, bad])| format!("{time} {who} {good}+{bad}"));
    let notes = reading
        .sources
        .into_values()
        .flat_map(|source| source.notes);
    cells
        .chain(lines)
        .chain(notes)
        .collect::<Vec<_>>()
        .join("\n")
}

fn of(layout: CsvLayout, part: Part, files: &[&str]) -> String {
    let dir = tempfile::tempdir().unwrap();
    for (number, rows) in files.iter().enumerate() {
        let head = if layout == CsvLayout::Wide {
            ""
        } else {
            "t,name,segment,instance,code,value,seen\n"
        };
        std::fs::write(
            dir.path().join(format!("{number}.csv")),
            format!("{head}{rows}"),
        )
        .unwrap();
    }
    told(&catalogue(layout, part), dir.path(), &Options::default())
}

#[test]
fn errors_with_more_labels_than_requests_add_up() {
    let rows = "0,requests,premium,a,,1000,\n0,part,premium,a,500,10,\n\
                60,requests,premium,a,,1100,\n60,part,premium,a,500,12,\n60,part,premium,a,503,5,\n\
                120,requests,premium,a,,1200,\n120,part,premium,a,500,12,\n120,part,premium,a,503,25,\n";
    assert_eq!(
        of(CsvLayout::Samples, Part::Bad, &[rows]),
        "0 premium 990+10\n60 premium 1083+17\n120 premium 1163+37"
    );
    // The same in two files: requests in one, errors in the other.
    let (requests, errors): (Vec<&str>, Vec<&str>) =
        rows.lines().partition(|row| row.contains("requests"));
    assert_eq!(
        of(
            CsvLayout::Samples,
            Part::Bad,
            &[&requests.join("\n"), &errors.join("\n")]
        ),
        "0 premium 990+10\n60 premium 1083+17\n120 premium 1163+37"
    );
}

#[test]
fn a_restart_of_one_counter_of_several_is_no_restart_of_the_sum() {
    // Instance b restarts: 50 more requests, 8 more errors although its errors rose from 5 to 8 only.
    let rows = "0,requests,premium,a,,1000,\n0,requests,premium,b,,1000,\n0,part,premium,b,500,5,\n\
                60,requests,premium,a,,1100,\n60,requests,premium,b,,50,\n60,part,premium,b,500,8,\n";
    assert_eq!(
        of(CsvLayout::Samples, Part::Bad, &[rows]),
        "0 premium 1995+5\n60 premium 2137+13"
    );
}

#[test]
fn a_sample_that_is_missing_makes_nothing_good() {
    let rows = "0,requests,premium,a,,1000,\n0,part,premium,a,500,900,\n\
                60,requests,premium,a,,1010,\n\
                120,requests,premium,a,,1020,\n120,part,premium,a,500,915,\n";
    let note = "part of premium rose by more than requests at 1 of 3 instants: they are not sampled together, \
                or not all of part is in requests";
    assert_eq!(
        of(CsvLayout::Samples, Part::Bad, &[rows]),
        format!("0 premium 100+900\n60 premium 110+900\n120 premium 110+915\n{note}")
    );
    let good = rows
        .replace("part,premium,a,500,900", "part,premium,a,,100")
        .replace("500,915", ",105");
    assert_eq!(
        of(CsvLayout::Samples, Part::Good, &[&good]),
        "0 premium 100+900\n60 premium 100+910\n120 premium 105+915"
    );
}

#[test]
fn errors_without_their_requests_are_bad_and_said() {
    let rows = "0,part,premium,a,500,3,\n60,part,premium,a,500,5,\n";
    assert_eq!(
        of(CsvLayout::Samples, Part::Bad, &[rows]),
        "0 premium 0+3\n60 premium 0+5\n\
         part of premium has no requests beside it: all count as bad"
    );
    assert_eq!(
        of(CsvLayout::Samples, Part::Good, &[rows]),
        "part of premium has no requests beside it: none counts"
    );
    let rows = format!("{rows}60,requests,premium,a,,2,\n");
    assert_eq!(
        of(CsvLayout::Long, Part::Bad, &[&rows]),
        "0 premium 0+3\n60 premium 0+5\n\
         3 part have no requests in their segment and slot: all count as bad\n\
         part are 3 more than requests in their slots: all count as bad"
    );
}

#[test]
fn errors_without_a_segment_are_borne_by_every_segment() {
    let rows = "0,requests,premium,a,,100,\n0,requests,free,a,,2,\n0,part,,a,500,3,\n\
                60,requests,premium,a,,200,\n60,requests,free,a,,40,\n60,part,,a,500,10,\n";
    assert_eq!(
        of(CsvLayout::Samples, Part::Bad, &[rows]),
        "0 free 0+3\n0 premium 97+3\n60 free 31+10\n60 premium 190+10\n\
         part does not say the segment that requests says: every segment bears all of its events"
    );
    assert_eq!(
        of(CsvLayout::Long, Part::Bad, &[rows]),
        "0 free 0+2\n0 premium 97+3\n60 free 30+10\n60 premium 190+10\n\
         13 part do not say the segment that requests say: every segment of their slot bears them"
    );
}

#[test]
fn an_error_cell_that_cannot_be_read_makes_nothing_good() {
    let rows =
        "0,requests,premium,a,,100,\n0,part,premium,a,500,lots,\n60,requests,premium,a,,100,\n";
    assert_eq!(
        of(CsvLayout::Long, Part::Bad, &[rows]),
        "60 premium 100+0\n0.csv:3: `lots` is not a number of events"
    );
    // Nor does one that may be anybody's.
    assert_eq!(
        of(
            CsvLayout::Long,
            Part::Bad,
            &[&rows.replace("part,premium", "part,")]
        ),
        "60 premium 100+0\n0.csv:3: `lots` is not a number of events\n0.csv:2: 100 requests without their part"
    );
    let wide = "t,requests,part\n0,100,lots\n60,100,3\n120,,4\n";
    assert_eq!(
        of(CsvLayout::Wide, Part::Bad, &[wide]),
        "60 unknown 97+3\n120 unknown 0+4\n0.csv:2: column 3: `lots` is not a number of events\n\
         4 part have no requests in their segment and slot: all count as bad"
    );
}

#[test]
fn numbers_that_arrive_apart_are_one_slot() {
    let rows = "0,requests,premium,a,,100,\n0,part,premium,a,500,3,900\n";
    for (layout, want) in [
        (CsvLayout::Long, "0 premium at 900 97+3"),
        (CsvLayout::Samples, "0 premium at 900 97+3"),
    ] {
        assert_eq!(of(layout, Part::Bad, &[rows]), want);
    }
}

#[test]
fn what_an_earlier_run_took_is_still_added_up() {
    let rows = "0,requests,premium,a,,1000,\n0,part,premium,a,500,10,\n\
                60,requests,premium,a,,100,\n60,part,premium,a,503,5,\n";
    let dir = tempfile::tempdir().unwrap();
    let text = format!("t,name,segment,instance,code,value,seen\n{rows}");
    std::fs::write(dir.path().join("0.csv"), text).unwrap();
    let catalogue = catalogue(CsvLayout::Samples, Part::Bad);
    let mut options = Options::default();
    let whole = told(&catalogue, dir.path(), &options);
    assert_eq!(whole, "0 premium 990+10\n60 premium 1085+15");
    let mut origin = String::new();
    let mut sink = |delivery: Delivery| {
        if !delivery.range.is_empty() {
            origin = delivery.origin;
        }
        Ok(())
    };
    read(&catalogue, dir.path(), &options, &mut sink, &mut |_| {}).unwrap();
    options.taken = taken(&catalogue, "s", &origin, 0..u64::MAX);
    assert_eq!(told(&catalogue, dir.path(), &options), whole);
}

#[test]
fn sums_are_the_truth_whatever_restarts() {
    const INSTANCES: usize = 4;
    const CODES: [&str; 2] = ["500", "503"];
    let mut noise = 7_u64;
    let mut below = |limit: u64| {
        noise ^= noise >> 12;
        noise ^= noise << 25;
        noise ^= noise >> 27;
        (noise.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    };
    for _ in 0..50 {
        let mut requests = [0_u64; INSTANCES];
        // An error counter is born with its first error.
        let mut errors = [[0_u64; CODES.len()]; INSTANCES];
        let (mut total, mut bad) = (0, 0);
        let (mut rows, mut truth) = (String::new(), Vec::new());
        for minute in 0..40 {
            for instance in 0..INSTANCES {
                // Only a fall shows a restart, so it comes when more was counted than a minute brings.
                if requests[instance] > 100 && below(8) == 0 {
                    (requests[instance], errors[instance]) = (0, [0; CODES.len()]);
                }
                let more = if minute == 0 { 0 } else { 20 + below(60) };
                requests[instance] += more;
                total += more;
                let time = minute * 60;
                rows += &format!(
                    "{time},requests,premium,{instance},,{},\n",
                    requests[instance]
                );
                for (code, errors) in CODES.iter().zip(&mut errors[instance]) {
                    let failed = if below(3) == 0 {
                        below(more / 2 + 1)
                    } else {
                        0
                    };
                    *errors += failed;
                    bad += failed;
                    if *errors > 0 {
                        rows += &format!("{time},part,premium,{instance},{code},{errors},\n");
                    }
                }
            }
            truth.push(format!("{} premium {}+{bad}", minute * 60, total - bad));
        }
        assert_eq!(
            of(CsvLayout::Samples, Part::Bad, &[&rows]),
            truth.join("\n")
        );
    }
}
