//! What the decoder takes and refuses, and that it agrees with a slow reader over `serde_json::Value`.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use tripline_engine::event::{Batch, BatchBuilder, PartitionId};
use tripline_engine::io::{Decoder, RecordError};
use tripline_query_lang::plan::{Field, FieldId, PathPart, Stream, StreamId, TimeUnit};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

use super::JsonDecoder;

fn field(name: &str, ty: Type, path: &str) -> Field {
    let part = |text: &str| text.parse().map_or_else(|_| PathPart::Key(text.to_owned()), PathPart::Index);
    let path = path.split('.').map(part).collect();
    Field { name: name.to_owned(), ty, optional: false, path, time_unit: None }
}

fn optional(field: Field) -> Field {
    Field { optional: true, ..field }
}

fn stream(fields: Vec<Field>) -> Stream {
    let timed_by = FieldId(fields.iter().position(|f| f.name == "at").unwrap() as u32);
    Stream {
        name: "s".to_owned(),
        fields,
        timed_by,
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    }
}

fn payment() -> Stream {
    stream(vec![
        field("id", Type::Text, "id"),
        field("amount", Type::Decimal(2), "amount"),
        field("n", Type::Int, "n"),
        optional(field("country", Type::Text, "country")),
        field("status", Type::Text, "data.status"),
        optional(field("ok", Type::Bool, "data.flags.1")),
        Field { time_unit: Some(TimeUnit::Milliseconds), ..field("at", Type::Time, "metadata.timestamp") },
        optional(field("score", Type::Float, "score")),
        optional(field("tags", Type::List(Box::new(Type::Text)), "tags")),
        optional(field("place", Type::Point, "place")),
        optional(field("wait", Type::Duration, "wait")),
        optional(field("seen", Type::Time, "seen")),
    ])
}

const GOOD: &str = r#"{"id":"p1","amount":12.5,"n":3,"country":null,"data":{"status":"ok","flags":[false,true]},
    "metadata":{"timestamp":1700000000123},"score":1.5e1,"tags":["a","b\n"],"place":[52.5,13.4],"wait":"5m",
    "seen":"2026-01-31T10:00:00Z","else":{"deep":[1,{"x":null}]}}"#;

/// The rows that these records give, with what was refused.
fn decode(stream: &Stream, records: &[&[u8]]) -> (Batch, Vec<Result<i64, RecordError>>) {
    decode_needed(stream, &vec![true; stream.fields.len()], records)
}

fn decode_needed(stream: &Stream, needed: &[bool], records: &[&[u8]]) -> (Batch, Vec<Result<i64, RecordError>>) {
    let mut decoder = JsonDecoder::new(stream);
    let mut row = BatchBuilder::new(stream, needed);
    let mut results = Vec::new();
    for (offset, record) in records.iter().enumerate() {
        let result = decoder.decode(record, &mut row);
        if let Ok(at_us) = result {
            row.end_row(at_us, offset as i64);
        }
        results.push(result);
    }
    (row.finish(PartitionId { stream: StreamId(0), topic: "t".into(), partition: 0 }), results)
}

fn row(stream: &Stream, batch: &Batch, row: usize) -> Vec<Value> {
    stream.fields.iter().zip(&batch.columns).map(|(field, column)| column.value(row, &field.ty)).collect()
}

fn refused(stream: &Stream, record: &str) -> RecordError {
    decode(stream, &[record.as_bytes()]).1.remove(0).unwrap_err()
}

/// `GOOD` with one top-level member put in place of another.
fn with(key: &str, value: Json) -> String {
    let mut record: Json = serde_json::from_str(GOOD).unwrap();
    record[key] = value;
    record.to_string()
}

#[test]
fn every_type_from_its_place() {
    let stream = payment();
    let (batch, results) = decode(&stream, &[GOOD.as_bytes()]);
    assert_eq!(results, [Ok(1_700_000_000_123_000)]);
    let text = |t: &str| Value::Text(t.into());
    let expected = [
        text("p1"),
        Value::Decimal(Decimal { mantissa: 1250, scale: 2 }),
        Value::Int(3),
        Value::Null,
        text("ok"),
        Value::Bool(true),
        Value::Time(1_700_000_000_123_000),
        Value::Float(15.0),
        Value::List([text("a"), text("b\n")].into()),
        Value::Point(Point { lat: 52.5, lon: 13.4 }),
        Value::Duration(300_000_000),
        Value::Time(1_769_853_600_000_000),
    ];
    assert_eq!(row(&stream, &batch, 0), expected);
}

#[test]
fn a_bad_record_leaves_nothing_and_its_neighbours_alone() {
    let stream = payment();
    let bad = with("seen", json!("yesterday"));
    let (batch, results) = decode(&stream, &[GOOD.as_bytes(), bad.as_bytes(), GOOD.as_bytes(), b"", GOOD.as_bytes()]);
    assert_eq!(results.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true, false, true]);
    assert_eq!(batch.offsets, [0, 2, 4]);
    assert_eq!(row(&stream, &batch, 1), row(&stream, &batch, 0));
    assert_eq!(row(&stream, &batch, 2), row(&stream, &batch, 0));
}

#[test]
fn each_kind_of_bad_record_says_why() {
    let stream = payment();
    for (record, class, message) in [
        ("{\"id\":".to_owned(), "invalid json", "not JSON: it ends before it is complete, in {\"id\":"),
        (format!("{GOOD} x"), "invalid json", "not JSON: at character "),
        ("[1,2]".to_owned(), "wrong type", "the record should be a JSON object, found [1,2]"),
        ("null".to_owned(), "wrong type", "the record should be a JSON object, found null"),
        (with("id", Json::Null), "missing field", "field `id` is missing"),
        (with("data", Json::Null), "missing field", "field `status` (from `data.status`) is missing"),
        (with("data", json!(5)), "wrong type", "field `status` cannot be reached: `data.status` leads through"),
        (with("data", json!({"status": "x", "flags": 1})), "wrong type", "field `ok` cannot be reached"),
        (with("n", json!("3")), "wrong type", "field `n` should be a whole number of at most 64 bits, found \"3\""),
        (with("n", json!(3.5)), "out of range", "field `n` should be a whole number of at most 64 bits, found 3.5"),
        (with("n", json!(u64::MAX)), "out of range", "at most 64 bits, found 18446744073709551615, which is too large"),
        (with("amount", json!("x")), "wrong type", "field `amount` should be a number with at most 2 digits after"),
        (with("amount", json!(0.125)), "out of range", "digits after the point, found 0.125"),
        (with("country", json!(5)), "wrong type", "field `country` should be a text, found 5"),
        (with("score", json!(true)), "wrong type", "field `score` should be a number, found true"),
        (with("tags", json!(["a", null])), "wrong type", "field `tags` should be a list, each a text, found"),
        (with("place", json!([91, 0])), "out of range", "field `place` should be a place"),
        (with("place", json!({"lat": 1})), "wrong type", "field `place` should be a place"),
        (with("place", json!([1, 2, 3])), "wrong type", "field `place` should be a place"),
        (with("wait", json!(5)), "wrong type", "field `wait` should be a duration like \"30s\", found 5"),
        (with("seen", json!("2026-02-30T00:00:00Z")), "out of range", "field `seen` should be a time like"),
        (with("seen", json!(1_700_000_000)), "wrong type", "field `seen` should be a time like"),
        (with("metadata", json!({"timestamp": "2026-01-01T00:00:00Z"})), "wrong type", "a time in milliseconds"),
        (with("metadata", json!({"timestamp": 9e18})), "out of range", "a time in milliseconds"),
        (with("id", json!("x".repeat(1 << 20))), "too large", "the record is longer than 1048576 bytes"),
        (with("n", json!("long ".repeat(100))), "wrong type", "found \"long long long long long long long long..."),
    ] {
        let error = refused(&stream, &record);
        assert_eq!(error.class, class, "{}", error.message);
        assert!(error.message.contains(message), "{}", error.message);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let stream = payment();
    let bad = GOOD.replace("p1", "p\u{1}").into_bytes();
    assert_eq!(decode(&stream, &[&bad]).1[0].as_ref().unwrap_err().class, "invalid json");
    let bad: Vec<u8> = bad.into_iter().map(|b| if b == 1 { 0xff } else { b }).collect();
    assert_eq!(decode(&stream, &[&bad]).1[0].as_ref().unwrap_err().class, "invalid utf-8");
    assert_eq!(refused(&stream, &GOOD.replace("p1", "\\ud800")).class, "wrong type", "half a surrogate pair");
}

#[test]
fn depth_is_bounded_wherever_it_stands() {
    let stream = payment();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for record in [deep(100_000), "[".repeat(100_000), GOOD.replace("null", &deep(100_000))] {
        assert_eq!(refused(&stream, &record).class, "too deep");
    }
    let brackets_in_text = GOOD.replace("p1", &"[{\\\"".repeat(1000));
    let wide = GOOD.replace("{\"x\":null}", &format!("{}1", "[],".repeat(1000)));
    let just = GOOD.replace("{\"x\":null}", &deep(125));
    for record in [brackets_in_text, wide, just] {
        assert_eq!(decode(&stream, &[record.as_bytes()]).1[0], Ok(1_700_000_000_123_000));
    }
}

#[test]
fn of_a_repeated_key_the_last_counts() {
    let stream = payment();
    let again = |text: &str| format!("{}, {text}}}", GOOD.strip_suffix('}').unwrap());
    let (batch, results) = decode(
        &stream,
        &[
            again(r#""n":7"#).as_bytes(),
            again(r#""data":{"status":"late"}"#).as_bytes(),
            GOOD.replace("\"n\":3", "\"n\":\"x\",\"n\":8").as_bytes(),
            GOOD.replace("\"data\":", "\"data\":5,\"data\":").as_bytes(),
            again(r#""place":{"lat":1,"lat":2,"lon":3}"#).as_bytes(),
        ],
    );
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(row(&stream, &batch, 0)[2], Value::Int(7));
    assert_eq!(row(&stream, &batch, 1)[4..6], [Value::Text("late".into()), Value::Null]);
    assert_eq!(row(&stream, &batch, 2)[2], Value::Int(8));
    assert_eq!(row(&stream, &batch, 3)[4], Value::Text("ok".into()));
    assert_eq!(row(&stream, &batch, 4)[9], Value::Point(Point { lat: 2.0, lon: 3.0 }));
    assert_eq!(refused(&stream, &again(r#""data":{}"#)).message, "field `status` (from `data.status`) is missing");
}

#[test]
fn fields_may_share_a_path_or_stand_inside_each_other() {
    let stream = stream(vec![
        Field { time_unit: Some(TimeUnit::Seconds), ..field("at", Type::Time, "t") },
        field("seconds", Type::Int, "t"),
        field("place", Type::Point, "place"),
        field("lat", Type::Float, "place.lat"),
    ]);
    let (batch, results) = decode(&stream, &[br#"{"place":{"lat":1.5,"lon":2},"t":60}"#]);
    assert_eq!(results, [Ok(60_000_000)]);
    let place = Value::Point(Point { lat: 1.5, lon: 2.0 });
    assert_eq!(row(&stream, &batch, 0), [Value::Time(60_000_000), Value::Int(60), place, Value::Float(1.5)]);
}

#[test]
fn validity_does_not_depend_on_the_needed_columns() {
    let stream = payment();
    let bad = with("tags", json!([1]));
    let (batch, results) =
        decode_needed(&stream, &vec![false; stream.fields.len()], &[bad.as_bytes(), GOOD.as_bytes()]);
    assert_eq!(results[0].as_ref().unwrap_err().class, "wrong type");
    assert_eq!(results[1], Ok(1_700_000_000_123_000));
    assert!(row(&stream, &batch, 0).iter().all(|v| *v == Value::Null));
}

/// The slow reader: the whole record as a tree, then a look-up per field.
fn slow(stream: &Stream, record: &Json) -> Option<Vec<Value>> {
    stream.fields.iter().map(|field| slow_field(field, record)).collect()
}

fn slow_field(field: &Field, record: &Json) -> Option<Value> {
    let mut at = record;
    for part in &field.path {
        at = match (part, at) {
            (PathPart::Key(key), Json::Object(members)) => members.get(key).unwrap_or(&Json::Null),
            (PathPart::Index(index), Json::Array(items)) => items.get(*index as usize).unwrap_or(&Json::Null),
            (_, Json::Null) => &Json::Null,
            _ => return None,
        };
    }
    if at.is_null() {
        return field.optional.then_some(Value::Null);
    }
    slow_value(&field.ty, field.time_unit, at)
}

fn slow_value(ty: &Type, unit: Option<TimeUnit>, value: &Json) -> Option<Value> {
    Some(match (ty, unit, value) {
        (Type::Bool, _, Json::Bool(b)) => Value::Bool(*b),
        (Type::Int, _, Json::Number(n)) => Value::Int(slow_scaled(&n.to_string(), 0)?),
        (Type::Float, _, Json::Number(n)) => Value::Float(n.as_f64()?),
        (Type::Decimal(scale), _, Json::Number(n)) => slow_decimal(&n.to_string(), *scale)?,
        (Type::Decimal(scale), _, Json::String(s)) => slow_decimal(s, *scale)?,
        (Type::Text, _, Json::String(s)) => Value::Text(s.as_str().into()),
        (Type::Time, Some(TimeUnit::Milliseconds), Json::Number(n)) => Value::Time(slow_scaled(&n.to_string(), 3)?),
        (Type::Time, None, Json::String(s)) => Value::Time(s.parse::<jiff::Timestamp>().ok()?.as_microsecond()),
        (Type::List(item), unit, Json::Array(items)) => {
            Value::List(items.iter().map(|i| slow_value(item, unit, i)).collect::<Option<Vec<_>>>()?.into())
        }
        _ => return None,
    })
}

fn slow_decimal(text: &str, scale: u8) -> Option<Value> {
    Some(Value::Decimal(Decimal { mantissa: slow_scaled(text, scale.into())?.into(), scale }))
}

/// Of plain digits, as the generators below write them.
fn slow_scaled(text: &str, scale: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    if whole.is_empty() || fraction.len() > scale || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    format!("{whole}{fraction:0<scale$}").parse().ok()
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(Json::from),
        (-1_000_000i64..1_000_000, 0i32..4).prop_map(|(m, s)| json!(m as f64 / 10f64.powi(s))),
        "[a-zé\\\\\"\n\u{1F600}]{0,6}".prop_map(Json::from),
        "[0-9]{1,4}(\\.[0-9]{1,3})?".prop_map(Json::from),
        (0i64..2_000_000_000).prop_map(|s| json!(jiff::Timestamp::from_second(s).unwrap().to_string())),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let key = prop_oneof![
            Just("status"),
            Just("flags"),
            Just("timestamp"),
            Just("lat"),
            Just("lon"),
            Just("x"),
            Just("naïve \"key\"")
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::vec((key, inner), 0..4)
                .prop_map(|m| Json::Object(m.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())),
        ]
    })
}

/// Mostly valid: the good record with some members replaced, added, repeated, in any order.
fn any_record() -> impl Strategy<Value = String> {
    let key =
        prop::sample::select(vec!["id", "amount", "n", "country", "data", "metadata", "score", "tags", "seen", "new"]);
    (prop::collection::vec((key, any_json()), 0..3), any::<bool>()).prop_map(|(changes, first)| {
        let good: serde_json::Map<String, Json> = serde_json::from_str(GOOD).unwrap();
        let mut members: Vec<String> = good
            .iter()
            .filter(|(k, _)| !["place", "wait"].contains(&k.as_str()))
            .map(|(k, v)| format!("{}: {v}", json!(k)))
            .collect();
        for (key, value) in changes {
            let at = if first { 0 } else { members.len() };
            members.insert(at, format!("{}:{value}", json!(key)));
        }
        format!(" {{{}}} ", members.join(" ,\n"))
    })
}

fn comparable() -> Stream {
    let mut stream = payment();
    stream.fields.retain(|f| !["place", "wait"].contains(&f.name.as_str()));
    stream
}

/// A stream of which forms of records can be learned.
fn learnable() -> Stream {
    stream(vec![
        field("id", Type::Text, "id"),
        field("amount", Type::Decimal(2), "amount"),
        optional(field("n", Type::Int, "n")),
        optional(field("country", Type::Text, "geo.country")),
        optional(field("ok", Type::Bool, "ok")),
        Field { time_unit: Some(TimeUnit::Milliseconds), ..field("at", Type::Time, "ts") },
        optional(field("again", Type::Int, "ts")),
        optional(field("score", Type::Float, "score")),
        optional(field("seen", Type::Time, "geo.seen")),
    ])
}

/// Values that a member may have, right and wrong, well-formed or not.
fn any_scalar() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "tru",
        "\"\"",
        "\"open",
        "-0",
        "01",
        "1.",
        "1e2",
        "12.5",
        "12.345",
        "0.10",
        "-",
        "\"12.5\"",
        "[]",
        "{}",
        "\"a\\n\"",
        "\"é\"",
        "\"\u{1}\"",
        "\"2026-01-31T10:00:00Z\"",
        "99999999999999999",
        "1700000000123",
        "5}",
        "\"x\",\"n\":1",
    ]);
    prop_oneof![
        3 => (-100_000_000i64..100_000_000_000).prop_map(|n| n.to_string()),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        2 => (any::<i32>(), 0usize..4).prop_map(|(n, digits)| format!("{:.digits$}", f64::from(n) / 100.0)),
        3 => "\"[a-zé\u{1F600} ]{0,20}\"",
        2 => odd.prop_map(str::to_owned),
    ]
}

/// Records of few forms, of which most members are as in the ones before.
fn alike() -> impl Strategy<Value = Vec<Vec<u8>>> {
    const FORMS: [&str; 5] = [
        r#"{"id":A,"ts":T,"amount":N,"n":B,"geo":{"country":C,"other":D},"ok":true,"score":1.5}"#,
        r#"{"ts": T, "id": A, "amount": N, "geo": {"seen": "2026-01-31 10:00:00z", "country": C}, "n": B}"#,
        r#"{"a very long name that no field has":D,"id":A,"amount":N,"list":[1,D],"ts":T}"#,
        r#"{"id":D,"id":A,"geo":D,"amount":N,"ts":T,"ok":B}"#,
        r#"{"id":A,"amount":N,"geo":null,"ts":T,"deep":{"geo":D},"n":B}"#,
    ];
    let usual = |common: &'static str| prop_oneof![3 => Just(common.to_owned()), 1 => any_scalar()];
    let values = (usual("\"p1\""), usual("1700000000123"), usual("12.5"), usual("7"), usual("\"DE\""), any_scalar());
    let damage = prop::option::weighted(0.2, (any::<prop::sample::Index>(), any::<u8>()));
    let record = (0..FORMS.len(), values, damage).prop_map(|(form, (a, t, n, b, c, d), damage)| {
        let mut record = String::new();
        let marks = [('A', &a), ('T', &t), ('N', &n), ('B', &b), ('C', &c), ('D', &d)];
        for char in FORMS[form].chars() {
            match marks.iter().find(|(mark, _)| *mark == char) {
                Some((_, value)) => record.push_str(value),
                None => record.push(char),
            }
        }
        let mut record = record.into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(record.len());
            record[at] = byte;
        }
        record
    });
    prop::collection::vec(record, 1..24)
}

#[test]
fn a_known_form_is_read_like_any_other() {
    let stream = learnable();
    let record =
        |id: &str, n: i64| format!(r#"{{"id":"{id}","ts":170000000012{n},"amount":{n}.5,"geo":{{"country":"DE"}}}}"#);
    let records: Vec<String> = (0..9).map(|n| record(&"é".repeat(n as usize), n)).collect();
    let bytes: Vec<&[u8]> = records.iter().map(|r| r.as_bytes()).collect();
    let (batch, results) = decode(&stream, &bytes);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(row(&stream, &batch, 7)[0], Value::Text("é".repeat(7).into()));
    assert_eq!(row(&stream, &batch, 8)[1], Value::Decimal(Decimal { mantissa: 850, scale: 2 }));
    assert_eq!(row(&stream, &batch, 8)[5..7], [Value::Time(1_700_000_000_128_000), Value::Int(1_700_000_000_128)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn what_was_read_before_changes_nothing(records in alike()) {
        let stream = learnable();
        let records: Vec<&[u8]> = records.iter().map(|r| &r[..]).collect();
        let (batch, results) = decode(&stream, &records);
        let mut rows = 0;
        for (record, result) in records.iter().zip(results) {
            let (alone, expected) = decode(&stream, &[record]);
            prop_assert_eq!(&result, &expected[0], "{}", String::from_utf8_lossy(record));
            if result.is_ok() {
                prop_assert_eq!(row(&stream, &batch, rows), row(&stream, &alone, 0), "{}", String::from_utf8_lossy(record));
                rows += 1;
            }
        }
        prop_assert_eq!(batch.len(), rows);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn agrees_with_the_slow_reader(records in prop::collection::vec(any_record(), 1..4)) {
        let stream = comparable();
        let bytes: Vec<&[u8]> = records.iter().map(|r| r.as_bytes()).collect();
        let (batch, results) = decode(&stream, &bytes);
        let mut rows = 0;
        for (record, result) in records.iter().zip(results) {
            let expected = slow(&stream, &serde_json::from_str(record).unwrap());
            let found = result.is_ok().then(|| row(&stream, &batch, rows));
            rows += usize::from(result.is_ok());
            prop_assert_eq!(found, expected, "{} {:?}", record, result);
        }
    }

    #[test]
    fn damaged_bytes_never_pass(record in any_record(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let stream = comparable();
        let mut bytes = record.into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let (batch, results) = decode(&stream, &[&bytes]);
        match (serde_json::from_slice::<Json>(&bytes), &results[0]) {
            (Ok(tree), Ok(_)) => prop_assert_eq!(Some(row(&stream, &batch, 0)), slow(&stream, &tree)),
            (Err(why), Ok(_)) => prop_assert!(why.to_string().contains("surrogate") || why.to_string().contains("range")),
            _ => {}
        }
    }
}
