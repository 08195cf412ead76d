//! The processes of the functions that ministack runs, so that one can be killed at a call it
//! makes.
//!
//! Whose a call is shows in its connection: Linux tells the socket of each end, and which process
//! has it open. Nothing but a function is ever killed: a child of ministack that runs `bootstrap`.

use std::net::{Ipv4Addr, SocketAddr};

/// The functions' processes.
#[derive(Debug, Default)]
pub struct Functions {
    parent: Option<u32>,
    endpoint: Option<SocketAddr>,
}

/// Why a caller was not killed.
#[derive(Debug, thiserror::Error)]
pub enum NotKilled {
    /// ministack does not run.
    #[error("no functions run here")]
    NoFunctions,
    /// The connection is not one of a function.
    #[error("{0} is no function")]
    NoFunction(SocketAddr),
    /// The system knows no processes by their connections.
    #[error("processes are found by their connections on Linux only")]
    #[cfg(not(target_os = "linux"))]
    NotLinux,
    /// `/proc` cannot be read.
    #[error("the caller's process cannot be found")]
    #[cfg(target_os = "linux")]
    Unreadable(#[from] procfs::ProcError),
    /// The system refuses.
    #[error("the caller cannot be killed")]
    #[cfg(target_os = "linux")]
    Refused(#[from] rustix::io::Errno),
}

impl Functions {
    /// The children of a process, as they call this port.
    #[must_use]
    pub fn of(parent: Option<u32>, port: u16) -> Self {
        Self { parent, endpoint: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) }
    }

    /// Kills the function at the other end of a connection, as an out-of-memory kill would.
    ///
    /// # Errors
    ///
    /// When the caller is no function, or cannot be killed.
    #[cfg(target_os = "linux")]
    pub fn kill(&self, peer: SocketAddr) -> Result<(), NotKilled> {
        use rustix::process::{Pid, Signal, kill_process};

        let (Some(parent), Some(endpoint)) = (self.parent, self.endpoint) else {
            return Err(NotKilled::NoFunctions);
        };
        let connections = procfs::net::tcp()?;
        let ends = |tcp: &&procfs::net::TcpNetEntry| {
            tcp.local_address == peer && tcp.remote_address == endpoint
        };
        let socket = connections.iter().find(ends).ok_or(NotKilled::NoFunction(peer))?.inode;
        for process in procfs::process::all_processes()? {
            // A process that ends while it is looked at is not the one that waits for an answer.
            let Ok(process) = process else { continue };
            if is_function(&process, parent) && has_open(&process, socket) {
                let id = Pid::from_raw(process.pid()).ok_or(NotKilled::NoFunction(peer))?;
                return Ok(kill_process(id, Signal::KILL)?);
            }
        }
        Err(NotKilled::NoFunction(peer))
    }

    /// Kills nothing: the caller cannot be found.
    ///
    /// # Errors
    ///
    /// Always.
    #[cfg(not(target_os = "linux"))]
    pub fn kill(&self, _peer: SocketAddr) -> Result<(), NotKilled> {
        Err(NotKilled::NotLinux)
    }
}

#[cfg(target_os = "linux")]
fn is_function(process: &procfs::process::Process, parent: u32) -> bool {
    let child = process.stat().is_ok_and(|stat| u32::try_from(stat.ppid) == Ok(parent));
    child && process.exe().is_ok_and(|program| program.ends_with("bootstrap"))
}

#[cfg(target_os = "linux")]
fn has_open(process: &procfs::process::Process, socket: u64) -> bool {
    use procfs::process::FDTarget;

    let Ok(files) = process.fd() else { return false };
    files.flatten().any(|file| matches!(file.target, FDTarget::Socket(inode) if inode == socket))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn nothing_but_a_function_is_killed() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let endpoint = listener.local_addr().unwrap();
        let caller = TcpStream::connect(endpoint).unwrap();
        let peer = caller.local_addr().unwrap();
        let parent = std::os::unix::process::parent_id();
        // This very process: a child of the parent, with the connection open, but no `bootstrap`.
        let functions = Functions::of(Some(parent), endpoint.port());
        assert!(matches!(functions.kill(peer), Err(NotKilled::NoFunction(_))));
        assert!(matches!(Functions::default().kill(peer), Err(NotKilled::NoFunctions)));
    }
}
