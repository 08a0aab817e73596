//! A typed column of a batch, and its builder.

use super::Bitmap;
use tripline_query_lang::value::{Decimal, Point, Type, Value};

/// Rows that an empty builder has room for at most.
pub(super) const ROOM_ROWS: usize = 1_024;

/// The values of one field for all rows of a batch.
#[derive(Clone, Debug)]
pub struct Column {
    /// The values; what stands at a missing row is zero or empty and must not be read.
    pub data: Data,
    /// A one per row that has a value; `None`: all have.
    pub validity: Option<Bitmap>,
}

/// The typed values.
#[derive(Clone, Debug)]
pub enum Data {
    /// No rule reads this field: it was not decoded.
    Absent,
    /// `bool`
    Bool(Bitmap),
    /// `int`, and `time` and `duration` in microseconds.
    Int(Vec<i64>),
    /// `float`
    Float(Vec<f64>),
    /// `decimal(scale)`: mantissas.
    Decimal(Vec<i64>, u8),
    /// `text`
    Text(TextColumn),
    /// `point`: latitude, longitude.
    Point(Vec<[f64; 2]>),
    /// `list of T`: row `i` is `offsets[i]..offsets[i + 1]` of the items.
    List(Vec<u32>, Box<Column>),
}

/// Texts of a column in one buffer: row `i` is `offsets[i]..offsets[i + 1]`.
#[derive(Clone, Debug)]
pub struct TextColumn {
    offsets: Vec<u32>,
    bytes: String,
}

impl Default for TextColumn {
    fn default() -> Self {
        TextColumn { offsets: vec![0], bytes: String::new() }
    }
}

impl TextColumn {
    /// The text of a row.
    #[inline]
    pub fn get(&self, row: usize) -> &str {
        &self.bytes[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// The bytes of the text of a row.
    #[inline]
    pub fn bytes(&self, row: usize) -> &[u8] {
        &self.bytes.as_bytes()[self.offsets[row] as usize..self.offsets[row + 1] as usize]
    }

    /// For kernels: row `i` is `offsets[i]..offsets[i + 1]` of the bytes.
    pub fn parts(&self) -> (&[u32], &[u8]) {
        (&self.offsets, self.bytes.as_bytes())
    }

    /// Appends a text.
    #[inline]
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.offsets.push(self.bytes.len() as u32);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    /// An empty one, with room for as much, within bounds.
    fn empty_again(&self) -> TextColumn {
        let rows = self.len().min(ROOM_ROWS);
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        TextColumn { offsets, bytes: String::with_capacity(self.bytes.len().min(rows * 16)) }
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the last row off again: a record that turns out bad further on leaves nothing behind.
    pub fn pop(&mut self) {
        if self.offsets.len() > 1 {
            self.offsets.pop();
            self.bytes.truncate(self.offsets[self.offsets.len() - 1] as usize);
        }
    }
}

impl Column {
    /// Whether the row has a value.
    #[inline]
    pub fn is_valid(&self, row: usize) -> bool {
        self.validity.as_ref().is_none_or(|v| v.get(row)) && !matches!(self.data, Data::Absent)
    }

    /// The value of a row, for alerts, tests and the reference matcher; not for the hot path.
    pub fn value(&self, row: usize, ty: &Type) -> Value {
        if !self.is_valid(row) {
            return Value::Null;
        }
        match (&self.data, ty) {
            (Data::Absent, _) => Value::Null,
            (Data::Bool(bits), _) => Value::Bool(bits.get(row)),
            (Data::Int(v), Type::Time) => Value::Time(v[row]),
            (Data::Int(v), Type::Duration) => Value::Duration(v[row]),
            (Data::Int(v), _) => Value::Int(v[row]),
            (Data::Float(v), _) => Value::Float(v[row]),
            (Data::Decimal(v, scale), _) => Value::Decimal(Decimal { mantissa: i128::from(v[row]), scale: *scale }),
            (Data::Text(t), _) => Value::Text(t.get(row).into()),
            (Data::Point(v), _) => Value::Point(Point { lat: v[row][0], lon: v[row][1] }),
            (Data::List(offsets, items), Type::List(item)) => {
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                Value::List(range.map(|i| items.value(i, item)).collect())
            }
            (Data::List(..), _) => Value::Null,
        }
    }
}

/// Collects a column row by row. Every push must be of the column's type; the decoders see to that.
#[derive(Clone, Debug)]
pub struct ColumnBuilder {
    data: Data,
    len: usize,
    /// From the first missing value on.
    validity: Option<Bitmap>,
}

impl ColumnBuilder {
    /// An empty column of this type.
    pub fn new(ty: &Type) -> Self {
        let data = match ty {
            Type::Bool => Data::Bool(Bitmap::default()),
            Type::Int | Type::Time | Type::Duration => Data::Int(Vec::new()),
            Type::Float => Data::Float(Vec::new()),
            Type::Decimal(scale) => Data::Decimal(Vec::new(), *scale),
            Type::Text => Data::Text(TextColumn::default()),
            Type::Point => Data::Point(Vec::new()),
            Type::List(item) => {
                Data::List(vec![0], Box::new(Column { data: ColumnBuilder::new(item).data, validity: None }))
            }
            Type::Null => Data::Absent,
        };
        ColumnBuilder::of(data)
    }

    fn of(data: Data) -> Self {
        ColumnBuilder { len: data.len(), data, validity: None }
    }

    /// A column that is not decoded; takes no pushes.
    pub fn absent() -> Self {
        ColumnBuilder::of(Data::Absent)
    }

    /// Whether nothing is decoded into it.
    pub fn is_absent(&self) -> bool {
        matches!(self.data, Data::Absent)
    }

    /// Rows so far; 0 for an absent column.
    pub fn len(&self) -> usize {
        self.len
    }

    /// No rows so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Counts a row that has a value.
    #[inline]
    fn valid(&mut self) {
        self.len += 1;
        if let Some(validity) = &mut self.validity {
            validity.push(true);
        }
    }

    /// Appends a missing value.
    pub fn push_null(&mut self) {
        match &mut self.data {
            Data::Absent => return,
            Data::Bool(bits) => bits.push(false),
            Data::Int(v) | Data::Decimal(v, _) => v.push(0),
            Data::Float(v) => v.push(0.0),
            Data::Text(t) => t.push(""),
            Data::Point(v) => v.push([0.0; 2]),
            Data::List(offsets, items) => offsets.push(items.data.len() as u32),
        }
        let len = self.len;
        self.validity.get_or_insert_with(|| Bitmap::ones(len)).push(false);
        self.len += 1;
    }

    /// Appends to a `bool` column.
    #[inline]
    pub fn push_bool(&mut self, value: bool) {
        if let Data::Bool(bits) = &mut self.data {
            bits.push(value);
            self.valid();
        }
    }

    /// Appends to an `int`, `time` or `duration` column (microseconds), or a mantissa to a `decimal` column.
    #[inline]
    pub fn push_i64(&mut self, value: i64) {
        if let Data::Int(v) | Data::Decimal(v, _) = &mut self.data {
            v.push(value);
            self.valid();
        }
    }

    /// Appends to a `float` column.
    #[inline]
    pub fn push_f64(&mut self, value: f64) {
        if let Data::Float(v) = &mut self.data {
            v.push(value);
            self.valid();
        }
    }

    /// Appends to a `text` column.
    #[inline]
    pub fn push_text(&mut self, value: &str) {
        if let Data::Text(t) = &mut self.data {
            t.push(value);
            self.valid();
        }
    }

    /// Appends to a `point` column: degrees.
    pub fn push_point(&mut self, lat: f64, lon: f64) {
        if let Data::Point(v) = &mut self.data {
            v.push([lat, lon]);
            self.valid();
        }
    }

    /// Appends a list: all rows of `items`, a builder of the item type.
    pub fn push_list(&mut self, items: &[Value]) {
        if let Data::List(offsets, column) = &mut self.data {
            for item in items {
                column.push_item(item);
            }
            offsets.push(column.data.len() as u32);
            self.valid();
        }
    }

    /// Appends a value of the column's type, for tests and in-process input; not for the hot path. A decimal is brought
    /// to the column's scale by the caller.
    pub fn push_value(&mut self, value: &Value) {
        match value {
            Value::Null => self.push_null(),
            Value::Bool(v) => self.push_bool(*v),
            Value::Int(v) | Value::Time(v) | Value::Duration(v) => self.push_i64(*v),
            Value::Float(v) => self.push_f64(*v),
            Value::Decimal(d) => match i64::try_from(d.mantissa) {
                Ok(mantissa) => self.push_i64(mantissa),
                Err(_) => self.push_null(),
            },
            Value::Text(t) => self.push_text(t),
            Value::Point(p) => self.push_point(p.lat, p.lon),
            Value::List(items) => self.push_list(items),
        }
    }

    /// Appends a row of a column of the same type.
    pub fn push_from(&mut self, column: &Column, row: usize) {
        if !column.is_valid(row) {
            return self.push_null();
        }
        match &column.data {
            Data::Absent => self.push_null(),
            Data::Bool(bits) => self.push_bool(bits.get(row)),
            Data::Int(v) | Data::Decimal(v, _) => self.push_i64(v[row]),
            Data::Float(v) => self.push_f64(v[row]),
            Data::Text(texts) => self.push_text(texts.get(row)),
            Data::Point(v) => self.push_point(v[row][0], v[row][1]),
            Data::List(offsets, items) => {
                let range = offsets[row] as usize..offsets[row + 1] as usize;
                self.push_list(&range.map(|i| items.item(i)).collect::<Vec<_>>());
            }
        }
    }

    /// Cuts back to `len` rows: a record that turns out bad half-way leaves nothing behind.
    pub fn truncate(&mut self, len: usize) {
        while self.len > len {
            if let Some(validity) = &mut self.validity {
                validity.pop();
            }
            self.data.pop();
            self.len -= 1;
        }
    }

    /// An empty builder of the same type, with room for as many rows, within bounds: many partitions may wait for rows.
    pub fn empty_again(&self) -> ColumnBuilder {
        let rows = self.len.min(ROOM_ROWS);
        ColumnBuilder::of(match &self.data {
            Data::Absent => Data::Absent,
            Data::Bool(_) => Data::Bool(Bitmap::default()),
            Data::Int(_) => Data::Int(Vec::with_capacity(rows)),
            Data::Float(_) => Data::Float(Vec::with_capacity(rows)),
            Data::Decimal(_, scale) => Data::Decimal(Vec::with_capacity(rows), *scale),
            Data::Text(texts) => Data::Text(texts.empty_again()),
            Data::Point(_) => Data::Point(Vec::with_capacity(rows)),
            Data::List(_, items) => {
                let item = ColumnBuilder::of(items.data.clone());
                Data::List(vec![0], Box::new(item.empty_again().finish()))
            }
        })
    }

    /// The finished column.
    pub fn finish(self) -> Column {
        let all_there = self.validity.as_ref().is_none_or(|validity| validity.count_ones() == self.len);
        Column { data: self.data, validity: self.validity.filter(|_| !all_there) }
    }
}

impl Column {
    /// An item of a list, typed by the column alone: times and durations come as their microseconds.
    pub fn item(&self, row: usize) -> Value {
        self.value(row, &Type::Int)
    }

    /// Appends an item to the items of a list column. Constant work: validity is kept only from the first missing item on.
    fn push_item(&mut self, item: &Value) {
        let data = std::mem::replace(&mut self.data, Data::Absent);
        let mut builder = ColumnBuilder { len: data.len(), data, validity: self.validity.take() };
        builder.push_value(item);
        (self.data, self.validity) = (builder.data, builder.validity);
    }
}

impl Data {
    /// Number of rows; 0 when absent.
    pub fn len(&self) -> usize {
        match self {
            Data::Absent => 0,
            Data::Bool(bits) => bits.len(),
            Data::Int(v) | Data::Decimal(v, _) => v.len(),
            Data::Float(v) => v.len(),
            Data::Text(t) => t.len(),
            Data::Point(v) => v.len(),
            Data::List(offsets, _) => offsets.len() - 1,
        }
    }

    /// No rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn pop(&mut self) {
        match self {
            Data::Absent => {}
            Data::Bool(bits) => {
                bits.pop();
            }
            Data::Int(v) | Data::Decimal(v, _) => {
                v.pop();
            }
            Data::Float(v) => {
                v.pop();
            }
            Data::Text(t) => t.pop(),
            Data::Point(v) => {
                v.pop();
            }
            Data::List(offsets, items) => {
                offsets.pop();
                let keep = offsets.last().copied().unwrap_or(0) as usize;
                while items.data.len() > keep {
                    items.data.pop();
                    if let Some(validity) = &mut items.validity {
                        validity.pop();
                    }
                }
            }
        }
    }
}
