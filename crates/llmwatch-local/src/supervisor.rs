//! Starts ministack as a child process and makes sure it ends with this one.
//!
//! The child holds the read end of a pipe: when this process ends in whatever way, the pipe
//! closes and the child's watchdog stops it. So no signal has to be sent, and none can be missed.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, ChildStdin, Command};

use crate::args::Args;

/// What runs in the child before ministack.
const WATCHDOG: &str = include_str!("../data/ministack_watchdog.py");
/// How long ministack may take to answer; it takes about 1 s on an idle machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// How long ministack may take to end before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Variables of this process that must not reach the child and its functions.
const NOT_INHERITED: [&str; 12] = [
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_SESSION_TOKEN",
    "AWS_CA_BUNDLE",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// Why ministack does not run.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The interpreter could not be run, or no port is free.
    #[error("cannot start ministack")]
    Spawn(#[from] std::io::Error),
    /// It ended by itself.
    #[error("ministack ended while starting: {0}; give --ministack-log to see why")]
    Ended(std::process::ExitStatus),
    /// It does not answer.
    #[error("ministack does not answer on port {0} after {limit} s", limit = START_LIMIT.as_secs())]
    Silent(u16),
}

/// A running ministack.
#[derive(Debug)]
pub struct Ministack {
    child: Child,
    /// Kept apart from `child`, whose `wait` would close it.
    lifeline: Option<ChildStdin>,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Ministack {
    /// Starts ministack and waits until it answers. Its functions get `endpoint` for every service.
    ///
    /// # Errors
    ///
    /// When it cannot be started or does not answer in time.
    pub async fn start(python: &Path, args: &Args, endpoint: &str) -> Result<Self, NotStarted> {
        let port = if args.ministack_port == 0 { free_port()? } else { args.ministack_port };
        let mut command = Command::new(python);
        command.arg("-c").arg(WATCHDOG);
        command.args(args.start_script.iter());
        for name in NOT_INHERITED {
            command.env_remove(name);
        }
        let host = Ipv4Addr::LOCALHOST.to_string();
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_DEFAULT_REGION", &args.region)
            .env("AWS_REGION", &args.region)
            .env("BIND_HOST", &host)
            .env("MINISTACK_HOST", &host)
            .env("GATEWAY_PORT", port.to_string())
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("NO_PROXY", "*")
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped());
        match &args.ministack_log {
            Some(path) => {
                let log = std::fs::File::create(path)?;
                command.stdout(log.try_clone()?).stderr(log);
            }
            None => {
                command.stdout(Stdio::null()).stderr(Stdio::null());
            }
        }
        let mut child = command.spawn()?;
        let lifeline = child.stdin.take();
        let mut ministack = Self { child, lifeline, port };
        ministack.wait_until_it_answers().await?;
        Ok(ministack)
    }

    async fn wait_until_it_answers(&mut self) -> Result<(), NotStarted> {
        let client = reqwest::Client::new();
        let health = format!("http://127.0.0.1:{}/_ministack/health", self.port);
        let deadline = tokio::time::Instant::now() + START_LIMIT;
        while tokio::time::Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Err(NotStarted::Ended(status));
            }
            let answer = client.get(&health).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(NotStarted::Silent(self.port))
    }

    /// Its process; `None` once it has ended.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until ministack ends by itself.
    pub async fn ended(&mut self) {
        // An error here means that it cannot be waited for: as good as ended.
        let _ = self.child.wait().await;
    }

    /// Stops ministack and what it started.
    pub async fn stop(mut self) {
        drop(self.lifeline.take());
        if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            // Already gone is as good as killed.
            let _ = self.child.kill().await;
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
