//! Functions of numbers.

pub(super) mod abs;
pub(super) mod ceil;
pub(super) mod clamp;
pub(super) mod exp;
pub(super) mod float;
pub(super) mod floor;
pub(super) mod int;
pub(super) mod log;
pub(super) mod max;
pub(super) mod min;
pub(super) mod pow;
pub(super) mod round;
pub(super) mod sign;
pub(super) mod sqrt;
pub(super) mod trunc;
