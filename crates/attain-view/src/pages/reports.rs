//! Packs to read, print and pass on: one for people who sell promises, one for those who keep them.

use std::time::Duration;

use attain_model::detail::Stretch;
use attain_model::quantity::Window;
use attain_model::{Audience, GapReason, Scope, SeriesName, Verdict};
use jiff::Timestamp;

use super::frame::{Here, frame};
use super::{Ask, Scene, place, sheet};
use crate::html::Html;
use crate::html::parts::{self, State, badge, mark, section};
use crate::number;
use crate::report::{About, Sheet, by_objective, masking, matrix, series, top, worst};
use crate::status::headline::unit;
use crate::status::shared::window_text;
use crate::status::{Run, is_promise};
use crate::why::cause;

/// For whom a pack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pack {
    /// Promises to customers, in words.
    Product,
    /// Every promise, with what burned it.
    Engineering,
}

impl Pack {
    /// Both.
    pub const ALL: [Pack; 2] = [Pack::Product, Pack::Engineering];

    /// `product`, `engineering`: as in its address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Pack::Product => "product",
            Pack::Engineering => "engineering",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Pack::Product => "What customers got",
            Pack::Engineering => "How every promise stands",
        }
    }

    fn about(self) -> &'static str {
        match self {
            Pack::Product => {
                "Promises to customers, in words: kept or broken, for whom, how much is left."
            }
            Pack::Engineering => "Every promise with its numbers, its burn, and what burned it.",
        }
    }
}

/// What the report of a pack leaves in; the same text as Markdown and JSON comes from [`crate::report`].
#[must_use]
pub fn about(scene: &Scene<'_>, pack: Pack) -> About {
    let slos = scene.promises.catalogue().slos.values();
    About {
        title: Some(format!(
            "{}: {}",
            scene.promises.catalogue().name,
            pack.title()
        )),
        run: Run {
            instant_is: Some("the last closed slice".to_owned()),
            ..Run::default()
        },
        slos: match pack {
            Pack::Product => slos
                .filter(|slo| slo.audience == Audience::Customer)
                .map(|slo| slo.id.clone())
                .collect(),
            Pack::Engineering => Vec::new(),
        },
        ..About::default()
    }
}

/// The page at `/reports`, or that of one pack at `/reports/WORD`.
#[must_use]
pub fn reports(scene: &Scene<'_>, ask: &Ask, pack: Option<Pack>) -> String {
    let Some(pack) = pack else {
        return frame(scene, ask, Here::Reports, "Reports", "/reports", |html| {
            index(html, scene, ask)
        });
    };
    let path = format!("/reports/{}", pack.word());
    frame(scene, ask, Here::Reports, pack.title(), &path, |html| {
        html.element("p", &[("class", "eyebrow crumb")], |html| {
            html.line(
                "a",
                &[("href", &ask.everywhere().to("/reports"))],
                "Reports",
            );
            html.text(&format!(" / {}", pack.word()));
        });
        html.line("h1", &[("class", "name")], pack.title());
        let Some(evaluation) = scene.evaluation else {
            return super::teach::teach(html, scene, ask);
        };
        let mut evaluation = evaluation.clone();
        let about = about(scene, pack);
        if pack == Pack::Product {
            crate::report::only(&mut evaluation, &|slo| about.slos.contains(slo));
        }
        let place = |name: &SeriesName| place(ask, name);
        let sheet = sheet(scene, &evaluation, &about, &place);
        html.line("p", &[("class", "asof")], &top::as_of(&sheet));
        if let Some(range) = range(&sheet) {
            html.line("p", &[("class", "asof")], &range);
        }
        elsewhere(html, ask, &path);
        if evaluation.verdicts.is_empty() {
            html.line(
                "p",
                &[("class", "body")],
                "Nothing is promised to customers in this catalogue.",
            );
            return;
        }
        match pack {
            Pack::Product => product(html, &sheet),
            Pack::Engineering => engineering(html, &sheet),
        }
    })
}

/// Over which time it speaks: `From 2026-11-02 13:00:00 UTC to 2026-11-02 14:00:00 UTC: the last 1h.`
fn range(sheet: &Sheet<'_>) -> Option<String> {
    let verdicts = &sheet.desk.evaluation.verdicts;
    let first = verdicts.first()?;
    let start = verdicts.iter().map(|verdict| verdict.window.start).min()?;
    let moment = |at| number::moment(at, sheet.desk.zone);
    let (from, to) = (moment(start), moment(first.window.end));
    let window = window_text(&sheet.desk, first)?;
    let is_shared = |verdict: &Verdict| {
        verdict.window == first.window
            && window_text(&sheet.desk, verdict).as_ref() == Some(&window)
    };
    Some(match verdicts.iter().all(is_shared) {
        true => format!("From {from} to {to}, {window}."),
        false => format!("Each promise over its own window; the longest is from {from} to {to}."),
    })
}

fn index(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    html.line("h1", &[("class", "name")], "Reports");
    html.line(
        "p",
        &[("class", "body")],
        "A report looks back over the window of each promise from one instant: now, or any other that is chosen above. Every one can be printed.",
    );
    html.element("div", &[("class", "cards packs")], |html| {
        for pack in Pack::ALL {
            html.element("article", &[("class", "card")], |html| {
                let path = format!("/reports/{}", pack.word());
                html.element("h2", &[], |html| {
                    html.line("a", &[("href", &ask.everywhere().to(&path))], pack.title());
                });
                html.line("p", &[("class", "advice")], pack.about());
                elsewhere(html, ask, &path);
            });
        }
    });
    periods(html, scene, ask);
}

/// The same for programs and for where no page can be shown.
fn elsewhere(html: &mut Html, ask: &Ask, path: &str) {
    let ask = ask.everywhere();
    html.element("p", &[("class", "also go")], |html| {
        html.text("As ");
        for (i, (word, ending)) in [
            ("one file to send", "html"),
            ("Markdown", "md"),
            ("JSON", "json"),
        ]
        .into_iter()
        .enumerate()
        {
            if i > 0 {
                html.text(", ");
            }
            html.line("a", &[("href", &ask.to(&format!("{path}.{ending}")))], word);
        }
        html.text(".");
    });
}

/// The ends of the last months, in the catalogue's zone, of which something is known.
fn periods(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    let Some(until) = scene.server.judged_until else {
        return;
    };
    let zone = &scene.promises.catalogue().timezone;
    let today = until.to_zoned(zone.clone()).date();
    let known_since = known_since(scene);
    let mut ends = Vec::new();
    let mut month = today.first_of_month();
    for _ in 0..6 {
        let before = month.yesterday().unwrap_or(month);
        let at = attain_model::promises::day_start(month, zone);
        if known_since.is_none_or(|since| since < at) {
            ends.push((before.strftime("%B %Y").to_string(), at));
        }
        month = before.first_of_month();
    }
    // At the end of a month a promise over an hour says nothing of the month.
    if ends.is_empty() || !looks_far_back(scene) {
        return;
    }
    section(html, "periods", "At the end of a month", |html| {
        html.element("ul", &[("class", "notes")], |html| {
            for (word, at) in ends {
                let asked = ask.everywhere().with("at", &at.to_string());
                html.element("li", &[], |html| {
                    html.text(&format!("{word}: "));
                    for (i, pack) in Pack::ALL.into_iter().enumerate() {
                        if i > 0 {
                            html.text(", ");
                        }
                        let to = asked.to(&format!("/reports/{}", pack.word()));
                        let name = format!("{} at the end of {word}", pack.title());
                        html.line("a", &[("href", &to), ("aria-label", &name)], pack.title());
                    }
                });
            }
        });
        html.line(
            "p",
            &[("class", "hint")],
            "A period that is settled with customers, with a hash: attain statement.",
        );
    });
}

/// Since when anything was counted, where a window reaches further back than that.
fn known_since(scene: &Scene<'_>) -> Option<Timestamp> {
    let gaps = scene.evaluation?.gaps.iter();
    let begins = gaps.filter(|gap| gap.why == GapReason::NotYet);
    begins.filter_map(|gap| Some(gap.interval?.end)).min()
}

fn looks_far_back(scene: &Scene<'_>) -> bool {
    const WEEK: Duration = Duration::from_secs(7 * 86_400);
    let mut slos = scene.promises.catalogue().slos.values();
    slos.any(|slo| match slo.window {
        Window::Rolling(length) => length >= WEEK,
        Window::Calendar(..) => true,
    })
}

/// SLOs that a pack shows in full.
const SHOWN: usize = 20;

fn is_hurt(slo: &[Verdict]) -> bool {
    slo.iter().any(|verdict| {
        is_promise(verdict) && matches!(series::state(verdict), State::Bad | State::Warn)
    })
}

/// The series of which the page of a pack shows what lies behind them, those of one SLO together.
#[must_use]
pub fn wanted(scene: &Scene<'_>, pack: Pack) -> Vec<SeriesName> {
    let Some(evaluation) = scene.evaluation else {
        return Vec::new();
    };
    let (about, nowhere) = (About::default(), |_: &SeriesName| String::new());
    let sheet = sheet(scene, evaluation, &about, &nowhere);
    let is_wanted = |slo: &&[Verdict]| match pack {
        Pack::Engineering => is_hurt(slo),
        Pack::Product => {
            let mut verdicts = slo.iter();
            verdicts.any(|one| one.audience == Audience::Customer && one.attainment.bad > 0)
        }
    };
    let wanted = sheet.by_slo().into_iter().filter(is_wanted).take(SHOWN);
    wanted
        .flatten()
        .map(|verdict| verdict.name.clone())
        .collect()
}

/// Hours that are told, the newest first.
const HOURS_SHOWN: usize = 8;

fn first(reader: top::Reader) -> top::First {
    top::First {
        heading: "h2",
        reader,
        ..top::First::OF_PAGE
    }
}

/// A paragraph for each promise.
fn product(html: &mut Html, sheet: &Sheet<'_>) {
    let first = first(top::Reader::Product);
    top::summarised(html, sheet, first, |_| ());
    happened(html, sheet);
    masking::masking(html, sheet);
    for slo in sheet.by_slo() {
        let Some(first) = slo.first() else { continue };
        let heading = sheet
            .outcome(&first.name.slo)
            .unwrap_or(first.name.slo.as_str());
        section(html, "", heading, |html| {
            for objective in by_objective(slo) {
                let name = objective
                    .first()
                    .map_or("", |first| first.name.objective.as_str());
                html.line("h3", &[], name);
                html.element("ul", &[("class", "words")], |html| {
                    for verdict in objective.iter().filter(|verdict| !verdict.pooled) {
                        html.element("li", &[], |html| sentence(html, sheet, verdict));
                    }
                });
            }
        });
    }
}

/// What was lost in the time that is spoken of, also where every promise is kept by now: the last losses, and the worst hours
/// that took a twentieth of a budget or more.
fn happened(html: &mut Html, sheet: &Sheet<'_>) {
    let verdicts = &sheet.desk.evaluation.verdicts;
    let losses = sheet.desk.told.into_iter().flat_map(|why| {
        let losses = cause::losses(why, verdicts).into_iter();
        losses.map(move |(finding, episode)| {
            let is_over = cause::is_over_of(why, finding, verdicts);
            let told = cause::told(why, finding, episode, sheet.desk.zone, is_over);
            let SeriesName { slo, objective, .. } = &finding.name;
            format!("{slo}/{objective}: {told}")
        })
    });
    let mut hours: Vec<(&Verdict, &Stretch)> = sheet
        .desk
        .evaluation
        .verdicts
        .iter()
        .filter(|verdict| is_promise(verdict))
        .filter_map(|verdict| Some((verdict, sheet.detail(&verdict.name)?)))
        .flat_map(|(verdict, detail)| detail.worst_hours.iter().map(move |hour| (verdict, hour)))
        .filter(|(verdict, hour)| {
            let spent = u128::from(hour.budget.spent).saturating_mul(20_000_000_000);
            spent > 0 && spent >= verdict.budget.allowed_billionths
        })
        .collect();
    // What a segment lost is in what all lost.
    let of_segments: Vec<SeriesName> = hours
        .iter()
        .filter(|(verdict, _)| verdict.name.scope != Scope::All)
        .map(|(verdict, _)| verdict.name.clone())
        .collect();
    hours.retain(|(verdict, _)| {
        let is_same = |other: &&SeriesName| {
            other.slo == verdict.name.slo && other.objective == verdict.name.objective
        };
        verdict.name.scope != Scope::All || !of_segments.iter().any(|other| is_same(&other))
    });
    hours.sort_by_key(|(_, hour)| std::cmp::Reverse(hour.interval.end));
    let texts: Vec<String> = losses
        .chain(hours.into_iter().take(HOURS_SHOWN).map(|(verdict, hour)| {
            format!(
                "{}: from {}, {} of {} {}: {} of its budget.",
                verdict.name,
                worst::span(sheet, hour),
                series::count(sheet, verdict, hour.attainment.bad),
                series::count(sheet, verdict, hour.attainment.total()),
                did(sheet, verdict),
                worst::of_budget(verdict, hour),
            )
        }))
        .collect();
    section(html, "happened", "What happened", |html| {
        match texts.as_slice() {
            [] => html.line(
                "p",
                &[("class", "also")],
                "Nothing that took a twentieth of a budget.",
            ),
            texts => parts::notes(html, texts.iter().map(String::as_str)),
        }
    });
}

/// `premium: broken. 14 of 2228 requests failed, 1 was allowed. 99.373% were good, 99.95% is promised. Broken since ….`
fn sentence(html: &mut Html, sheet: &Sheet<'_>, verdict: &Verdict) {
    let to = sheet
        .place
        .map_or_else(String::new, |place| place(&verdict.name));
    html.line("a", &[("href", &to)], &series::whose(verdict));
    html.text(" ");
    badge(html, series::state(verdict), series::word(verdict));
    let mut sentences = Vec::new();
    let attained = series::attained(verdict).filter(|_| series::is_measured(sheet, verdict));
    if let Some(attained) = attained {
        let total = series::count(sheet, verdict, verdict.attainment.total());
        let s = if total == "1" { "" } else { "s" };
        let mut text = format!(
            "{} of {total} {}{s} {}",
            series::count(sheet, verdict, verdict.attainment.bad),
            unit(&sheet.desk, verdict),
            did(sheet, verdict),
        );
        if is_promise(verdict) {
            text.push_str(&format!(
                ", {} were allowed",
                series::allowed(sheet, verdict)
            ));
        }
        sentences.push(text);
        let mut text = format!(
            "{attained} {}",
            match series::under(verdict) {
                Some(under) => format!("took {under}"),
                None => "were good".to_owned(),
            }
        );
        if is_promise(verdict) {
            text.push_str(&format!(", {} is promised", series::promised(verdict)));
        }
        sentences.push(text);
    }
    if let Some(published) = series::published(sheet, verdict) {
        let (target, word) = published.split_once(", ").unwrap_or((&published, ""));
        sentences.push(format!("The published {target} is {word}"));
    }
    match (verdict.overspent_since, series::left(verdict)) {
        (Some(since), _) => sentences.push(format!(
            "Its budget has been used up since {}",
            sheet.desk.event(since)
        )),
        (None, Some(left)) => sentences.push(format!("{left} of the budget is left")),
        (None, None) => {}
    }
    let mut text = sentences
        .iter()
        .map(|sentence| format!(" {sentence}."))
        .collect::<String>();
    if let Some(advice) = series::advice(sheet, verdict) {
        text.push(' ');
        text.push_str(&advice);
    }
    html.prose(&text);
}

fn did(sheet: &Sheet<'_>, verdict: &Verdict) -> &'static str {
    match series::bad_what(sheet, verdict) {
        "bad slices" => "were bad",
        "too slow" => "were too slow",
        _ => "failed",
    }
}

/// The matrix, then what burned what is hurt.
fn engineering(html: &mut Html, sheet: &Sheet<'_>) {
    crate::report::cards::shared(html, sheet);
    let first = first(top::Reader::Engineer);
    top::summarised(html, sheet, first, |_| ());
    if sheet.desk.evaluation.verdicts.len() <= 500 {
        section(html, "promises", "Every promise", |html| {
            matrix::matrix(html, sheet)
        });
    }
    masking::masking(html, sheet);
    for slo in sheet
        .by_slo()
        .into_iter()
        .filter(|slo| is_hurt(slo))
        .take(SHOWN)
    {
        let Some(first) = slo.first() else { continue };
        section(html, "", first.name.slo.as_str(), |html| {
            for objective in by_objective(slo) {
                let name = objective
                    .first()
                    .map_or("", |first| first.name.objective.as_str());
                html.element("div", &[("class", "objective")], |html| {
                    html.line("h3", &[], name);
                    crate::report::cards::cards(html, sheet, objective);
                    html.element("div", &[("class", "pair")], |html| {
                        worst::hours(html, sheet, objective);
                        worst::causes(html, sheet, objective);
                    });
                });
            }
        });
    }
    if sheet
        .desk
        .evaluation
        .verdicts
        .iter()
        .all(|verdict| series::state(verdict) == State::Ok)
    {
        html.element("p", &[("class", "also")], |html| {
            mark(html, State::Ok);
            html.text(" Nothing burned.");
        });
    }
}
