//! Who takes part: pools of named members, each with what it has. A scene takes members that nobody else gets.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::draw::{Drawn, Role, Surroundings};
use super::script;

/// A member of a pool.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: String,
    /// What it has.
    pub has: BTreeMap<String, Drawn>,
}

/// All pools.
pub struct Cast<'a> {
    pools: BTreeMap<&'a str, Pool<'a>>,
    rng: Rng,
}

struct Pool<'a> {
    script: &'a script::Pool,
    members: Vec<Member>,
    /// Members in the order in which scenes take them; the first `taken` have a part.
    order: Vec<usize>,
    taken: usize,
}

/// Who plays which role in one telling.
pub type Roles = BTreeMap<Role, Member>;

/// Which members a telling may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// One that no other scene has.
    Own,
    /// Any.
    All,
    /// One that has no part in a scene.
    Spare,
}

impl<'a> Cast<'a> {
    /// Everybody, drawn from the seed.
    pub fn new(pools: &'a BTreeMap<String, script::Pool>, seed: u64) -> Result<Self, String> {
        let mut cast = Cast { pools: BTreeMap::new(), rng: Rng::with_seed(seed) };
        for (name, script) in pools {
            let mut pool = Pool { script, members: Vec::new(), order: Vec::new(), taken: 0 };
            for _ in 0..script.count.unwrap_or(0) {
                pool.add(&mut cast.rng)?;
            }
            pool.order = (0..pool.members.len()).collect();
            cast.rng.shuffle(&mut pool.order);
            cast.pools.insert(name, pool);
        }
        Ok(cast)
    }

    /// The members of a pool, or of it those without a part.
    pub fn members(&self, pool: &str, from: Whom) -> Result<Vec<Member>, String> {
        let pool = self.pools.get(pool).ok_or_else(|| self.no_pool(pool))?;
        let taken = &pool.order[..if from == Whom::Spare { pool.taken } else { 0 }];
        let members = pool.members.iter().enumerate().filter(|(index, _)| !taken.contains(index));
        Ok(members.map(|(_, member)| member.clone()).collect())
    }

    /// Somebody for a role that has not been played yet.
    fn choose(&mut self, role: &Role, from: Whom, rng: &mut Rng) -> Result<Member, String> {
        let unknown = self.no_pool(&role.pool);
        let pool = self.pools.get_mut(role.pool.as_str()).ok_or(unknown)?;
        if pool.script.count.is_none() {
            let new = pool.add(&mut self.rng)?;
            return Ok(pool.members[new].clone());
        }
        let (few, all) = (pool.order.len(), pool.members.len());
        let chosen = match from {
            Whom::Own => {
                let chosen = *pool.order.get(pool.taken).ok_or_else(|| {
                    format!("`{}` has {all} members, and the scenes need more: raise its `count`", role.pool)
                })?;
                pool.taken += 1;
                chosen
            }
            Whom::All if all > 0 => rng.usize(..all),
            Whom::Spare if pool.taken < few => pool.order[rng.usize(pool.taken..few)],
            Whom::All | Whom::Spare => return Err(format!("`{}` has nobody left for ordinary life", role.pool)),
        };
        Ok(pool.members[chosen].clone())
    }

    fn no_pool(&self, name: &str) -> String {
        let there: Vec<String> = self.pools.keys().map(|name| format!("`{name}`")).collect();
        format!("there is no `{name}` in the cast; there are {}", there.join(", "))
    }
}

impl Pool<'_> {
    /// A new member; returns its position.
    fn add(&mut self, rng: &mut Rng) -> Result<usize, String> {
        let number = self.members.len() + 1;
        let mut has = BTreeMap::new();
        for (what, draw) in &self.script.has {
            let drawn = match draw.draw(&mut Alone { rng })? {
                Drawn::Text(text) => Drawn::Text(numbered(&text, number)),
                drawn => drawn,
            };
            has.insert(what.clone(), drawn);
        }
        self.members.push(Member { name: numbered(&self.script.name, number), has });
        Ok(number - 1)
    }
}

/// `card-####` with the number in the place of `####`, as many digits.
fn numbered(text: &str, number: usize) -> String {
    match text.find('#') {
        None => text.to_owned(),
        Some(at) => {
            let width = text[at..].len() - text[at..].trim_start_matches('#').len();
            format!("{}{number:0width$}{}", &text[..at], &text[at + width..])
        }
    }
}

/// What a member has is drawn while nobody is about.
struct Alone<'a> {
    rng: &'a mut Rng,
}

impl Surroundings for Alone<'_> {
    fn name(&mut self, role: &Role) -> Result<String, String> {
        Err(format!("what a member has cannot name `{}`", role.pool))
    }

    fn has(&mut self, role: &Role, _what: &str) -> Result<Drawn, String> {
        self.name(role).map(Drawn::Text)
    }

    fn rng(&mut self) -> &mut Rng {
        self.rng
    }

    fn progress(&self) -> f64 {
        0.0
    }
}

/// One telling: its chance, who plays in it, how far its event has come.
pub struct Stage<'c, 'a> {
    /// Everybody.
    pub cast: &'c mut Cast<'a>,
    /// Whom it may choose.
    pub from: Whom,
    /// Its chance.
    pub rng: Rng,
    /// Who plays.
    pub roles: Roles,
    /// How far the event's repetitions have come.
    pub progress: f64,
}

impl Stage<'_, '_> {
    fn role(&mut self, role: &Role) -> Result<&Member, String> {
        if !self.roles.contains_key(role) {
            let chosen = self.cast.choose(role, self.from, &mut self.rng)?;
            self.roles.insert(role.clone(), chosen);
        }
        Ok(&self.roles[role])
    }
}

impl Surroundings for Stage<'_, '_> {
    fn name(&mut self, role: &Role) -> Result<String, String> {
        Ok(self.role(role)?.name.clone())
    }

    fn has(&mut self, role: &Role, what: &str) -> Result<Drawn, String> {
        self.role(role)?.has.get(what).cloned().ok_or_else(|| format!("a member of `{}` has no `{what}`", role.pool))
    }

    fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    fn progress(&self) -> f64 {
        self.progress
    }
}
