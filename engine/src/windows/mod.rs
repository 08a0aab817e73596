//! Windows of a `derive`: how the events of a key are cut into pieces of time, and what is said of each piece when it is
//! over. Pure: events and time in, rows out.

mod code;
mod panes;
mod program;
mod state;
#[cfg(test)]
mod tests;
mod tiles;

pub use program::{Row, WindowProgram};
pub use state::WindowState;
pub use tiles::Tiles;
