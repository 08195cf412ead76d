//! The local AWS as child processes that end with the test.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::broken::Broken;

/// What is looked for in the build directory and the repository.
#[derive(Debug, Clone)]
pub struct Places {
    /// The repository's root.
    pub repository: PathBuf,
    /// Where cargo put the binaries of the running profile.
    pub binaries: PathBuf,
    /// The virtual environment's Python, with ministack.
    pub python: PathBuf,
}

impl Places {
    /// The places of the running test or demo: the binaries beside it, Python in `.venv`.
    ///
    /// # Errors
    ///
    /// When the path of the running binary cannot be read.
    pub fn of_this_build() -> Result<Self, Broken> {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let running = std::env::current_exe().map_err(Broken::io("finding the running binary"))?;
        // A test runs in target/{profile}/deps, the demo in target/{profile}.
        let directory = running.parent().unwrap_or(Path::new(".")).to_owned();
        let binaries = if directory.ends_with("deps") {
            directory.parent().unwrap_or(&directory).to_owned()
        } else {
            directory
        };
        Ok(Self { python: repository.join(".venv/bin/python"), repository, binaries })
    }

    /// The path of a built binary.
    ///
    /// # Errors
    ///
    /// When it has not been built.
    pub fn binary(&self, name: &str) -> Result<PathBuf, Broken> {
        existing(self.binaries.join(name), "run `make test`, which builds it first")
    }
}

/// A running llmwatch-local with the ministack behind it; both end when this is dropped.
#[derive(Debug)]
pub struct LocalAws {
    child: Child,
    endpoint: String,
}

impl LocalAws {
    /// Starts on a free port and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When a part is missing, or the ready line does not come.
    pub fn start(places: &Places) -> Result<Self, Broken> {
        let python = existing(places.python.clone(), "run `make venv`")?;
        let mut child = Command::new(places.binary("llmwatch-local")?)
            .args(["--port", "0", "--stop-with-parent", "--python"])
            .arg(python)
            .arg("--start-script")
            .arg(places.repository.join("local/ministack_start.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A group of its own, so that stopping it stops ministack and the functions too.
            .process_group(0)
            .spawn()
            .map_err(Broken::io("starting llmwatch-local"))?;
        let endpoint = ready_line(&mut child)?;
        Ok(Self { child, endpoint })
    }

    /// The URL of its one endpoint.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for LocalAws {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        // Nothing is left to do about a failure here: the processes are gone already.
        let _ = Command::new("kill").args(["-TERM", "--", &group]).stderr(Stdio::null()).status();
        let stopping = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) {
            if stopping.elapsed() > Duration::from_secs(5) {
                let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
                let _ = self.child.wait();
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Asks again and again until there is an answer or the time is up.
///
/// # Errors
///
/// When `ask` fails, or the time is up; then with the last thing it saw.
pub fn wait_until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<Seen<T>, Broken>,
) -> Result<T, Broken> {
    let started = Instant::now();
    loop {
        match ask()? {
            Seen::Yes(answer) => return Ok(answer),
            Seen::NotYet(last_seen) if started.elapsed() > limit => {
                return Err(Broken::TooLate {
                    what: what.to_owned(),
                    waited_seconds: limit.as_secs(),
                    last_seen,
                });
            }
            Seen::NotYet(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// What one look showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// It has come to pass.
    Yes(T),
    /// It has not; this is how things stand.
    NotYet(String),
}

fn existing(path: PathBuf, mend: &'static str) -> Result<PathBuf, Broken> {
    if path.exists() { Ok(path) } else { Err(Broken::Missing { path, mend }) }
}

/// Reads the line that says the endpoint: the last word of the first line with a URL.
fn ready_line(child: &mut Child) -> Result<String, Broken> {
    let Some(output) = child.stdout.take() else {
        return Err(Broken::Missing { path: "llmwatch-local's output".into(), mend: "pipe it" });
    };
    let mut lines = BufReader::new(output).lines();
    let mut said = String::new();
    for line in lines.by_ref() {
        let line = line.map_err(Broken::io("reading llmwatch-local's output"))?;
        if let Some(url) = line.split_whitespace().find(|word| word.starts_with("http://")) {
            let endpoint = url.trim_end_matches(['/', '.']).to_owned();
            // Its later output must be read, or it blocks once the pipe is full.
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(endpoint);
        }
        said.push_str(&line);
    }
    Err(Broken::TooLate {
        what: "llmwatch-local's ready line".to_owned(),
        waited_seconds: 0,
        last_seen: said,
    })
}
