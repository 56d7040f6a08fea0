//! Servers on this machine that send what servers should not: other bytes, half of them, other lengths, no HTTP at
//! all. There is an error or the right files, the program does not hang, and a good server then is all it takes.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use mnist_from_scratch::data::{Archive, untar_data_in};

use crate::archives::{is_whole, packed, random_files, sha256};
use crate::attack::{Attack, Fate, Suite};
use crate::damage::damage;
use crate::random::Random;

pub(crate) const SUITE: Suite = Suite {
    name: "downloads",
    about: "hostile servers: other bytes, other lengths, ends at any byte, no HTTP at all",
    attack,
};

fn attack(attack: &mut Attack) -> Result<Fate> {
    let files = random_files(&mut attack.random);
    let good = packed(&files)?;
    let bad: Vec<Vec<u8>> =
        (0..attack.random.size(1, 3)).map(|_| answer(&mut attack.random, &good)).collect();
    let starts: Vec<_> = bad.iter().map(|answer| String::from_utf8_lossy(head(answer))).collect();
    attack.is(format!("answers that begin with {starts:?}"));
    let room = attack.room()?;
    let server = Server::start(bad.clone(), good.clone())?;
    let archive = Archive::http(format!("{}/digits.tgz", server.address), sha256(&good));
    // Each call may be answered wrongly as often as there are wrong answers; then all is well.
    let mut result = untar_data_in(&archive, &room.inside);
    for _ in 0..bad.len() + 1 {
        match &result {
            Ok(folder) => is_whole(folder, &files)?,
            Err(_) => result = untar_data_in(&archive, &room.inside),
        }
    }
    let folder = result.context("from a good server, after bad ones")?;
    is_whole(&folder, &files)?;
    room.nothing_outside_has_changed()?;
    ensure!(!server.panicked(), "the server of this attack has failed");
    Ok(Fate::Survived)
}

fn head(answer: &[u8]) -> &[u8] {
    &answer[..answer.len().min(60)]
}

fn ok(length: impl std::fmt::Display, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// All bytes that a bad server sends.
fn answer(random: &mut Random, good: &[u8]) -> Vec<u8> {
    let n = good.len();
    match random.below(14) {
        0 => ok(n, &damage(random, good)),
        1 => ok(n, &good[..random.below(n)]),
        2 => ok(random.below(n), good),
        3 => ok(n + random.size(1, 5000), good),
        4 => ok(random.one_of(&[u64::MAX, u64::MAX >> 1, 1 << 40]), good),
        5 => ok(random.one_of(&["-1", "x", "", "1 2", "99999999999999999999999"]), good),
        6 => {
            let size = random.size(1, 400);
            random.bytes(size)
        }
        7 => Vec::new(),
        8 => {
            let status = random.one_of(&[
                "404 Not Found",
                "500 Oops",
                "416 No",
                "206 Partial Content",
                "999 What",
            ]);
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone");
            answer.into_bytes()
        }
        9 => {
            let to = random.one_of(&[
                "/digits.tgz",
                "http://127.0.0.1:1/x",
                "file:///etc/passwd",
                "//",
                "ftp://x/y",
            ]);
            let answer = format!(
                "HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            );
            answer.into_bytes()
        }
        10 => {
            let size = random.one_of(&["fffffffffffffffff", "-1", "zz", "10", "0"]);
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
            [format!("{head}{size}\r\n").as_bytes(), good].concat()
        }
        11 => {
            let many = "X-Header: y\r\n".repeat(random.size(1, 5000));
            format!("HTTP/1.1 200 OK\r\n{many}\r\n").into_bytes()
        }
        12 => {
            let range = random.one_of(&[
                "bytes 5-4/3",
                "bytes 0-1/1",
                "bytes */*",
                "x",
                "bytes 99999-99999/99999",
            ]);
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: {range}\r\nConnection: close\r\n\r\n"
            );
            [head.as_bytes(), good].concat()
        }
        _ => damage(random, &ok(n, good)),
    }
}

/// Gives bad answers, one a request, and then good ones.
struct Server {
    address: String,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Server {
    fn start(bad: Vec<Vec<u8>>, good: Vec<u8>) -> Result<Server> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = format!("http://{}", listener.local_addr()?);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            let mut bad = bad.into_iter();
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    // A client that has heard enough may hang up.
                    Ok((stream, _)) => drop(reply(stream, bad.next(), &good)),
                    Err(_) => std::thread::sleep(Duration::from_millis(1)),
                }
            }
        });
        Ok(Server { address, stop, thread: Some(thread) })
    }

    fn panicked(mut self) -> bool {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().is_some_and(|thread| thread.join().is_err())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn reply(mut stream: TcpStream, bad: Option<Vec<u8>>, good: &[u8]) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        request.push(byte[0]);
    }
    stream.write_all(&match bad {
        Some(answer) => answer,
        None => from(&String::from_utf8_lossy(&request), good),
    })?;
    stream.flush()
}

/// What a good server answers, also to who wants to go on in the middle.
fn from(request: &str, good: &[u8]) -> Vec<u8> {
    let range = request.lines().find_map(|line| {
        let line = line.to_ascii_lowercase();
        line.strip_prefix("range: bytes=")?.split('-').next()?.parse::<usize>().ok()
    });
    match range {
        Some(start) if start < good.len() => {
            let (last, all) = (good.len() - 1, good.len());
            let head = format!(
                "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {start}-{last}/{all}\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n",
                all - start
            );
            [head.as_bytes(), &good[start..]].concat()
        }
        Some(_) => {
            let all = good.len();
            let head = format!(
                "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */{all}\r\n\
                 Content-Length: 0\r\nConnection: close\r\n\r\n"
            );
            head.into_bytes()
        }
        None => ok(good.len(), good),
    }
}
