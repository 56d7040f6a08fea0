//! What else may be where a downloaded archive should be.
#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{Server, assert_unpacked, files, ok, tgz};

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[test]
fn pipes_folders_and_links_are_replaced() {
    let obstacles: [fn(&Path); 5] = [
        pipe,
        |path| std::fs::create_dir(path).unwrap(),
        |path| symlink("/nowhere/at/all", path).unwrap(),
        |path| symlink("/dev/zero", path).unwrap(),
        |path| symlink(path, path).unwrap(),
    ];
    for obstacle in obstacles {
        for ending in [".tgz", ".part"] {
            let (tgz, sha256) = tgz();
            let cache = tempfile::tempdir().unwrap();
            std::fs::create_dir(cache.path().join("archives")).unwrap();
            let server = Server::start(vec![ok(&tgz)]);
            let archive = server.archive(&sha256);
            let name = format!("{}{ending}", archive.name());
            obstacle(&cache.path().join("archives").join(name));
            assert_unpacked(&archive, cache.path());
        }
    }
}

#[test]
fn a_link_is_not_written_through() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    let mine = cache.path().join("mine");
    std::fs::write(&mine, &tgz[..100]).unwrap();
    std::fs::create_dir(cache.path().join("archives")).unwrap();
    let server = Server::start(vec![ok(&tgz)]);
    let archive = server.archive(&sha256);
    symlink(&mine, cache.path().join(format!("archives/{}.part", archive.name()))).unwrap();
    assert_unpacked(&archive, cache.path());
    assert_eq!(std::fs::read(mine).unwrap(), &tgz[..100]);
}

#[test]
fn a_file_in_place_of_the_folder_of_archives_is_moved_aside() {
    let (tgz, sha256) = tgz();
    let cache = tempfile::tempdir().unwrap();
    std::fs::write(cache.path().join("archives"), "mine").unwrap();
    let server = Server::start(vec![ok(&tgz)]);
    let archive = server.archive(&sha256);
    assert_unpacked(&archive, cache.path());
    let aside = cache.path().join(format!(".{}.aside", archive.name()));
    assert_eq!(files(&aside), ["archives"]);
}
