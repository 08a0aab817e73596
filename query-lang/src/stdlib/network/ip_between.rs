//! `ip_between(address, first, last)`: whether an address is of a range.

use std::net::IpAddr;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "ip_between",
    family: Family::Network,
    doc: "Whether the address lies between the first and the last of a range, both included; unknown when a text is not an address. An address of the other kind (IPv4, IPv6) lies outside.",
    params: &[
        Param { name: "address", kind: Kind::Text },
        Param { name: "first", kind: Kind::Text },
        Param { name: "last", kind: Kind::Text },
    ],
    required: 3,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"ip_between("10.0.0.7", "10.0.0.1", "10.0.0.9")"#, shows: "true" },
        Example { call: r#"ip_between("10.0.1.7", "10.0.0.1", "10.0.0.9")"#, shows: "false" },
        Example { call: r#"ip_between("::1", "10.0.0.1", "10.0.0.9")"#, shows: "false" },
        Example { call: r#"ip_between("here", "10.0.0.1", "10.0.0.9")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(address), Arg::Text(first), Arg::Text(last)] = args else { return Value::Null };
    match (address.parse::<IpAddr>(), first.parse::<IpAddr>(), last.parse::<IpAddr>()) {
        (Ok(address), Ok(first), Ok(last)) => {
            let same_kind = address.is_ipv4() == first.is_ipv4() && address.is_ipv4() == last.is_ipv4();
            Value::Bool(same_kind && first <= address && address <= last)
        }
        _ => Value::Null,
    }
}
