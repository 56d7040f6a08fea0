//! Fetching an archive from a server, going on where an earlier try was cut off.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use indicatif::HumanBytes;
use ureq::http::{Response, header};
use ureq::{Agent, Body, Timeout};

use super::address::{Address, scrubbed};
use super::lock::Lock;
use super::obstacles::{Aside, remove, rename};
use super::progress::bar;
use super::stored::{open_file, place, sha256};
use super::temporary::unique;
use super::{Archive, DataError, Limits};

/// Downloads the archive, checks its checksum, and returns its path and the open file. There is none
/// with the right checksum.
///
/// It grows as `NAME.part`, which stays if the connection breaks, and gets its name when it is
/// complete and right. The caller holds the archive's exclusive lock.
pub(super) fn fetch(
    archive: &Archive,
    address: &Address,
    cache: &Path,
    lock: &Lock,
) -> Result<(PathBuf, File), DataError> {
    let path = place(archive, cache);
    let folder = cache.join("archives");
    let aside = Aside::new(cache, archive.name());
    aside.for_folder(&folder)?;
    // Without locks, two may download at the same time. Then no part is gone on with.
    let alone = lock.keeps_others_out();
    let number = if alone { String::new() } else { unique() };
    let part = folder.join(format!("{}{number}.part", archive.name()));
    aside.for_writing(&part)?;
    let done = complete(archive, address, &part, lock);
    if done.is_err() && !alone {
        let _ = std::fs::remove_file(&part);
    }
    done?;
    aside.for_file(&path)?;
    rename(&part, &path)?;
    let file =
        File::open(&path).map_err(|source| DataError::Read { path: path.clone(), source })?;
    Ok((path, file))
}

/// Fetches what is missing of the file `part`, and checks it.
fn complete(
    archive: &Archive,
    address: &Address,
    part: &Path,
    lock: &Lock,
) -> Result<(), DataError> {
    // A process may have been killed just before it could give the file its name.
    if let Some(mut file) = open_file(part)?
        && sha256(part, &mut file)? == archive.sha256()
    {
        return Ok(());
    }
    lock.say("downloading it");
    transfer(archive, address, part, lock)?;
    let mut file =
        File::open(part).map_err(|source| DataError::Read { path: part.into(), source })?;
    let found = sha256(part, &mut file)?;
    if found == archive.sha256() {
        return Ok(());
    }
    drop(file);
    remove(part)?;
    let expected = archive.sha256().into();
    Err(DataError::Checksum { archive: address.shown(), expected, found })
}

/// Fetches what is missing of the file `part`.
fn transfer(
    archive: &Archive,
    address: &Address,
    part: &Path,
    lock: &Lock,
) -> Result<(), DataError> {
    let limits = &archive.limits;
    let too_large = |bytes: u64| DataError::TooLarge {
        archive: address.shown(),
        what: format!("it has {bytes} bytes and more"),
        limit: limits.archive_bytes,
        field: "archive_bytes",
    };
    let here = part.metadata().map_or(0, |metadata| metadata.len());
    let (start, response) = request_from(address, here, limits)?;
    // A server may claim any length; nothing is set aside for it.
    let expected = response.body().content_length().map(|rest| start.saturating_add(rest));
    if let Some(bytes) = expected.filter(|&bytes| bytes > limits.archive_bytes) {
        return Err(too_large(bytes));
    }

    let unwritten = |source| DataError::Write { path: part.into(), source };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .and_then(|file| file.set_len(start).map(|()| file))
        .map_err(unwritten)?;
    let bar = bar(format!("Downloading {}", archive.name()), expected).with_position(start);
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut received = start;
    let mut pace = Pace::new(Instant::now());
    let mut told = Instant::now();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(interrupted(address, limits, received, expected, error)),
        };
        received += read as u64;
        if received > limits.archive_bytes {
            drop(file);
            remove(part)?;
            return Err(too_large(received));
        }
        file.write_all(&buffer[..read]).map_err(unwritten)?;
        bar.set_position(received);
        let now = Instant::now();
        if let Some(bytes) = pace.too_slow(read as u64, now, limits) {
            let what = format!(
                "only {bytes} came in {:.1?}, less than {} bytes a second",
                limits.patience, limits.bytes_per_second
            );
            let field = "bytes_per_second";
            return Err(DataError::Slow { url: address.shown(), received, expected, what, field });
        }
        if now - told > Duration::from_millis(500) {
            told = now;
            let of = expected.map(|bytes| format!(" of {}", HumanBytes(bytes)));
            let so_far = HumanBytes(received);
            lock.say(&format!("downloading it, {so_far}{} so far", of.unwrap_or_default()));
        }
    }
    bar.finish_and_clear();
    Ok(())
}

/// How fast a server sends.
struct Pace {
    since: Instant,
    bytes: u64,
}

impl Pace {
    fn new(now: Instant) -> Pace {
        Pace { since: now, bytes: 0 }
    }

    /// Adds bytes that have come. If they were too few for too long, returns how many.
    fn too_slow(&mut self, bytes: u64, now: Instant, limits: &Limits) -> Option<u64> {
        self.bytes += bytes;
        let seconds = (now - self.since).as_secs_f64();
        if seconds < limits.patience.as_secs_f64() {
            return None;
        }
        let bytes = self.bytes;
        *self = Pace::new(now);
        ((bytes as f64) < seconds * limits.bytes_per_second as f64).then_some(bytes)
    }
}

/// The error when the answer stops before its end.
fn interrupted(
    address: &Address,
    limits: &Limits,
    received: u64,
    expected: Option<u64>,
    source: io::Error,
) -> DataError {
    let url = address.shown();
    let inner = source.get_ref().and_then(|error| error.downcast_ref::<ureq::Error>());
    match inner {
        Some(ureq::Error::Timeout(Timeout::Global)) => {
            let what = format!("the time of {:.1?} was over", limits.download_time);
            DataError::Slow { url, received, expected, what, field: "download_time" }
        }
        _ => DataError::Cut { url, received, expected, source },
    }
}

/// Asks for the file from byte `here` on; if the server has no such thing to offer, for all of
/// it. Returns the first byte of the answer, and the answer.
fn request_from(
    address: &Address,
    here: u64,
    limits: &Limits,
) -> Result<(u64, Response<Body>), DataError> {
    let wrong_status = |status| DataError::Status { url: address.shown(), status };
    if here > 0 {
        let response = request(address, here, limits)?;
        match response.status().as_u16() {
            206 if first_byte(&response) == Some(here) => return Ok((here, response)),
            200 => return Ok((0, response)),
            // Another part than asked for, or none (416): the file may have changed.
            206 | 416 => {}
            status => return Err(wrong_status(status)),
        }
    }
    let response = request(address, 0, limits)?;
    match response.status().as_u16() {
        200 => Ok((0, response)),
        status => Err(wrong_status(status)),
    }
}

fn request(address: &Address, from: u64, limits: &Limits) -> Result<Response<Body>, DataError> {
    if !address.is_http() {
        return Err(DataError::Address { url: address.shown() });
    }
    let patience = Some(limits.patience);
    let agent: Agent = Agent::config_builder()
        // A status is an answer like any other here.
        .http_status_as_error(false)
        .user_agent(concat!("mnist_from_scratch/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(patience)
        .timeout_connect(patience)
        .timeout_recv_response(patience)
        .timeout_per_read(patience)
        .timeout_global(Some(limits.download_time))
        .build()
        .into();
    let mut request = agent.get(&address.0);
    if from > 0 {
        request = request.header(header::RANGE, format!("bytes={from}-"));
    }
    request
        .call()
        .map_err(|error| DataError::Request { url: address.shown(), source: reason(error) })
}

/// An error without what it may quote from an address, ours or one that the server sent us to.
fn reason(error: ureq::Error) -> Box<dyn std::error::Error + Send + Sync> {
    match error {
        ureq::Error::Io(error) => error.into(),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => "the address is malformed".into(),
        ureq::Error::Protocol(error) => {
            let text = error.to_string();
            // What follows is quoted.
            scrubbed(text.split(": ").next().unwrap_or_default()).into()
        }
        other => scrubbed(&other.to_string()).into(),
    }
}

/// Where a partial answer begins: `Content-Range: bytes 100-199/200` begins at 100.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_taken_over_as_long_as_the_patience() {
        let limits = Limits::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut pace = Pace::new(start);
        assert_eq!(pace.too_slow(1, at(29), &limits), None);
        assert_eq!(pace.too_slow(1, at(30), &limits), Some(2));
        let mut pace = Pace::new(start);
        assert_eq!(pace.too_slow(30_000, at(30), &limits), None);
        assert_eq!(pace.too_slow(29_000, at(60), &limits), Some(29_000));
    }

    #[test]
    fn what_the_server_quotes_is_left_out() {
        use ureq::Error;
        for error in [
            Error::BadUri("http://u:secret@h".into()),
            Error::Io(io::ErrorKind::ConnectionRefused.into()),
            Error::TooManyRedirects,
        ] {
            let reason = reason(error);
            assert!(!format!("{reason} {reason:?}").contains("secret"));
        }
    }
}
