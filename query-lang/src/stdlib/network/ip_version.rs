//! `ip_version(address)`: 4 or 6.

use std::net::IpAddr;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "ip_version",
    family: Family::Network,
    doc: "4 for an IPv4 address, 6 for an IPv6 address; unknown when the text is neither.",
    params: &[Param { name: "address", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Int),
    strict: true,
    examples: &[
        Example { call: r#"ip_version("10.0.0.1")"#, shows: "4" },
        Example { call: r#"ip_version("2001:db8::1")"#, shows: "6" },
        Example { call: r#"ip_version("here")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(address)] = args else { return Value::Null };
    match address.parse::<IpAddr>() {
        Ok(address) => Value::Int(if address.is_ipv4() { 4 } else { 6 }),
        Err(_) => Value::Null,
    }
}
