//! Servers that say nothing of a file's length, or nothing true.

use mnist_from_scratch::data::{DataError, untar_data_in};

use super::{Answer, Server, assert_unpacked, fails_once, files, http, tgz, told};

#[test]
fn a_length_that_is_too_short_gives_a_wrong_checksum() {
    let (tgz, sha256) = tgz();
    let error = fails_once(Answer::Bytes(http("200 OK", "", tgz.len() - 100, &tgz)));
    assert!(error.contains(&sha256), "{error}");
}

#[test]
fn a_length_that_is_too_long_looks_cut_off() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![Answer::Bytes(http("200 OK", "", tgz.len() + 100, &tgz))]);
    let archive = server.archive(&sha256);
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    assert!(matches!(error, DataError::Cut { .. }), "{error}");
    server.requests();
    // All of it has arrived: the next call needs no server.
    assert_unpacked(&archive, cache.path());
}

/// A body above the limit must be refused, and not be kept.
#[track_caller]
fn too_large(headers: &str) {
    let cache = tempfile::tempdir().unwrap();
    let headers = format!("HTTP/1.1 200 OK\r\n{headers}connection: close\r\n\r\n");
    let server = Server::start(vec![Answer::Zeros(headers, 50_000_000)]);
    let mut archive = server.archive(&tgz().1);
    archive.limits.archive_bytes = 1_000_000;
    let error = untar_data_in(&archive, cache.path()).unwrap_err().to_string();
    assert!(error.contains("the limit is 1000000"), "{error}");
    assert!(error.ends_with("raise `Limits::archive_bytes`"), "{error}");
    assert_eq!(files(&cache.path().join("archives")), [""; 0]);
    server.requests();
}

#[test]
fn a_length_above_the_limit_is_refused() {
    too_large("content-length: 50000000\r\n");
}

#[test]
fn a_body_without_end_is_cut() {
    too_large("");
}

#[test]
fn the_largest_length_is_refused() {
    for length in ["18446744073709551615", "9223372036854775808"] {
        too_large(&format!("content-length: {length}\r\n"));
    }
}

#[test]
fn the_largest_length_after_a_part_is_refused() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let headers = "content-range: bytes 100-18446744073709551615/18446744073709551615\r\n";
    let more = Answer::Zeros(
        format!("HTTP/1.1 206 Partial Content\r\n{headers}content-length: {}\r\n\r\n", u64::MAX),
        1_000,
    );
    let server = Server::start(vec![more]);
    let archive = server.archive(&sha256);
    std::fs::create_dir(cache.path().join("archives")).unwrap();
    let part = cache.path().join("archives").join(format!("{}.part", archive.name()));
    std::fs::write(&part, &tgz[..100]).unwrap();
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    assert!(matches!(error, DataError::TooLarge { .. }), "{error}");
    // What is there may still be of use.
    assert_eq!(std::fs::read(part).unwrap(), &tgz[..100]);
}

#[test]
fn lengths_that_are_no_numbers_are_reported() {
    for length in ["-1", "18446744073709551616", "0x10", "ten", "", "1\r\ncontent-length: 2"] {
        let (tgz, _) = tgz();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n");
        fails_once(Answer::Bytes([head.as_bytes(), &tgz].concat()));
    }
}

#[test]
fn a_missing_length_is_no_problem() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let head = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let server = Server::start(vec![Answer::Bytes([head, &tgz[..]].concat())]);
    assert_unpacked(&server.archive(&sha256), cache.path());
}

/// The head of an answer in chunks.
const CHUNKED: &str = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

#[test]
fn chunks_without_end_are_cut() {
    // One chunk that has them all, and then any number of them.
    too_large("transfer-encoding: chunked\r\n\r\nfffffff\r\n");
    let chunk = [&b"1000\r\n"[..], &[0; 0x1000], b"\r\n"].concat();
    let cache = tempfile::tempdir().unwrap();
    let server =
        Server::start(vec![Answer::Bytes([CHUNKED.as_bytes(), &chunk.repeat(2_000)].concat())]);
    let mut archive = server.archive(&tgz().1);
    archive.limits.archive_bytes = 1_000_000;
    let error = untar_data_in(&archive, cache.path()).unwrap_err();
    assert!(matches!(error, DataError::TooLarge { .. }), "{}", told(&error));
    assert_eq!(files(&cache.path().join("archives")), [""; 0]);
}

#[test]
fn chunks_that_are_broken_are_reported() {
    for chunks in
        ["", "zz\r\n", "ffffffffffffffffff\r\n", "-1\r\n", "5\r\nabc", "5\r\nabcdefgh\r\n"]
    {
        let error = fails_once(Answer::Bytes(format!("{CHUNKED}{chunks}").into()));
        assert!(error.contains("call again"), "{chunks:?}: {error}");
    }
}
