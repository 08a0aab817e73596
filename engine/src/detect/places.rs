//! Where the states of one rule stand: by the dense id of their key, or, where many rules share the keys and each has a
//! state for few of them, in a hash table. A vector for each of a thousand rules would be as long as there are keys.

use hashbrown::HashMap;

use super::keys::KeyId;

/// With so many rules in a scope, a rule's states stand in a hash table.
pub(super) const MANY_RULES: usize = 16;

/// States by key.
pub(super) enum Places<S> {
    /// By id.
    Dense(Vec<Option<S>>),
    /// Only those that there are.
    Sparse(HashMap<KeyId, S>),
}

impl<S> Places<S> {
    /// None, for one of so many rules.
    pub fn new(rules: usize) -> Places<S> {
        if rules < MANY_RULES { Places::Dense(Vec::new()) } else { Places::Sparse(HashMap::new()) }
    }

    /// The state of a key.
    #[inline]
    pub fn get(&self, id: KeyId) -> Option<&S> {
        match self {
            Places::Dense(all) => all.get(id as usize)?.as_ref(),
            Places::Sparse(all) => all.get(&id),
        }
    }

    /// The state of a key.
    #[inline]
    pub fn get_mut(&mut self, id: KeyId) -> Option<&mut S> {
        match self {
            Places::Dense(all) => all.get_mut(id as usize)?.as_mut(),
            Places::Sparse(all) => all.get_mut(&id),
        }
    }

    /// Puts a state there.
    pub fn put(&mut self, id: KeyId, state: S) {
        match self {
            Places::Dense(all) => {
                let index = id as usize;
                if all.len() <= index {
                    all.resize_with(index + 1, || None);
                }
                all[index] = Some(state);
            }
            Places::Sparse(all) => drop(all.insert(id, state)),
        }
    }

    /// Takes the state of a key away.
    pub fn remove(&mut self, id: KeyId) {
        match self {
            Places::Dense(all) => all[id as usize] = None,
            Places::Sparse(all) => drop(all.remove(&id)),
        }
    }

    /// States stand in the order of ids.
    pub fn is_dense(&self) -> bool {
        matches!(self, Places::Dense(_))
    }

    /// The keys that have one, ascending.
    pub fn ids(&self) -> Vec<KeyId> {
        match self {
            Places::Dense(all) => (0..).zip(all).filter(|(_, state)| state.is_some()).map(|(id, _)| id).collect(),
            Places::Sparse(all) => {
                let mut ids: Vec<KeyId> = all.keys().copied().collect();
                ids.sort_unstable();
                ids
            }
        }
    }

    /// All states, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &S> {
        let (dense, sparse) = match self {
            Places::Dense(all) => (Some(all), None),
            Places::Sparse(all) => (None, Some(all)),
        };
        dense.into_iter().flatten().flatten().chain(sparse.into_iter().flat_map(HashMap::values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same() {
        for rules in [1, MANY_RULES] {
            let mut places = Places::new(rules);
            for id in [7, 2, 9] {
                places.put(id, id * 10);
            }
            places.remove(2);
            if let Some(state) = places.get_mut(9) {
                *state += 1;
            }
            assert_eq!(
                (places.get(7), places.get(2), places.get(9), places.get(100)),
                (Some(&70), None, Some(&91), None)
            );
            assert_eq!(places.ids(), [7, 9]);
            assert_eq!(places.iter().sum::<u32>(), 161);
        }
    }
}
