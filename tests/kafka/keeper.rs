//! Child processes that never outlive the test binary, however it ends.
//!
//! The kernel kills a child when the *thread* that started it ends, and test threads end early: one thread that never ends
//! starts them all.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock};

type Order = (Command, Sender<std::io::Result<Child>>);

/// Starts a child that dies with this process.
pub fn start(mut command: Command) -> std::io::Result<Child> {
    static KEEPER: OnceLock<Mutex<Sender<Order>>> = OnceLock::new();
    let keeper = KEEPER.get_or_init(|| {
        let (orders, taken) = channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, reply) in taken {
                let _ = reply.send(command.spawn());
            }
        });
        Mutex::new(orders)
    });
    // SAFETY: between fork and exec only `prctl` is called, which may be.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    let (reply, started) = channel();
    keeper.lock().unwrap().send((command, reply)).unwrap();
    started.recv().unwrap()
}

/// Sends a signal to a child that has not been waited for.
pub fn signal(child: &Child, signal: i32) {
    let pid = i32::try_from(child.id()).unwrap();
    // SAFETY: the child is ours and not waited for, so the number is still its own.
    let sent = unsafe { libc::kill(pid, signal) };
    assert_eq!(sent, 0, "signal {signal} to {pid}: {}", std::io::Error::last_os_error());
}
