//! One value as a bar: a share of a whole, or what is left of one, on both sides of a tick at zero.

use crate::html::Html;

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
