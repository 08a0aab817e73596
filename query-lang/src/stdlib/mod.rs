//! The scalar library: one function a file, with signature, docs, examples, evaluation and tests.

/// A scalar function, by its position in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionId(pub u16);
