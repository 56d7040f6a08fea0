//! Small archives of large files: what they may take of the memory.

use std::process::Command;

use mnist_from_scratch::data::untar_data_in;

use super::{embedded, gzip};

/// Not a test of its own: the next one runs it in a process whose memory nobody else uses.
#[test]
fn as_one_with_a_bomb() {
    let Some(cache) = std::env::var_os("UNTAR_DATA_TEST_BOMB") else { return };
    let size = 64 << 20;
    let zeros = gzip(&vec![0; 1 << 20]).repeat(size >> 20);
    let mut bytes = Vec::new();
    for number in 0..4 {
        let mut header = tar::Header::new_gnu();
        header.set_path(format!("zeros/{number}")).unwrap();
        header.set_size(size as u64);
        header.set_cksum();
        bytes.extend(gzip(header.as_bytes()));
        bytes.extend_from_slice(&zeros);
    }
    let folder = untar_data_in(&embedded(bytes), cache).unwrap();
    assert_eq!(std::fs::metadata(folder.join("3")).unwrap().len(), size as u64);
    if cfg!(target_os = "linux") {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        println!("peak:{}", peak.trim().strip_suffix(" kB").unwrap());
    }
}

#[test]
fn large_files_do_not_fill_the_memory() {
    let cache = tempfile::tempdir().unwrap();
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", "bomb::as_one_with_a_bomb", "--nocapture"]);
    let output = process.env("UNTAR_DATA_TEST_BOMB", cache.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}");
    if cfg!(target_os = "linux") {
        let peak = printed.lines().find_map(|line| line.split_once("peak:")).unwrap().1;
        let peak: u64 = peak.trim().parse().unwrap();
        // The four files have 256 MiB. 32 MiB is the bound; the rest is the program.
        assert!(peak < 60_000, "{peak} kB");
    }
}
