//! Nothing was counted yet: what to send where. Knows ways in; knows no promise.

use super::{Ask, Scene, Server, SourceState};
use crate::html::Html;
use crate::html::parts::{self, State, badge, mark};
use crate::number::{self, counted};

/// Nothing was counted yet: what to send where.
pub(super) fn teach(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    let catalogue = scene.promises.catalogue();
    let server = scene.server;
    html.element("section", &[("class", "summary unknown"), ("id", "summary")], |html| {
        html.element("h1", &[("class", "lead")], |html| {
            mark(html, State::Unknown);
            html.text(&format!(
                "Nothing was counted yet: {} wait for their first request.",
                counted(catalogue.slos.len() as u64, "SLO")
            ));
        });
        html.element("p", &[("class", "body")], |html| {
            let slice = number::about(server.slice);
            html.text(&format!(
                "A promise is judged when counts arrive. Slices are {slice} long; the first numbers stand here one slice after the first counts."
            ));
        });
    });
    parts::section(html, "send", "What to send where", |html| {
        if server.sources.is_empty() {
            html.element("p", &[("class", "outcome")], |html| {
                html.prose("The catalogue names no source. Add one to a file of it, e.g.");
            });
            html.own("<pre>sources:\n  prom: {remote_write: {}}</pre>");
        }
        for source in &server.sources {
            html.element("div", &[("class", "objective")], |html| {
                html.line("h3", &[], &source.name);
                how_to_send(html, server, source);
            });
        }
    });
    html.element("p", &[("class", "also")], |html| {
        html.text("Sent already? ");
        let to = ask.everywhere().to("/catalogue") + "#sources";
        html.line("a", &[("href", &to)], "What was taken, refused and matched");
        html.text(" says what became of it.");
    });
}

fn how_to_send(html: &mut Html, server: &Server, source: &SourceState) {
    let (address, name) = (&server.address, &source.name);
    let several = server
        .sources
        .iter()
        .filter(|other| other.way == source.way)
        .count()
        > 1;
    let of = if several {
        format!("/{name}")
    } else {
        String::new()
    };
    if let Some(why) = &source.trouble {
        html.element("p", &[], |html| {
            badge(html, State::Unknown, &format!("cannot be read: {why}"));
        });
    }
    match source.way.as_str() {
        "remote write" => html.line(
            "pre",
            &[],
            &format!("# prometheus.yml\nremote_write:\n  - url: {address}/api/v1/write{of}"),
        ),
        "OTLP" => html.line(
            "pre",
            &[],
            &format!("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT={address}/v1/metrics{of}"),
        ),
        way => {
            let taken = source.samples.map_or_else(String::new, |samples| {
                format!(" {} were taken so far.", counted(samples, "sample"))
            });
            html.line(
                "p",
                &[],
                &format!("Read by attain itself ({way}): nothing is to be sent.{taken}"),
            );
        }
    }
}
