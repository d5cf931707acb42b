//! What lies behind an IP address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What lies behind an IP address, as far as its number tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet.
    Public,
    /// This machine or a private network.
    Private,
    /// This link (cloud metadata lives there), everybody, or nothing at all: never called.
    Never,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Public => "a public address",
            Self::Private => "a private address",
            Self::Never => "an address that is never called",
        })
    }
}

impl Reach {
    /// By the IANA registries of special-purpose addresses (RFC 6890 and its updates).
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(ip) => Self::of_v4(ip),
            IpAddr::V6(ip) => inner_v4(ip).map_or_else(|| Self::of_v6(ip), Self::of_v4),
        }
    }

    fn of_v4(ip: Ipv4Addr) -> Self {
        match ip.octets() {
            [169, 254, ..]
            | [0, ..]
            | [224..=255, ..]
            | [192, 0, 0 | 2, _]
            | [198, 51, 100, _]
            | [203, 0, 113, _] => Self::Never,
            [127 | 10, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [100, 64..=127, ..]
            | [198, 18 | 19, ..] => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        let first = ip.segments()[0];
        if ip.is_loopback() || first & 0xfe00 == 0xfc00 {
            Self::Private
        } else if first & 0xe000 == 0x2000
            && !matches!(
                ip.segments(),
                [0x2001, 0x0db8, ..] | [0x2001, 0..=0x01ff, ..]
            )
        {
            // Of all of IPv6 only 2000::/3 is given out.
            Self::Public
        } else {
            Self::Never
        }
    }
}

/// The IPv4 address inside: mapped, NAT64 (RFC 6052), 6to4 (RFC 3056).
fn inner_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let bytes = ip.octets();
    let at = |from: usize| {
        Some(Ipv4Addr::new(
            bytes[from],
            bytes[from + 1],
            bytes[from + 2],
            bytes[from + 3],
        ))
    };
    match ip.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => at(12),
        [0x2002, ..] => at(2),
        _ => None,
    }
}
