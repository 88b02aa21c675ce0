//! Whether a server keeps up, and what its sources really get. Knows what it says of itself.

use std::time::Duration;

use attain_view::number;

use super::{folder, percent};
use crate::doctor::finding::{Diagnosis, Finding};
use crate::doctor::seen::{ServedSource, ServerSeen};

/// A tick of ten seconds is late; two of them are a server that does not keep up.
const LAG: Duration = Duration::from_secs(30);
/// A source that said nothing for so long is silent: senders come every minute at the latest.
const SILENT: Duration = Duration::from_secs(300);

/// Judges all of it.
pub fn judge(about: &str, url: &str, seen: &ServerSeen, out: &mut Diagnosis) {
    if let Some(why) = &seen.disk {
        let what = "writes are answered with 503: what senders drop meanwhile is a gap";
        let fix =
            "make room on its disk, or mend it: it goes on by itself, without a restart".to_owned();
        out.find(
            "disk-full",
            about,
            format!("nothing can be kept: {why}"),
            what,
            fix,
        );
    }
    if let Some(why) = &seen.refused {
        let first = why.lines().next().unwrap_or_default();
        let what = "an older catalogue is in force: newer promises are not judged";
        let fix = format!("attain check CATALOGUE; curl -s {url}/api/v1/server has the whole text");
        let text = format!("the catalogue's files have changed and are not valid: {first}");
        out.find("catalogue-refused", about, text, what, fix);
    }
    if seen.lag > LAG {
        let text = format!("it judges {} behind the time", number::about(seen.lag));
        let what = "alerts come that much later; nothing is lost";
        let fix = format!(
            "curl -s {url}/metrics | grep attain_judging_seconds; give it more CPU, or judge fewer SLOs"
        );
        out.find("judging-behind", about, text, what, fix);
    } else {
        out.look(about, "it judges in time");
    }
    if let Some(seconds) = seen.clock_off_seconds {
        let by = number::about(Duration::from_secs(seconds.unsigned_abs()));
        let text = format!("its clock jumped by {by} and is not believed yet");
        let what = "until it is, arrivals are dated by the clock as it was";
        out.find(
            "clock-off",
            about,
            text,
            what,
            "`timedatectl` there says whether NTP is on".to_owned(),
        );
    }
    for (way, requests) in seen
        .turned_away
        .iter()
        .filter(|(_, requests)| *requests > 0)
    {
        let text = format!(
            "{} by {way} {} turned away in the last minutes: no token, or another one than the source asks for (401)",
            number::plural(*requests, "request"),
            if *requests == 1 { "was" } else { "were" }
        );
        let what = "somebody sends, and nothing of it is kept";
        let fix = "give the sender the token that `token:` of the source names: `authorization: {credentials: TOKEN}` at its \
                   remote_write, `OTEL_EXPORTER_OTLP_HEADERS=authorization=Bearer TOKEN`"
            .to_owned();
        out.find("sender-turned-away", about, text, what, fix);
    }
    for one in &seen.sources {
        source(one, url, out);
    }
    for (slo, unknown, all) in &seen.untagged {
        folder::untagged(about, std::slice::from_ref(slo), *unknown, *all, out);
    }
}

fn source(one: &ServedSource, url: &str, out: &mut Diagnosis) {
    let about = format!("source {}", one.id);
    if let Some(why) = &one.trouble {
        let what = "what it would say is missing: coverage falls";
        let fix = "mend what it says; the server tries again by itself".to_owned();
        out.find(
            "source-trouble",
            &about,
            format!("the server cannot read it: {why}"),
            what,
            fix,
        );
    }
    let Some(samples) = one.samples else {
        return;
    };
    if samples == 0 && one.refused == 0 {
        let text = "nothing has arrived since the server started".to_owned();
        out.find(
            "source-silent",
            &about,
            text,
            "nothing is counted of it",
            sending(one, url),
        );
        return;
    }
    let mut said = format!(
        "{} samples since the server started, {} series count",
        number::grouped(samples),
        number::grouped(one.series)
    );
    if let Some(age) = one.age {
        said += &format!(", the newest is {} old", number::about(age));
    }
    out.look(&about, said);
    // What arrives may have been compared with what is wanted: that says more.
    let is_said = |found: &Finding| found.about == about && found.code.starts_with("metric-");
    if one.series == 0 && samples > 0 && !out.findings.iter().any(is_said) {
        let text = format!(
            "{} samples arrived, and no indicator wants any",
            number::grouped(samples)
        );
        let what = "nothing is counted of it: the promises stay unknown";
        let fix = "compare the metric, `where` and the service's `match` with what is sent: other names, or other labels"
            .to_owned();
        out.find("metric-unmatched", &about, text, what, fix);
    }
    if let Some(age) = one.age.filter(|age| *age > SILENT) {
        let text = format!("its newest sample is {} old", number::about(age));
        out.find(
            "source-silent",
            &about,
            text,
            "nothing newer is counted of it",
            sending(one, url),
        );
    }
    refused(one, &about, out);
}

fn refused(one: &ServedSource, about: &str, out: &mut Diagnosis) {
    if one.twice > 0 {
        let text = format!(
            "{} histograms come both by classic buckets and as native ones",
            number::grouped(one.twice)
        );
        let what = "their requests count once, by the form that came first; the other one costs as many series and samples again";
        let fix = "send one of the two: `send_native_histograms: false`, or drop `.*_bucket` by `write_relabel_configs`";
        out.find("histogram-twice", about, text, what, fix.to_owned());
    }
    let all = one.samples.unwrap_or(0) + one.refused;
    if one.overflowing > 0 {
        let text = format!(
            "{} samples were refused, as their stream and segment have too many series",
            number::grouped(one.overflowing)
        );
        let what = "their events are counted nowhere";
        let fix = "sum away what tells requests apart and no promise asks for (path, pod, user), where they are counted";
        out.find("series-over-limit", about, text, what, fix.to_owned());
    } else if one.refused > 0 {
        let text = format!(
            "{} samples were refused ({})",
            number::grouped(one.refused),
            percent(one.refused, all)
        );
        let what = "their events are counted with the next sample of their series, or nowhere";
        let fix = match one.way.as_str() {
            "scrape" => {
                "see the pages of its targets: a line that is none, or a counter that stands at NaN"
            }
            _ => {
                "the sender's log has the reasons: the answer names the first five (a clock ahead is the usual one)"
            }
        };
        out.find("samples-refused", about, text, what, fix.to_owned());
    }
}

fn sending(one: &ServedSource, url: &str) -> String {
    match one.way.as_str() {
        "remote_write" => format!(
            "in prometheus.yml: remote_write: [{{url: \"{url}/api/v1/write/{}\"}}]; its own log says why it does not",
            one.id
        ),
        "otlp" => format!(
            "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT={url}/v1/metrics/{} where requests are counted",
            one.id
        ),
        _ => "see whether its targets are up".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(seen: &ServerSeen) -> Vec<&'static str> {
        let mut out = Diagnosis::default();
        judge("server x", "http://x", seen, &mut out);
        out.findings.iter().map(|found| found.code).collect()
    }

    fn sent(change: impl FnOnce(&mut ServedSource)) -> Vec<&'static str> {
        let mut source = ServedSource {
            id: "prom".to_owned(),
            way: "remote_write".to_owned(),
            samples: Some(1000),
            series: 10,
            age: Some(Duration::from_secs(15)),
            ..ServedSource::default()
        };
        change(&mut source);
        codes(&ServerSeen {
            sources: vec![source],
            ..ServerSeen::default()
        })
    }

    #[test]
    fn a_source_that_gets_nothing_or_the_wrong_things_is_found() {
        assert!(sent(|_| {}).is_empty());
        assert_eq!(sent(|source| source.samples = Some(0)), ["source-silent"]);
        assert_eq!(sent(|source| source.series = 0), ["metric-unmatched"]);
        let old = Some(Duration::from_secs(900));
        assert_eq!(sent(|source| source.age = old), ["source-silent"]);
        assert_eq!(sent(|source| source.refused = 3), ["samples-refused"]);
        assert_eq!(sent(|source| source.overflowing = 3), ["series-over-limit"]);
        assert_eq!(sent(|source| source.twice = 1), ["histogram-twice"]);
        assert_eq!(
            sent(|source| source.trouble = Some("away".into())),
            ["source-trouble"]
        );
    }

    #[test]
    fn a_server_that_is_ill_says_so() {
        let seen = ServerSeen {
            refused: Some("error[x]: y\n  --> z".to_owned()),
            disk: Some("full".to_owned()),
            lag: Duration::from_secs(40),
            clock_off_seconds: Some(-3600),
            turned_away: vec![("otlp".to_owned(), 0), ("remote_write".to_owned(), 7)],
            untagged: vec![("pay".to_owned(), 5, 100)],
            ..ServerSeen::default()
        };
        assert_eq!(
            codes(&seen),
            [
                "disk-full",
                "catalogue-refused",
                "judging-behind",
                "clock-off",
                "sender-turned-away",
                "untagged"
            ]
        );
    }
}
