//! Arize Phoenix as a child process that ends with the test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{fs, process};

use llmwatch_tests::process::{Places, Seen, wait_until};
use serde_json::Value;

pub(crate) struct Phoenix {
    child: Child,
    endpoint: String,
    directory: PathBuf,
}

impl Phoenix {
    pub(crate) fn start(places: &Places) -> Self {
        let [port, grpc_port] = free_ports();
        let directory = format!("phoenix-{}", process::id());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(directory);
        fs::create_dir_all(&directory).unwrap();
        let child = Command::new(places.repository.join(".venv-phoenix/bin/phoenix"))
            .arg("serve")
            .env("PHOENIX_HOST", "127.0.0.1")
            .env("PHOENIX_PORT", port.to_string())
            .env("PHOENIX_GRPC_PORT", grpc_port.to_string())
            .env("PHOENIX_WORKING_DIR", &directory)
            .env("PHOENIX_TELEMETRY_ENABLED", "false")
            .env("PHOENIX_ALLOW_EXTERNAL_RESOURCES", "false")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("run `make otlp`, which installs Phoenix");
        let phoenix = Self { child, endpoint: format!("http://127.0.0.1:{port}"), directory };
        wait_until("Phoenix to start", Duration::from_secs(180), || {
            let answer = ureq::get(format!("{}/healthz", phoenix.endpoint)).call();
            Ok(answer.map_or_else(|error| Seen::NotYet(error.to_string()), |_| Seen::Yes(())))
        })
        .unwrap();
        phoenix
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What Phoenix says it has; nothing before it knows the project.
    pub(crate) fn spans(&self) -> Vec<Value> {
        let url = format!("{}/v1/projects/default/spans?limit=1000", self.endpoint);
        let Ok(mut answer) = ureq::get(url).call() else { return Vec::new() };
        let answer: Value = answer.body_mut().read_json().unwrap();
        answer["data"].as_array().unwrap().clone()
    }
}

impl Drop for Phoenix {
    fn drop(&mut self) {
        // Nothing can be done about a failure here.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn free_ports() -> [u16; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
