//! Functions of places.

pub(super) mod distance;
pub(super) mod geohash;
pub(super) mod in_polygon;
pub(super) mod latitude;
pub(super) mod longitude;
pub(super) mod point;
