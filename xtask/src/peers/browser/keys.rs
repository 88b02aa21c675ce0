//! What the keys do, with real key presses; and that what somebody chose once stays chosen from page to page.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::driver::{Browser, key};

/// A way with the keyboard: from a page, by keys, to where a script says something.
struct Way {
    what: &'static str,
    from: &'static str,
    /// What is focused first, by its selector; most often nothing.
    focus: &'static str,
    presses: &'static [Press],
    says: &'static str,
    expected: &'static str,
}

/// What is pressed at once.
enum Press {
    /// Letters, one after the other.
    Keys(&'static str),
    /// With Control held.
    Control(&'static str),
}

use Press::{Control, Keys};

const OPEN: &str = "return document.querySelector('dialog[open] h2')?.textContent??''";
const PATH: &str = "return location.pathname";
const FOCUSED: &str = "return document.activeElement.textContent";
/// Of the overview's rows, in order: the SLO in the nth of them.
const ROW: &str = "const rows=[...document.querySelectorAll('main .matrix tbody th a')];\
                   return rows.indexOf(document.activeElement)";
const CHOSEN: &str =
    "return document.querySelector('dialog [aria-selected=true]')?.textContent??''";
const THEME: &str = "return document.documentElement.dataset.theme??''";
const TIP: &str =
    "const tip=document.querySelector('#tip');return tip&&!tip.hidden&&tip.textContent.length>4";

const WAYS: [Way; 20] = [
    way("? shows the keys", "/", &[Keys("?")], OPEN, "Keys"),
    way(
        "Escape closes them",
        "/",
        &[Keys("?"), Keys(key::ESCAPE)],
        OPEN,
        "",
    ),
    way(
        "/ goes to the search",
        "/",
        &[Keys("/")],
        "return document.activeElement.id",
        "search",
    ),
    way(
        "what is searched for is shown",
        "/",
        &[Keys("/"), Keys("payments-db"), Keys(key::ENTER)],
        "return new URLSearchParams(location.search).get('q')",
        "payments-db",
    ),
    way(
        "Escape leaves the search",
        "/",
        &[Keys("/"), Keys(key::ESCAPE)],
        "return document.activeElement.tagName",
        "BODY",
    ),
    way(
        "Control K opens the palette",
        "/",
        &[Control("k")],
        OPEN,
        "Go to",
    ),
    way(
        "Escape closes the palette",
        "/",
        &[Control("k"), Keys(key::ESCAPE)],
        OPEN,
        "",
    ),
    way(
        "the palette goes to an SLO by its name",
        "/",
        &[Control("k"), Keys("payments-db"), Keys(key::ENTER)],
        PATH,
        "/slos/payments-db",
    ),
    way(
        "the palette goes to a place by its name",
        "/slos/payments-db",
        &[Control("k"), Keys("cascade"), Keys(key::ENTER)],
        PATH,
        "/cascade",
    ),
    way("g c is the cascade", "/", &[Keys("gc")], PATH, "/cascade"),
    way("g o is the overview", "/cascade", &[Keys("go")], PATH, "/"),
    way(
        "g f is the catalogue",
        "/",
        &[Keys("gf")],
        PATH,
        "/catalogue",
    ),
    way("g r is the reports", "/", &[Keys("gr")], PATH, "/reports"),
    way("j is the first SLO", "/", &[Keys("j")], ROW, "0"),
    way("j again the next", "/", &[Keys("jj")], ROW, "1"),
    way("k goes back", "/", &[Keys("jjk")], ROW, "0"),
    way(
        "p stands still",
        "/",
        &[Keys("p")],
        "return document.querySelector('#pause').getAttribute('aria-pressed')",
        "true",
    ),
    way(
        "p goes on",
        "/",
        &[Keys("pp")],
        "return document.querySelector('#pause').getAttribute('aria-pressed')",
        "false",
    ),
    way(
        "keys in a field are letters",
        "/",
        &[Keys("/"), Keys("gc?")],
        PATH,
        "/",
    ),
    Way {
        what: "arrows say the values of a chart",
        from: "/slos/checkout-completes",
        focus: "svg[role=img][tabindex]",
        presses: &[Keys(key::RIGHT)],
        says: TIP,
        expected: "true",
    },
];

const fn way(
    what: &'static str,
    from: &'static str,
    presses: &'static [Press],
    says: &'static str,
    expected: &'static str,
) -> Way {
    Way {
        what,
        from,
        focus: "",
        presses,
        says,
        expected,
    }
}

/// Presses them all; what did not do what it should.
pub fn keys(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for way in &WAYS {
        // A live update may come between two presses: nobody gives up after the first try.
        let mut last = Vec::new();
        for _ in 0..3 {
            last = go(browser, server, way)?;
            if last.is_empty() {
                break;
            }
        }
        found.extend(last);
    }
    // One that the page does not name: the server is asked for it.
    browser.open(&format!("http://{server}/catalogue"))?;
    browser.press_with(key::CONTROL, "k")?;
    browser.press("noted-57")?;
    found.extend(expect(
        browser,
        "the palette knows all SLOs",
        CHOSEN,
        "noted-57",
    )?);
    browser.press(key::ENTER)?;
    found.extend(expect(
        browser,
        "the palette goes to any SLO",
        PATH,
        "/slos/noted-57",
    )?);
    browser.open(&format!("http://{server}/"))?;
    browser.press("j")?;
    let row = browser.run(FOCUSED)?;
    browser.press(key::ENTER)?;
    found.extend(expect(
        browser,
        "Enter opens the SLO that has the focus",
        PATH,
        &format!("/slos/{row}"),
    )?);
    Ok(found)
}

/// Goes one way; what it did not do as it should.
fn go(browser: &Browser, server: SocketAddr, way: &Way) -> Result<Vec<String>, String> {
    browser.open(&format!("http://{server}{}", way.from))?;
    if !way.focus.is_empty() {
        browser.run(&format!(
            "document.querySelector({})?.focus()",
            super::driver::quoted(way.focus)
        ))?;
    }
    for press in way.presses {
        match press {
            Keys(keys) => browser.press(keys)?,
            Control(key) => browser.press_with(key::CONTROL, key)?,
        }
    }
    expect(browser, way.what, way.says, way.expected)
}

/// How long a page is looked at again and again.
const LOOKED_AT_MOST: Duration = Duration::from_secs(180);

/// Looks until it is so, for a while: a page may still be loading.
fn expect(
    browser: &Browser,
    what: &str,
    says: &str,
    expected: &str,
) -> Result<Vec<String>, String> {
    let mut said = String::new();
    let begun = Instant::now();
    for _ in 0..100 {
        // A page that is about to go answers nothing.
        said = browser.run(says).unwrap_or_default();
        if said == expected {
            return Ok(Vec::new());
        }
        // A browser that answers nothing at all takes minutes to say so each time.
        if begun.elapsed() > LOOKED_AT_MOST {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(vec![format!("{what}: `{said}` instead of `{expected}`")])
}

/// Theme, zone and instant go with whoever goes on; a range stays on the pages of its SLO.
pub fn chosen(browser: &Browser, server: SocketAddr) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let open = |path: &str| browser.open(&format!("http://{server}{path}"));
    open("/")?;
    browser.press("t")?;
    let theme = browser.run(THEME)?;
    open("/cascade")?;
    found.extend(expect(browser, "a theme is kept", THEME, &theme)?);
    if theme.is_empty() {
        found.push("t changes no theme".to_owned());
    }
    // Back to what the system says.
    browser.press("tt")?;
    found.extend(expect(browser, "t goes round", THEME, "")?);
    open("/")?;
    let as_of = browser.run("return document.querySelector('main').dataset.asOf")?;
    for (key, value, from) in [
        ("at", as_of.as_str(), "/"),
        ("zone", "Europe/Berlin", "/slos/checkout-completes"),
        ("zone", "Europe/Berlin", "/cascade"),
    ] {
        open(&format!("{from}?{key}={value}"))?;
        let lost = browser.run(&format!(
            "const links=[...document.querySelectorAll('header nav a,main a.cell,main .matrix th a,main .chips a')];\
             const lost=links.find(a=>new URL(a.href).searchParams.get('{key}')!=='{value}');\
             return links.length<4?'no links':lost?lost.href:''"
        ))?;
        if !lost.is_empty() {
            found.push(format!("{from}: {key} is lost on the way to {lost}"));
        }
    }
    open("/slos/checkout-completes?range=1h")?;
    let lost = browser.run(
        "const links=[...document.querySelectorAll('main nav[aria-label=\"By segment\"] a')];\
         const lost=links.find(a=>new URL(a.href).searchParams.get('range')!=='1h');\
         return links.length<2?'no links':lost?lost.href:''",
    )?;
    if !lost.is_empty() {
        found.push(format!("a range is lost on the way to {lost}"));
    }
    Ok(found)
}
