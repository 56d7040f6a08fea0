//! What else may be found in a cache: pipes, links, files for folders, and no right to write.

use std::path::Path;
#[cfg(unix)]
use std::process::Command;

use mnist_from_scratch::data::untar_data_in;
#[cfg(unix)]
use mnist_from_scratch::data::{Archive, DataError};

#[cfg(unix)]
use super::state;
use super::{assert_complete, small_archive};

#[test]
fn a_file_in_place_of_the_folder_is_moved_aside() {
    let cache = tempfile::tempdir().unwrap();
    for number in ["", ".1", ".2"] {
        std::fs::write(cache.path().join("digits"), format!("mine{number}")).unwrap();
        assert_complete(&untar_data_in(&small_archive(), cache.path()).unwrap());
        let aside = cache.path().join(format!(".digits.aside/digits{number}"));
        assert_eq!(std::fs::read_to_string(aside).unwrap(), format!("mine{number}"));
        std::fs::remove_dir_all(cache.path().join("digits")).unwrap();
    }
}

#[test]
fn a_file_where_a_folder_was_is_moved_aside() {
    for folder in ["train", "train/3", "empty"] {
        let cache = tempfile::tempdir().unwrap();
        let path = untar_data_in(&small_archive(), cache.path()).unwrap().join(folder);
        std::fs::remove_dir_all(&path).unwrap();
        std::fs::write(&path, "mine").unwrap();
        assert_complete(&untar_data_in(&small_archive(), cache.path()).unwrap());
        let aside = cache.path().join(".digits.aside/digits").join(folder);
        assert_eq!(std::fs::read_to_string(aside).unwrap(), "mine");
    }
}

#[test]
fn a_folder_where_a_file_was_is_moved_aside_if_there_is_something_in_it() {
    for (mine, is_kept) in [("notes.txt", true), ("", false)] {
        let cache = tempfile::tempdir().unwrap();
        let path = untar_data_in(&small_archive(), cache.path()).unwrap().join("train/3/7.png");
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        if is_kept {
            std::fs::write(path.join(mine), "mine").unwrap();
        }
        assert_complete(&untar_data_in(&small_archive(), cache.path()).unwrap());
        let aside = cache.path().join(".digits.aside/digits/train/3/7.png").join(mine);
        assert_eq!(aside.exists(), is_kept);
    }
}

/// What may be found where a file or a folder should be.
#[cfg(unix)]
fn obstacles() -> Vec<fn(&Path)> {
    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }
    fn link(to: &str, path: &Path) {
        std::os::unix::fs::symlink(to, path).unwrap();
    }
    vec![
        pipe,
        |path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        |path| link("/nowhere/at/all", path),
        |path| link("/dev/zero", path),
        |path| link("/dev/tty", path),
        |path| link(path.to_str().unwrap(), path),
        |path| {
            pipe(&path.with_file_name("pipe"));
            link("pipe", path);
        },
    ]
}

#[test]
#[cfg(unix)]
fn pipes_sockets_devices_and_dangling_links_are_replaced() {
    for obstacle in obstacles() {
        for place in
            ["digits", "digits/train", "digits/train/3/7.png", "digits/empty", ".digits.lock"]
        {
            let cache = tempfile::Builder::new().prefix("a b").tempdir().unwrap();
            untar_data_in(&small_archive(), cache.path()).unwrap();
            let path = cache.path().join(place);
            let _ = std::fs::remove_file(&path).or_else(|_| std::fs::remove_dir_all(&path));
            obstacle(&path);
            assert_complete(&untar_data_in(&small_archive(), cache.path()).unwrap());
        }
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_lies_elsewhere_will_do() {
    let cache = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), cache.path().join("digits")).unwrap();
    assert_complete(&untar_data_in(&small_archive(), cache.path()).unwrap());
    assert!(elsewhere.path().join("big").is_file());
}

/// Not a test of its own: the next one runs it as a user who may only read the cache.
#[test]
fn as_a_reader() {
    let Some(cache) = std::env::var_os("UNTAR_DATA_TEST_READ_ONLY") else { return };
    let cache = Path::new(&cache);
    assert!(std::fs::write(cache.join("new"), "").is_err(), "the cache should be read-only");
    assert_complete(&untar_data_in(&small_archive(), cache).unwrap());
    std::fs::read(cache.join("digits/train/3/7.png")).unwrap();
}

#[test]
#[cfg(unix)]
fn a_complete_cache_may_be_read_only_with_or_without_its_locks_file() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;

    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    set(folder.path(), 0o755);
    let cache = folder.path().join("cache");
    untar_data_in(&small_archive(), &cache).unwrap();
    // The superuser may write anywhere, so another user reads; who may not be able to start this program.
    let program = folder.path().join("program");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for _ in 0..2 {
        for path in state(&cache).into_keys().filter(|path| path.is_dir()) {
            set(&path, 0o555);
        }
        set(&cache, 0o555);
        let mut reader = Command::new(&program);
        reader
            .args(["--exact", "surroundings::as_a_reader"])
            .env("UNTAR_DATA_TEST_READ_ONLY", &cache);
        if std::fs::metadata(&cache).unwrap().uid() == 0 {
            reader.uid(65_534);
        }
        let output = reader.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        for path in state(&cache).into_keys().filter(|path| path.is_dir()) {
            set(&path, 0o755);
        }
        set(&cache, 0o755);
        std::fs::remove_file(cache.join(".digits.lock")).ok();
    }
}

#[test]
#[cfg(unix)]
fn an_archive_that_is_no_file_is_an_error() {
    for obstacle in obstacles() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("digits.tgz");
        obstacle(&file);
        let archive = Archive::file(&file, "0".repeat(64));
        let error = untar_data_in(&archive, folder.path().join("cache")).unwrap_err();
        assert!(matches!(error, DataError::Read { .. }), "{error}");
    }
}
