#!/usr/bin/env bash
# Tests three books of others as they are, as the README tells: `mdbook-literate/measure.sh FOLDER`.
# Needs git, the network, and `cargo book` in the PATH. Nothing of the books becomes part of this repository.
set -euo pipefail

mkdir -p "$1" && cd "$1"

fetch() { # NAME ADDRESS COMMIT
    [ -d "$1" ] || git clone --quiet "$2" "$1"
    git -C "$1" checkout --quiet --force "$3"
}

fetch rand https://github.com/rust-random/book 410a418e2796701beb363f9ffa6d94193945905e
# The package that the book's own tests use has no code; its script makes it.
mkdir -p rand/tests/src && touch rand/tests/src/lib.rs
grep -q literate rand/book.toml || printf '[preprocessor.literate]\nmanifest = "tests/Cargo.toml"\n' >> rand/book.toml

fetch rbe https://github.com/rust-lang/rust-by-example 898f0ac1479223d332309e0fce88d44b39927d28
fetch cli https://github.com/rust-cli/book 266f190d22fef022cd99023f363fb2c59aba9988

for book in rand rbe cli; do
    printf '\n== %s\n' "$book"
    (cd "$book" && CARGO_TARGET_DIR=$PWD/target cargo book adopt) | tee "$book.txt" | sed '/^$/,$d'
done
