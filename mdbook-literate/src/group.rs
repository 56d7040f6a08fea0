//! A program and all that it starts, which end with it, on request, or when this process ends.

use std::io;
use std::process::{Child, ChildStdin, Command, Stdio};

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
    open: Option<ChildStdin>,
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
