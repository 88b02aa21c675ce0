//! bench/RESULTS.md: a section per bench, replaced when that bench is run again. Knows no bench.

const OPENING: &str = "\
# What was measured

Written by `cargo xtask bench`, one section per bench; each is of the commit that it names. CPU seconds are user and
system time of the whole process. Ratios within a table are of one run on one machine and travel; seconds do not.
";

/// The page with the section `name` replaced, or added at the end. `body` is Markdown without headings of this level.
pub fn with_section(page: &str, name: &str, body: &str) -> String {
    let mut sections = sections(page);
    let body = body.trim().to_string();
    match sections.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = body,
        None => sections.push((name.to_string(), body)),
    }
    let mut page = OPENING.to_string();
    for (name, body) in sections {
        page.push_str(&format!("\n## {name}\n\n{body}\n"));
    }
    page
}

/// Name and body of each section; what stands before the first is not kept.
fn sections(page: &str) -> Vec<(String, String)> {
    let mut sections: Vec<(String, String)> = Vec::new();
    for line in page.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            sections.push((name.trim().to_string(), String::new()));
        } else if let Some((_, body)) = sections.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    for (_, body) in &mut sections {
        *body = body.trim().to_string();
    }
    sections
}

/// A Markdown table.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut text = format!(
        "| {} |\n|{}\n",
        header.join(" | "),
        "---|".repeat(header.len())
    );
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_added_then_replaced_and_the_others_stay() {
        let page = with_section("# Old\n\nnothing\n", "logs", "one");
        let page = with_section(&page, "memory", "two\n\n| a |\n");
        let page = with_section(&page, "logs", "three");
        assert!(page.starts_with(OPENING));
        assert!(
            page.ends_with("\n## logs\n\nthree\n\n## memory\n\ntwo\n\n| a |\n"),
            "{page}"
        );
        assert_eq!(page, with_section(&page, "logs", "three"));
    }

    #[test]
    fn a_table_has_a_rule_under_its_header() {
        let rows = [vec!["x".to_string(), "1".to_string()]];
        assert_eq!(
            table(&["what", "n"], &rows),
            "| what | n |\n|---|---|\n| x | 1 |\n"
        );
    }
}
