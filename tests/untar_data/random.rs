//! Archives with random damage: each is unpacked or refused, and nothing gets out of the cache.

use mnist_from_scratch::data::untar_data_in;

use super::{embedded, gzip, state, xz, zip};

/// The numbers of one seed (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Changes a few bytes, or doubles, leaves out or cuts off some.
fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    let names: [&[u8]; 8] =
        [b"..", b"/", b"/../../../x", b"\0", b"\\", b"A", b"9999999", b"\xff\xff\xff\xff"];
    for _ in 0..1 + random.below(4) {
        let at = random.below(bytes.len());
        let end = bytes.len().min(at + 1 + random.below(600));
        match random.below(6) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = random.below(256) as u8,
            2 => bytes.truncate(at.max(1)),
            3 => bytes.extend_from_within(at..end),
            4 if bytes.len() > end - at => drop(bytes.drain(at..end)),
            _ => {
                let name = names[random.below(names.len())];
                let end = bytes.len().min(at + name.len());
                bytes.splice(at..end, name.iter().copied());
            }
        }
    }
}

/// Changes something in the headers of a tar archive, and then makes their checksums right.
fn damage_headers(bytes: &mut Vec<u8>, random: &mut Random) {
    damage(bytes, random);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    for block in bytes.chunks_exact_mut(512) {
        let mut header = tar::Header::from_byte_slice(block).clone();
        if header.as_ustar().is_some() || header.as_gnu().is_some() {
            header.set_cksum();
            block.copy_from_slice(header.as_bytes());
        }
    }
}

pub(super) fn tar() -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in [("d/a", &b"a"[..]), ("d/3/7.png", b"seven"), ("d/3/8.png", b"eight")] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, content).unwrap();
    }
    tar.into_inner().unwrap()
}

/// Seeds of this test; `UNTAR_DATA_SEEDS=1000..9000` tries others.
fn seeds() -> std::ops::Range<u64> {
    let Ok(text) = std::env::var("UNTAR_DATA_SEEDS") else { return 1..60 };
    let (start, end) = text.split_once("..").expect("UNTAR_DATA_SEEDS is START..END");
    start.parse().unwrap()..end.parse().unwrap()
}

#[test]
fn damaged_archives_are_unpacked_or_refused_and_stay_inside() {
    let (mut unpacked, mut refused) = (0, 0);
    for seed in seeds() {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut plain = tar();
        damage_headers(&mut plain, &mut random);
        let mut packed = gzip(&tar());
        damage(&mut packed, &mut random);
        let mut zipped = zip::small_zip();
        damage(&mut zipped, &mut random);
        let mut other = xz(&tar());
        damage(&mut other, &mut random);
        for bytes in [gzip(&plain), plain, packed, zipped, other] {
            let outside = tempfile::tempdir().unwrap();
            let cache = outside.path().join("in/the/cache");
            let result = untar_data_in(&embedded(bytes), &cache);
            let all_inside = state(outside.path())
                .into_keys()
                .all(|path| cache.starts_with(&path) || path.starts_with(cache.join("digits")));
            assert!(all_inside, "seed {seed}: {:?}", state(outside.path()));
            assert_eq!(result.is_ok(), cache.join("digits").exists(), "seed {seed}: {result:?}");
            if result.is_ok() { unpacked += 1 } else { refused += 1 }
        }
    }
    println!("{unpacked} unpacked, {refused} refused");
    assert!(unpacked > 0 && refused > 0);
}
