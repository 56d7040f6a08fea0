//! What an attack is, where it takes place, and what may come of it.

use std::any::Any;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};

use crate::random::Random;

/// A kind of attacks, by what is attacked.
pub(crate) struct Suite {
    pub(crate) name: &'static str,
    /// What is done to what, for the table.
    pub(crate) about: &'static str,
    pub(crate) attack: fn(&mut Attack) -> Result<Fate>,
}

/// How an attack ended that did no harm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fate {
    /// A clear error, or the right result.
    Survived,
    /// It cannot be made here, and why.
    Skipped(&'static str),
}

/// An attack's kind and end; harm is an error.
pub(crate) type Outcome = Result<Fate>;

/// One attack in the making.
pub(crate) struct Attack {
    pub(crate) random: Random,
    pub(crate) folder: PathBuf,
    kind: String,
}

impl Attack {
    pub(crate) fn new(seed: u64, folder: PathBuf) -> Self {
        Self { random: Random::new(seed), folder, kind: String::new() }
    }

    /// Says what the attack does; a failure names it.
    pub(crate) fn is(&mut self, kind: impl Into<String>) {
        self.kind = kind.into();
    }

    pub(crate) fn kind(&self) -> String {
        self.kind.clone()
    }

    /// A new folder for what is attacked, beside which a file of the user's lies.
    pub(crate) fn room(&self) -> Result<Room> {
        let inside = self.folder.join("room");
        std::fs::create_dir_all(&inside)?;
        std::fs::write(self.folder.join("mine.txt"), "of the user's")?;
        Ok(Room { inside, before: files(&self.folder)? })
    }

    /// Starts this program once more, for a part that can be killed.
    pub(crate) fn child(&self, arguments: &[&str]) -> Result<Child> {
        let child = Command::new(std::env::current_exe()?)
            .arg("--child")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        child.context("starting a part of the attack")
    }

    /// Lets a child live for a random time below this one, and kills it with signal 9.
    pub(crate) fn kill_within(&mut self, mut child: Child, micros: usize) -> Result<()> {
        std::thread::sleep(Duration::from_micros(self.random.below(micros) as u64));
        child.kill()?;
        child.wait()?;
        Ok(())
    }
}

/// Where the attacked may write, and all that lies around it.
pub(crate) struct Room {
    pub(crate) inside: PathBuf,
    before: BTreeMap<PathBuf, Vec<u8>>,
}

impl Room {
    /// Nothing outside of the room is lost, changed or new.
    pub(crate) fn nothing_outside_has_changed(&self) -> Result<()> {
        let folder = self.inside.parent().context("the room has a folder")?;
        let mut now = files(folder)?;
        now.retain(|path, _| !path.starts_with(&self.inside));
        let mut before = self.before.clone();
        before.retain(|path, _| !path.starts_with(&self.inside));
        for (path, bytes) in &before {
            ensure!(now.get(path) == Some(bytes), "{} is lost or changed", path.display());
        }
        let new = now.keys().find(|path| !before.contains_key(*path));
        ensure!(new.is_none(), "{} was written outside of the room", new.unwrap().display());
        Ok(())
    }
}

/// All regular files below a folder; symbolic links are not followed.
pub(crate) fn files(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                found.insert(entry.path(), std::fs::read(entry.path())?);
            }
        }
    }
    Ok(found)
}

/// A folder for one attack.
pub(crate) fn folder() -> Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("torture-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    Ok(folder)
}

/// What a panic says. Wherever it comes from, it should have been an error.
pub(crate) fn of_panic(panic: &(dyn Any + Send)) -> anyhow::Error {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without words");
    anyhow!("a panic: {text}")
}

/// Ends the program when an attack takes too long: it hangs.
pub(crate) struct Watch(mpsc::Sender<()>);

impl Watch {
    const LONGEST: Duration = Duration::from_secs(180);

    pub(crate) fn start(suite: &'static str, seed: u64) -> Self {
        let (stop, stopped) = mpsc::channel();
        std::thread::spawn(move || {
            if stopped.recv_timeout(Self::LONGEST) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("{suite}: attack {seed} hangs; again: {}", again(suite, seed));
                std::process::exit(1);
            }
        });
        Self(stop)
    }

    pub(crate) fn stop(self) {
        // The clock may have run out at this moment.
        let _ = self.0.send(());
    }
}

/// The command that makes an attack again.
pub(crate) fn again(suite: &str, seed: u64) -> String {
    format!("cargo xtask torture --only {suite} --repeat {seed}")
}
