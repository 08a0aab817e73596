//! Tells a script: from the seed, all records in order of arrival, and who was told what.
//!
//! Each telling has a chance of its own, so that a scene that is changed leaves the others as they were.

use std::collections::BTreeMap;

use fastrand::Rng;
use tripline_query_lang::plan::{Plan, Stream};

use super::StoryFault;
use super::cast::{Cast, Roles, Stage, Whom};
use super::draw::{Role, Surroundings};
use super::record::{self, Record};
use super::script::{Beat, Rows, Scene, Script};
use super::span::{Span, Times};

/// A scene that was played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Position of the scene in the script.
    pub scene: usize,
    /// The names of its members of the cast.
    pub members: Vec<String>,
}

/// A script that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The rows of each table that has a section, known from the beginning.
    pub rows: BTreeMap<String, Vec<String>>,
    /// When the story begins, microseconds.
    pub start_us: i64,
    /// All records, in order of arrival.
    pub records: Vec<Record>,
    /// All scenes that were played; ordinary life is not among them.
    pub tellings: Vec<Telling>,
}

/// Records of one partition that arrive at the same moment keep this order.
type Arriving = (i64, usize, Record);

struct Teller<'a> {
    script: &'a Script,
    plan: &'a Plan,
    start_us: i64,
    records: Vec<Arriving>,
    tellings: Vec<Telling>,
}

/// Tells a script. The same script and seed give the same bytes.
pub fn tell(story: &str, script: &Script, plan: &Plan, seed: u64) -> Result<Told, StoryFault> {
    let wrong =
        |place: &str, what: String| StoryFault::Wrong { story: story.to_owned(), place: place.to_owned(), what };
    let start: jiff::Timestamp = script
        .start
        .to_string()
        .parse()
        .map_err(|e: jiff::Error| wrong("`start`", format!("it is no moment like 2026-03-02T06:00:00Z: {e}")))?;
    let mut cast = Cast::new(&script.cast, seed).map_err(|what| wrong("the cast", what))?;
    let mut teller =
        Teller { script, plan, start_us: start.as_microsecond(), records: Vec::new(), tellings: Vec::new() };
    // Scenes first, so that life knows who is spare.
    for (number, scene) in script.scene.iter().enumerate() {
        let play = teller.scene(number, scene, &mut cast, seed);
        play.map_err(|what| wrong(&format!("the scene \"{}\"", scene.what), what))?;
    }
    for (number, life) in script.life.iter().enumerate() {
        let play = teller.life(number, life, &mut cast, seed);
        play.map_err(|what| wrong(&format!("the life \"{}\"", life.what), what))?;
    }
    let rows = script.table.iter().map(|(name, rows)| {
        let rows = table_rows(plan, &cast, name, rows).map_err(|what| wrong(&format!("[table.{name}]"), what));
        rows.map(|rows| (name.clone(), rows))
    });
    let rows = rows.collect::<Result<_, _>>()?;
    let Teller { mut records, tellings, start_us, .. } = teller;
    records.sort_by_key(|(arrives_us, number, _)| (*arrives_us, *number));
    Ok(Told { rows, start_us, records: records.into_iter().map(|(.., record)| record).collect(), tellings })
}

/// Each member of the pools as a row of the table.
fn table_rows(plan: &Plan, cast: &Cast<'_>, name: &str, rows: &Rows) -> Result<Vec<String>, String> {
    let table = plan.tables.iter().find(|table| table.name == name);
    let table = table.ok_or_else(|| format!("the rules have no table `{name}`"))?;
    let mut written = Vec::new();
    for pool in &rows.of {
        for member in cast.members(pool, Whom::All)? {
            written.push(record::row(table, &member)?);
        }
    }
    Ok(written)
}

/// The chance of one telling.
fn chance(seed: u64, part: u64, number: usize, telling: usize) -> Rng {
    // Multiplied by odd numbers and mixed once more by the generator's own first draw.
    let mixed = seed
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add((number as u64 + 1).wrapping_mul(0xbf58_476d_1ce4_e5b9))
        .wrapping_add((telling as u64 + 1).wrapping_mul(0x94d0_49bb_1331_11eb))
        .wrapping_add(part);
    Rng::with_seed(Rng::with_seed(mixed).u64(..))
}

impl Teller<'_> {
    fn scene(&mut self, number: usize, scene: &Scene, cast: &mut Cast<'_>, seed: u64) -> Result<(), String> {
        if let Some(unknown) = scene.truth.iter().chain(scene.alerts()).find(|name| !self.has_rule(name)) {
            return Err(format!("there is no rule `{unknown}`"));
        }
        for telling in 0..scene.times {
            let rng = chance(seed, 1, number, telling);
            let mut stage = Stage { cast, from: Whom::Own, rng, roles: Roles::new(), progress: 0.0 };
            self.play(scene, &mut stage, false)?;
            let members = stage.roles.into_values().map(|member| member.name).collect();
            self.tellings.push(Telling { scene: number, members });
        }
        Ok(())
    }

    fn life(&mut self, number: usize, life: &Scene, cast: &mut Cast<'_>, seed: u64) -> Result<(), String> {
        if !life.truth.is_empty() || life.alerts.is_some() {
            return Err("ordinary life has no truth to be found: make it a scene".to_owned());
        }
        let from = if life.spare { Whom::Spare } else { Whom::All };
        let each = life.each.as_deref();
        let leads: Vec<Option<_>> = match each {
            Some(pool) => cast.members(pool, from)?.into_iter().map(Some).collect(),
            None => vec![None; life.times],
        };
        for (telling, lead) in leads.into_iter().enumerate() {
            let role = |pool: &str| Role { pool: pool.to_owned(), number: 1 };
            let roles = each.zip(lead).map(|(pool, lead)| (role(pool), lead)).into_iter().collect();
            let rng = chance(seed, 2, number, telling);
            self.play(life, &mut Stage { cast, from, rng, roles, progress: 0.0 }, true)?;
        }
        Ok(())
    }

    fn has_rule(&self, name: &str) -> bool {
        self.plan.rules.iter().any(|rule| rule.name == name)
    }

    fn play(&mut self, scene: &Scene, stage: &mut Stage<'_, '_>, life: bool) -> Result<(), String> {
        let whole = Span { from_us: 0, to_us: self.script.lasts.to_us };
        let begins = scene.begins.unwrap_or(if scene.each.is_some() { Span::exactly(0) } else { whole });
        let start_us = self.start_us + begins.draw(&mut stage.rng);
        let mut now_us = start_us;
        for beat in &scene.events {
            if beat.maybe.is_some_and(|share| stage.rng.f64() >= share) {
                continue;
            }
            if beat.goes_on.is_some_and(|share| stage.rng.f64() >= share) {
                break;
            }
            if let Some(at) = beat.at {
                now_us = start_us + at.draw(&mut stage.rng);
            }
            now_us = self.beat(beat, stage, start_us, now_us, life)?;
        }
        Ok(())
    }

    /// Plays an event with its repetitions; returns the time of the last.
    fn beat(
        &mut self,
        beat: &Beat,
        stage: &mut Stage<'_, '_>,
        start_us: i64,
        mut now_us: i64,
        life: bool,
    ) -> Result<i64, String> {
        let until_us = beat.until.map(|until| start_us + until.draw(&mut stage.rng));
        let times = match until_us {
            Some(_) => usize::MAX,
            None => beat.times.unwrap_or(Times::ONCE).draw(&mut stage.rng),
        };
        let every = beat.every.unwrap_or(beat.after);
        if until_us.is_some() && every.from_us <= 0 {
            return Err("what is repeated `until` a time needs an `every`".to_owned());
        }
        let begin_us = now_us;
        for number in 0..times {
            let gap = if number == 0 { beat.after } else { every };
            let next_us = now_us + gap.draw(&mut stage.rng);
            if until_us.is_some_and(|until_us| next_us > until_us) {
                break;
            }
            now_us = next_us;
            stage.progress = match until_us {
                Some(until_us) => (now_us - begin_us) as f64 / (until_us - begin_us).max(1) as f64,
                None => number as f64 / times.saturating_sub(1).max(1) as f64,
            };
            self.happen(beat, stage, now_us, life)?;
        }
        Ok(now_us)
    }

    fn happen(&mut self, beat: &Beat, stage: &mut Stage<'_, '_>, at_us: i64, life: bool) -> Result<(), String> {
        let mut named = beat.event.iter();
        let (Some((name, own)), None) = (named.next(), named.next()) else {
            return Err("an event names one stream: `{ payment = { amount = 12.00 }, after = \"2m\" }`".to_owned());
        };
        let (stream, topic) = self.stream(name)?;
        let known = |name: &String| stream.fields.iter().any(|field| field.name == *name);
        if let Some(unknown) = own.keys().chain(topic.fields.keys()).find(|field| !known(field)) {
            return Err(format!("stream `{name}` has no field `{unknown}`"));
        }
        // Times are as fine as a millisecond: what most producers write.
        let at_us = at_us.div_euclid(1_000) * 1_000;
        let mut key = String::new();
        let mut json = record::json(stream, at_us, |field| {
            let draw = own.get(&field.name).or_else(|| topic.fields.get(&field.name));
            let drawn = draw.map(|draw| draw.draw(stage)).transpose()?;
            if field.name == topic.key {
                key = drawn.clone().map_or_else(String::new, super::draw::Drawn::into_text);
            }
            Ok(drawn)
        })?;
        let delay_us = self.damage(beat, stage, life, &mut json);
        let partition = key.bytes().fold(0, |sum: usize, byte| sum * 31 % 1_000_003 + usize::from(byte));
        let record = Record {
            at_us,
            arrives_us: at_us + delay_us,
            stream: name.clone(),
            partition: partition % topic.partitions.max(1),
            key,
            json,
        };
        self.records.push((record.arrives_us, self.records.len(), record));
        Ok(())
    }

    /// What happens to a record on its way: how long it takes, and whether all of it arrives.
    fn damage(&self, beat: &Beat, stage: &mut Stage<'_, '_>, life: bool, json: &mut String) -> i64 {
        let arrival = &self.script.arrival;
        let rng = stage.rng();
        let broken = arrival.broken.is_some_and(|one_in| rng.u32(..one_in.max(1)) == 0);
        let late = arrival.late.as_ref().filter(|late| rng.u32(..late.one_in.max(1)) == 0);
        if broken && life {
            json.truncate(json.len() / 2);
        }
        match (beat.delay, late) {
            (Some(delay), _) => delay.draw(rng),
            (None, Some(late)) if life => late.by.draw(rng),
            (None, _) => arrival.delay.draw(rng),
        }
    }

    fn stream(&self, name: &str) -> Result<(&Stream, &super::script::Topic), String> {
        let stream = self.plan.streams.iter().find(|stream| stream.name == name);
        let names: BTreeMap<&str, ()> = self.plan.streams.iter().map(|stream| (stream.name.as_str(), ())).collect();
        let there: Vec<String> = names.into_keys().map(|name| format!("`{name}`")).collect();
        let stream = stream.ok_or_else(|| format!("there is no stream `{name}`; there are {}", there.join(", ")))?;
        let topic = self.script.stream.get(name).ok_or_else(|| format!("there is no section [stream.{name}]"))?;
        Ok((stream, topic))
    }
}
