//! The pages as a tree. Reads what the pages' own writer writes: tags that are left open where HTML lets them be.

/// An element, or a text (`tag` is empty then).
#[derive(Debug, Default, Clone)]
pub struct Node {
    pub tag: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
    pub inside: Vec<Node>,
}

const VOID: [&str; 8] = ["meta", "link", "input", "br", "use", "rect", "path", "line"];

impl Node {
    pub fn get(&self, name: &str) -> &str {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|(key, _)| key == name);
        found.map_or("", |(_, value)| value)
    }

    pub fn has_class(&self, class: &str) -> bool {
        self.get("class").split_whitespace().any(|one| one == class)
    }

    /// All of its text, its parts apart.
    pub fn all_text(&self) -> String {
        let mut text = self.text.clone();
        for node in &self.inside {
            text.push(' ');
            text.push_str(&node.all_text());
        }
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    pub fn find(&self, wanted: &dyn Fn(&Node) -> bool) -> Option<&Node> {
        if wanted(self) {
            return Some(self);
        }
        self.inside.iter().find_map(|node| node.find(wanted))
    }

    pub fn children<'a>(&'a self, tag: &'a str) -> impl Iterator<Item = &'a Node> {
        self.inside.iter().filter(move |node| node.tag == tag)
    }
}

/// Which open elements the next one ends.
fn ends(open: &str, next: &str) -> bool {
    match next {
        "td" | "th" => matches!(open, "td" | "th"),
        "tr" => matches!(open, "td" | "th" | "tr"),
        "tbody" => matches!(open, "td" | "th" | "tr" | "thead" | "tbody"),
        "dt" | "dd" => matches!(open, "dt" | "dd"),
        "li" => open == "li",
        "option" => open == "option",
        _ => false,
    }
}

pub fn parse(html: &str) -> Node {
    let mut stack = vec![Node::default()];
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text(&mut stack, &rest[..at]);
        rest = &rest[at + 1..];
        let end = end_of_tag(rest);
        let inside = &rest[..end];
        rest = &rest[(end + 1).min(rest.len())..];
        if inside.starts_with('!') {
            continue;
        }
        if let Some(name) = inside.strip_prefix('/') {
            if stack.iter().skip(1).any(|open| open.tag == name) {
                while close(&mut stack) != name {}
            }
            continue;
        }
        let node = element(inside);
        while stack.len() > 1 && ends(&stack[stack.len() - 1].tag, &node.tag) {
            close(&mut stack);
        }
        let raw = matches!(node.tag.as_str(), "style" | "script");
        let is_alone = inside.ends_with('/') && !inside.ends_with("=/")
            || VOID[..4].contains(&node.tag.as_str());
        let name = node.tag.clone();
        stack.push(node);
        if is_alone {
            close(&mut stack);
        } else if raw {
            let end = rest.find(&format!("</{name}")).unwrap_or(rest.len());
            rest = &rest[end..];
        }
    }
    while stack.len() > 1 {
        close(&mut stack);
    }
    stack.remove(0)
}

fn close(stack: &mut Vec<Node>) -> String {
    let node = stack.pop().unwrap();
    let name = node.tag.clone();
    stack.last_mut().unwrap().inside.push(node);
    name
}

fn text(stack: &mut [Node], text: &str) {
    if !text.trim().is_empty() {
        stack.last_mut().unwrap().inside.push(Node {
            text: unescape(text),
            ..Node::default()
        });
    }
}

fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn element(inside: &str) -> Node {
    let inside = inside.strip_suffix('/').unwrap_or(inside);
    let (tag, mut rest) = inside
        .split_once(char::is_whitespace)
        .unwrap_or((inside, ""));
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some((name, after)) = rest.split_once('=') else {
            break;
        };
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        attributes.push((name.to_owned(), unescape(value)));
        rest = left;
    }
    Node {
        tag: tag.to_owned(),
        attributes,
        ..Node::default()
    }
}

fn unescape(text: &str) -> String {
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    marks
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
