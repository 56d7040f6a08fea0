//! How processes take turns in the cache, and how those who wait learn for what.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, IsTerminal, Read, Seek, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::host::ProgressBar;

use super::DataError;

/// Who may hold a lock at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Any number of readers.
    Shared,
    /// One writer and nobody else.
    Exclusive,
}

/// How a file is locked without waiting. Tests put another function here.
pub(super) type TryLock = dyn Fn(&File, Access) -> Result<(), TryLockError>;

/// The operating system's locks.
pub(super) fn try_lock(file: &File, access: Access) -> Result<(), TryLockError> {
    match access {
        Access::Shared => file.try_lock_shared(),
        Access::Exclusive => file.try_lock(),
    }
}

/// The right to read or write an archive's folder, across all processes. It lasts as long as this;
/// the operating system gives it back if the process dies.
pub(super) struct Lock {
    /// `None` where there are no locks.
    file: Option<File>,
    access: Access,
}

impl Lock {
    /// Whether others are kept out. On some file systems of clusters they can't be; there, whatever is
    /// written needs a name that nobody else takes.
    pub(super) fn keeps_others_out(&self) -> bool {
        self.file.is_some() && self.access == Access::Exclusive
    }

    /// Leaves word for those who wait. That they can't read it would be no reason to stop.
    pub(super) fn say(&self, doing: &str) {
        if let (Some(mut file), Access::Exclusive) = (self.file.as_ref(), self.access) {
            let program = std::env::current_exe().unwrap_or_default();
            let program = program.file_name().unwrap_or_default().to_string_lossy();
            let text = format!("process {} ({program}), which is {doing}\n", std::process::id());
            let _ = file.rewind().and_then(|()| file.set_len(0));
            let _ = file.write_all(text.as_bytes());
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if let (Some(file), Access::Exclusive) = (&self.file, self.access) {
            let _ = file.set_len(0);
        }
    }
}

/// Waits until this process may use the archive `name`.
pub(super) fn lock(
    cache: &Path,
    name: &str,
    access: Access,
    try_lock: &TryLock,
) -> Result<Lock, DataError> {
    let mut notice = Notice::new(name);
    lock_and_tell(cache, name, access, try_lock, |holder| notice.waits_for(holder))
}

/// [`lock`]; `waits` hears now and then who holds the lock.
fn lock_and_tell(
    cache: &Path,
    name: &str,
    access: Access,
    try_lock: &TryLock,
    mut waits: impl FnMut(&str),
) -> Result<Lock, DataError> {
    let failed = |source| DataError::Cache { folder: cache.into(), source };
    std::fs::create_dir_all(cache).map_err(failed)?;
    let file = match open(&cache.join(format!(".{name}.lock"))) {
        Ok(file) => file,
        // Where this user can't write, nobody may need to: a complete folder is read without a lock.
        Err(_) if access == Access::Shared => return Ok(Lock { file: None, access }),
        Err(error) => return Err(failed(error)),
    };
    let mut pause = Duration::from_millis(1);
    loop {
        match try_lock(&file, access) {
            Ok(()) => return Ok(Lock { file: Some(file), access }),
            Err(TryLockError::WouldBlock) => waits(&holder(&file)),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => {
                return Ok(Lock { file: None, access });
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_millis(100));
    }
}

/// Opens the lock's file, which is made if it is missing.
fn open(path: &Path) -> io::Result<File> {
    // To open a pipe could take for ever.
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => {}
        Ok(metadata) if metadata.is_dir() && !path.is_symlink() => std::fs::remove_dir(path)?,
        _ if path.symlink_metadata().is_ok() => std::fs::remove_file(path)?,
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    // Someone else may have filled a cache that this user can only read.
    options.open(path).or_else(|error| File::open(path).map_err(|_| error))
}

/// Whether an error says that the file system has no locks: Lustre and FUSE as a rule, NFS without its
/// lock daemon.
fn has_no_locks(error: &io::Error) -> bool {
    // ENOSYS, EOPNOTSUPP, ENOTSUP and ENOLCK; ERROR_INVALID_FUNCTION and ERROR_NOT_SUPPORTED.
    let codes: &[i32] = match std::env::consts::OS {
        "linux" | "android" => &[38, 95, 37],
        "windows" => &[1, 50],
        _ => &[78, 45, 102, 77],
    };
    error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error().is_some_and(|code| codes.contains(&code))
}

/// What the holder of a lock has left word of.
fn holder(mut file: &File) -> String {
    let mut text = Vec::new();
    // Where files are locked against reading, too, nothing is known.
    let _ = file.rewind().and_then(|()| file.take(300).read_to_end(&mut text));
    let text: String =
        String::from_utf8_lossy(&text).trim().chars().filter(|c| !c.is_control()).collect();
    if text.is_empty() { "other processes, which are reading it".into() } else { text }
}

/// Tells the user on standard error why nothing happens.
struct Notice<'a> {
    name: &'a str,
    start: Instant,
    bar: Option<ProgressBar>,
    /// Of the last line, where there is no terminal.
    last: Option<Instant>,
}

/// Nobody has to know of a shorter wait than this.
const SHORT: Duration = Duration::from_secs(2);

impl<'a> Notice<'a> {
    fn new(name: &'a str) -> Self {
        Notice { name, start: Instant::now(), bar: None, last: None }
    }

    fn waits_for(&mut self, holder: &str) {
        if self.start.elapsed() < SHORT {
            return;
        }
        let text = format!("Waiting for {}: it is used by {holder}", self.name);
        if io::stderr().is_terminal() {
            let bar = self.bar.get_or_insert_with(ProgressBar::new_spinner);
            bar.set_message(text);
            bar.tick();
        } else if self.last.is_none_or(|last| last.elapsed() > Duration::from_secs(20)) {
            // Unlike `eprintln!`, this does not panic where nobody can read it.
            let _ = writeln!(io::stderr(), "{text}");
            self.last = Some(Instant::now());
        }
    }
}

impl Drop for Notice<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn readers_share_a_writer_waits() {
        let cache = tempfile::tempdir().unwrap();
        let lock = |access| lock(cache.path(), "digits", access, &try_lock).unwrap();
        let (one, two) = (lock(Access::Shared), lock(Access::Shared));
        let path = cache.path().join(".digits.lock");
        assert!(File::open(&path).unwrap().try_lock().is_err());
        drop((one, two));
        let writer = lock(Access::Exclusive);
        assert!(File::open(&path).unwrap().try_lock_shared().is_err());
        drop(writer);
    }

    #[test]
    fn those_who_wait_are_told_for_whom_and_what_for() {
        let cache = tempfile::tempdir().unwrap();
        let writer = lock(cache.path(), "digits", Access::Exclusive, &try_lock).unwrap();
        writer.say("downloading: 1 MiB of 2 MiB so far");
        let (told, heard) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| {
                lock_and_tell(cache.path(), "digits", Access::Shared, &try_lock, |holder| {
                    told.send(holder.to_string()).unwrap();
                })
            });
            let me = format!("process {} (", std::process::id());
            let said = heard.recv().unwrap();
            assert!(said.starts_with(&me), "{said}");
            assert!(said.ends_with("), which is downloading: 1 MiB of 2 MiB so far"), "{said}");
            // A reader who is followed by a writer has said nothing.
            drop(writer);
            waiting.join().unwrap().unwrap();
        });
        assert_eq!(std::fs::read(cache.path().join(".digits.lock")).unwrap(), b"");
    }

    #[test]
    fn file_systems_without_locks_will_do() {
        let cache = tempfile::tempdir().unwrap();
        let codes: &[i32] = if cfg!(target_os = "linux") { &[38, 95, 37] } else { &[] };
        let errors = codes.iter().map(|&code| io::Error::from_raw_os_error(code));
        for error in errors.chain([io::ErrorKind::Unsupported.into()]) {
            let kind = error.kind();
            let code = error.raw_os_error();
            let unsupported = move |_: &File, _| {
                let error = code.map_or(kind.into(), io::Error::from_raw_os_error);
                Err(TryLockError::Error(error))
            };
            let lock = lock(cache.path(), "digits", Access::Exclusive, &unsupported).unwrap();
            assert!(!lock.keeps_others_out());
        }
    }

    #[test]
    fn another_error_of_a_lock_is_told() {
        let cache = tempfile::tempdir().unwrap();
        let broken = |_: &File, _| Err(TryLockError::Error(io::ErrorKind::PermissionDenied.into()));
        let error = lock(cache.path(), "digits", Access::Shared, &broken).err().unwrap();
        assert!(matches!(error, DataError::Cache { .. }), "{error}");
    }

    #[test]
    fn an_interrupted_lock_is_tried_again() {
        let cache = tempfile::tempdir().unwrap();
        let interrupted = AtomicBool::new(false);
        let once = move |file: &File, access| {
            if !interrupted.swap(true, Ordering::Relaxed) {
                return Err(TryLockError::Error(io::ErrorKind::Interrupted.into()));
            }
            try_lock(file, access)
        };
        let lock = lock(cache.path(), "digits", Access::Exclusive, &once).unwrap();
        assert!(lock.keeps_others_out());
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_file_is_replaced_by_the_locks_file() {
        let cache = tempfile::tempdir().unwrap();
        let path = cache.path().join(".digits.lock");
        let pipe =
            || assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let link = |to: &str| std::os::unix::fs::symlink(to, &path).unwrap();
        let obstacles: [&dyn Fn(); 5] = [
            &pipe,
            &|| std::fs::create_dir(&path).unwrap(),
            &|| link("nowhere/at/all"),
            &|| link("/dev/zero"),
            &|| link("/"),
        ];
        for obstacle in obstacles {
            obstacle();
            let lock = lock(cache.path(), "digits", Access::Exclusive, &try_lock).unwrap();
            assert!(lock.keeps_others_out());
            assert!(path.symlink_metadata().unwrap().is_file());
            std::fs::remove_file(&path).unwrap();
        }
    }
}
