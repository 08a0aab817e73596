//! Derived streams: who makes them, their events, and where these stand.

use std::sync::Arc;

use tripline_query_lang::plan::{Emits, Emitted, Origin, Plan};
use tripline_query_lang::value::{Decimal, Type, Value};

use super::Event;
use crate::alert::Alert;
use crate::event::{Cause, Coordinates, PartitionId, Position};
use crate::views::looked_up;

/// The rules whose output a rule reads, and the views that it looks things up in.
pub(super) fn makers(plan: &Plan, rule: usize) -> Vec<usize> {
    let reads = plan.rules[rule].reads().into_iter();
    let maker = reads.filter_map(|stream| match plan.streams[stream.index()].origin {
        Origin::Derived { rule, .. } => Some(rule.index()),
        Origin::Input | Origin::Widened { .. } => None,
    });
    let views = looked_up(plan).swap_remove(rule);
    maker.chain(views).collect()
}

/// How long a rule waits for the rows that it reads: as long as they may come about behind their time.
pub(super) fn lag_us(plan: &Plan, rule: usize) -> i64 {
    let behind = |maker: usize| {
        let settles = plan.rules[maker].settles_within_us().unwrap_or(i64::MAX);
        lag_us(plan, maker).saturating_add(settles)
    };
    makers(plan, rule).into_iter().map(behind).max().unwrap_or(0)
}

/// Where an event stands. One from outside stands at its own coordinates, and nothing lies between.
pub(super) fn place(event: &Event) -> Position {
    let at = &event.coordinates;
    match &at.place {
        Some(place) => (**place).clone(),
        None => Position { time_us: at.at_us, cause: cause(event), path: Vec::new() },
    }
}

/// What caused what comes about at an event: the event from outside, or the cause of the derived one.
pub(super) fn cause(event: &Event) -> Cause {
    let at = &event.coordinates;
    match &at.place {
        Some(place) => place.cause.clone(),
        None => Cause::Event {
            stream: at.partition.stream.0,
            topic: at.partition.topic.clone(),
            partition: at.partition.partition,
            offset: at.offset,
        },
    }
}

/// The event that an alert or row is for the rules that read it: within equal time directly behind the event that it came
/// from. One that came about later than its time stands behind all else of its time.
pub(super) fn row(plan: &Plan, emits: &Emits, found: &Alert) -> Event {
    let at_us = found.at_us;
    let mut place = found.position.clone();
    if place.time_us != at_us {
        place.cause = Cause::Later { time_us: place.time_us, cause: Box::new(place.cause) };
        place.time_us = at_us;
    }
    let stream = &plan.streams[emits.stream.index()];
    let value = |column: &Emitted| match column {
        Emitted::Key(part) => found.key[*part as usize].clone(),
        Emitted::Field(field) => found.fields[*field as usize].clone(),
        Emitted::At => Value::Time(at_us),
    };
    let values = emits.columns.iter().zip(&stream.fields).map(|(column, field)| fitted(value(column), &field.ty));
    let partition = PartitionId { stream: emits.stream, topic: Arc::from(""), partition: 0 };
    Event {
        coordinates: Coordinates { at_us, partition, offset: 0, place: Some(Arc::new(place)) },
        values: values.collect(),
        record_us: None,
    }
}

/// A decimal has the scale of its field, and no more digits than a field holds; otherwise it is unknown.
pub(super) fn fitted(value: Value, ty: &Type) -> Value {
    match (value, ty) {
        (Value::Decimal(decimal), Type::Decimal(scale)) => {
            let up = 10i128.checked_pow(u32::from(scale.saturating_sub(decimal.scale)));
            let down = 10i128.checked_pow(u32::from(decimal.scale.saturating_sub(*scale)));
            let mantissa = up.zip(down).and_then(|(up, down)| {
                let mantissa = decimal.mantissa.checked_mul(up)?;
                (mantissa % down == 0).then(|| mantissa / down)
            });
            match mantissa.filter(|mantissa| i64::try_from(*mantissa).is_ok()) {
                Some(mantissa) => Value::Decimal(Decimal { mantissa, scale: *scale }),
                None => Value::Null,
            }
        }
        (Value::List(items), Type::List(item)) => {
            Value::List(items.iter().map(|value| fitted(value.clone(), item)).collect())
        }
        (value, _) => value,
    }
}
