//! The pages in a real browser: Debian's Chromium, in light and dark and at three widths, with axe-core from npm.
//!
//! Every page that can be reached from the first one must load without a word on the console and without a request to
//! anybody else, must not scroll sideways, must have no finding of axe for WCAG 2.2 A and AA, must be readable without
//! scripts, and must run nothing of what strangers wrote into names, notes and labels.

pub mod driver;
mod feed;
mod keys;
mod payloads;
pub mod shift;
pub mod told;

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::net::SocketAddr;

use super::attain::{self, Attain};
use super::process::wait_for;
use super::{Checked, Outcome, install};
use driver::{Browser, quoted};
use payloads::PAYLOADS;

const AXE: &str = "4.14.1";
const THEMES: [&str; 2] = ["light", "dark"];
const WIDTHS: [u32; 3] = [320, 768, 1400];
/// Pages of each kind that are looked at: they differ in what they say.
const OF_A_KIND: usize = 2;

/// The check.
pub fn check() -> Outcome {
    Outcome::of(run())
}

fn run() -> Checked {
    let folder = install::folder("browser", true)?;
    let axe = install::of_npm("axe-core", AXE, "axe.min.js")?;
    attain::program()?;
    let browser = Browser::start(&folder)?;
    feed::write(&folder)?;
    let server = Attain::start_in(&folder)?;
    wait_for("premium is judged", 120, || {
        let counts = server.counts("checkout-completes", "premium")?;
        if counts.bad > 0 {
            Ok(())
        } else {
            Err(format!("{counts:?}"))
        }
    })?;
    let failed = Outcome::Failed;
    let axe = fs::read_to_string(axe).map_err(Outcome::failed)?;
    let source = format!("{{\"source\":{}}}", quoted(&axe));
    browser
        .command("Page.addScriptToEvaluateOnNewDocument", &source)
        .map_err(failed)?;
    let pages = pages(&browser, server.address).map_err(failed)?;
    let mut found = told::questions(&browser, server.address).map_err(failed)?;
    let mut looks = 0;
    for page in &pages {
        for theme in THEMES {
            for width in WIDTHS {
                let at = format!("{page} {theme} {width}");
                let said = look(&browser, server.address, page, theme, width).map_err(failed)?;
                found.extend(said.into_iter().map(|said| format!("{at}: {said}")));
                looks += 1;
            }
        }
        let said = touch(&browser).map_err(failed)?;
        found.extend(said.into_iter().map(|said| format!("{page}: {said}")));
    }
    for page in &pages {
        let said = without_scripts(&browser, server.address, page).map_err(failed)?;
        found.extend(said.into_iter().map(|said| format!("{page}: {said}")));
    }
    let moved = told::live(&browser, server.address).map_err(failed)?;
    found.extend(moved.into_iter().map(|said| format!("live: {said}")));
    // Last: a key is still held when it leads away from its page, and until it is let go ChromeDriver takes seconds for
    // whatever it is asked.
    found.extend(keys::keys(&browser, server.address).map_err(failed)?);
    found.extend(keys::chosen(&browser, server.address).map_err(failed)?);
    if !found.is_empty() {
        return Err(Outcome::Failed(found.join("\n")));
    }
    Ok(format!(
        "{} pages in {looks} looks, axe-core {AXE}: nothing found; {} payloads, none ran; five questions answered as the API does; the keys do what they say; a live update moves nothing far",
        pages.len(),
        PAYLOADS.len()
    ))
}

/// The pages that can be reached from the first, at most so many of each kind.
fn pages(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut kinds: Vec<(String, usize)> = Vec::new();
    let mut next = VecDeque::from(["/".to_owned()]);
    while let Some(page) = next.pop_front() {
        browser.open(&format!("http://{server}{page}"))?;
        let links = browser.run(
            "return [...document.querySelectorAll('a[href]')].filter(a=>a.origin===location.origin&&!a.hasAttribute('download')&&!a.pathname.startsWith('/api/')&&a.pathname!=='/metrics').map(a=>a.pathname+a.search).join('\\n')",
        )?;
        found.push(page);
        for link in links.lines().map(str::to_owned) {
            let kind = kind_of(&link);
            let same = match kinds.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, same)) => same,
                None => {
                    kinds.push((kind, 0));
                    &mut kinds.last_mut().expect("just pushed").1
                }
            };
            if *same < OF_A_KIND && seen.insert(link.clone()) {
                *same += 1;
                next.push_back(link);
            }
        }
    }
    Ok(found)
}

/// `/slos/x` is a kind with `/slos/z`, and all pages with a query beneath `/slos` are one.
fn kind_of(link: &str) -> String {
    let (path, query) = link.split_once('?').unwrap_or((link, ""));
    let first = path.split('/').nth(1).unwrap_or_default();
    let depth = path.matches('/').count();
    format!(
        "/{first}/{depth}{}",
        if query.is_empty() { "" } else { "?" }
    )
}

/// Opens a page in a theme and at a width; what is wrong with it.
fn look(
    browser: &Browser,
    server: SocketAddr,
    page: &str,
    theme: &str,
    width: u32,
) -> Result<Vec<String>, String> {
    browser.command(
        "Emulation.setDeviceMetricsOverride",
        &format!("{{\"width\":{width},\"height\":900,\"deviceScaleFactor\":1,\"mobile\":false}}"),
    )?;
    browser.command(
        "Emulation.setEmulatedMedia",
        &format!("{{\"features\":[{{\"name\":\"prefers-color-scheme\",\"value\":\"{theme}\"}}]}}"),
    )?;
    browser.log("browser")?;
    browser.log("performance")?;
    browser.open(&format!("http://{server}{page}"))?;
    let mut found = Vec::new();
    let wide = browser.run("return document.documentElement.scrollWidth-innerWidth")?;
    if wide.parse::<f64>().is_ok_and(|wide| wide > 0.0) {
        found.push(format!(
            "scrolls sideways by {wide} px: {}",
            browser.run(WIDEST)?
        ));
    }
    let axe = browser.wait(RUN_AXE)?;
    found.extend(axe.lines().map(str::to_owned));
    found.extend(said_on_console(&browser.log("browser")?));
    found.extend(asked_of_others(&browser.log("performance")?, server));
    Ok(found)
}

const RUN_AXE: &str = "const found=await axe.run({runOnly:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']});\
    return found.violations.map(v=>'axe '+v.id+' ('+v.nodes.length+'): '+v.nodes[0].html.slice(0,160)+' '+(v.nodes[0].any[0]?.message??'')).join('\\n')";

/// The first element that is wider than the window.
const WIDEST: &str = "const wide=[...document.querySelectorAll('body *')].find(e=>e.getBoundingClientRect().right>innerWidth+1&&getComputedStyle(e).position!=='fixed');\
    return wide?wide.outerHTML.slice(0,120):'?'";

/// Points at everything, opens everything: what strangers wrote must not have run.
fn touch(browser: &Browser) -> Result<Vec<String>, String> {
    let ran = browser.run(
        "document.querySelectorAll('details').forEach(d=>d.open=true);\
         document.querySelectorAll('body *').forEach(e=>{for(const name of ['pointerover','mouseover','mouseenter','mousemove','focus'])e.dispatchEvent(new MouseEvent(name,{bubbles:true}))});\
         return globalThis.pwned===undefined?'':'ran'",
    )?;
    let mut found = Vec::new();
    if !ran.is_empty() {
        found.push("what a stranger wrote was run".to_owned());
    }
    let links = browser.run(
        "return [...document.querySelectorAll('a[href],form[action]')].filter(a=>/^\\s*(javascript|data|vbscript):/i.test(a.getAttribute('href')??a.getAttribute('action'))).length",
    )?;
    if links != "0" {
        found.push(format!("{links} links would run something"));
    }
    found.extend(said_on_console(&browser.log("browser")?));
    Ok(found)
}

/// Letters of a page that says something.
const A_SENTENCE: usize = 40;

/// With scripts off, a page still says who is hurt, or whatever it is there for.
fn without_scripts(
    browser: &Browser,
    server: SocketAddr,
    page: &str,
) -> Result<Vec<String>, String> {
    browser.command("Emulation.setScriptExecutionDisabled", "{\"value\":true}")?;
    browser.open(&format!("http://{server}{page}"))?;
    let without = browser.command(
        "Runtime.evaluate",
        "{\"expression\":\"'length '+(document.querySelector('main')?.innerText.length??0)+' '\"}",
    );
    browser.command("Emulation.setScriptExecutionDisabled", "{\"value\":false}")?;
    let without = without?;
    let digits = without.split("length ").nth(1).unwrap_or_default();
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let without: usize = digits.parse().unwrap_or(0);
    if without < A_SENTENCE {
        return Ok(vec![format!("without scripts it says {without} letters")]);
    }
    Ok(Vec::new())
}

/// Everything but plain information.
fn said_on_console(log: &str) -> Vec<String> {
    let entries = log.split("{\"level\":\"").skip(1);
    let bad = entries.filter(|entry| entry.starts_with("SEVERE") || entry.starts_with("WARNING"));
    bad.map(|entry| {
        format!(
            "on the console: {}",
            entry.chars().take(240).collect::<String>()
        )
    })
    .collect()
}

/// Requests to anybody but the server.
fn asked_of_others(log: &str, server: SocketAddr) -> Vec<String> {
    let own = format!("http://{server}/");
    let sent = log.split("Network.requestWillBeSent\\\"").skip(1);
    let urls = sent.filter_map(|sent| {
        let (_, request) = sent.split_once("\\\"request\\\":")?;
        let (_, url) = request.split_once("\\\"url\\\":\\\"")?;
        url.split("\\\"").next()
    });
    let others = urls.filter(|url| !url.starts_with(&own) && !url.starts_with("data:"));
    others.map(|url| format!("asked {url}")).collect()
}
