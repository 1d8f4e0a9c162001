//! Ports that are really free, for browsers too.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Result, bail};

/// How many ports after the first are tried.
const TRIES: u16 = 40;

/// The port asked for, which must be free; or the first free one from `first` on, leaving out `taken`.
pub(super) fn choose(asked: Option<u16>, first: u16, option: &str, taken: Option<u16>) -> Result<u16> {
    let usable = |port: u16| Some(port) != taken && is_free(port);
    if let Some(port) = asked {
        if usable(port) {
            return Ok(port);
        }
        bail!("port {port} is in use; choose another with --{option}, or leave it out");
    }
    match (first..first.saturating_add(TRIES)).find(|port| usable(*port)) {
        Some(port) => Ok(port),
        None => bail!(
            "ports {first} to {} are all in use; name one with --{option}",
            first.saturating_add(TRIES - 1)
        ),
    }
}

/// Nobody listens there, on IPv4 or IPv6: a browser tries both for `localhost`.
fn is_free(port: u16) -> bool {
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
    let v6_taken = v6.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse);
    !v6_taken && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_passed_over_or_named() {
        let held = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = held.local_addr().unwrap().port();
        let error = choose(Some(port), 1, "port", None).unwrap_err().to_string();
        assert!(
            error.contains("--port") && error.contains(&port.to_string()),
            "{error}"
        );
        let other = choose(None, port, "port", None).unwrap();
        assert_ne!(other, port);
        assert_ne!(choose(None, other, "port", Some(other)).unwrap(), other);
    }
}
