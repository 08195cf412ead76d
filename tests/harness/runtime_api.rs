//! A Lambda Runtime API for one function, which measures what each invocation costs.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tiny_http::{Header, Request, Response, Server};

use crate::broken::Broken;
use crate::process::Places;

/// Lambda lets no function run longer.
const LONGEST_INVOCATION: Duration = Duration::from_secs(900);

/// A function's process, waiting for its next event.
pub struct MeasuredFunction {
    name: String,
    child: Child,
    server: Server,
    waiting: Option<Request>,
    init: Cost,
    invocations: u32,
}

/// What a stretch of work cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// From start to end.
    pub wall: Duration,
    /// On a processor, all threads.
    pub cpu: Duration,
}

/// One invocation: what it cost and what it answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// What it cost.
    pub cost: Cost,
    /// The answer, or the error document.
    pub answer: Value,
    /// Whether the function reported an error.
    pub has_failed: bool,
}

impl MeasuredFunction {
    /// Starts a function's binary and waits until it asks for its first event.
    ///
    /// # Errors
    ///
    /// When it is not built, does not start, or does not ask within a minute.
    pub fn start(
        places: &Places,
        name: &str,
        environment: &[(&str, String)],
    ) -> Result<Self, Broken> {
        let server = Server::http("127.0.0.1:0").map_err(|error| {
            Broken::io("starting the runtime API")(std::io::Error::other(error))
        })?;
        let address = server.server_addr().to_string();
        let started = Instant::now();
        let child = Command::new(places.binary(name)?)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
            .envs([
                ("AWS_LAMBDA_RUNTIME_API", address.as_str()),
                ("AWS_LAMBDA_FUNCTION_NAME", name),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
                ("AWS_LAMBDA_LOG_LEVEL", "ERROR"),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(Broken::io(format!("starting {name}")))?;
        let mut function = Self {
            name: name.to_owned(),
            child,
            server,
            waiting: None,
            init: Cost::default(),
            invocations: 0,
        };
        function.wait_for_next()?;
        function.init = Cost { wall: started.elapsed(), cpu: function.cpu()? };
        Ok(function)
    }

    /// Its name, which its calls carry.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it cost to come up, to the point where it asks for an event.
    #[must_use]
    pub fn init(&self) -> Cost {
        self.init
    }

    /// Gives it an event and waits for its answer and its next request.
    ///
    /// # Errors
    ///
    /// When it ends or does not answer within the 15 minutes a function has at most.
    pub fn invoke(&mut self, event: &Value) -> Result<Invocation, Broken> {
        let Some(request) = self.waiting.take() else {
            return Err(self.silent("an event before it asked for one"));
        };
        let cpu = self.cpu()?;
        let started = Instant::now();
        self.invocations += 1;
        let deadline = 4_102_444_800_000_u64.to_string();
        let headers = [
            ("Lambda-Runtime-Aws-Request-Id", self.invocations.to_string()),
            ("Lambda-Runtime-Deadline-Ms", deadline),
            (
                "Lambda-Runtime-Invoked-Function-Arn",
                format!("arn:aws:lambda:us-east-1:000000000000:function:{}", self.name),
            ),
            ("Content-Type", "application/json".to_owned()),
        ];
        let mut response = Response::from_string(event.to_string());
        for (name, value) in headers {
            if let Ok(header) = Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        request.respond(response).map_err(Broken::io("giving an event"))?;
        let mut answered = self.receive("an answer", LONGEST_INVOCATION)?;
        let wall = started.elapsed();
        let mut text = String::new();
        answered.as_reader().read_to_string(&mut text).map_err(Broken::io("reading the answer"))?;
        let has_failed = answered.url().ends_with("/error");
        answered
            .respond(Response::from_string("{}").with_status_code(202))
            .map_err(Broken::io("taking the answer"))?;
        self.wait_for_next()?;
        let cost = Cost { wall, cpu: self.cpu()?.saturating_sub(cpu) };
        Ok(Invocation { cost, answer: serde_json::from_str(&text).unwrap_or_default(), has_failed })
    }

    /// The most memory it has held resident, in bytes.
    ///
    /// # Errors
    ///
    /// When the process cannot be looked at.
    pub fn peak_resident_bytes(&self) -> Result<u64, Broken> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kibibytes = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0);
        Ok(kibibytes * 1024)
    }

    fn wait_for_next(&mut self) -> Result<(), Broken> {
        let request = self.receive("a request for the next event", Duration::from_secs(60))?;
        self.waiting = Some(request);
        Ok(())
    }

    fn receive(&self, what: &str, limit: Duration) -> Result<Request, Broken> {
        match self.server.recv_timeout(limit) {
            Ok(Some(request)) => Ok(request),
            Ok(None) => Err(self.silent(what)),
            Err(error) => Err(Broken::io(format!("waiting for {what}"))(error)),
        }
    }

    /// The processor time of every thread, ended ones excluded: functions keep theirs.
    fn cpu(&self) -> Result<Duration, Broken> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let threads = std::fs::read_dir(&tasks).map_err(Broken::io(format!("listing {tasks}")))?;
        let nanoseconds = threads
            .flatten()
            .filter_map(|thread| std::fs::read_to_string(thread.path().join("schedstat")).ok())
            .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .sum();
        Ok(Duration::from_nanos(nanoseconds))
    }

    fn proc_file(&self, name: &str) -> Result<String, Broken> {
        let path = format!("/proc/{}/{name}", self.child.id());
        std::fs::read_to_string(&path).map_err(Broken::io(format!("reading {path}")))
    }

    fn silent(&self, what: &str) -> Broken {
        Broken::TooLate {
            what: format!("{what} from {}", self.name),
            waited_seconds: 60,
            last_seen: "nothing".to_owned(),
        }
    }
}

impl Drop for MeasuredFunction {
    fn drop(&mut self) {
        // The process may have ended by itself; there is nothing else to do about it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
