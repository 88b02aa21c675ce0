//! What is in force: which files, since when, what is wrong with those that are not, who sends counts.

use attain_model::{Level, SourceMap};

use super::frame::{Here, frame};
use super::{Ask, Scene, SourceState};
use crate::diagnostics;
use crate::html::Html;
use crate::html::parts::{State, badge, disclosure, facts, head, mark, section, table};
use crate::number::{self, counted, thousands};
use crate::report::PLAIN;

/// Findings that are shown.
const FINDINGS: usize = 200;

/// The page at `/catalogue`.
#[must_use]
pub fn catalogue(scene: &Scene<'_>, ask: &Ask) -> String {
    frame(
        scene,
        ask,
        Here::Catalogue,
        "Catalogue",
        "/catalogue",
        |html| {
            state(html, scene);
            refused(html, scene);
            findings(html, scene);
            sources(html, scene);
            holds(html, scene, ask);
            files(html, &scene.server.catalogue.sources);
        },
    )
}

fn state(html: &mut Html, scene: &Scene<'_>) {
    let in_force = &scene.server.catalogue;
    let since = number::instant(in_force.since, scene.zone);
    let (state, title) = match in_force.refused {
        None => (
            State::Ok,
            format!("The catalogue is in force since {since}."),
        ),
        Some(_) => (
            State::Warn,
            format!("The newest files are refused; what was read at {since} stays in force."),
        ),
    };
    let class = format!("summary {}", state.class());
    html.element(
        "section",
        &[("class", &class), ("id", "summary"), ("data-key", "now")],
        |html| {
            html.element("h1", &[("class", "lead")], |html| {
                mark(html, state);
                html.text(&title);
            });
            let changes = format!(
                "{} taken, {} refused since the server began",
                thousands(in_force.reloads),
                thousands(in_force.refusals)
            );
            let files = counted(in_force.sources.files.len() as u64, "file");
            let pairs = [
                ("hash", &*in_force.sha256),
                ("files", &*files),
                ("changes", &*changes),
            ];
            facts(html, pairs, |html, name, text| match name {
                "hash" => html.line("code", &[], text),
                _ => html.text(text),
            });
        },
    );
}

fn refused(html: &mut Html, scene: &Scene<'_>) {
    let Some(why) = &scene.server.catalogue.refused else {
        return;
    };
    section(
        html,
        "refused",
        "Why the newest files are refused",
        |html| {
            html.line("pre", &[("tabindex", "0"), ("aria-label", "Why")], why);
            html.line(
            "p",
            &[("class", "also")],
            "Mend the files; they are looked at every few seconds. A half-written file never replaces a good one.",
        );
        },
    );
}

fn findings(html: &mut Html, scene: &Scene<'_>) {
    let in_force = &scene.server.catalogue;
    section(html, "findings", "Findings", |html| {
        if in_force.findings.is_empty() {
            html.line(
                "p",
                &[("class", "answer")],
                "Nothing to say about the files in force.",
            );
            return;
        }
        html.element("p", &[("class", "tally")], |html| {
            for (level, state) in [
                (Level::Error, State::Bad),
                (Level::Warning, State::Warn),
                (Level::Note, State::Quiet),
            ] {
                let count = in_force
                    .findings
                    .iter()
                    .filter(|found| found.level == level)
                    .count();
                if count > 0 {
                    badge(html, state, &counted(count as u64, level.word()));
                }
            }
        });
        html.element("ol", &[("class", "findings")], |html| {
            for found in in_force.findings.iter().take(FINDINGS) {
                html.element("li", &[], |html| {
                    let state = match found.level {
                        Level::Error => State::Bad,
                        Level::Warning => State::Warn,
                        Level::Note => State::Quiet,
                    };
                    html.element("p", &[], |html| {
                        badge(html, state, found.level.word());
                        html.text(" ");
                        html.prose(&found.cause);
                        html.text(" ");
                        if (found.span.file as usize) < in_force.sources.files.len() {
                            html.line("code", &[], &in_force.sources.place(found.span));
                        }
                    });
                    disclosure(html, found.code, |html| {
                        let text = diagnostics::one(&in_force.sources, found, &PLAIN);
                        html.line(
                            "pre",
                            &[("tabindex", "0"), ("aria-label", found.code)],
                            &text,
                        );
                    });
                });
            }
        });
        if in_force.findings.len() > FINDINGS {
            let more = in_force.findings.len() - FINDINGS;
            html.line(
                "p",
                &[("class", "hint")],
                &format!("{} more: attain check shows all.", thousands(more as u64)),
            );
        }
    });
}

/// Who sends counts, and what became of them.
fn sources(html: &mut Html, scene: &Scene<'_>) {
    section(html, "sources", "Where counts come from", |html| {
        let sources = &scene.server.sources;
        if sources.is_empty() {
            html.line(
                "p",
                &[("class", "answer")],
                "The catalogue names no source.",
            );
            return;
        }
        table(html, "plain stacks", "Sources", |html| {
            let names = [
                "source",
                "how",
                "state",
                "taken",
                "refused",
                "used by no SLO",
            ];
            head(html, names, 3);
            html.element("tbody", &[], |html| {
                for source in sources {
                    let silent = scene
                        .silent()
                        .into_iter()
                        .find(|(name, _)| *name == source.name);
                    let silent = silent.map(|(_, since)| number::instant(since, scene.zone));
                    html.element("tr", &[], |html| one_source(html, source, silent));
                }
            });
        });
    });
}

fn one_source(html: &mut Html, source: &SourceState, silent: Option<String>) {
    html.line("th", &[("scope", "row")], &source.name);
    html.line("td", &[("class", "word"), ("data-of", "how")], &source.way);
    html.element(
        "td",
        &[("class", "word said"), ("data-of", "state")],
        |html| match (&source.trouble, source.samples) {
            (Some(why), _) => {
                badge(html, State::Bad, "cannot be read");
                html.line("small", &[], &format!(" {why}"));
            }
            (None, _) if silent.is_some() => {
                let since = silent.as_deref().unwrap_or_default();
                badge(html, State::Unknown, &format!("silent since {since}"));
            }
            (None, Some(0)) => badge(html, State::Unknown, "nothing came yet"),
            (None, Some(_)) if source.refused > 0 => badge(html, State::Warn, "some are refused"),
            (None, _) => badge(html, State::Ok, "fine"),
        },
    );
    let counts = match source.samples {
        Some(samples) => [
            thousands(samples),
            thousands(source.refused),
            thousands(source.unmatched),
        ],
        None => ["-".to_owned(), "-".to_owned(), "-".to_owned()],
    };
    for (of, count) in ["taken", "refused", "used by no SLO"].iter().zip(&counts) {
        html.line("td", &[("data-of", of)], count);
    }
}

/// What it holds, by kind.
fn holds(html: &mut Html, scene: &Scene<'_>, ask: &Ask) {
    let catalogue = scene.promises.catalogue();
    let to = |path: &str| ask.everywhere().to(path);
    section(html, "holds", "What it holds", |html| {
        html.element("ul", &[("class", "notes")], |html| {
            html.element("li", &[], |html| {
                html.line(
                    "a",
                    &[("href", &to("/"))],
                    &counted(catalogue.slos.len() as u64, "SLO"),
                );
                html.text(&format!(
                    " of {} and {}",
                    counted(catalogue.services.len() as u64, "service"),
                    counted(catalogue.teams.len() as u64, "team")
                ));
            });
            html.element("li", &[], |html| {
                html.text("segments: ");
                for (i, segment) in catalogue.segments_by_rank().into_iter().enumerate() {
                    if i > 0 {
                        html.text(", ");
                    }
                    let path = super::ask::path("/segments/", segment.id.as_str());
                    html.line("a", &[("href", &to(&path))], segment.id.as_str());
                }
            });
        });
    });
}

/// The files as they were taken.
fn files(html: &mut Html, sources: &SourceMap) {
    if sources.files.is_empty() {
        return;
    }
    section(html, "files", "Files in force", |html| {
        for file in &sources.files {
            let lines = file.text.lines().count() as u64;
            disclosure(
                html,
                &format!("{} ({})", file.name, counted(lines, "line")),
                |html| {
                    html.line(
                        "pre",
                        &[("tabindex", "0"), ("aria-label", &file.name)],
                        &file.text,
                    );
                },
            );
        }
    });
}
