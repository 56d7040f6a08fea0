#!/usr/bin/env bash
# Tests three books of others as they are, as the README tells: `mdbook-literate/measure.sh FOLDER`.
# Needs git, perl, the network, and `cargo book` in the PATH. Nothing of the books becomes part of this repository.
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

# The programs of Rust by Example, each by itself and as a cell of its chapter: both print the same. Another output is
# named; one that tells its path, or the order of threads or of a hash map, is another each time.
rm -rf cells programs && mkdir cells programs && cp -r rbe/book.toml rbe/src cells
find cells/src -name '*.md' -exec perl -0777 -pi -e 'my $n = 0;
    s/^```rust,editable\n((?:(?!```).*\n)*)/
        my $code = $1;
        ($code =~ m{^fn main}m ? "```rust,cell=c" . ++$n : "```rust,editable") . "\n$code"/gme' {} +
(cd rbe/src && find . -name '*.md' -exec perl -0777 -ne 'my $n = 0;
    (my $name = $ARGV) =~ s/^\.\/|\.md$//g;
    $name =~ s/\//-/g;
    while (/^```rust,editable\n((?:(?!```).*\n)*)/gm) {
        (my $code = $1) =~ s/^#( |$)//gm;
        next unless $code =~ /^fn main/m;
        open(F, ">", "../../programs/${name}__c" . ++$n . ".rs") and print F $code;
    }' {} +)
# Nothing is accepted yet, and so the run fails.
(cd cells && CARGO_TARGET_DIR=$PWD/target cargo book test ::c > test.log 2>&1) || true
for program in programs/*.rs; do
    name=$(basename "$program" .rs)
    rustc --edition 2021 -A warnings -o programs/it "$program" && ./programs/it > programs/printed 2> /dev/null || true
    if awk 'n > 1; /^---$/ { n++ }' "cells/tests/snapshots/$name.snap.new" | diff -qZB - programs/printed > /dev/null; then
        echo same
    else
        echo "another output: $name"
    fi
done | sort | uniq -c
