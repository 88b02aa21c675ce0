//! Packs to read, print and pass on: one for people who sell promises, one for those who keep them.

use attain_model::{Audience, SeriesName, Verdict};

use super::frame::{Here, frame};
use super::{Ask, Scene, place, sheet};
use crate::html::Html;
use crate::html::parts::{State, badge, mark, section};
use crate::report::{About, Sheet, by_objective, masking, matrix, series, top, worst};
use crate::status::headline::unit;
use crate::status::{Run, is_promise};

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

/// The ends of the last months and weeks, in the catalogue's zone.
fn periods(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    let Some(until) = scene.server.judged_until else {
        return;
    };
    let zone = &scene.promises.catalogue().timezone;
    let today = until.to_zoned(zone.clone()).date();
    let mut ends = Vec::new();
    let mut month = today.first_of_month();
    for _ in 0..6 {
        let before = month.yesterday().unwrap_or(month);
        ends.push((before.strftime("%B %Y").to_string(), month));
        month = before.first_of_month();
    }
    section(html, "periods", "At the end of a month", |html| {
        html.element("ul", &[("class", "notes")], |html| {
            for (word, end) in ends {
                let at = attain_model::promises::day_start(end, zone);
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
    let Some(evaluation) = scene.evaluation.filter(|_| pack == Pack::Engineering) else {
        return Vec::new();
    };
    let (about, nowhere) = (About::default(), |_: &SeriesName| String::new());
    let sheet = sheet(scene, evaluation, &about, &nowhere);
    let hurt = sheet
        .by_slo()
        .into_iter()
        .filter(|slo| is_hurt(slo))
        .take(SHOWN);
    hurt.flatten().map(|verdict| verdict.name.clone()).collect()
}

const FIRST: top::First = top::First {
    heading: "h2",
    ..top::First::OF_PAGE
};

/// A paragraph for each promise.
fn product(html: &mut Html, sheet: &Sheet<'_>) {
    top::summarised(html, sheet, FIRST, |_| ());
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
            "Its budget was used up at {}",
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
    top::summarised(html, sheet, FIRST, |_| ());
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
