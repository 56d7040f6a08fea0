//! A program and all that it starts, which end with it, on request, or when this process ends.

use std::io::{self, Read};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::display::RECORDING;

/// The processes of one program.
///
/// On Unix a small shell watches over them: it waits until its standard input is closed, which is also
/// so when this process is interrupted or killed, and then kills first the processes that have the
/// run's secret in their environment (on Linux; so it finds those that left the process group), and then
/// its own process group, in which the program runs.
#[derive(Debug)]
pub(crate) struct Group {
    program: Child,
    watcher: Watcher,
}

impl Group {
    /// Starts `program`; `secret` is the value of [`RECORDING`] in its environment, known to no other
    /// process.
    pub(crate) fn start(program: &mut Command, secret: &str) -> io::Result<Self> {
        let watcher = Watcher::start(secret)?;
        let program = watcher.put_in(program).env(RECORDING, secret).spawn()?;
        Ok(Self { program, watcher })
    }

    pub(crate) fn program(&mut self) -> &mut Child {
        &mut self.program
    }

    /// Kills what still runs.
    pub(crate) fn end(&mut self) {
        self.watcher.end(&mut self.program);
        let _ = self.program.wait();
    }
}

/// Runs `program` to its end, with all that it starts, and takes what it prints on standard error; `go_on` is
/// asked often, and its error ends the program.
pub(crate) fn errors_of(
    program: &mut Command,
    secret: &str,
    go_on: impl Fn() -> Result<()>,
) -> Result<Output> {
    let program = program.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut group = Group::start(program, secret)
        .with_context(|| format!("{} cannot be started", program.get_program().display()))?;
    let stderr = group.program().stderr.take();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stderr.map(|mut stderr| stderr.read_to_end(&mut bytes)).transpose().map(|_| bytes)
    });
    let status = loop {
        go_on()?;
        match group.program().try_wait()? {
            Some(status) => break status,
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    // Closes what is left of the pipe's other end.
    group.end();
    let stderr = reader.join().unwrap_or_else(|_| Ok(Vec::new()))?;
    Ok(Output { status, stdout: Vec::new(), stderr })
}

impl Drop for Group {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(unix)]
#[derive(Debug)]
struct Watcher {
    shell: Child,
    /// Closed when this process ends, whatever the reason.
    open: Option<std::process::ChildStdin>,
}

#[cfg(unix)]
impl Watcher {
    const SCRIPT: &str = r#"
while read -r _; do :; done
left=50
while [ "$left" -gt 0 ]; do
    files=$(grep -ls -- "$1=$2" /proc/[0-9]*/environ 2>/dev/null)
    [ -n "$files" ] || break
    for file in $files; do
        process=${file#/proc/}
        kill -KILL "${process%/environ}" 2>/dev/null
    done
    left=$((left - 1))
done
kill -KILL 0
"#;

    fn start(secret: &str) -> io::Result<Self> {
        use std::os::unix::process::CommandExt;
        let mut shell = Command::new("/bin/sh")
            .args(["-c", Self::SCRIPT, "mdbook-literate", RECORDING, secret])
            .current_dir("/")
            .env_remove(RECORDING)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Not in our group: Ctrl-C ends that, and the watcher has work to do then.
            .process_group(0)
            .spawn()?;
        let open = shell.stdin.take();
        Ok(Self { shell, open })
    }

    fn put_in<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        use std::os::unix::process::CommandExt;
        // A process number fits, as the system's own type for it is an i32.
        program.process_group(self.shell.id() as i32)
    }

    fn end(&mut self, _program: &mut Child) {
        drop(self.open.take());
        let _ = self.shell.wait();
    }
}

#[cfg(not(unix))]
#[derive(Debug)]
struct Watcher;

#[cfg(not(unix))]
impl Watcher {
    fn start(_secret: &str) -> io::Result<Self> {
        Ok(Self)
    }

    fn put_in<'a>(&self, program: &'a mut Command) -> &'a mut Command {
        program
    }

    /// Windows: `taskkill /T` takes the children along.
    fn end(&mut self, program: &mut Child) {
        if matches!(program.try_wait(), Ok(None)) {
            let id = program.id().to_string();
            let mut kill = Command::new("taskkill");
            let kill = kill.args(["/T", "/F", "/PID", &id]).stdout(Stdio::null());
            let _ = kill.stderr(Stdio::null()).status();
            let _ = program.kill();
        }
    }
}
