//! What the arguments of a run ask for, and what is told while it goes on.

use libtest_mimic::Arguments;

use crate::run::How;

/// The arguments of a test binary: libtest's and this crate's.
pub(crate) struct Asked {
    pub(crate) args: Arguments,
    pub(crate) how: How,
    /// Whether the slowest cells are asked for.
    pub(crate) timing: bool,
}

impl Asked {
    pub(crate) fn read(args: impl Iterator<Item = String>) -> Self {
        let mut args = args.collect::<Vec<_>>();
        let mut asked = |ours: &str| {
            let before = args.len();
            args.retain(|arg| arg != ours);
            args.len() < before
        };
        let timing = asked("--timing");
        let how = How { release: asked("--release"), fresh: asked("--fresh") };
        Self { args: Arguments::from_iter(args), how, timing }
    }
}

/// Whether libtest's arguments select a test, as libtest-mimic reads them.
pub(crate) fn is_wanted(args: &Arguments, name: &str) -> bool {
    let matches = |pattern: &String| match args.exact {
        true => name == pattern,
        false => name.contains(pattern.as_str()),
    };
    args.filter.as_ref().is_none_or(matches) && !args.skip.iter().any(matches)
}

/// A line about what is going on, as Cargo prints it.
pub(crate) fn progress(line: String) {
    let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
    eprintln!("{verb:>12} {rest}");
}
