//! Archives in which nothing depends on when or by whom they were made.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A file of an archive: its path and its bytes.
pub(crate) type File = (String, Vec<u8>);

/// The files as a tar archive below the folder `top`, written to `out`, which comes back.
pub(crate) fn tar<W: Write>(out: W, top: &str, files: &[File]) -> io::Result<W> {
    let mut tar = tar::Builder::new(out);
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        tar.append_data(&mut header, format!("{top}/{name}"), bytes.as_slice())?;
    }
    tar.into_inner()
}

/// The SHA-256 of bytes in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        hex
    })
}

/// Writes an archive so that its name never stands for half of it, and says what it is.
pub(crate) fn write(path: &Path, archive: &[u8], files: usize) -> Result<()> {
    let mut temporary = path.as_os_str().to_owned();
    // A name that no other run takes.
    temporary.push(format!(".{}.part", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written =
        std::fs::write(&temporary, archive).and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = written {
        // If nothing was written, there is nothing to remove.
        let _ = std::fs::remove_file(&temporary);
        return Err(error).with_context(|| {
            format!("writing {}: does its folder exist, and may you write there?", path.display())
        });
    }
    println!("{}: {files} files, {} bytes", path.display(), archive.len());
    println!("SHA-256: {}", sha256(archive));
    Ok(())
}
