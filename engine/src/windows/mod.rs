//! Windows: how event time is cut into pieces, by the clock or by a calendar. Pure: times in, times out.

mod tiles;

pub use tiles::Tiles;
