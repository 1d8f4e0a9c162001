//! Which network addresses a process on a server may call. Names of hosts come from others, so each one is a possible
//! trick to make us call our own network (server-side request forgery).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where calls may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The public internet only.
    Public,
    /// Also this machine, for trying things out.
    Sandbox,
}

/// True when a connection to `ip` may be opened. To be asked about the very address that is connected to, before.
#[must_use]
pub fn allowed(ip: IpAddr, network: Network) -> bool {
    match ip {
        IpAddr::V4(v4) => v4_allowed(v4, network),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => v4_allowed(v4, network),
            None if v6 == Ipv6Addr::LOCALHOST => network == Network::Sandbox,
            None => v6_public(v6),
        },
    }
}

/// Everything outside the special-purpose registry of IANA (RFC 6890 and successors).
fn v4_allowed(ip: Ipv4Addr, network: Network) -> bool {
    if ip.is_loopback() {
        return network == Network::Sandbox;
    }
    let [a, b, c, _] = ip.octets();
    !(a == 0
        || ip.is_private()
        || (a == 100 && (64..128).contains(&b))
        || ip.is_link_local()
        || (a == 192 && b == 0 && (c == 0 || c == 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113)
        || a >= 224)
}

/// Only global unicast (2000::/3), without its special parts.
fn v6_public(ip: Ipv6Addr) -> bool {
    let s = ip.segments();
    (s[0] & 0xe000) == 0x2000
        // 2001::/23: Teredo, benchmarking, ORCHID and other protocol assignments.
        && !(s[0] == 0x2001 && s[1] < 0x0200)
        // Documentation: 2001:db8::/32 and 3fff::/20.
        && !(s[0] == 0x2001 && s[1] == 0x0db8)
        && !(s[0] == 0x3fff && s[1] < 0x1000)
}

/// The IPv4 address inside a mapped (`::ffff:0:0/96`), compatible (`::/96`), translated (`64:ff9b::/96`) or 6to4
/// (`2002::/16`) address: such an address reaches the IPv4 host.
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = ip.segments();
    let tail = Ipv4Addr::from((u32::from(s[6]) << 16) | u32::from(s[7]));
    match s {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(tail),
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 || low > 1 => Some(tail),
        [0x2002, high, low, ..] => Some(Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))),
        _ => None,
    }
}
