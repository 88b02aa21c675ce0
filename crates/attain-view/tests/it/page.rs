//! Reads a page as strictly as it is written: every element closed (or one of those whose end HTML implies), every
//! attribute whole. Finds ids, requests and the numbers of charts and tables.

use std::collections::{BTreeMap, BTreeSet};

/// What a page consists of.
#[derive(Debug, Default)]
pub struct Page {
    tags: BTreeMap<String, usize>,
    attributes: Vec<(String, String, String)>,
    /// Texts of `title` inside `svg`.
    chart_texts: Vec<String>,
    /// Texts of cells.
    cell_texts: Vec<String>,
}

impl Page {
    /// How often each tag is used, without some.
    pub fn tags_beside(&self, without: &[&str]) -> BTreeMap<String, usize> {
        let mut tags = self.tags.clone();
        tags.retain(|tag, _| !without.contains(&tag.as_str()));
        tags
    }
}

const VOID: [&str; 2] = ["meta", "input"];

/// Reads it; panics where it is not well-formed.
pub fn read(html: &str) -> Page {
    let mut page = Page::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = html.strip_prefix("<!doctype html>\n").unwrap();
    while let Some(at) = rest.find('<') {
        let (text, tail) = rest.split_at(at);
        heard(&mut page, &open, text);
        if let Some(closing) = tail.strip_prefix("</") {
            let (name, after) = closing.split_once('>').unwrap();
            while open
                .last()
                .is_some_and(|last| last != name && is_implied(last))
            {
                open.pop();
            }
            assert_eq!(
                open.pop().as_deref(),
                Some(name),
                "closed in the wrong order"
            );
            rest = after;
            continue;
        }
        let (name, attributes, is_closed, after) = tag(&tail[1..]);
        close_implied(&mut open, &name);
        *page.tags.entry(name.clone()).or_default() += 1;
        for (attribute, value) in attributes {
            page.attributes.push((name.clone(), attribute, value));
        }
        rest = after;
        if name == "style" {
            let (_, after) = rest.split_once("</style>").unwrap();
            rest = after;
        } else if !is_closed && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    page
}

fn is_implied(tag: &str) -> bool {
    matches!(
        tag,
        "td" | "th" | "tr" | "thead" | "tbody" | "li" | "dt" | "dd"
    )
}

fn close_implied(open: &mut Vec<String>, next: &str) {
    let closes: &[&str] = match next {
        "td" | "th" => &["td", "th"],
        "tr" => &["td", "th", "tr"],
        "thead" | "tbody" => &["td", "th", "tr", "thead", "tbody"],
        "li" => &["li"],
        "dt" | "dd" => &["dt", "dd"],
        _ => &[],
    };
    while open
        .last()
        .is_some_and(|last| closes.contains(&last.as_str()))
    {
        open.pop();
    }
}

/// Name, attributes, whether it closes itself, and what follows.
fn tag(text: &str) -> (String, Vec<(String, String)>, bool, &str) {
    let end = text.find([' ', '>', '/']).unwrap();
    let (name, mut rest) = text.split_at(end);
    assert!(
        name.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        "no tag: {name}"
    );
    let mut attributes: Vec<(String, String)> = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix("/>") {
            return (name.to_owned(), attributes, true, after);
        }
        if let Some(after) = rest.strip_prefix('>') {
            return (name.to_owned(), attributes, false, after);
        }
        let (attribute, tail) = rest.split_once('=').unwrap();
        assert!(
            attribute
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'-' || byte.is_ascii_digit()),
            "no attribute: {attribute}"
        );
        assert!(
            attributes.iter().all(|(other, _)| other != attribute),
            "twice: {attribute}"
        );
        let (value, after) = match tail.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap(),
            None => tail.split_at(tail.find([' ', '>']).unwrap()),
        };
        assert!(!value.contains('<'), "{attribute}={value}");
        attributes.push((attribute.to_owned(), value.to_owned()));
        rest = after;
    }
}

fn heard(page: &mut Page, open: &[String], text: &str) {
    assert!(!text.contains('>'), "not escaped: {text}");
    if text.trim().is_empty() {
        return;
    }
    let is_in = |tag: &str| open.iter().any(|other| other == tag);
    if is_in("svg") && is_in("title") {
        page.chart_texts.push(text.to_owned());
    } else if is_in("td") || is_in("th") {
        page.cell_texts.push(text.to_owned());
    }
}

/// No request, no script, no handler, no style of its own, ids once, links to what is there.
pub fn is_self_contained(html: &str, page: &Page) {
    for tag in [
        "script",
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "image",
        "foreignObject",
    ] {
        assert!(!page.tags.contains_key(tag), "{tag}");
    }
    let mut ids = BTreeSet::new();
    for (_, attribute, value) in &page.attributes {
        assert!(!attribute.starts_with("on"), "{attribute}");
        assert!(!["src", "srcset", "style", "action", "xlink:href"].contains(&attribute.as_str()));
        if attribute == "id" {
            assert!(ids.insert(value.clone()), "twice: {value}");
        }
    }
    // What a catalogue names as a runbook may be opened by whoever wants to; a page asks for nothing by itself.
    let is_address = |value: &str| value.starts_with("https://") || value.starts_with("http://");
    for (tag, _, value) in page
        .attributes
        .iter()
        .filter(|(_, attribute, _)| attribute == "href")
    {
        if tag == "a" && is_address(value) {
            continue;
        }
        let target = value.strip_prefix('#').expect("links stay on the page");
        assert!(ids.contains(target), "nothing is at {value}");
    }
    let style = html
        .split_once("<style>")
        .unwrap()
        .1
        .split_once("</style>")
        .unwrap()
        .0;
    assert!(
        !style.contains("@import") && !style.contains("//"),
        "a style that asks for more"
    );
    for reference in style.split("url(").skip(1) {
        let target = reference.split_once(')').unwrap().0;
        assert!(ids.contains(target.strip_prefix('#').unwrap()), "{target}");
    }
    assert!(html.contains("default-src &#39;none&#39;"));
}

/// One script, from its server; links, forms and nothing else lead anywhere; ids once, links inside it lead somewhere.
pub fn asks_only_its_server(html: &str, page: &Page) {
    for tag in [
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "base",
        "image",
        "foreignObject",
    ] {
        assert!(!page.tags.contains_key(tag), "{tag}");
    }
    let mut ids = BTreeSet::new();
    for (tag, attribute, value) in &page.attributes {
        assert!(!attribute.starts_with("on"), "{attribute}");
        assert!(!["srcset", "style", "xlink:href"].contains(&attribute.as_str()));
        match attribute.as_str() {
            "src" => assert!(tag == "script" && value.starts_with("/assets/"), "{value}"),
            "action" => assert!(
                value.starts_with('/') && !value.starts_with("//"),
                "{value}"
            ),
            "id" => assert!(ids.insert(value.clone()), "twice: {value}"),
            _ => {}
        }
    }
    for (tag, _, value) in page.attributes.iter().filter(|(_, name, _)| name == "href") {
        let is_address = value.starts_with("https://") || value.starts_with("http://");
        let is_path = value.starts_with('/') && !value.starts_with("//");
        if tag == "a" && (is_address || is_path) {
            continue;
        }
        let target = value.strip_prefix('#').expect("links stay on the server");
        assert!(ids.contains(target), "nothing is at {value}");
    }
    assert!(html.contains("default-src &#39;none&#39;"));
}

/// Whatever a chart says under the pointer stands in a table, too.
pub fn numbers_of_charts_are_in_tables(page: &Page) {
    let in_tables: BTreeSet<&str> = page
        .cell_texts
        .iter()
        .flat_map(|text| numbers(text))
        .collect();
    for text in &page.chart_texts {
        for number in numbers(text) {
            assert!(
                in_tables.contains(number),
                "{number} of `{text}` is in no table"
            );
        }
    }
}

fn numbers(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '(', ')'])
        .map(|word| word.trim_end_matches([',', ':']))
        .filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// As a content security policy writes a hash.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0_u8; 3];
        group[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from(group[0]) << 16 | u32::from(group[1]) << 8 | u32::from(group[2]);
        for digit in 0..4 {
            out.push(if digit <= chunk.len() {
                char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize])
            } else {
                '='
            });
        }
    }
    out
}

/// The tokens of a block of the style: name and red, green, blue.
pub fn tokens(block: &str) -> BTreeMap<&str, [f64; 3]> {
    block
        .split(['{', ';', '}', '\n'])
        .filter_map(|line| line.trim().strip_prefix("--")?.split_once(":#"))
        .map(|(name, hex)| {
            let short = hex.len() == 3;
            let channel = |i: usize| {
                let digits = if short {
                    hex[i..=i].repeat(2)
                } else {
                    hex[2 * i..2 * i + 2].to_owned()
                };
                f64::from(u8::from_str_radix(&digits, 16).unwrap()) / 255.0
            };
            (name, [channel(0), channel(1), channel(2)])
        })
        .collect()
}

/// The contrast of two colours as the Web Content Accessibility Guidelines 2.2 compute it, from 1 to 21.
pub fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |color: [f64; 3]| {
        let [red, green, blue] = color.map(|channel| {
            if channel <= 0.040_45 {
                channel / 12.92
            } else {
                ((channel + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}
