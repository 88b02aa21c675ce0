//! About which time a page speaks: how old it is, which instant is looked at, in whose zone times are written.

use jiff::{SignedDuration, Timestamp};

use super::{Ask, Scene, frame};
use crate::html::Html;
use crate::html::parts::{State, clock, mark};
use crate::number;

/// The switch between the catalogue's zone and UTC; the script adds the reader's own.
pub(super) fn zones(html: &mut Html, scene: &Scene<'_>, ask: &Ask, path: &str) {
    let own = number::zone_name(&scene.promises.catalogue().timezone);
    let now = number::zone_name(scene.zone);
    let mut zones = vec![("", own.clone())];
    if own != "UTC" {
        zones.push(("UTC", "UTC".to_owned()));
    }
    if now != own && now != "UTC" {
        zones.push((&*now, now.clone()));
    }
    let attributes = [
        ("class", "zones"),
        ("id", "zones"),
        ("aria-label", "Times in"),
        ("role", "group"),
    ];
    html.element("div", &attributes, |html| {
        for (value, word) in &zones {
            let current = if *word == now { "true" } else { "" };
            let to = ask.with("zone", value).to(path);
            let attributes = [("class", "tool"), ("href", &*to), ("aria-current", current)];
            html.line("a", &attributes, word);
        }
        html.own("<a class=tool id=local hidden=hidden>Local time</a>");
    });
}

/// The line that says how old the page is, and lets one look at another time.
pub(super) fn state(html: &mut Html, scene: &Scene<'_>, ask: &Ask, path: &str) {
    let Some(until) = scene.evaluation.map(|evaluation| evaluation.as_of.instant) else {
        return;
    };
    let is_stale = scene.is_stale() || !scene.silent().is_empty();
    let (class, word) = match (scene.is_past, is_stale) {
        (true, _) => ("past", "Past"),
        (false, true) if scene.is_stale() => ("stale", "Stale"),
        (false, true) => ("stale", "Silent"),
        (false, false) => ("fresh", "As of"),
    };
    let text = number::moment(until, scene.zone);
    html.element("div", &[("class", "when")], |html| {
        html.element("details", &[("id", "when")], |html| {
            html.element("summary", &[], |html| {
                let attributes = [
                    ("class", class),
                    ("id", "state"),
                    ("data-until", &*until.to_string()),
                ];
                html.element("span", &attributes, |html| {
                    // A clock says nothing of promises; a colour stands here only where the time itself cannot be trusted.
                    match class {
                        "fresh" => clock(html),
                        "stale" => mark(html, State::Unknown),
                        _ => mark(html, State::Quiet),
                    }
                    html.line("b", &[], word);
                    html.text(" ");
                    html.element("time", &[("datetime", &until.to_string())], |html| {
                        // Where the page is narrow, the day is left out, where it is very narrow the zone as well.
                        let (day, clock) = text.split_once(' ').unwrap_or(("", &text));
                        html.line("span", &[("class", "day")], &format!("{day} "));
                        let (clock, zone) = clock.split_once(' ').unwrap_or((clock, ""));
                        html.text(clock);
                        html.line("span", &[("class", "zone")], &format!(" {zone}"));
                    });
                });
            });
            other_times(html, scene, ask, path, until);
        });
        html.own("<button type=button class=tool id=pause hidden=hidden aria-pressed=false>Pause</button>");
    });
}

fn other_times(html: &mut Html, scene: &Scene<'_>, ask: &Ask, path: &str, until: Timestamp) {
    let back = [
        ("1 hour before", 3_600),
        ("6 hours before", 6 * 3_600),
        ("1 day before", 86_400),
        ("7 days before", 7 * 86_400),
        ("30 days before", 30 * 86_400),
    ];
    html.element("div", &[("class", "times")], |html| {
        html.element("ul", &[], |html| {
            for (word, seconds) in back {
                let Ok(at) = until.checked_sub(SignedDuration::from_secs(seconds)) else {
                    continue;
                };
                let to = ask.with("at", &at.to_string()).to(path);
                html.element("li", &[], |html| {
                    html.line("a", &[("href", &to)], word);
                });
            }
            if scene.is_past {
                let to = ask.with("at", "").to(path);
                html.element("li", &[], |html| html.line("a", &[("href", &to)], "now"));
            }
        });
        let attributes = [("action", path), ("method", "get"), ("class", "form")];
        html.element("form", &attributes, |html| {
            frame::keep(html, &ask.with("at", ""));
            let zone = number::zone_name(scene.zone);
            html.element("label", &[], |html| {
                html.text(&format!("At ({zone})"));
                let local = until.to_zoned(scene.zone.clone());
                let value = local.strftime("%Y-%m-%d %H:%M").to_string();
                html.void(
                    "input",
                    &[
                        ("name", "at"),
                        ("value", &value),
                        ("size", "16"),
                        ("autocomplete", "off"),
                    ],
                );
            });
            html.own("<button type=submit class=tool>Look</button>");
        });
    });
}
