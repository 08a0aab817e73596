//! Rows, cells and headers; cells agree with the csv crate.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use proptest::prelude::*;
use tripline_engine::event::{BatchBuilder, PartitionId};
use tripline_engine::io::Decoder;
use tripline_query_lang::plan::{Field, FieldId, PathPart, Stream, StreamId};
use tripline_query_lang::value::{Decimal, Point, Type, Value};

use super::cells::{Cells, open_at_end};
use super::{CsvDecoder, Header};

fn field(name: &str, ty: Type, optional: bool, path: &[&str]) -> Field {
    let path = path.iter().map(|p| PathPart::Key((*p).to_owned())).collect();
    Field { name: name.to_owned(), ty, optional, path, time_unit: None }
}

fn stream() -> Stream {
    let fields = vec![
        field("id", Type::Text, false, &["id"]),
        field("amount", Type::Decimal(2), false, &["amount"]),
        field("status", Type::Text, true, &["data", "status"]),
        field("place", Type::Point, true, &["place"]),
        field("ok", Type::Bool, true, &["ok"]),
        field("wait", Type::Duration, true, &["wait"]),
        field("at", Type::Time, false, &["at"]),
    ];
    Stream {
        name: "s".to_owned(),
        fields,
        timed_by: FieldId(6),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    }
}

const HEADER: &[u8] = b"at, data.status,amount,id,extra,place,wait,ok";

fn decode(row: &str) -> Result<Vec<Value>, (&'static str, String)> {
    let stream = stream();
    let header = Header::default();
    header.set(HEADER, &stream.fields).unwrap();
    let mut decoder = CsvDecoder::new(&stream, header);
    let mut builder = BatchBuilder::new(&stream, &[true; 7]);
    let at = decoder.decode(row.as_bytes(), &mut builder).map_err(|e| (e.class, e.message))?;
    builder.end_row(at, 2);
    let batch = builder.finish(PartitionId { stream: StreamId(0), topic: "t".into(), partition: 0 });
    Ok(stream.fields.iter().zip(&batch.columns).map(|(f, c)| c.value(0, &f.ty)).collect())
}

#[test]
fn cells_by_their_header() {
    let row = decode("1970-01-01T00:00:01Z,,12.5,\"a \"\"b\"\", c\",x,\"[52.5, 13.4]\",5m,true").unwrap();
    let expected = [
        Value::Text("a \"b\", c".into()),
        Value::Decimal(Decimal { mantissa: 1250, scale: 2 }),
        Value::Null,
        Value::Point(Point { lat: 52.5, lon: 13.4 }),
        Value::Bool(true),
        Value::Duration(300_000_000),
        Value::Time(1_000_000),
    ];
    assert_eq!(row, expected);
}

#[test]
fn each_kind_of_bad_row_says_why() {
    for (row, class, message) in [
        ("1970-01-01T00:00:01Z,,12.5,a", "invalid csv", "the row has 4 cells, the header 8"),
        ("1970-01-01T00:00:01Z,,12.5,\"a,,,,", "invalid csv", "a quote is opened and not closed"),
        ("1970-01-01T00:00:01Z,,12.5,\"a\"b,,,,", "invalid csv", "a closing quote is followed by more than a comma"),
        ("1970-01-01T00:00:01Z,,,a,,,,", "missing field", "field `amount` is missing"),
        (",,1,a,,,,", "missing field", "field `at` is missing"),
        ("1970-01-01T00:00:01Z,,1.255,a,,,,", "out of range", "found 1.255"),
        ("1970-01-01T00:00:01Z,,1,a,,[1],,", "wrong type", "field `place` should be a place"),
        ("1970-01-01T00:00:01Z,,1,a,,,,yes", "wrong type", "field `ok` should be true or false, found yes"),
    ] {
        let (found, why) = decode(row).unwrap_err();
        assert_eq!(found, class, "{why}");
        assert!(why.contains(message), "{why}");
    }
}

#[test]
fn headers_are_checked() {
    let header = Header::default();
    assert_eq!(header.set(b"id,at", &stream().fields).unwrap_err(), "there is no column `amount`; there is `id`, `at`");
    assert_eq!(header.set(b"id,at,id", &stream().fields).unwrap_err(), "the header line names column `id` twice");
    header.set(b"id,amount,at", &stream().fields).unwrap();
    let why = header.set(b"amount,id,at", &stream().fields).unwrap_err();
    assert_eq!(why, "its columns are not those of the stream's other files");
}

proptest! {
    #[test]
    fn cells_agree_with_the_csv_crate(cells in prop::collection::vec("[a\",\n é]{0,5}", 1..6)) {
        let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(Vec::new());
        writer.write_record(&cells).unwrap();
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let row = text.strip_suffix('\n').unwrap();
        let mut read = Cells::default();
        prop_assert_eq!(read.read(row), Ok(cells.len()));
        let found: Vec<&str> = (0..cells.len()).map(|i| read.get(row, i)).collect();
        prop_assert_eq!(found, cells);
        // Each line of the row but the last leaves it open.
        let mut open = false;
        let lines: Vec<&str> = row.split('\n').collect();
        for (i, line) in lines.iter().enumerate() {
            open = open_at_end(line.as_bytes(), open);
            prop_assert_eq!(open, i + 1 < lines.len());
        }
    }

    #[test]
    fn any_text_is_cut_or_refused(row in "[a\", é]{0,12}") {
        let mut cells = Cells::default();
        if let Ok(count) = cells.read(&row) {
            prop_assert!((0..=count).all(|i| cells.get(&row, i).len() <= row.len()));
            prop_assert!(!open_at_end(row.as_bytes(), false));
        }
    }
}
