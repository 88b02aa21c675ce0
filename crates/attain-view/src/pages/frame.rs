//! The frame of every page: where one is, where one can go, and whether what is shown can be trusted. Knows no promise.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};

use super::{Ask, Scene, ask, when};
use crate::html::Html;
use crate::html::page::{Head, page_with};
use crate::html::parts::{State, mark};
use crate::number;

/// How the pages look.
pub const STYLE: &str = concat!(
    include_str!("../html/style.css"),
    include_str!("../html/pages.css"),
    include_str!("../html/cascade.css")
);

/// The one script of the pages. Without it they can be read all the same.
pub const SCRIPT: &str = include_str!("../html/live.js");

/// The content security policy of every page.
#[must_use]
pub fn policy() -> String {
    static HASH: LazyLock<String> = LazyLock::new(|| base64(&Sha256::digest(STYLE.as_bytes())));
    let hash = &*HASH;
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; script-src 'self'; connect-src 'self'; img-src 'self' data:; \
         base-uri 'none'; form-action 'self'"
    )
}

/// As a policy writes a hash.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=chunk.len() {
            let digit = (bits >> (18 - 6 * place)) & 63;
            out.push(char::from(DIGITS[digit as usize]));
        }
        (chunk.len()..3).for_each(|_| out.push('='));
    }
    out
}

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Here {
    Overview,
    Cascade,
    Catalogue,
    Reports,
    /// Below one of these, or nowhere.
    Elsewhere,
}

/// The places that the top of each page names: word, path, letter of the jump `g` + letter.
const PLACES: [(Here, &str, &str, &str); 4] = [
    (Here::Overview, "Overview", "/", "o"),
    (Here::Cascade, "Cascade", "/cascade", "c"),
    (Here::Catalogue, "Catalogue", "/catalogue", "f"),
    (Here::Reports, "Reports", "/reports", "r"),
];

/// A page: `title` is what a tab and a bookmark say.
pub(super) fn frame(
    scene: &Scene<'_>,
    ask: &Ask,
    here: Here,
    title: &str,
    path: &str,
    body: impl FnOnce(&mut Html),
) -> String {
    let name = &scene.promises.catalogue().name;
    let policy = policy();
    let script = format!("/assets/live.js?v={}", scene.server.version);
    let head = Head {
        theme: "",
        policy: &policy,
        style: STYLE,
        script: &script,
    };
    let title = match title {
        "" => name.clone(),
        title => format!("{title} \u{b7} {name}"),
    };
    page_with(&title, head, |html| {
        html.own("<a class=skip href=#main>Skip to the content</a>");
        html.own(crate::html::chart::line::SHARED);
        top(html, scene, ask, here, path);
        html.own("\n");
        let as_of = scene.evaluation.map(|evaluation| evaluation.as_of.instant);
        let as_of = as_of.map_or_else(String::new, |at| at.to_string());
        let attributes = [("id", "main"), ("tabindex", "-1"), ("data-as-of", &*as_of)];
        html.element("main", &attributes, |html| {
            troubles(html, scene, ask, path);
            body(html);
        });
        foot(html, scene);
    })
}

fn top(html: &mut Html, scene: &Scene<'_>, ask: &Ask, here: Here, path: &str) {
    html.element("header", &[("class", "bar-top")], |html| {
        let home = ask.everywhere().to("/");
        html.element("p", &[("class", "home")], |html| {
            html.line(
                "a",
                &[("href", &home)],
                &scene.promises.catalogue().name,
            );
        });
        // One line, which scrolls by itself where the page is narrow.
        html.element("div", &[("class", "ways")], |html| {
            places(html, ask, here);
            search(html, ask);
            html.element("div", &[("class", "tools")], |html| {
                when::zones(html, scene, ask, path);
                // What needs the script is shown by it; its place is kept, so that nothing moves.
                html.own("<button type=button class=tool id=theme hidden=hidden>Theme</button>");
                html.own("<button type=button class=tool id=help hidden=hidden aria-haspopup=dialog>Keys</button>");
            });
        });
        when::state(html, scene, ask, path);
    });
}

fn places(html: &mut Html, ask: &Ask, here: Here) {
    html.element("nav", &[("aria-label", "Pages")], |html| {
        html.element("ul", &[], |html| {
            for (place, word, path, letter) in PLACES {
                let current = if place == here { "page" } else { "" };
                let attributes = [
                    ("href", &*ask.everywhere().to(path)),
                    ("aria-current", current),
                    ("data-jump", letter),
                ];
                html.element("li", &[], |html| html.line("a", &attributes, word));
            }
        });
    });
}

fn search(html: &mut Html, ask: &Ask) {
    let attributes = [("role", "search"), ("action", "/"), ("method", "get")];
    html.element("form", &attributes, |html| {
        keep(html, &ask.everywhere());
        let attributes = [
            ("type", "search"),
            ("name", "q"),
            ("id", "search"),
            ("aria-label", "Find an SLO"),
            ("placeholder", "Find an SLO"),
            ("autocomplete", "off"),
            ("value", ask.get("q").unwrap_or_default()),
        ];
        html.void("input", &attributes);
    });
}

/// What a form keeps of a question.
pub(super) fn keep(html: &mut Html, ask: &Ask) {
    for (key, value) in ask.iter() {
        html.void(
            "input",
            &[("type", "hidden"), ("name", key), ("value", value)],
        );
    }
}

/// How it is meant, what it is, and where more is said: a word and an address.
type Trouble = (State, String, Option<(&'static str, String)>);

/// What is wrong with the server itself, before anything is read. Nothing where all is well.
fn troubles(html: &mut Html, scene: &Scene<'_>, ask: &Ask, path: &str) {
    let server = scene.server;
    let mut troubles: Vec<Trouble> = Vec::new();
    if scene.is_past {
        let at = scene.evaluation.map(|evaluation| evaluation.as_of.instant);
        let at = at.map_or_else(String::new, |at| number::instant(at, scene.zone));
        troubles.push((
            State::Quiet,
            format!("You look at {at}, not at now."),
            Some(("Back to now", ask.with("at", "").to(path))),
        ));
    } else if scene.is_stale()
        && let Some(age) = scene.age()
    {
        let until = server.judged_until.unwrap_or_default();
        troubles.push((
            State::Unknown,
            format!(
                "Stale: nothing was judged since {}, {} ago. What follows is how it stood then; nothing is known of the time since.",
                number::instant(until, scene.zone),
                number::about(age)
            ),
            Some(("Who sends counts", ask.everywhere().to("/catalogue") + "#sources")),
        ));
    }
    if !scene.is_stale() {
        let until = scene.evaluation.map(|evaluation| evaluation.as_of.instant);
        for (source, since) in scene.silent() {
            let length = until.unwrap_or(since).duration_since(since);
            let length = std::time::Duration::try_from(length).unwrap_or_default();
            troubles.push((
                State::Unknown,
                format!(
                    "Silent: nothing was heard of source {source} since {}, {}. What happened in that time is not known.",
                    number::instant(since, scene.zone),
                    number::about(length)
                ),
                Some(("Sources", ask.everywhere().to("/catalogue") + "#sources")),
            ));
        }
    }
    if let Some(why) = &server.disk {
        troubles.push((
            State::Bad,
            format!(
                "Nothing can be kept at the moment: {why}. Whoever sends is told to send again."
            ),
            None,
        ));
    }
    if server.catalogue.refused.is_some() {
        troubles.push((
            State::Warn,
            format!(
                "The catalogue's files have changed and are refused. The one of {} stays in force.",
                number::instant(server.catalogue.since, scene.zone)
            ),
            Some(("What is wrong with them", ask.everywhere().to("/catalogue"))),
        ));
    }
    if let Some(off) = server.clock_off {
        let off = std::time::Duration::try_from(off.abs()).unwrap_or_default();
        troubles.push((
            State::Warn,
            format!(
                "The machine's clock jumped by {} and is not believed yet.",
                number::about(off)
            ),
            None,
        ));
    }
    for source in server
        .sources
        .iter()
        .filter(|source| source.trouble.is_some())
    {
        let why = source.trouble.as_deref().unwrap_or_default();
        troubles.push((
            State::Unknown,
            format!("Source {} cannot be read: {why}", source.name),
            Some(("Sources", ask.everywhere().to("/catalogue") + "#sources")),
        ));
    }
    if troubles.is_empty() {
        return;
    }
    let attributes = [
        ("class", "troubles"),
        ("aria-label", "About the server"),
        ("data-key", "troubles"),
    ];
    html.element("ul", &attributes, |html| {
        for (state, text, more) in troubles {
            html.element("li", &[("class", state.class())], |html| {
                mark(html, state);
                html.element("span", &[], |html| {
                    html.text(&text);
                    if let Some((word, to)) = more {
                        html.text(" ");
                        html.line("a", &[("href", &to)], word);
                    }
                });
            });
        }
    });
}

fn foot(html: &mut Html, scene: &Scene<'_>) {
    html.element("footer", &[], |html| {
        html.element("p", &[], |html| {
            html.text(&format!("attain {} \u{b7} ", scene.server.version));
            html.own("<a href=/api/v1/status>the same as JSON</a> \u{b7} <a href=/api/v1/server>the server as JSON</a>");
            html.own("<span id=hint hidden=hidden> \u{b7} press <kbd>?</kbd> for keys</span>");
        });
        html.own("<p id=said class=unseen role=status></p>");
    });
}

/// What is answered where nothing can be shown: `what` is wrong, `next` is what to do about it.
#[must_use]
pub fn refusal(
    scene: &Scene<'_>,
    asked: &Ask,
    what: &str,
    next: &str,
    near: Option<&str>,
) -> String {
    frame(scene, asked, Here::Elsewhere, what, "/", |html| {
        html.element("section", &[("class", "summary unknown")], |html| {
            html.element("h1", &[("class", "lead")], |html| {
                mark(html, State::Unknown);
                html.text(what);
            });
            html.element("p", &[("class", "body")], |html| {
                html.prose(next);
                if let Some(near) = near {
                    let to = asked.everywhere().to(&ask::path("/slos/", near));
                    html.text(" Did you mean ");
                    html.line("a", &[("href", &to)], near);
                    html.text("?");
                }
            });
            html.element("p", &[("class", "also go")], |html| {
                for (at, (_, word, path, _)) in PLACES.iter().enumerate() {
                    html.text(if at > 0 { " \u{b7} " } else { "" });
                    let word = match *path {
                        "/" => "Every promise, now",
                        _ => word,
                    };
                    html.line("a", &[("href", path)], word);
                }
            });
        });
    })
}
