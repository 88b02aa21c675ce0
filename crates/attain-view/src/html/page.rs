//! The frame of a page: head, content security policy, style, the marks that all pages use. Knows no content.

use super::Html;

/// How every page looks.
pub const STYLE: &str = include_str!("style.css");

/// Base64 of the SHA-256 of [`STYLE`]; a test says when it is out of date.
pub const STYLE_HASH: &str = "JtKWS/6RB73pv4Yl7FaO1HJ8MaROITrWhbxdl4IYaA8=";

/// The shapes of the states and the hatching, drawn once and used everywhere.
const MARKS: &str = r##"<svg class=defs width=0 height=0 aria-hidden=true><defs><pattern id=hatch width=5 height=5 patternUnits=userSpaceOnUse patternTransform="rotate(45)"><rect width=5 height=5 class=hatch-paper /><path d="M0 0v5" class=hatch-line /></pattern><pattern id=over width=3 height=3 patternUnits=userSpaceOnUse><rect width=3 height=3 class=over-paper /><path d="M0 0h3v1H0zM0 0v3h1V0z"/></pattern><symbol id=m-ok viewBox="0 0 16 16"><circle cx=8 cy=8 r=7 /><path d="M4.6 8.3l2.3 2.4 4.6-5" class=cut /></symbol><symbol id=m-warn viewBox="0 0 16 16"><path d="M8 1.2L15.3 14.4H.7z"/><path d="M8 6v4M8 11.6v1.3" class=cut /></symbol><symbol id=m-bad viewBox="0 0 16 16"><path d="M5 1h6l4 4v6l-4 4H5l-4-4V5z"/><path d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2" class=cut /></symbol><symbol id=m-unknown viewBox="0 0 16 16"><circle cx=8 cy=8 r=6.2 class=ring /><path d="M6.1 6.4c.2-2.6 4-2.4 3.8.1-.1 1.3-1.8 1.5-1.9 2.9M8 11.2v.9" class=stroke /></symbol><symbol id=m-clock viewBox="0 0 16 16"><circle cx=8 cy=8 r=6.2 class=ring /><path d="M8 4.4V8l2.6 1.7" class=stroke /></symbol><symbol id=m-quiet viewBox="0 0 16 16"><circle cx=8 cy=8 r=6.2 class=ring /><path d="M5 8h6" class=stroke /></symbol></defs></svg>"##;

/// What the head of a page says beside its title.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// `light` or `dark` against the reader's preference; empty leaves it to the reader.
    pub theme: &'a str,
    /// The content security policy.
    pub policy: &'a str,
    /// How it looks.
    pub style: &'static str,
    /// Where its script is; empty if it has none.
    pub script: &'a str,
}

/// A whole page that stands alone: it asks nobody for anything and runs no script.
///
/// `forced` sets `data-theme` (`light` or `dark`) against the reader's preference; empty leaves it to the reader.
#[must_use]
pub fn page(title: &str, forced: &str, body: impl FnOnce(&mut Html)) -> String {
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{STYLE_HASH}'; base-uri 'none'; form-action 'none'"
    );
    let head = Head {
        theme: forced,
        policy: &policy,
        style: STYLE,
        script: "",
    };
    page_with(title, head, body)
}

/// A whole page.
#[must_use]
pub fn page_with(title: &str, head: Head<'_>, body: impl FnOnce(&mut Html)) -> String {
    let mut html = Html::new();
    html.own("<!doctype html>\n");
    let attributes = [("lang", "en"), ("data-theme", head.theme)];
    html.element("html", &attributes, |html| {
        html.element("head", &[], |html| {
            html.void("meta", &[("charset", "utf-8")]);
            html.void(
                "meta",
                &[
                    ("http-equiv", "Content-Security-Policy"),
                    ("content", head.policy),
                ],
            );
            html.void(
                "meta",
                &[
                    ("name", "viewport"),
                    ("content", "width=device-width, initial-scale=1"),
                ],
            );
            html.void(
                "meta",
                &[("name", "color-scheme"), ("content", "light dark")],
            );
            html.void("meta", &[("name", "referrer"), ("content", "no-referrer")]);
            html.line("title", &[], title);
            html.element("style", &[], |html| html.own(head.style));
            if !head.script.is_empty() {
                html.element("script", &[("src", head.script)], |_| {});
            }
        });
        html.own("\n");
        html.element("body", &[], |html| {
            html.own(MARKS);
            body(html);
        });
    });
    html.own("\n");
    html.finish()
}
