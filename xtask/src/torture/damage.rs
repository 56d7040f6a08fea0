//! Damage as it happens to files: turned bits, lost ends, pieces that are zero, doubled, or from elsewhere.

use crate::random::Random;

/// Damages bytes in one to three ways; they are never the same afterwards.
pub(crate) fn damage(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..random.size(1, 3) {
        once(random, &mut damaged);
    }
    if damaged == bytes {
        damaged.push(0);
    }
    damaged
}

fn once(random: &mut Random, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        *bytes = random.bytes(4);
        return;
    }
    let at = match random.below(3) {
        // Headers are where programs trust what they read.
        0 => random.below(bytes.len().min(64)),
        _ => random.below(bytes.len()),
    };
    let end = (at + random.size(1, 64)).min(bytes.len());
    match random.below(8) {
        0 | 1 => bytes[at] ^= 1 << random.below(8),
        2 => bytes[at] = random.one_of(&[0, 1, 0x7f, 0x80, 0xfe, 0xff]),
        3 => bytes.truncate(at),
        4 => bytes[at..end].fill(random.one_of(&[0, 0xff])),
        5 => {
            bytes.drain(at..end);
        }
        6 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        _ => {
            let piece = random.bytes(end - at);
            bytes[at..end].copy_from_slice(&piece);
        }
    }
}
