//! `ip_is_private(address)`: whether an address is of no public network.

use std::net::IpAddr;

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "ip_is_private",
    family: Family::Network,
    doc: "Whether the address is of a private network, of the machine itself or of its link (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, 169.254.0.0/16, ::1, fc00::/7, fe80::/10); unknown when the text is not an address.",
    params: &[Param { name: "address", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Bool),
    strict: true,
    examples: &[
        Example { call: r#"ip_is_private("192.168.1.20")"#, shows: "true" },
        Example { call: r#"ip_is_private("8.8.8.8")"#, shows: "false" },
        Example { call: r#"ip_is_private("fd00::1")"#, shows: "true" },
        Example { call: r#"ip_is_private("here")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(address)] = args else { return Value::Null };
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => Value::Bool(v4.is_private() || v4.is_loopback() || v4.is_link_local()),
        Ok(IpAddr::V6(v6)) => {
            let first = v6.segments()[0];
            Value::Bool(v6.is_loopback() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80)
        }
        Err(_) => Value::Null,
    }
}
