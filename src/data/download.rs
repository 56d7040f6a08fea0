//! Fetching an archive from a server, going on where an earlier try was cut off.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::untar::{rename, sha256_of_file};
use super::{Archive, DataError};

/// How long a server may keep silent.
const PATIENCE: Option<Duration> = Some(Duration::from_secs(60));

/// Where a downloaded archive lies in the cache.
pub(super) fn place(archive: &Archive, cache: &Path) -> PathBuf {
    cache.join("archives").join(format!("{}.tgz", archive.name()))
}

/// Downloads the archive unless it is there, checks its checksum, and returns its path.
///
/// It grows as `NAME.part`, which stays if the connection breaks, and gets its name when it is
/// complete and right. The caller holds the archive's exclusive lock.
pub(super) fn fetch(archive: &Archive, url: &str, cache: &Path) -> Result<PathBuf, DataError> {
    let path = place(archive, cache);
    if path.is_file() {
        if sha256_of_file(&path)? == archive.sha256() {
            return Ok(path);
        }
        remove(&path)?;
    }
    let part = path.with_file_name(format!("{}.part", archive.name()));
    let folder = cache.join("archives");
    std::fs::create_dir_all(&folder)
        .map_err(|source| DataError::Cache { folder: folder.clone(), source })?;
    // A process may have been killed just before it could give the file its name.
    if !part.is_file() || sha256_of_file(&part)? != archive.sha256() {
        transfer(archive, url, &part)?;
        let found = sha256_of_file(&part)?;
        if found != archive.sha256() {
            remove(&part)?;
            return Err(DataError::Checksum {
                archive: url.into(),
                expected: archive.sha256().into(),
                found,
            });
        }
    }
    rename(&part, &path)?;
    Ok(path)
}

/// Fetches what is missing of the file `part`.
fn transfer(archive: &Archive, url: &str, part: &Path) -> Result<(), DataError> {
    let limit = archive.limits.archive_bytes;
    let too_large = |bytes: u64| DataError::TooLarge {
        archive: url.into(),
        what: format!("it has {bytes} bytes and more"),
        limit,
        field: "archive_bytes",
    };
    let here = part.metadata().map_or(0, |metadata| metadata.len());
    let (start, response) = request_from(url, here)?;
    let expected = response.body().content_length().map(|rest| start + rest);
    if let Some(bytes) = expected.filter(|&bytes| bytes > limit) {
        return Err(too_large(bytes));
    }

    let unwritten = |source| DataError::Write { path: part.into(), source };
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(part)
        .and_then(|file| file.set_len(start).map(|()| file))
        .map_err(unwritten)?;
    let bar = progress_bar(archive.name(), start, expected);
    let mut body = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut received = start;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => {
                return Err(DataError::Cut { url: url.into(), received, expected, source });
            }
        };
        received += read as u64;
        if received > limit {
            drop(file);
            remove(part)?;
            return Err(too_large(received));
        }
        file.write_all(&buffer[..read]).map_err(unwritten)?;
        bar.set_position(received);
    }
    bar.finish_and_clear();
    Ok(())
}

/// Asks for the file from byte `here` on; if the server has no such thing to offer, for all of
/// it. Returns the first byte of the answer, and the answer.
fn request_from(url: &str, here: u64) -> Result<(u64, Response<Body>), DataError> {
    if here > 0 {
        let response = request(url, here)?;
        match response.status().as_u16() {
            206 if first_byte(&response) == Some(here) => return Ok((here, response)),
            200 => return Ok((0, response)),
            // Another part than asked for, or none (416): the file may have changed.
            206 | 416 => {}
            status => return Err(DataError::Status { url: url.into(), status }),
        }
    }
    let response = request(url, 0)?;
    match response.status().as_u16() {
        200 => Ok((0, response)),
        status => Err(DataError::Status { url: url.into(), status }),
    }
}

fn request(url: &str, from: u64) -> Result<Response<Body>, DataError> {
    if !["https://", "http://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Err(DataError::Address { url: url.into() });
    }
    let agent: Agent = Agent::config_builder()
        // A status is an answer like any other here.
        .http_status_as_error(false)
        .user_agent(concat!("mnist_from_scratch/", env!("CARGO_PKG_VERSION")))
        .timeout_resolve(PATIENCE)
        .timeout_connect(PATIENCE)
        .timeout_recv_response(PATIENCE)
        // Of each piece: the whole may take as long as it needs.
        .timeout_per_read(PATIENCE)
        .build()
        .into();
    let mut request = agent.get(url);
    if from > 0 {
        request = request.header(header::RANGE, format!("bytes={from}-"));
    }
    request.call().map_err(|source| DataError::Request { url: url.into(), source: source.into() })
}

/// Where a partial answer begins: `Content-Range: bytes 100-199/200` begins at 100.
fn first_byte(response: &Response<Body>) -> Option<u64> {
    let range = response.headers().get(header::CONTENT_RANGE)?.to_str().ok()?;
    range.trim().strip_prefix("bytes ")?.split('-').next()?.trim().parse().ok()
}

/// A progress bar on stderr, where a terminal shows it and nothing else does.
fn progress_bar(name: &str, start: u64, expected: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(expected, ProgressDrawTarget::stderr());
    let template = match expected {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
        None => "{msg} {spinner} {bytes} {bytes_per_sec}",
    };
    bar.set_style(ProgressStyle::with_template(template).expect("the template is well-formed"));
    bar.set_message(format!("Downloading {name}"));
    bar.with_position(start)
}

fn remove(path: &Path) -> Result<(), DataError> {
    std::fs::remove_file(path).map_err(|source| DataError::Write { path: path.into(), source })
}
