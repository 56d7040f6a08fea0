//! Where unpacked archives live.

use std::ffi::OsString;
use std::io;
use std::path::{Component, PathBuf};

use etcetera::BaseStrategy;

use super::DataError;

/// The environment variable that names another cache folder.
pub const CACHE_VARIABLE: &str = "MNIST_FROM_SCRATCH_CACHE";

/// The folder that archives are unpacked to.
///
/// It is the one that the environment variable [`CACHE_VARIABLE`] names; without it, the user's
/// cache folder: `$XDG_CACHE_HOME/mnist_from_scratch`, as a rule `~/.cache/mnist_from_scratch`,
/// and the like on Windows. It need not exist yet. In the variable, `~` at the beginning is the
/// user's home folder, also where no shell has put it there.
///
/// # Errors
/// If the user has no home folder and it is needed, or the variable begins with `~name`, the home of
/// somebody else.
///
/// ```
/// let cache = mnist_from_scratch::data::cache_folder()?;
/// assert!(cache.is_absolute());
/// # Ok::<(), mnist_from_scratch::data::DataError>(())
/// ```
pub fn cache_folder() -> Result<PathBuf, DataError> {
    let user_cache = || etcetera::choose_base_strategy().ok().map(|user| user.cache_dir());
    choose(std::env::var_os(CACHE_VARIABLE), user_cache, || etcetera::home_dir().ok())
}

fn choose(
    variable: Option<OsString>,
    user_cache: impl FnOnce() -> Option<PathBuf>,
    home: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, DataError> {
    let folder = match variable {
        Some(folder) if !folder.is_empty() => with_home(folder.into(), home)?,
        _ => user_cache().ok_or(DataError::NoHome)?.join("mnist_from_scratch"),
    };
    // The program may change its folder later on.
    std::path::absolute(&folder).map_err(|source| DataError::Cache { folder, source })
}

/// The path with a leading `~` replaced: a shell does so only where it stands unquoted.
fn with_home(path: PathBuf, home: impl FnOnce() -> Option<PathBuf>) -> Result<PathBuf, DataError> {
    let mut parts = path.components();
    match parts.next() {
        Some(Component::Normal(first)) if first == "~" => {
            Ok(home().ok_or(DataError::NoHome)?.join(parts.as_path()))
        }
        Some(Component::Normal(first)) if first.as_encoded_bytes().starts_with(b"~") => {
            let source = io::Error::other(
                "of the paths with `~` only `~` and `~/...` are understood; a folder of such a name \
                 is `./~...`",
            );
            Err(DataError::Cache { folder: path, source })
        }
        _ => Ok(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variable: &str) -> Result<PathBuf, DataError> {
        choose(Some(variable.into()), || None, || Some(std::env::temp_dir().join("home")))
    }

    #[test]
    fn the_variable_comes_first() {
        let folder = std::env::temp_dir().join("digits");
        assert_eq!(chosen(folder.to_str().unwrap()).unwrap(), folder);
        assert!(chosen("digits").unwrap().is_absolute());
    }

    #[test]
    fn without_it_the_users_cache_is_taken() {
        let user_cache = std::env::temp_dir();
        let expected = user_cache.join("mnist_from_scratch");
        for variable in [None, Some(OsString::new())] {
            let folder = choose(variable, || Some(user_cache.clone()), || None).unwrap();
            assert_eq!(folder, expected);
        }
        let error = choose(None, || None, || None).unwrap_err().to_string();
        assert!(error.contains("set the environment variable MNIST_FROM_SCRATCH_CACHE"), "{error}");
    }

    #[test]
    fn a_tilde_is_the_home_folder() {
        let home = std::env::temp_dir().join("home");
        assert_eq!(chosen("~").unwrap(), home);
        assert_eq!(chosen("~/").unwrap(), home);
        assert_eq!(chosen("~/a/b").unwrap(), home.join("a").join("b"));
        let here = std::env::current_dir().unwrap();
        assert_eq!(chosen("a/~/b").unwrap(), here.join("a/~/b"));
        assert_eq!(chosen("./~/b").unwrap(), here.join("~/b"));
        assert!(matches!(chosen("~other/b").unwrap_err(), DataError::Cache { .. }));
        let homeless = choose(Some("~/a".into()), || None, || None).unwrap_err();
        assert!(matches!(homeless, DataError::NoHome), "{homeless}");
    }
}
