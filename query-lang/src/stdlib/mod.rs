//! The scalar library: one function a file, with signature, docs, examples and evaluation; [`FUNCTIONS`] is the registry.
//!
//! There is one mechanism for all callers: a function takes borrowed [`Arg`]s and gives a [`Value`]. The evaluator borrows
//! them from values, the engine from its columns; a call allocates only when its value is a text or list.
//! [`Function::call`] also says what missing arguments mean.

mod arg;
mod collection;
mod function;
mod geo;
mod network;
mod number;
mod text;
mod time;

pub use arg::Arg;
pub use function::{Example, Family, Function, Kind, Param, Returns};
pub use network::cidr_match::parse_network;
pub use number::round::round_decimal;
pub use time::find_zone;

/// A scalar function, by its position in the registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u16);

/// By its name: positions change.
impl std::fmt::Debug for FunctionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(FUNCTIONS.get(usize::from(self.0)).map_or("?", |function| function.name))
    }
}

impl FunctionId {
    /// The function.
    pub fn function(self) -> &'static Function {
        FUNCTIONS[usize::from(self.0)]
    }
}

/// The function of this name.
pub fn find(name: &str) -> Option<FunctionId> {
    let position = FUNCTIONS.iter().position(|function| function.name == name)?;
    u16::try_from(position).ok().map(FunctionId)
}

/// All functions, by family. A function's position may change: what is kept across versions names it by name.
pub static FUNCTIONS: &[&Function] = &[
    &text::base64_decode::FUNCTION,
    &text::concat::FUNCTION,
    &text::contains::FUNCTION,
    &text::edit_distance::FUNCTION,
    &text::ends_with::FUNCTION,
    &text::entropy::FUNCTION,
    &text::extract::FUNCTION,
    &text::index_of::FUNCTION,
    &text::left::FUNCTION,
    &text::length::FUNCTION,
    &text::lower::FUNCTION,
    &text::occurrences::FUNCTION,
    &text::pad_left::FUNCTION,
    &text::replace::FUNCTION,
    &text::replace_matches::FUNCTION,
    &text::right::FUNCTION,
    &text::split::FUNCTION,
    &text::starts_with::FUNCTION,
    &text::substring::FUNCTION,
    &text::text::FUNCTION,
    &text::trim::FUNCTION,
    &text::upper::FUNCTION,
    &number::abs::FUNCTION,
    &number::ceil::FUNCTION,
    &number::clamp::FUNCTION,
    &number::exp::FUNCTION,
    &number::float::FUNCTION,
    &number::floor::FUNCTION,
    &number::int::FUNCTION,
    &number::log::FUNCTION,
    &number::max::FUNCTION,
    &number::min::FUNCTION,
    &number::pow::FUNCTION,
    &number::round::FUNCTION,
    &number::sign::FUNCTION,
    &number::sqrt::FUNCTION,
    &number::trunc::FUNCTION,
    &time::date::FUNCTION,
    &time::day::FUNCTION,
    &time::days::FUNCTION,
    &time::hour::FUNCTION,
    &time::hours::FUNCTION,
    &time::milliseconds::FUNCTION,
    &time::minute::FUNCTION,
    &time::minutes::FUNCTION,
    &time::month::FUNCTION,
    &time::second::FUNCTION,
    &time::seconds::FUNCTION,
    &time::start_of_day::FUNCTION,
    &time::time::FUNCTION,
    &time::unix_seconds::FUNCTION,
    &time::week::FUNCTION,
    &time::weekday::FUNCTION,
    &time::year::FUNCTION,
    &geo::distance::FUNCTION,
    &geo::geohash::FUNCTION,
    &geo::in_polygon::FUNCTION,
    &geo::latitude::FUNCTION,
    &geo::longitude::FUNCTION,
    &geo::point::FUNCTION,
    &collection::coalesce::FUNCTION,
    &collection::has_all::FUNCTION,
    &collection::has_any::FUNCTION,
    &collection::join::FUNCTION,
    &collection::size::FUNCTION,
    &network::cidr_match::FUNCTION,
    &network::ip_between::FUNCTION,
    &network::ip_is_private::FUNCTION,
    &network::ip_version::FUNCTION,
    &network::url_decode::FUNCTION,
    &network::url_host::FUNCTION,
];
