//! `attain init`: two commands from nothing to a table, without an editor.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};

use crate::Place;

#[test]
fn answers_make_a_catalogue_that_is_valid() {
    let place = Place::new();
    place
        .run(&[
            "init",
            "shop",
            "--name",
            "My \"Shop\": 1",
            "--segments",
            "premium,standard,free",
            "--service",
            "checkout",
            "--target",
            "99.95%,99.9%,99%",
        ])
        .exits(0)
        .says("wrote shop/catalogue.yaml")
        .says("attain status shop");
    let text = place.read("shop/catalogue.yaml");
    assert!(text.contains("premium: 99.95%"), "{text}");
    place.run(&["check", "shop", "--deny", "warnings"]).exits(0);
    place.run(&["init", "plain", "--yes"]).exits(0);
    place
        .run(&["check", "plain", "--deny", "warnings"])
        .exits(0);
    place
        .run(&["init", "one", "--service", "api", "--target", "99.9%"])
        .exits(0);
    place.run(&["check", "one", "--deny", "warnings"]).exits(0);
}

#[test]
fn a_file_that_is_there_stays() {
    let place = Place::new();
    place.write("shop/catalogue.yaml", "mine\n");
    place
        .run(&["init", "shop", "--yes"])
        .exits(2)
        .complains("--force");
    assert_eq!(place.read("shop/catalogue.yaml"), "mine\n");
    place.run(&["init", "shop", "--yes", "--force"]).exits(0);
    assert!(place.read("shop/catalogue.yaml").starts_with("attain: 1\n"));
}

#[test]
fn answers_that_make_no_catalogue_are_refused() {
    let place = Place::new();
    place
        .run(&["init", "shop", "--segments", "a,b", "--target", "99%"])
        .exits(2)
        .complains("as many targets");
    place
        .run(&["init", "shop", "--target", "99"])
        .exits(2)
        .complains("`99");
    place
        .run(&["init", "shop", "--segments", "Premium!", "--target", "99%"])
        .exits(2);
    assert!(!std::path::Path::new(&place.0.path().join("shop")).exists());
}

/// An hour of a shop's access log: premium's checkout fails more often than the others'.
fn access_log() -> String {
    let mut log = String::new();
    for i in 0..6_000_u32 {
        let (minute, second) = (i / 100, i % 100 * 60 / 100);
        let plan = match i % 50 {
            0 => "premium",
            1..20 => "standard",
            _ => "free",
        };
        let status = if plan == "premium" && i % 1_000 == 0 {
            503
        } else {
            200
        };
        let milliseconds = 20 + i * 7 % 90;
        log.push_str(&format!(
            "10.0.0.{} - - [02/Nov/2026:10:{minute:02}:{second:02} +0000] \"GET /checkout HTTP/1.1\" {status} 512 \
             \"-\" \"Mozilla/5.0\" 0.{milliseconds:03} \"{plan}\"\n",
            i % 250
        ));
    }
    log
}

#[test]
fn two_commands_from_a_log_to_a_table() {
    let place = Place::new();
    place.write("logs/access.log", &access_log());
    place
        .run(&["init", "--from", "logs/access.log", "-o", "shop"])
        .exits(0)
        .says("logs/access.log is an access log")
        .says("6000 from 2026-11-02 10:00 UTC")
        .says("premium (6 of 120 bad)")
        .says("wrote shop/catalogue.yaml")
        .says("attain status shop");
    assert!(
        place
            .read("shop/catalogue.yaml")
            .contains("../logs/access.log")
    );
    let ran = place.run(&["status", "shop"]);
    assert!(ran.code == 0 || ran.code == 1, "{}{}", ran.out, ran.err);
    ran.says("premium")
        .says("standard")
        .says("free")
        .says("budget left")
        .says("the end of the data");
    // From somewhere else, too.
    place.write("elsewhere/note", "");
    let again = place.run(&["status", &place.0.path().join("shop").to_string_lossy()]);
    assert_eq!(again.code, ran.code);
    place.run(&["check", "shop", "--deny", "warnings"]).exits(0);
}

/// A real log with a segment of a handful of requests: what is proposed has no tier that is saved first and promised less.
#[test]
fn a_real_log_gives_a_catalogue_that_checks() {
    let log = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/apache/access.log.gz"
    );
    let place = Place::new();
    place.run(&["init", "--from", log, "-o", "site"]).exits(0);
    place.run(&["check", "site", "--deny", "warnings"]).exits(0);
    place
        .run(&["status", "site"])
        .exits(0)
        .says("crawlers")
        .says("budget left");
}

#[test]
fn json_lines_and_csv_are_looked_into() {
    let place = Place::new();
    let (mut json, mut csv) = (String::new(), "at;tier;ok;took_ms\n".to_owned());
    for i in 0..3_000_u32 {
        let time = format!("2026-11-02T10:{:02}:{:02}Z", i / 60, i % 60);
        let tier = if i % 4 == 0 { "gold" } else { "basic" };
        let status = if i % 500 == 0 { 500 } else { 200 };
        json.push_str(&format!(
            "{{\"ts\":\"{time}\",\"plan\":\"{tier}\",\"status\":{status},\"duration_ms\":{}}}\n",
            i % 300
        ));
        csv.push_str(&format!("{time};{tier};{};{}\n", i % 500 != 0, i % 300));
    }
    place.write("events.jsonl", &json).write("events.csv", &csv);
    for (file, dir) in [("events.jsonl", "a"), ("events.csv", "b")] {
        place
            .run(&["init", "--from", file, "-o", dir])
            .exits(0)
            .says("gold");
        let ran = place.run(&["status", dir]);
        assert!(ran.code == 0 || ran.code == 1, "{}{}", ran.out, ran.err);
        ran.says("gold").says("basic");
        // A catalogue for all traffic as one, over the first.
        place
            .run(&["init", "--from", file, "-o", dir, "--by", "none"])
            .exits(2)
            .complains("--force");
        place
            .run(&["init", "--from", file, "-o", dir, "--by", "none", "--force"])
            .exits(0);
        let ran = place.run(&["status", dir]);
        assert!(!ran.out.contains("gold"), "{}", ran.out);
    }
    place
        .run(&["init", "--from", "events.csv", "-o", "c", "--by", "colour"])
        .exits(2)
        .complains("`colour`");
    place
        .run(&["init", "--from", "none.log", "-o", "c"])
        .exits(2)
        .complains("none.log");
    place.write("poem.txt", "no log\nat all\n");
    place
        .run(&["init", "--from", "poem.txt", "-o", "c"])
        .exits(2)
        .complains("poem.txt");
}

#[test]
fn nobody_to_ask_and_nothing_said_writes_nothing() {
    let place = Place::new();
    place
        .run(&["init", "shop"])
        .exits(2)
        .complains("--from FILE");
    place.run(&["init"]).exits(2).complains("--yes");
    assert!(place.files(".").is_empty());
}

/// A Mimir of one tenant that lets in who shows the token; it says what was asked of it.
fn guarded(wanted: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => head.extend_from_slice(&buffer[..read]),
                    _ => break,
                }
            }
            let head = String::from_utf8_lossy(&head).into_owned();
            let (path, lower) = (head.lines().next().unwrap_or(""), head.to_lowercase());
            let missing = wanted
                .iter()
                .find(|line| !lower.contains(&line.to_lowercase()));
            let metric =
                r#"{"__name__":"http_requests_total","code":"200","plan":"gold","job":"shop/web"}"#;
            let (status, body) = match missing {
                Some(line) if line.contains("orgid") => (401, "no org id\n".to_owned()),
                Some(_) => (403, r#"{"status":"error","error":"bad token"}"#.to_owned()),
                None if path.contains("/label/") => (
                    200,
                    r#"{"status":"success","data":["http_requests_total","process_start_time_seconds"]}"#
                        .to_owned(),
                ),
                None if path.contains("/series") => {
                    (200, format!(r#"{{"status":"success","data":[{metric}]}}"#))
                }
                None if path.contains("exporter_build_info") => (
                    200,
                    r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#.to_owned(),
                ),
                None => (
                    200,
                    format!(
                        r#"{{"status":"success","data":{{"resultType":"vector","result":[{{"metric":{metric},"value":[1,"5000"]}}]}}}}"#
                    ),
                ),
            };
            let _ = write!(
                stream,
                "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[test]
fn who_asks_is_said_and_secrets_stay_where_they_are() {
    let place = Place::new();
    let mimir = guarded(&["authorization: bearer s3cret", "x-scope-orgid: shop"]);
    let url = format!("http://{mimir}/prometheus");
    place
        .write("keys/token", "s3cret\n")
        .write("shop/token", "s3cret\n");
    let told = place.run(&["init", "--from", &url, "-o", "shop"]);
    told.exits(2)
        .complains("answers 403")
        .complains("bad token")
        .complains("--token-file FILE");
    let told = place.run(&[
        "init",
        "--from",
        &url,
        "-o",
        "shop",
        "--token-file",
        "keys/token",
    ]);
    told.exits(2)
        .complains("no org id")
        .complains("add --tenant ID");
    let none = ["--token-env", "ATTAIN_NO_SUCH"];
    place
        .run(&["init", "--from", &url, "-o", "shop", none[0], none[1]])
        .exits(2)
        .complains("ATTAIN_NO_SUCH is not set");

    let with = |out: &str, more: &[&str]| {
        let mut arguments = vec!["init", "--from", &url, "-o", out, "--tenant", "shop"];
        arguments.extend(more);
        let secrets = [("TOKEN", "s3cret"), ("AUTH", "Bearer s3cret")];
        place.run_in(&arguments, &secrets).exits(0);
        let text = place.read(&format!("{out}/catalogue.yaml"));
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.contains("tenant: \"shop\""), "{text}");
        // Its name is what the job is called.
        assert!(
            text.contains("  web-works:\n    service: web\n    owner: web-team\n"),
            "{text}"
        );
        assert!(
            text.contains("    started: process_start_time_seconds\n"),
            "{text}"
        );
        place.run(&["check", out, "--deny", "warnings"]).exits(0);
        text
    };
    let text = with("by-file", &["--token-file", "keys/token"]);
    let lies = "keys/token\"}\n";
    assert!(
        text.contains("bearer: {file: \"/") && text.contains(lies),
        "{text}"
    );
    let text = with("shop", &["--token-file", "shop/token"]);
    assert!(text.contains("bearer: {file: \"token\"}\n"), "{text}");
    let text = with("by-env", &["--token-env", "TOKEN"]);
    assert!(text.contains("bearer: {env: \"TOKEN\"}\n"), "{text}");
    let header = [
        "--header",
        "Authorization: {env: AUTH}",
        "--header",
        "X-Cluster: eu",
    ];
    let text = with("by-header", &header);
    let said =
        "headers:\n        \"Authorization\": {env: \"AUTH\"}\n        \"X-Cluster\": \"eu\"\n";
    assert!(text.contains(said), "{text}");
}

#[test]
fn a_secret_on_the_command_line_gets_into_no_catalogue() {
    let place = Place::new();
    place.write("requests.csv", "time,status\n");
    let refused = |arguments: &[&str], why: &str| {
        let mut all = vec!["init", "-o", "shop"];
        all.extend(arguments);
        let ran = place.run(&all);
        ran.exits(2).complains(why);
        assert!(!ran.err.contains("hunter2"), "{}", ran.err);
    };
    let url = "http://127.0.0.1:9";
    refused(&["--from", "http://me:hunter2@127.0.0.1:9"], "a password");
    refused(
        &["--from", url, "--header", "Authorization: Basic hunter2"],
        "is a secret",
    );
    refused(
        &["--from", url, "--header", "hunter2"],
        "write `NAME: VALUE`",
    );
    refused(
        &["--from", url, "--header", "X-Key: {vault: hunter2}"],
        "write `NAME: VALUE`",
    );
    refused(
        &["--from", "requests.csv", "--tenant", "shop"],
        "--tenant is for --from with a URL",
    );
}
