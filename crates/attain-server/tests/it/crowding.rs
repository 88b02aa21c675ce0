//! Sockets that say nothing, or little, or take nothing keep nobody out.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use attain_server::Limits;

use crate::asking::Listener;
use crate::client::{eventually, get, write};
use crate::shop::{CATALOGUE, Shop, now_ms, samples};

const PLACES: usize = 8;

/// Only room makes anybody leave.
fn limits() -> Limits {
    Limits {
        connections: PLACES,
        head: Duration::from_secs(3600),
        arrival: Duration::from_secs(3600),
        heartbeat: Duration::from_millis(20),
        drain: Duration::from_millis(100),
        ..Limits::default()
    }
}

fn connect(shop: &Shop) -> TcpStream {
    let stream = TcpStream::connect(shop.address()).unwrap();
    let timeout = Some(Duration::from_secs(30));
    stream.set_read_timeout(timeout).unwrap();
    stream
}

#[test]
fn sockets_without_a_head_give_their_places_to_others() {
    let shop = Shop::of(CATALOGUE, limits());
    // Somebody who is being answered, and stays.
    let mut listener = Listener::to(&shop, "");
    assert!(listener.line("HTTP/1.1 200").is_some());
    let mut slow = Vec::new();
    for round in 0..PLACES * 4 {
        let mut stream = connect(&shop);
        if round % 2 == 0 {
            stream
                .write_all(b"GET /livez HTTP/1.1\r\nhost: loc")
                .unwrap();
        }
        slow.push(stream);
        assert_eq!(get(shop.address(), "/livez").status, 200, "{round}");
    }
    let body = samples(1, 1, now_ms());
    assert_eq!(
        write(shop.address(), "/api/v1/write", "", &body).status,
        204
    );
    for _ in 0..3 {
        assert!(listener.line(":").is_some());
    }
    // The first of them had to go.
    let mut rest = Vec::new();
    let _ = slow[0].read_to_end(&mut rest);
    assert!(rest.is_empty(), "{rest:?}");
}

#[test]
fn connections_that_are_idle_give_their_places_to_others() {
    let shop = Shop::of(CATALOGUE, limits());
    let mut idle = Vec::new();
    for _ in 0..PLACES * 2 {
        let mut stream = connect(&shop);
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n")
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        idle.push(stream);
    }
    assert_eq!(get(shop.address(), "/livez").status, 200);
}

#[test]
fn bodies_that_do_not_end_leave_room_for_who_only_asks() {
    let shop = Shop::of(CATALOGUE, limits());
    let upload = || {
        let mut stream = connect(&shop);
        stream
            .write_all(b"POST /api/v1/write HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nabc")
            .unwrap();
        stream
    };
    let mut uploads: Vec<TcpStream> = (0..PLACES * 3 / 4).map(|_| upload()).collect();
    // Whichever of them is one too many is told so; until that happens they may still be on their way.
    eventually("told to come again", || {
        let mut one_more = upload();
        one_more
            .set_read_timeout(Some(Duration::from_millis(500)))
            .unwrap();
        let mut first = [0; 12];
        let is_told = one_more.read_exact(&mut first).is_ok() && &first == b"HTTP/1.1 503";
        uploads.push(one_more);
        is_told.then_some(())
    });
    for _ in 0..PLACES {
        assert_eq!(get(shop.address(), "/livez").status, 200);
    }
}

#[test]
fn a_first_head_must_come_soon() {
    let shop = Shop::of(
        CATALOGUE,
        Limits {
            head: Duration::from_millis(1),
            ..limits()
        },
    );
    // Nothing, and half of one: both are let go, though there is room.
    for begun in ["", "GET /livez HTTP/1.1\r\n"] {
        let mut stream = connect(&shop);
        let _ = stream.write_all(begun.as_bytes());
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(rest.is_empty(), "{begun:?}: {rest:?}");
    }
}

#[test]
fn whoever_takes_nothing_of_an_answer_is_let_go() {
    let shop = Shop::of(
        CATALOGUE,
        Limits {
            connections: 1,
            arrival: Duration::from_millis(50),
            ..limits()
        },
    );
    // One connection asks for more than sockets hold, and reads nothing; there is no other place.
    let mut greedy = connect(&shop);
    let ask = b"GET /api/v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n";
    for _ in 0..2000 {
        if greedy.write_all(ask).is_err() {
            break;
        }
    }
    assert_eq!(get(shop.address(), "/livez").status, 200);
}
