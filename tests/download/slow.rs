//! Servers that dawdle: nobody waits for them for ever.

use std::time::Duration;

use mnist_from_scratch::data::{Archive, DataError, untar_data_in};

use super::{Answer, Server, assert_unpacked, tgz, told};

/// A whole answer of which all but the first bytes come very slowly.
fn dripping(tgz: &[u8]) -> Answer {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", tgz.len());
    Answer::Drip([head.as_bytes(), &tgz[..1_000]].concat(), tgz[1_000..3_000].to_vec())
}

/// The download must fail, and the lock be free for the next call.
#[track_caller]
fn gives_up(answer: Answer, set: impl FnOnce(&mut Archive)) -> String {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![answer]);
    let mut archive = server.archive(&tgz().1);
    set(&mut archive);
    told(&untar_data_in(&archive, cache.path()).unwrap_err())
}

/// The download must fail, and the next one go on where it ended.
#[track_caller]
fn gives_up_and_goes_on(set: impl FnOnce(&mut Archive)) -> String {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![dripping(&tgz), Answer::Range(tgz)]);
    let mut archive = server.archive(&sha256);
    set(&mut archive);
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    let DataError::Slow { received, .. } = error else { panic!("{error}") };
    archive.limits = Default::default();
    assert_unpacked(&archive, cache.path());
    assert!(server.requests()[1].contains(&format!("range: bytes={received}-")), "{error}");
    told(&error)
}

#[test]
fn a_server_that_sends_a_byte_now_and_then_is_left() {
    let told = gives_up_and_goes_on(|archive| {
        archive.limits.patience = Duration::from_millis(300);
        archive.limits.bytes_per_second = 1_000_000;
    });
    assert!(told.contains("less than 1000000 bytes a second; call again to go on"), "{told}");
    assert!(told.ends_with("change `Limits::bytes_per_second`"), "{told}");
}

#[test]
fn a_download_ends_with_its_time() {
    let told = gives_up_and_goes_on(|archive| {
        archive.limits.bytes_per_second = 0;
        archive.limits.download_time = Duration::from_millis(500);
    });
    assert!(told.contains("the time of 500.0ms was over; call again to go on"), "{told}");
    assert!(told.ends_with("change `Limits::download_time`"), "{told}");
}

#[test]
fn headers_and_chunks_that_drip_end_with_the_time_too() {
    let heads: [&[u8]; 3] = [
        b"HTTP/1.1 200 OK\r\nx: ",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;x=",
        b"",
    ];
    for head in heads {
        let told = gives_up(Answer::Drip(head.to_vec(), vec![b'x'; 300]), |archive| {
            archive.limits.download_time = Duration::from_millis(400);
        });
        assert!(told.contains("call again"), "{told}");
    }
}

#[test]
fn a_silent_server_is_left() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc".to_vec();
    for start in [head, vec![]] {
        // The pause is longer than the patience.
        let told = gives_up(Answer::Drip(start, b"x".repeat(100)), |archive| {
            archive.limits.patience = Duration::from_millis(1);
        });
        assert!(told.contains("call again"), "{told}");
    }
}
