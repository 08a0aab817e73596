//! `cidr_match(address, network)`: whether an address is of a network.

use std::net::IpAddr;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "cidr_match",
    family: Family::Network,
    doc: "Whether the IPv4 or IPv6 address lies in the network; unknown when the text is not an address. An address of the other kind lies outside.",
    params: &[Param { name: "address", kind: Kind::Text }, Param { name: "network", kind: Kind::Network }],
    required: 2,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"cidr_match("10.1.2.3", "10.0.0.0/8")"#, shows: "true" },
        Example { call: r#"cidr_match("11.1.2.3", "10.0.0.0/8")"#, shows: "false" },
        Example { call: r#"cidr_match("2001:db8::1", "2001:db8::/32")"#, shows: "true" },
        Example { call: r#"cidr_match("10.1.2.3", "::/0")"#, shows: "false" },
        Example { call: r#"cidr_match("here", "10.0.0.0/8")"#, shows: "-" },
    ],
    eval,
};

/// A network's base address and prefix length; `None` when the text is not one.
pub fn parse_network(text: &str) -> Option<(IpAddr, u32)> {
    let (base, length) = text.split_once('/')?;
    let base: IpAddr = base.parse().ok()?;
    let bits = if base.is_ipv4() { 32 } else { 128 };
    let length: u32 = length.parse().ok()?;
    (length <= bits).then_some((base, length))
}

fn lies_in(address: IpAddr, base: IpAddr, length: u32) -> bool {
    match (address, base) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= length,
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).leading_zeros() >= length,
        _ => false,
    }
}

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(address), Arg::Text(network)] = args else { return Value::Null };
    match (address.parse(), parse_network(network)) {
        (Ok(address), Some((base, length))) => Value::Bool(lies_in(address, base, length)),
        _ => Value::Null,
    }
}
