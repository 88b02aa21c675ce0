//! A browser that a check steers: Debian's Chromium behind ChromeDriver, spoken to in WebDriver and in the browser's own
//! debugging commands. Knows no page.
//!
//! Scripts answer with text, so that nothing more of JSON is read here than one string.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::super::process::{Running, free_address, wait_for};
use super::super::{Outcome, http, install};

/// A browser with one window.
pub struct Browser {
    _driver: Running,
    address: SocketAddr,
    session: String,
}

/// Nothing that makes the browser ask anybody but the page's own server.
const ARGUMENTS: [&str; 12] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
];

impl Browser {
    /// Starts it, with its profile in the folder; or a skip if there is none to be had.
    pub fn start(folder: &Path) -> Result<Self, Outcome> {
        install::installed("chromium", "chromium")?;
        let driver = install::installed("chromium-driver", "chromedriver")?;
        let address = free_address()?;
        let mut command = Command::new(driver);
        command.arg(format!("--port={}", address.port()));
        let mut driver = Running::start(&mut command, folder)?;
        wait_for("ChromeDriver answers", 30, || {
            driver.has_ended().map_or(Ok(()), Err)?;
            http::ask(address, "GET", "/status", "")
        })?;
        let profile = format!("--user-data-dir={}", folder.join("profile").display());
        let arguments: Vec<String> = (ARGUMENTS.iter().copied())
            .chain([profile.as_str()])
            .map(quoted)
            .collect();
        let wanted = format!(
            "{{\"capabilities\":{{\"alwaysMatch\":{{\"browserName\":\"chrome\",\
             \"goog:chromeOptions\":{{\"args\":[{}]}},\
             \"goog:loggingPrefs\":{{\"browser\":\"ALL\",\"performance\":\"ALL\"}}}}}}}}",
            arguments.join(",")
        );
        let made = http::ask(address, "POST", "/session", &wanted).map_err(Outcome::Failed)?;
        let session = text_of(&made, "sessionId")
            .ok_or_else(|| Outcome::Failed(format!("no session: {made}")))?;
        let browser = Self {
            _driver: driver,
            address,
            session,
        };
        // Machines may be slow; a page that hangs still ends the check.
        let patience = "{\"script\":120000,\"pageLoad\":120000}";
        browser.ask("timeouts", patience).map_err(Outcome::Failed)?;
        Ok(browser)
    }

    /// Opens a page and waits until it is loaded.
    pub fn open(&self, url: &str) -> Result<(), String> {
        self.ask("url", &format!("{{\"url\":{}}}", quoted(url)))
            .map(|_| ())
    }

    /// What a script returns, as text.
    pub fn run(&self, script: &str) -> Result<String, String> {
        let script = format!("return String((()=>{{{script}}})())");
        let body = format!("{{\"script\":{},\"args\":[]}}", quoted(&script));
        self.value("execute/sync", &body)
    }

    /// What a script ends with that awaits something.
    pub fn wait(&self, script: &str) -> Result<String, String> {
        let script = format!(
            "const done=arguments[0];(async()=>{{{script}}})().then(said=>done(String(said)),why=>done('failed: '+why))"
        );
        let body = format!("{{\"script\":{},\"args\":[]}}", quoted(&script));
        self.value("execute/async", &body)
    }

    /// Presses keys, one after the other. The last may lead away from the page, which nobody waits for: it comes up before
    /// the next is pressed.
    pub fn press(&self, keys: &str) -> Result<(), String> {
        self.release()?;
        let strokes = keys
            .chars()
            .flat_map(|key| [stroke("keyDown", key), stroke("keyUp", key)]);
        let mut strokes: Vec<String> = strokes.collect();
        strokes.pop();
        self.act(strokes)
    }

    /// Presses a key while another is held.
    pub fn press_with(&self, held: &str, key: &str) -> Result<(), String> {
        self.release()?;
        let down = held.chars().chain(key.chars());
        self.act(down.map(|key| stroke("keyDown", key)).collect())
    }

    /// Lets go of whatever is pressed.
    fn release(&self) -> Result<(), String> {
        http::ask(self.address, "DELETE", &self.path("actions"), "").map(|_| ())
    }

    fn act(&self, strokes: Vec<String>) -> Result<(), String> {
        let strokes = strokes.join(",");
        let body = format!(
            "{{\"actions\":[{{\"type\":\"key\",\"id\":\"keys\",\"actions\":[{strokes}]}}]}}"
        );
        self.ask("actions", &body).map(|_| ())
    }

    /// A command of the browser's own.
    pub fn command(&self, name: &str, parameters: &str) -> Result<String, String> {
        let body = format!("{{\"cmd\":{},\"params\":{parameters}}}", quoted(name));
        self.ask("goog/cdp/execute", &body)
    }

    /// What was written to the console, or over the network, since the last time: JSON, as it is.
    pub fn log(&self, which: &str) -> Result<String, String> {
        self.ask("se/log", &format!("{{\"type\":{}}}", quoted(which)))
    }

    fn value(&self, what: &str, body: &str) -> Result<String, String> {
        let answer = self.ask(what, body)?;
        text_of(&answer, "value").ok_or(answer)
    }

    fn ask(&self, what: &str, body: &str) -> Result<String, String> {
        http::ask(self.address, "POST", &self.path(what), body)
    }

    fn path(&self, what: &str) -> String {
        format!("/session/{}/{what}", self.session)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The driver is ended by its id; the browser is its child, and ends by this.
        let _ = http::ask(
            self.address,
            "DELETE",
            &format!("/session/{}", self.session),
            "",
        );
    }
}

/// Keys that are no letters, as WebDriver writes them.
pub mod key {
    pub const ENTER: &str = "\u{e007}";
    pub const CONTROL: &str = "\u{e009}";
    pub const ESCAPE: &str = "\u{e00c}";
    pub const RIGHT: &str = "\u{e014}";
}

fn stroke(what: &str, key: char) -> String {
    format!(
        "{{\"type\":\"{what}\",\"value\":{}}}",
        quoted(&key.to_string())
    )
}

/// Text as JSON has it.
pub fn quoted(text: &str) -> String {
    let mut said = String::with_capacity(text.len() + 2);
    said.push('"');
    for character in text.chars() {
        match character {
            '"' => said.push_str("\\\""),
            '\\' => said.push_str("\\\\"),
            other if (other as u32) < 0x20 => said.push_str(&format!("\\u{:04x}", other as u32)),
            other => said.push(other),
        }
    }
    said.push('"');
    said
}

/// The first text of that name in JSON.
fn text_of(json: &str, name: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{name}\":"))?;
    let mut rest = after.trim_start().strip_prefix('"')?.chars();
    let mut text = String::new();
    loop {
        match rest.next()? {
            '"' => return Some(text),
            '\\' => match rest.next()? {
                'n' => text.push('\n'),
                't' => text.push('\t'),
                'r' => text.push('\r'),
                'b' => text.push('\u{8}'),
                'f' => text.push('\u{c}'),
                'u' => {
                    let digits: String = rest.by_ref().take(4).collect();
                    let code = u32::from_str_radix(&digits, 16).ok()?;
                    // Halves of what lies beyond the first plane: nothing here depends on which it was.
                    text.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
                other => text.push(other),
            },
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_comes_through_json_and_back() {
        let text = "a \"b\" \\ c\n\u{1}é</script>";
        assert_eq!(
            text_of(&format!("{{\"value\":{}}}", quoted(text)), "value"),
            Some(text.to_string())
        );
        assert_eq!(text_of("{\"value\":null}", "value"), None);
        assert_eq!(text_of("{\"value\":\"unfinished", "value"), None);
    }
}
