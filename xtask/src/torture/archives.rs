//! Archives and the cache that they are unpacked to: damaged and hostile archives, damaged caches, `kill -9` while
//! unpacking, a full disk. What is unpacked is what was packed, to the last byte, or there is an error; nothing
//! outside of the cache changes; and whatever happened, the next call repairs it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use mnist_from_scratch::data::{Archive, untar_data_in};
use sha2::{Digest, Sha256};
use tar::EntryType;

use crate::attack::{Attack, Fate, Room, Suite};
use crate::damage::damage;
use crate::random::Random;

pub(crate) const SUITE: Suite = Suite {
    name: "archives",
    about: "damaged and hostile archives, damaged caches, `kill -9` while unpacking, full disks",
    attack,
};

/// The files of an archive.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

pub(crate) fn random_files(random: &mut Random) -> Files {
    let mut files = Files::new();
    for number in 0..random.size(1, 6) {
        let folder = random.one_of(&["", "train/", "train/3/", "valid/7/"]);
        let size = random.one_of(&[0, 1, 300, 511, 512, 513, 9000, 100_000]);
        files.insert(format!("digits/{folder}{number}.png"), random.bytes(size));
    }
    files
}

pub(crate) fn packed(files: &Files) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        tar.append_data(&mut header(bytes.len()), name, bytes.as_slice())?;
    }
    gzip(&tar.into_inner()?)
}

fn header(size: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(size as u64);
    header.set_mode(0o644);
    header
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// As a program holds it. A few kilobytes stay behind until this one ends.
fn embedded(bytes: Vec<u8>, sha256: String) -> Archive {
    Archive::embedded("digits", bytes.leak(), sha256.leak())
}

/// What was unpacked is what was packed.
pub(crate) fn is_whole(folder: &Path, files: &Files) -> Result<()> {
    for (name, bytes) in files {
        let path = folder.join(name.strip_prefix("digits/").unwrap_or(name));
        let found = std::fs::read(&path).with_context(|| format!("{}", path.display()))?;
        ensure!(found == *bytes, "{} is not what was packed", path.display());
    }
    Ok(())
}

fn attack(attack: &mut Attack) -> Result<Fate> {
    match attack.random.below(40) {
        0 => full_disk(attack),
        1..4 => killed(attack),
        4..12 => damaged_cache(attack),
        12..20 => hostile(attack),
        20..28 => damaged(attack, true),
        _ => damaged(attack, false),
    }
}

/// An archive that is not the one whose checksum is known; or, harder, one that has the checksum that it says.
fn damaged(attack: &mut Attack, signed: bool) -> Result<Fate> {
    attack.is(if signed { "a damaged archive with its own checksum" } else { "a damaged archive" });
    let files = random_files(&mut attack.random);
    let good = packed(&files)?;
    let bad = damage(&mut attack.random, &good);
    let room = attack.room()?;
    let checksum = sha256(if signed { &bad } else { &good });
    let result = untar_data_in(&embedded(bad, checksum), &room.inside);
    ensure!(signed || result.is_err(), "a damaged archive was unpacked");
    repaired(&room, &files, good)
}

/// The right archive, after whatever has been before.
fn repaired(room: &Room, files: &Files, good: Vec<u8>) -> Result<Fate> {
    let checksum = sha256(&good);
    let folder = untar_data_in(&embedded(good, checksum), &room.inside).context("afterwards")?;
    is_whole(&folder, files).context("afterwards")?;
    room.nothing_outside_has_changed()?;
    Ok(Fate::Survived)
}

/// Entries that want to write elsewhere, or are no files.
fn hostile(attack: &mut Attack) -> Result<Fate> {
    let random = &mut attack.random;
    let files = random_files(random);
    let good = packed(&files)?;
    let names = [
        "../mine.txt",
        "digits/../../mine.txt",
        "/tmp/mine.txt",
        "digits/./../../mine.txt",
        "..",
        "",
        "digits/a\\..\\b",
        "digits/CON",
        "digits/a:b",
        "digits/\u{1}",
        "digits/train",
        "digits",
        "digits/0.png/x",
        "DIGITS/0.png",
        "digits/.mnist-from-scratch",
        "digits/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t",
    ];
    let (name, target) = (random.one_of(&names), random.one_of(&names));
    let kinds = [
        EntryType::Regular,
        EntryType::Symlink,
        EntryType::Link,
        EntryType::Fifo,
        EntryType::Char,
        EntryType::Block,
        EntryType::Directory,
        EntryType::Continuous,
        EntryType::GNULongName,
        EntryType::XHeader,
    ];
    let kind = random.one_of(&kinds);
    let claimed = random.one_of(&[0, 5, 5, 5, 600, 1 << 33, u64::MAX >> 1]);
    let first = random.below(2) == 0;
    attack.is(format!("a hostile entry {name:?} -> {target:?} of kind {kind:?}, {claimed} bytes"));
    let mut tar = tar::Builder::new(Vec::new());
    let usual = |tar: &mut tar::Builder<Vec<u8>>| -> Result<()> {
        for (name, bytes) in &files {
            tar.append_data(&mut header(bytes.len()), name, bytes.as_slice())?;
        }
        Ok(())
    };
    if !first {
        usual(&mut tar)?;
    }
    let mut hostile = header(0);
    hostile.set_entry_type(kind);
    hostile.set_size(claimed);
    let fields = hostile.as_old_mut();
    fields.name[..name.len()].copy_from_slice(name.as_bytes());
    fields.linkname[..target.len()].copy_from_slice(target.as_bytes());
    hostile.set_cksum();
    tar.append(&hostile, &b"owned"[..])?;
    if first {
        usual(&mut tar)?;
    }
    let bad = gzip(&tar.into_inner()?)?;
    let room = attack.room()?;
    let checksum = sha256(&bad);
    // It may be harmless; it must not do harm.
    if let Ok(folder) = untar_data_in(&embedded(bad, checksum), &room.inside) {
        ensure!(folder.starts_with(&room.inside), "unpacked to {}", folder.display());
    }
    room.nothing_outside_has_changed()?;
    repaired(&room, &files, good)
}

/// A complete cache, in which then something is damaged.
fn damaged_cache(attack: &mut Attack) -> Result<Fate> {
    let files = random_files(&mut attack.random);
    let good = packed(&files)?;
    let room = attack.room()?;
    let checksum = sha256(&good);
    let folder = untar_data_in(&embedded(good.clone(), checksum), &room.inside)?;
    let random = &mut attack.random;
    let names: Vec<&String> = files.keys().collect();
    let name = random.one_of(&names);
    let path = folder.join(name.strip_prefix("digits/").unwrap_or(name));
    let how = random.below(7);
    let bytes = damage(random, &files[name]);
    attack.is(format!("a damaged cache: way {how}, {}", path.display()));
    match how {
        0 => std::fs::remove_file(&path)?,
        1 => {
            std::fs::remove_file(&path)?;
            std::fs::create_dir(&path)?;
        }
        2 => {
            std::fs::remove_file(&path)?;
            std::os::unix::fs::symlink(attack.folder.join("mine.txt"), &path)?;
        }
        3 => std::fs::remove_dir_all(&folder)?,
        4 => {
            // All that lies beside the files: marks, lists, locks.
            let others = crate::attack::files(&room.inside)?;
            for other in others.keys().filter(|other| !other.starts_with(&folder)) {
                std::fs::write(other, &bytes)?;
            }
        }
        5 => std::fs::OpenOptions::new().append(true).open(&path)?.write_all(b"more")?,
        _ => std::fs::write(&path, bytes)?,
    }
    repaired(&room, &files, good)
}

/// Unpacking is killed at a random moment.
fn killed(attack: &mut Attack) -> Result<Fate> {
    attack.is("unpacking is killed");
    let files = random_files(&mut attack.random);
    let good = packed(&files)?;
    let archive = attack.folder.join("digits.tgz");
    std::fs::write(&archive, &good)?;
    let room = attack.room()?;
    let [archive, cache]: [&Path; 2] = [&archive, &room.inside];
    let [archive, cache] = [archive, cache].map(|path| path.to_str().unwrap_or_default());
    for _ in 0..attack.random.size(1, 4) {
        let child = attack.child(&["untar", archive, cache])?;
        attack.kill_within(child, 25_000)?;
    }
    repaired(&room, &files, good)
}

/// Unpacks one archive, to be killed meanwhile.
pub(crate) fn child(arguments: &[&str]) -> Result<()> {
    let [archive, cache] = arguments else { bail!("untar ARCHIVE CACHE") };
    let bytes = std::fs::read(archive)?;
    let checksum = sha256(&bytes);
    untar_data_in(&embedded(bytes, checksum), PathBuf::from(cache))?;
    Ok(())
}

/// The cache lies on a disk with less room than the archive wants, and then there is more.
fn full_disk(attack: &mut Attack) -> Result<Fate> {
    attack.is("a full disk");
    let mut files = random_files(&mut attack.random);
    files.insert("digits/large.bin".into(), attack.random.bytes(200_000));
    let good = packed(&files)?;
    let room = attack.room()?;
    let kilobytes = attack.random.size(16, 180);
    let mount = |options: String| {
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(&room.inside)
            .output()
    };
    if !mount(format!("size={kilobytes}k")).is_ok_and(|output| output.status.success()) {
        return Ok(Fate::Skipped("a full disk: only root may mount a small one"));
    }
    let checksum = sha256(&good);
    let full = untar_data_in(&embedded(good.clone(), checksum), &room.inside);
    let more = mount("remount,size=8m".into()).is_ok_and(|output| output.status.success());
    let fate = match more {
        true => repaired(&room, &files, good),
        false => Ok(Fate::Skipped("more room on a full disk: `mount -o remount` fails")),
    };
    let unmounted = Command::new("umount").arg(&room.inside).status()?;
    ensure!(unmounted.success(), "the small disk cannot be unmounted");
    ensure!(full.is_err(), "200 kB were unpacked to a disk of {kilobytes} kB");
    fate
}
