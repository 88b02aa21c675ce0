//! One value against a limit, as a bar: the tick is the limit, and what passes it is drawn in the colour of danger.

use crate::html::Html;

/// Where the limit stands, of 100.
const LIMIT_AT: f64 = 66.0;

/// A bar for `value` of `limit`. Below a hundredth of the width nothing is drawn but the limit.
pub fn against(html: &mut Html, value: f64, limit: f64, title: &str) {
    let width = (value / limit * LIMIT_AT).clamp(0.0, 100.0);
    frame(html, title, |html| {
        let within = width.min(LIMIT_AT);
        rect(html, "within", 0.0, within);
        if width > LIMIT_AT {
            rect(html, "past", LIMIT_AT, width - LIMIT_AT);
        }
        html.shape("path", &[("class", "tick"), ("d", "M66 0v8")]);
    });
}

/// A bar for a share of a whole, from 0 to 1.
pub fn share(html: &mut Html, share: f64, class: &str) {
    frame(html, "", |html| {
        rect(html, class, 0.0, (share * 100.0).clamp(0.0, 100.0));
    });
}

/// A bar for what is left of a whole, from -1 to 1: to the right of a tick at zero, or to its left what is too much.
pub fn left(html: &mut Html, left: f64, class: &str) {
    frame(html, "", |html| {
        let width = (left.abs() * 50.0).clamp(0.0, 50.0);
        let x = if left < 0.0 { 50.0 - width } else { 50.0 };
        rect(html, class, x, width);
        html.shape("path", &[("class", "tick"), ("d", "M50 0v8")]);
    });
}

fn frame(html: &mut Html, title: &str, inside: impl FnOnce(&mut Html)) {
    let attributes = [
        ("class", "bar"),
        ("viewBox", "0 0 100 8"),
        ("preserveAspectRatio", "none"),
        ("aria-hidden", "true"),
    ];
    html.element("svg", &attributes, |html| {
        if !title.is_empty() {
            html.line("title", &[], title);
        }
        inside(html);
    });
}

fn rect(html: &mut Html, class: &str, x: f64, width: f64) {
    if width >= 1.0 {
        let (x, width) = (super::coordinate(x), super::coordinate(width));
        html.shape(
            "rect",
            &[
                ("class", class),
                ("x", if x == "0" { "" } else { &x }),
                ("width", &width),
                ("height", "8"),
            ],
        );
    }
}
