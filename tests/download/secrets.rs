//! What is secret in an address is for the server alone.

use mnist_from_scratch::data::{Archive, untar_data_in};

use super::{Answer, Server, files, half, ok, status, tgz, told};

/// Neither the error nor the cache may have the secret in it.
#[track_caller]
fn keeps_the_secret(archive: &Archive) {
    let cache = tempfile::tempdir().unwrap();
    let error = untar_data_in(archive, cache.path()).unwrap_err();
    let all = format!(
        "{} {error:?} {archive:?} {:?} {:?}",
        told(&error),
        files(cache.path()),
        files(&cache.path().join("archives"))
    );
    assert!(!all.contains("secret"), "{all}");
}

fn with_secrets(server: &Server, sha256: &str) -> Archive {
    let host = server.address.strip_prefix("http://").unwrap();
    Archive::http(format!("http://me:secret1@{host}/digits.tgz?token=secret2#secret3"), sha256)
}

#[test]
fn the_server_gets_them() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(vec![ok(&tgz)]);
    untar_data_in(&with_secrets(&server, &sha256), cache.path()).unwrap();
    let requests = server.requests();
    assert!(requests[0].starts_with("get /digits.tgz?token=secret2 "), "{requests:?}");
    // `me:secret1`, as basic authentication has it, in lower case.
    assert!(requests[0].contains("authorization: basic bwu6c2vjcmv0mq=="), "{requests:?}");
}

#[test]
fn no_error_has_them() {
    let (tgz, sha256) = tgz();
    let redirect = |to: &str| status("302 Found", &format!("location: {to}\r\n"));
    for answers in [
        vec![status("401 Unauthorized", "")],
        vec![status("404 Not Found", "")],
        vec![half(&tgz)],
        vec![ok(b"<html>secret</html>")],
        vec![Answer::Bytes(vec![])],
        vec![Answer::Bytes(b"secret?".to_vec())],
        vec![Answer::Bytes(b"HTTP/1.1 200 OK\r\nsecret secret: x\r\n\r\n".to_vec())],
        vec![redirect("http://127.0.0.1:1/x?token=secret")],
        vec![redirect("http://me:secret@127.0.0.1:1/secret")],
        vec![redirect("ftp://me:secret@example.org/")],
        vec![redirect("http://[secret/")],
        vec![redirect("http://secret secret/")],
        vec![redirect("/elsewhere?secret"), status("403 Forbidden", "")],
        (0..12).map(|_| redirect("/again?secret")).collect(),
    ] {
        let server = Server::start(answers);
        keeps_the_secret(&with_secrets(&server, &sha256));
    }
}

#[test]
fn no_error_before_the_request_has_them() {
    let (_, sha256) = tgz();
    for address in [
        "ftp://me:secret@example.org/digits.tgz?secret",
        "me:secret@example.org/digits.tgz",
        "http://me:secret@/digits.tgz",
        "http://me:sec/secret@127.0.0.1:1/digits.tgz",
        "http://me:secret@127.0.0.1:1?secret",
        "http://me:secret@127.0.0.1:999999/digits.tgz",
        "http://me:secret@[::1/digits.tgz",
        "http://me:secret @127.0.0.1:1/digits.tgz",
        "https://me:secret@127.0.0.1:1/digits.tgz;secret",
    ] {
        keeps_the_secret(&Archive::http(address, sha256.as_str()));
        // The two arguments mixed up.
        keeps_the_secret(&Archive::http(sha256.as_str(), address));
    }
}
