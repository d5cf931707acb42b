//! What lies behind an IP address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// This network, this link, documentation, protocol assignments, multicast, reserved.
const NEVER: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 3),
];

/// This machine, private networks, shared address space (RFC 6598), benchmarks (RFC 2544).
const PRIVATE: &[([u8; 4], u32)] = &[
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
];

fn is_within(ip: Ipv4Addr, (start, bits): ([u8; 4], u32)) -> bool {
    let differ = ip.to_bits() ^ u32::from_be_bytes(start);
    differ.leading_zeros() >= bits
}

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
        let within = |blocks: &[([u8; 4], u32)]| blocks.iter().any(|block| is_within(ip, *block));
        if within(NEVER) {
            Self::Never
        } else if within(PRIVATE) {
            Self::Private
        } else {
            Self::Public
        }
    }

    fn of_v6(ip: Ipv6Addr) -> Self {
        let first = ip.segments()[0];
        if ip.is_loopback() || first & 0xfe00 == 0xfc00 {
            Self::Private
        } else if first & 0xe000 == 0x2000
            && !matches!(ip.segments(), [0x2001, 0..=0x01ff | 0x0db8, ..])
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
