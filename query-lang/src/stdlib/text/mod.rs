//! Functions of texts.

pub(super) mod base64_decode;
pub(super) mod concat;
pub(super) mod contains;
pub(super) mod edit_distance;
pub(super) mod ends_with;
pub(super) mod entropy;
pub(super) mod extract;
pub(super) mod index_of;
pub(super) mod left;
pub(super) mod length;
pub(super) mod lower;
pub(super) mod occurrences;
pub(super) mod pad_left;
pub(super) mod replace;
pub(super) mod replace_matches;
pub(super) mod right;
pub(super) mod split;
pub(super) mod starts_with;
pub(super) mod substring;
#[expect(clippy::module_inception, reason = "a file has the name of its function")]
pub(super) mod text;
pub(super) mod trim;
pub(super) mod upper;
