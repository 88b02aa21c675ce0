//! Scraped pages: names, births, the target's labels, and lines that are none.

use super::*;

fn target() -> Vec<(String, String)> {
    [("job", "shop"), ("instance", "a:80")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn scrape(intake: &mut Intake, page: &str) -> String {
    text(intake.exposition(page.as_bytes(), now(), &target()))
}

#[test]
fn a_page_says_what_counters_stand_at_and_since_when() {
    let mut intake = intake(&catalogue("request_seconds"));
    let page = "\
# HELP http_requests Requests.
# TYPE http_requests counter
http_requests_total{code=\"200\",segment=\"gold\",job=\"own\"} 18446744073709551615
http_requests_total{code=\"503\"} 2.5 1793612399000
http_requests_created{code=\"200\",segment=\"gold\",job=\"own\"} 1793612390.5
http_requests_created{code=\"503\"} 1793612499
# TYPE request_seconds histogram
request_seconds_bucket{path=\"/\",le=\"0.1\"} 3 # {trace_id=\"x\"} 0.05
request_seconds_bucket{path=\"/\",le=\"+Inf\"} 4
request_seconds_count{path=\"/\"} 4
request_seconds_created{path=\"/\"} 1793612395
# TYPE queue_age gauge
queue_age NaN
queue_age{segment=\"free\"} 0.1
# TYPE up gauge
up 1
# EOF
";
    check(
        &scrape(&mut intake, page),
        "\
        0: http_requests_total premium [code=200];
        1: http_requests_total unknown [code=503];
        2: request_seconds unknown [] <= 100ms; request_seconds unknown [] <= 300ms;
        3: request_seconds unknown [] all;
        0 at 0: 18446744073709551615 since -9500
        1 at -1000: 2
        2 at 0: 3 since -5000
        3 at 0: 4 since -5000
        queue_age{instance=\"a:80\",job=\"shop\",segment=\"free\"} free at 0: 100000000
        10 accepted, 5 of them for nobody, 1 refused, newest Some(0)
        - line 13: `queue_age` is NaN: it knows no number
    ",
    );
    // Known lines are found again; another target has series of its own.
    assert!(scrape(&mut intake, page).starts_with("0 at 0: "));
    let other = vec![
        ("job".to_owned(), "shop".to_owned()),
        ("instance".to_owned(), "b:80".to_owned()),
    ];
    assert!(
        text(intake.exposition(page.as_bytes(), now(), &other))
            .starts_with("4: http_requests_total premium")
    );
}

#[test]
fn a_page_that_says_when_its_process_began_says_it_of_its_counters() {
    let mut catalogue = catalogue("request_seconds");
    for source in catalogue.sources.values_mut() {
        source.started = Some("process_start_time_seconds".to_owned());
    }
    let mut intake = intake(&catalogue);
    let page = "\
# process_start_time_seconds 1
http_requests_total{code=\"200\"} 3
process_start_time_seconds_old 2
process_start_time_seconds 1.79361239e+09
";
    let first = scrape(&mut intake, page);
    assert!(first.contains("0 at 0: 3 since -10000\n"), "{first}");
    let page = page.replace("} 3", "} 4\nhttp_requests_total{code=\"500\"} 1");
    let then = scrape(&mut intake, &page);
    assert!(
        then.contains("0 at 0: 4\n1 at 0: 1 since -10000\n"),
        "{then}"
    );
}

#[test]
fn a_line_may_say_the_name_of_a_beginning_any_number_of_times() {
    let mut made = catalogue("request_seconds");
    for source in made.sources.values_mut() {
        source.started = Some("started".to_owned());
    }
    let page = format!("# HELP x {}\nqueue_age 1\n", "started ".repeat(2_000_000));
    let (batch, outcome) = intake(&made).exposition(page.as_bytes(), now(), &target());
    assert_eq!((batch.readings.len(), outcome.refused), (1, 0));
}

#[test]
fn a_family_of_counters_is_meant_by_either_name() {
    let mut intake = intake(&catalogue("request_seconds"));
    let page =
        "# TYPE http_requests counter\nhttp_requests{code=\"200\"} 7\n# TYPE jobs gauge\njobs 5\n";
    check(
        &scrape(&mut intake, page),
        "\
        0: http_requests_total unknown [code=200];
        0 at 0: 7
        2 accepted, 1 of them for nobody, 0 refused, newest Some(0)
    ",
    );
}

#[test]
fn lines_that_are_none_are_refused_alone() {
    let mut intake = intake(&catalogue("request_seconds"));
    let page = b"http_requests_total 1\n<html>\nhttp_requests_total{code=\"2\xff\"} 1\nhttp_requests_total{code=\"500\" 1\nhttp_requests_total{code=\"500\"} -1\r\nhttp_requests_total{code=\"500\"} 6";
    let got = text(intake.exposition(page, now(), &target()));
    check(
        &got,
        "\
        0: http_requests_total unknown [];
        1: http_requests_total unknown [code=500];
        0 at 0: 1
        1 at 0: 6
        2 accepted, 0 of them for nobody, 4 refused, newest Some(0)
        - line 2: a line begins with the name of a metric
        - line 3: it is not UTF-8
        - line 4: the labels do not end with `}`
        - line 5: a counter cannot stand at -1
    ",
    );
    assert_eq!(intake.exposition(b"", now(), &[]).1, Outcome::default());
}

/// What comes where it came before is not parsed again. Written with a tab it is, each time.
#[test]
fn a_page_that_comes_again_is_read_as_if_it_were_new() {
    const VALUES: [&str; 22] = [
        "0",
        "7",
        "007",
        "18446744073709551615",
        "18446744073709551616",
        "9999999999999999999",
        "12345678901234567890123",
        "1.5",
        "1.",
        "1..5",
        "1.027e+06",
        "1e400",
        "1e",
        "-1",
        "+3",
        "NaN",
        "+Inf",
        "",
        "5 1793612399000",
        "6 # {a=\"b\"} 1",
        "7\r",
        "8 ",
    ];
    let series: Vec<String> = (0..30)
        .map(|number| match number % 6 {
            0 => format!("http_requests{{code=\"{number}\"}}"),
            1 => format!("queue_age{{of=\"{number}\"}}"),
            2 => format!("up{{of=\"{number}\"}}"),
            3 => format!("{{__name__=\"http_requests_total\",code=\"{number}\"}}"),
            _ => format!(
                "http_requests_total{{code=\"{}\",path=\"}} \\\" \"}}",
                number * 7 % 100
            ),
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(4);
    let catalogue = catalogue("request_seconds");
    let (mut quick, mut slow) = (intake(&catalogue), intake(&catalogue));
    let mut lines: Vec<usize> = (0..series.len()).collect();
    let mut taken = 0;
    for _ in 0..400 {
        // Mostly the same order, sometimes another one, with lines that are gone or there twice.
        let (one, other) = (random.usize(..lines.len()), random.usize(..lines.len()));
        match random.u32(0..8) {
            0 => lines.swap(one, other),
            1 => lines[one] = random.usize(..series.len()),
            _ => {}
        }
        let is_odd = random.u32(0..3) == 0;
        let mut pages = [String::new(), String::new()];
        for (page, between) in pages.iter_mut().zip([" ", "\t"]) {
            let mut random = fastrand::Rng::with_seed(random.get_seed());
            if random.bool() {
                page.push_str("# TYPE http_requests counter\n");
            }
            for line in &lines {
                let value = match is_odd && random.bool() {
                    true => VALUES[random.usize(..VALUES.len())].to_owned(),
                    false => (random.u64(..) >> random.u32(1..63)).to_string(),
                };
                *page += &format!("{}{between}{value}\n", series[*line]);
            }
            if random.bool() {
                page.pop();
            }
        }
        random.u64(..);
        let [quick, slow] = [(&mut quick, &pages[0]), (&mut slow, &pages[1])]
            .map(|(intake, page)| intake.exposition(page.as_bytes(), now(), &target()));
        taken += quick.0.samples.len();
        assert_eq!(quick, slow, "{}", pages[0]);
    }
    assert!(taken > 5_000, "{taken}");
}
