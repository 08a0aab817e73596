//! The full scanner: one pass over a record that notes where the value of each field stands, and checks that all of it is
//! well-formed. Nothing is converted or copied here.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::Shape;

/// What the record has at a field's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing.
    Missing,
    /// A value: its bytes in the record.
    Found(u32, u32),
    /// The path leads through a plain value, or through a list as if it were an object.
    Astray,
}

/// Fills the slots from a record. Of a repeated key the last counts.
pub(super) fn scan(record: &str, shape: &mut Shape, slots: &mut [Slot]) -> Result<(), serde_json::Error> {
    slots.fill(Slot::Missing);
    let mut json = serde_json::Deserializer::from_str(record);
    let start = record.as_ptr().addr();
    Walk { shape, slots, start, node: 0 }.deserialize(&mut json)?;
    json.end()
}

/// At a node of the shape, about to read its value.
struct Walk<'s> {
    shape: &'s mut Shape,
    slots: &'s mut [Slot],
    /// The address of the record's first byte.
    start: usize,
    node: usize,
}

impl Walk<'_> {
    fn below(&mut self, node: usize) -> Walk<'_> {
        Walk { shape: self.shape, slots: self.slots, start: self.start, node }
    }

    /// Forgets what an earlier value at this place has left, or says what is wrong with this one.
    fn mark(&mut self, slot: Slot) {
        for &at in &self.shape.nodes[self.node].slots {
            if self.shape.nodes[self.node].slot != Some(at) {
                self.slots[at] = slot;
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(mut self, json: D) -> Result<(), D::Error> {
        let node = &self.shape.nodes[self.node];
        let Some(slot) = node.slot else {
            self.mark(Slot::Missing);
            return json.deserialize_any(self);
        };
        let leaf = node.is_leaf();
        let raw = <&'de RawValue as serde::Deserialize>::deserialize(json)?.get();
        // A raw value is a part of the record, and a record is shorter than 4 GiB.
        let from = raw.as_ptr().addr() - self.start;
        self.slots[slot] = Slot::Found(from as u32, (from + raw.len()) as u32);
        if leaf {
            return Ok(());
        }
        // A field stands here and others below it.
        self.mark(Slot::Missing);
        serde_json::Deserializer::from_str(raw).deserialize_any(self).map_err(serde::de::Error::custom)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        if self.shape.nodes[self.node].members.is_empty() {
            self.mark(Slot::Astray);
        }
        let mut after = None;
        while let Some(found) = map.next_key_seed(Key { walk: &mut self, after: &mut after })? {
            match found {
                Some(node) => map.next_value_seed(self.below(node))?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        if self.shape.nodes[self.node].elements.is_empty() {
            self.mark(Slot::Astray);
        }
        for index in 0.. {
            let found = match self.shape.nodes[self.node].element(index) {
                Some(node) => list.next_element_seed(self.below(node))?,
                None => list.next_element::<IgnoredAny>()?.map(drop),
            };
            if found.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(mut self, _: bool) -> Result<(), E> {
        self.mark(Slot::Astray);
        Ok(())
    }

    fn visit_i64<E>(mut self, _: i64) -> Result<(), E> {
        self.mark(Slot::Astray);
        Ok(())
    }

    fn visit_u64<E>(mut self, _: u64) -> Result<(), E> {
        self.mark(Slot::Astray);
        Ok(())
    }

    fn visit_f64<E>(mut self, _: f64) -> Result<(), E> {
        self.mark(Slot::Astray);
        Ok(())
    }

    fn visit_str<E>(mut self, _: &str) -> Result<(), E> {
        self.mark(Slot::Astray);
        Ok(())
    }
}

/// An object's key: the node that it leads to, if any field is there.
struct Key<'w, 's> {
    walk: &'w mut Walk<'s>,
    after: &'w mut Option<usize>,
}

impl<'de> DeserializeSeed<'de> for Key<'_, '_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_, '_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    #[inline]
    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        let Walk { shape, node, .. } = self.walk;
        Ok(shape.nodes[*node].member(key, self.after))
    }
}
