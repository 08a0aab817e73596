//! `url_host(url)`: the host of a URL.

use crate::stdlib::{Arg, Example, Family, Function, Kind, Param, Returns};
use crate::value::{Type, Value};

/// See the module.
pub static FUNCTION: Function = Function {
    name: "url_host",
    family: Family::Network,
    doc: "The host of a URL in small letters, without user, port and the brackets of an IPv6 address; unknown when the text has no `//` or no host behind it.",
    params: &[Param { name: "url", kind: Kind::Text }],
    required: 1,
    repeats: false,
    returns: Returns::Type(&Type::Text),
    strict: true,
    examples: &[
        Example { call: r#"url_host("https://User@Shop.Example:8443/cart?id=1#top")"#, shows: "shop.example" },
        Example { call: r#"url_host("//cdn.example")"#, shows: "cdn.example" },
        Example { call: r#"url_host("http://[2001:db8::1]:80/")"#, shows: "2001:db8::1" },
        Example { call: r#"url_host("https://good.example?@evil.example")"#, shows: "good.example" },
        Example { call: r#"url_host("/cart")"#, shows: "-" },
    ],
    eval,
};

fn eval(args: &[Arg<'_>]) -> Value {
    let [Arg::Text(url)] = args else { return Value::Null };
    match host(url) {
        Some(host) if !host.is_empty() => Value::Text(host.to_lowercase().into()),
        _ => Value::Null,
    }
}

fn host(url: &str) -> Option<&str> {
    let (scheme, behind) = url.split_once("//")?;
    if !scheme.is_empty() && !scheme.ends_with(':') {
        return None;
    }
    let authority = behind.split(['/', '?', '#', '\\']).next()?;
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    match place.strip_prefix('[') {
        Some(address) => address.split_once(']').map(|(address, _)| address),
        None => place.split(':').next(),
    }
}
