//! The options of the command line.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use gpu_folder::outputs::CHAPTERS;
use gpu_folder::steps::STEPS;

/// Where the arithmetic is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    Gpu,
    Cpu,
}

impl Device {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Cpu => "cpu",
        }
    }
}

/// What is asked for, see the list in `main.rs`.
pub(crate) struct Options {
    pub(crate) devices: Vec<Device>,
    pub(crate) only: Option<Vec<String>>,
    pub(crate) except: Option<Vec<String>>,
    pub(crate) limit: Duration,
    pub(crate) each: Duration,
    pub(crate) rounds: usize,
    pub(crate) python: String,
    pub(crate) out: PathBuf,
}

impl Options {
    pub(crate) fn read() -> Result<Self> {
        let mut options = Self {
            devices: vec![Device::Gpu, Device::Cpu],
            only: None,
            except: None,
            limit: Duration::from_secs(480),
            each: Duration::from_secs(120),
            rounds: 5,
            python: "python3".into(),
            out: "gpu.json".into(),
        };
        let mut arguments = env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let value = arguments.next().with_context(|| format!("{argument} wants a value"))?;
            let number = || {
                let number = value.parse::<u32>().ok().filter(|number| *number > 0);
                number.with_context(|| format!("{argument} wants a number, not {value}"))
            };
            match argument.as_str() {
                "--device" => {
                    options.devices = match value.as_str() {
                        "gpu" => vec![Device::Gpu],
                        "cpu" => vec![Device::Cpu],
                        "both" => vec![Device::Gpu, Device::Cpu],
                        _ => bail!("--device is cpu, gpu or both, not {value}"),
                    }
                }
                "--only" => options.only = Some(words(&value)),
                "--except" => options.except = Some(words(&value)),
                "--limit" => options.limit = Duration::from_secs(number()?.into()),
                "--each" => options.each = Duration::from_secs(number()?.into()),
                "--rounds" => options.rounds = number()? as usize,
                "--python" => options.python = value,
                "--out" => options.out = value.into(),
                _ => bail!("unknown option {argument}: gpu-folder/README.md has a list"),
            }
        }
        let chapters = CHAPTERS.iter().map(|chapter| chapter.name);
        if !chapters.chain(STEPS).any(|name| options.wants(name)) {
            bail!("--only and --except leave no chapter and no step");
        }
        Ok(options)
    }

    /// Whether a chapter or a step is to run.
    pub(crate) fn wants(&self, name: &str) -> bool {
        let has_one = |words: &Vec<String>| words.iter().any(|word| name.contains(word));
        self.only.as_ref().is_none_or(has_one) && !self.except.as_ref().is_some_and(has_one)
    }
}

fn words(list: &str) -> Vec<String> {
    list.split(',').map(String::from).collect()
}
