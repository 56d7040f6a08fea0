//! `untar_data` with an address, against a server that behaves in all the ways servers do.

#[path = "download/lengths.rs"]
mod lengths;
#[path = "download/secrets.rs"]
mod secrets;
#[path = "download/slow.rs"]
mod slow;
#[path = "download/surroundings.rs"]
mod surroundings;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use mnist_from_scratch::data::{Archive, DataError, untar_data_in};
use sha2::{Digest, Sha256};

/// What the server does with one request.
enum Answer {
    /// These bytes, whatever they are, then the connection is closed.
    Bytes(Vec<u8>),
    /// The file from the byte that the request's `Range` names.
    Range(Vec<u8>),
    /// Headers, then zeros until the client hangs up or this many are sent.
    Zeros(String, usize),
    /// These bytes at once, then those one by one, with a pause after each.
    Drip(Vec<u8>, Vec<u8>),
}

/// A server on the loopback interface that gives the answers in turn, one a request, and ends.
struct Server {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    thread: JoinHandle<()>,
}

impl Server {
    fn start(answers: Vec<Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let thread = std::thread::spawn(move || {
            for answer in answers {
                let Some(mut stream) = accept(&listener) else { return };
                let request = read_request(&mut stream);
                seen.lock().unwrap().push(request.clone());
                // A client that has heard enough may hang up: no fault of the server's.
                let _ = reply(&mut stream, &request, answer);
            }
        });
        Server { address, requests, thread }
    }

    fn archive(&self, sha256: &str) -> Archive {
        Archive::http(format!("{}/digits.tgz", self.address), sha256)
    }

    /// Waits for the end, and returns what was asked for.
    fn requests(self) -> Vec<String> {
        self.thread.join().unwrap();
        Arc::into_inner(self.requests).unwrap().into_inner().unwrap()
    }
}

/// The next connection, or `None` if nobody comes: a server must not outlive its test.
fn accept(listener: &TcpListener) -> Option<TcpStream> {
    listener.set_nonblocking(true).unwrap();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(false).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
            return Some(stream);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    None
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && request.len() < 10_000 {
        match stream.read(&mut byte) {
            Ok(1) => request.push(byte[0]),
            _ => break,
        }
    }
    String::from_utf8(request).unwrap().to_lowercase()
}

fn reply(stream: &mut TcpStream, request: &str, answer: Answer) -> std::io::Result<()> {
    match answer {
        Answer::Bytes(bytes) => stream.write_all(&bytes),
        Answer::Range(file) => {
            let start = request.lines().find_map(|line| line.strip_prefix("range: bytes="));
            let start: usize = start.unwrap().trim_end_matches('-').parse().unwrap();
            let (rest, total) = (&file[start..], file.len());
            let range = format!("content-range: bytes {start}-{}/{total}\r\n", total - 1);
            stream.write_all(&http("206 Partial Content", &range, rest.len(), rest))
        }
        Answer::Zeros(headers, count) => {
            stream.write_all(headers.as_bytes())?;
            for _ in 0..count.div_ceil(10_000) {
                stream.write_all(&[0; 10_000])?;
            }
            Ok(())
        }
        Answer::Drip(at_once, slowly) => {
            stream.set_nodelay(true)?;
            stream.write_all(&at_once)?;
            for byte in slowly {
                stream.write_all(&[byte])?;
                std::thread::sleep(Duration::from_millis(10));
            }
            Ok(())
        }
    }
}

fn http(status: &str, headers: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

fn ok(body: &[u8]) -> Answer {
    Answer::Bytes(http("200 OK", "", body.len(), body))
}

/// The first half of a file, under headers that promise all of it.
fn half(body: &[u8]) -> Answer {
    Answer::Bytes(http("200 OK", "", body.len(), &body[..body.len() / 2]))
}

fn status(status: &str, headers: &str) -> Answer {
    Answer::Bytes(http(status, headers, 0, b""))
}

/// An archive of one file that does not compress, and its checksum.
fn tgz() -> (Vec<u8>, String) {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let content = noise();
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "digits/noise", content.as_slice()).unwrap();
    let tgz = tar.into_inner().unwrap().finish().unwrap();
    let sha256 = Sha256::digest(&tgz).iter().map(|b| format!("{b:02x}")).collect();
    (tgz, sha256)
}

fn noise() -> Vec<u8> {
    let mut state = 42u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..200_000).map(|_| next()).collect()
}

/// An error with its cause, as `anyhow` prints it.
fn told(error: &DataError) -> String {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    format!("{error}{}", cause.unwrap_or_default())
}

#[track_caller]
fn assert_unpacked(archive: &Archive, cache: &Path) {
    let folder = untar_data_in(archive, cache).unwrap();
    assert_eq!(folder, cache.join(archive.name()));
    assert!(std::fs::read(folder.join("noise")).unwrap() == noise());
    assert_eq!(files(&cache.join("archives")), [format!("{}.tgz", archive.name())]);
}

fn files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_file_is_fetched_once() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![ok(&tgz)]);
    let archive = server.archive(&sha256);
    assert_unpacked(&archive, cache.path());
    let requests = server.requests();
    assert!(requests[0].starts_with("get /digits.tgz http/1.1\r\n"), "{requests:?}");
    assert!(!requests[0].contains("range:"), "{requests:?}");

    // The server is gone; what is damaged comes from the archive in the cache.
    let file = cache.path().join(archive.name()).join("noise");
    std::fs::write(file, "short").unwrap();
    assert_unpacked(&archive, cache.path());
}

#[test]
fn a_damaged_archive_in_the_cache_is_fetched_again() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![ok(&tgz), ok(&tgz)]);
    let archive = server.archive(&sha256);
    assert_unpacked(&archive, cache.path());
    let stored = cache.path().join("archives").join(format!("{}.tgz", archive.name()));
    std::fs::write(stored, &tgz[..1_000]).unwrap();
    assert_unpacked(&archive, cache.path());
    assert_eq!(server.requests().len(), 2);
}

/// The first answer breaks off half way; the second call meets the other answers.
#[track_caller]
fn after_a_cut(answers: Vec<Answer>) -> Vec<String> {
    let (tgz, sha256) = tgz();
    let middle = tgz.len() / 2;
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start([half(&tgz)].into_iter().chain(answers).collect());
    let archive = server.archive(&sha256);

    let error = untar_data_in(&archive, cache.path()).unwrap_err().to_string();
    let part = format!("{}.part", archive.name());
    assert_eq!(files(&cache.path().join("archives")), [part.as_str()]);
    let received = cache.path().join("archives").join(part).metadata().unwrap().len();
    assert!(received > 0 && received <= middle as u64);
    for expected in [
        format!("downloading {}/digits.tgz: cut off after {received} bytes", server.address),
        format!(" of {}; ", tgz.len()),
        format!("call again to go on from byte {received}"),
    ] {
        assert!(error.contains(&expected), "{error}");
    }
    assert!(!cache.path().join(archive.name()).exists());

    assert_unpacked(&archive, cache.path());
    let requests = server.requests();
    assert!(requests[1].contains(&format!("\r\nrange: bytes={received}-\r\n")), "{requests:?}");
    requests
}

#[test]
fn a_cut_off_download_goes_on() {
    assert_eq!(after_a_cut(vec![Answer::Range(tgz().0)]).len(), 2);
}

#[test]
fn a_server_without_ranges_sends_all_again() {
    assert_eq!(after_a_cut(vec![ok(&tgz().0)]).len(), 2);
}

#[test]
fn a_server_that_sends_another_range_is_asked_for_all() {
    let (tgz, _) = tgz();
    let range = format!("content-range: bytes 10-{}/{}\r\n", tgz.len() - 1, tgz.len());
    let rest = &tgz[10..];
    let wrong = Answer::Bytes(http("206 Partial Content", &range, rest.len(), rest));
    let requests = after_a_cut(vec![wrong, ok(&tgz)]);
    assert!(!requests[2].contains("range:"), "{requests:?}");
}

#[test]
fn a_server_that_knows_no_such_range_is_asked_for_all() {
    let requests = after_a_cut(vec![status("416 Range Not Satisfiable", ""), ok(&tgz().0)]);
    assert!(!requests[2].contains("range:"), "{requests:?}");
}

#[test]
fn a_range_is_asked_for_after_a_redirect_too() {
    let (tgz, _) = tgz();
    let redirect = status("302 Found", "location: /elsewhere/digits.tgz\r\n");
    let requests = after_a_cut(vec![redirect, Answer::Range(tgz)]);
    assert!(requests[2].starts_with("get /elsewhere/digits.tgz "), "{requests:?}");
}

#[test]
fn a_complete_part_needs_no_server() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let archive = Archive::http("http://127.0.0.1:1/digits.tgz", sha256);
    std::fs::create_dir(cache.path().join("archives")).unwrap();
    let part = cache.path().join("archives").join(format!("{}.part", archive.name()));
    std::fs::write(part, tgz).unwrap();
    assert_unpacked(&archive, cache.path());
}

#[test]
fn a_redirect_is_followed() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let redirect = status("301 Moved Permanently", "location: /elsewhere/digits.tgz\r\n");
    let server = Server::start(vec![redirect, ok(&tgz)]);
    assert_unpacked(&server.archive(&sha256), cache.path());
    assert!(server.requests()[1].starts_with("get /elsewhere/digits.tgz "));
}

/// The download must fail, with nothing left but perhaps a part, and the next call succeed.
#[track_caller]
fn fails_once(answer: Answer) -> String {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![answer, ok(&tgz)]);
    let archive = server.archive(&sha256);
    let error = untar_data_in(&archive, cache.path()).unwrap_err().to_string();
    assert!(error.contains(&format!("{}/digits.tgz", server.address)), "{error}");
    assert!(!cache.path().join(archive.name()).exists());
    let left = files(&cache.path().join("archives"));
    assert!(left.iter().all(|name| name.ends_with(".part")), "{left:?}");
    assert_unpacked(&archive, cache.path());
    error
}

#[test]
fn a_missing_file_is_reported() {
    let error = fails_once(status("404 Not Found", ""));
    assert!(error.ends_with("the server answers 404; check the address, and that you may read it"));
}

#[test]
fn a_servers_fault_is_reported() {
    let error = fails_once(status("500 Internal Server Error", ""));
    assert!(error.ends_with("the server answers 500; the fault is the server's: call again later"));
}

#[test]
fn a_wrong_checksum_is_shown_and_the_file_deleted() {
    let garbage = b"<html>Please log in</html>";
    let error = fails_once(ok(garbage));
    let found: String = Sha256::digest(garbage).iter().map(|b| format!("{b:02x}")).collect();
    assert!(error.contains(&tgz().1) && error.contains(&found), "{error}");
}

#[test]
fn garbage_instead_of_http_is_reported() {
    let error = fails_once(Answer::Bytes(vec![0xff; 5_000]));
    assert!(error.ends_with("check the address and the network, then call again"), "{error}");
}

#[test]
fn a_connection_that_closes_at_once_is_reported() {
    let error = fails_once(Answer::Bytes(vec![]));
    assert!(error.ends_with("check the address and the network, then call again"), "{error}");
}

#[test]
fn other_schemes_are_refused() {
    let cache = tempfile::tempdir().unwrap();
    for url in ["ftp://127.0.0.1/digits.tgz", "file:///digits.tgz", "digits.tgz", ""] {
        let error = untar_data_in(&Archive::http(url, tgz().1), cache.path()).unwrap_err();
        assert!(matches!(error, DataError::Address { .. }), "{error}");
    }
}

#[test]
fn a_server_that_is_not_there_is_reported() {
    let cache = tempfile::tempdir().unwrap();
    // Bound and given back at once: nobody listens there.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let archive = Archive::http(format!("http://{address}/digits.tgz"), tgz().1);
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    assert!(matches!(error, DataError::Request { .. }), "{error}");
}

#[test]
fn two_at_once_download_once() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![ok(&tgz)]);
    let archive = server.archive(&sha256);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_unpacked(&archive, cache.path()));
        }
    });
    assert_eq!(server.requests().len(), 1);
}
