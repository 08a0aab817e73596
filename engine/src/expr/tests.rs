//! Closures against the evaluator, masks against closures, over random expressions and batches; the form that predicates
//! are brought to.

use proptest::prelude::*;
use tripline_query_lang::eval::{Scope, eval};
use tripline_query_lang::plan::{ArithOp, CompareOp, Expr, ExprKind, FieldId, LoopFn, StepId, Stream, StreamId};
use tripline_query_lang::stdlib;
use tripline_query_lang::value::{Decimal, Type, Value};

use super::shape::normal;
use super::{BatchRow, Bound, Row, Scene, canonical, compile_bool, compile_mask, compile_value, split_local};
use crate::event::{Batch, BatchBuilder, Bitmap, PartitionId};

const TYPES: [Type; 6] = [Type::Int, Type::Decimal(2), Type::Float, Type::Text, Type::Bool, Type::Time];

fn batch(rows: &[Vec<Value>]) -> Batch {
    let stream = Stream {
        name: "s".into(),
        fields: Vec::new(),
        timed_by: FieldId(5),
        late_us: 0,
        ahead_us: None,
        idle_us: None,
        unique: None,
        origin: Default::default(),
    };
    let mut builder = BatchBuilder::new(&stream, &[]);
    builder.columns = TYPES.iter().map(crate::event::ColumnBuilder::new).collect();
    for (row, values) in rows.iter().enumerate() {
        builder.columns.iter_mut().zip(values).for_each(|(column, value)| column.push_value(value));
        builder.end_row(row as i64 % 7, row as i64);
    }
    builder.finish(PartitionId { stream: StreamId(0), topic: "t".into(), partition: 0 })
}

fn decimal(mantissa: i128, scale: u8) -> Value {
    Value::Decimal(Decimal { mantissa, scale })
}

fn value_of(ty: Type) -> BoxedStrategy<Value> {
    match ty {
        Type::Int => prop_oneof![(-3i64..4).prop_map(Value::Int), Just(Value::Int(i64::MAX))].boxed(),
        Type::Decimal(scale) => (-3i64..4).prop_map(move |m| decimal(m.into(), scale)).boxed(),
        Type::Float => prop_oneof![(-3i32..4).prop_map(|v| Value::Float(f64::from(v) / 2.0))].boxed(),
        Type::Text => prop::sample::select(vec!["", "a", "ab", "b", "auth", "a long text"])
            .prop_map(|t| Value::Text(t.into()))
            .boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Duration => (-3i64..7).prop_map(Value::Duration).boxed(),
        _ => (0i64..7).prop_map(Value::Time).boxed(),
    }
}

fn maybe(ty: Type) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 5 => value_of(ty)].boxed()
}

fn rows() -> impl Strategy<Value = Vec<Vec<Value>>> {
    prop::collection::vec(TYPES.map(maybe).to_vec(), 0..150)
}

fn expr(kind: ExprKind, ty: Type) -> Expr {
    Expr { kind, ty }
}

/// A field or constant of this type.
fn operand(ty: Type) -> BoxedStrategy<Expr> {
    let field = TYPES.iter().position(|t| *t == ty);
    let constant = maybe(ty.clone()).prop_map({
        let ty = ty.clone();
        move |v| expr(ExprKind::Const(v), ty.clone())
    });
    match (field, &ty) {
        (Some(field), Type::Time) => {
            let ty = ty.clone();
            prop_oneof![
                Just(expr(ExprKind::Field(FieldId(field as u32)), ty.clone())),
                Just(expr(ExprKind::At, ty)),
                constant
            ]
            .boxed()
        }
        (Some(field), _) => {
            prop_oneof![2 => Just(expr(ExprKind::Field(FieldId(field as u32)), ty.clone())), 1 => constant].boxed()
        }
        (None, Type::Decimal(_)) => {
            let convert = |field, from: Type| {
                let inner = Box::new(expr(ExprKind::Field(FieldId(field)), from));
                expr(ExprKind::Convert(inner), ty.clone())
            };
            prop_oneof![Just(convert(0, Type::Int)), Just(convert(1, Type::Decimal(2))), constant].boxed()
        }
        (None, _) => constant.boxed(),
    }
}

fn comparison() -> BoxedStrategy<Expr> {
    let op = prop::sample::select(vec![
        CompareOp::Equal,
        CompareOp::NotEqual,
        CompareOp::Less,
        CompareOp::LessEqual,
        CompareOp::Greater,
        CompareOp::GreaterEqual,
    ]);
    let ty = prop::sample::select([&TYPES[..], &[Type::Decimal(3)]].concat());
    (op, ty)
        .prop_flat_map(|(op, ty)| {
            (operand(ty.clone()), operand(ty))
                .prop_map(move |(l, r)| expr(ExprKind::Compare(op, Box::new(l), Box::new(r)), Type::Bool))
        })
        .boxed()
}

fn predicate() -> impl Strategy<Value = Expr> {
    let is = prop::sample::select(TYPES.to_vec()).prop_flat_map(|ty| {
        let null = Just(expr(ExprKind::Const(Value::Null), Type::Null)).boxed();
        (operand(ty.clone()), prop_oneof![null, operand(ty)], any::<bool>()).prop_map(|(left, right, negated)| {
            expr(ExprKind::Is { negated, left: Box::new(left), right: Box::new(right) }, Type::Bool)
        })
    });
    let member = prop::sample::select([&TYPES[..], &[Type::Decimal(3)]].concat()).prop_flat_map(|ty| {
        (operand(ty.clone()), prop::collection::vec(maybe(ty.clone()), 0..4)).prop_map(move |(item, list)| {
            let list = expr(ExprKind::Const(Value::List(list.into())), Type::List(Box::new(ty.clone())));
            expr(ExprKind::In(Box::new(item), Box::new(list)), Type::Bool)
        })
    });
    let like = (operand(Type::Text), prop::sample::select(vec!["a*", "*b", "*", "ab", "a*t*"]))
        .prop_map(|(text, pattern)| expr(ExprKind::Like(Box::new(text), pattern.into()), Type::Bool));
    let leaf = prop_oneof![4 => comparison(), 1 => is, 2 => member, 1 => like, 1 => operand(Type::Bool)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| expr(ExprKind::Not(Box::new(e)), Type::Bool)),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|p| expr(ExprKind::And(p), Type::Bool)),
            prop::collection::vec(inner.clone(), 2..4).prop_map(|p| expr(ExprKind::Or(p), Type::Bool)),
            (inner.clone(), inner.clone(), inner)
                .prop_map(|(c, a, b)| { expr(ExprKind::If(Box::new(c), Box::new(a), Box::new(b)), Type::Bool) }),
        ]
    })
}

/// A number, time or duration computed of fields and constants.
fn number(ty: Type, depth: u32) -> BoxedStrategy<Expr> {
    if depth == 0 {
        return operand(ty);
    }
    let two = |a: Type, b: Type| (number(a, depth - 1), number(b, depth - 1));
    let arith = |ops: &'static [ArithOp], a: Type, b: Type| {
        let ty = ty.clone();
        (prop::sample::select(ops), two(a, b))
            .prop_map(move |(op, (left, right))| expr(ExprKind::Arith(op, Box::new(left), Box::new(right)), ty.clone()))
    };
    let convert = |from: Type| {
        let ty = ty.clone();
        number(from, depth - 1).prop_map(move |e| expr(ExprKind::Convert(Box::new(e)), ty.clone()))
    };
    const EXACT: &[ArithOp] = &[ArithOp::Add, ArithOp::Subtract, ArithOp::Multiply, ArithOp::Remainder];
    const SUM: &[ArithOp] = &[ArithOp::Add, ArithOp::Subtract, ArithOp::Remainder];
    const SCALE: &[ArithOp] = &[ArithOp::Multiply, ArithOp::Divide];
    let made = match &ty {
        Type::Int => arith(EXACT, Type::Int, Type::Int).boxed(),
        Type::Decimal(4) => arith(&[ArithOp::Multiply], Type::Decimal(2), Type::Decimal(2)).boxed(),
        Type::Decimal(_) => prop_oneof![arith(SUM, ty.clone(), ty.clone()), convert(Type::Int)].boxed(),
        Type::Float => prop_oneof![
            arith(EXACT, Type::Float, Type::Float),
            arith(SCALE, Type::Float, Type::Float),
            arith(&[ArithOp::Divide], Type::Duration, Type::Duration),
            convert(Type::Int),
            convert(Type::Decimal(4)),
        ]
        .boxed(),
        Type::Time => arith(&[ArithOp::Add, ArithOp::Subtract], Type::Time, Type::Duration).boxed(),
        _ => prop_oneof![
            arith(&[ArithOp::Subtract], Type::Time, Type::Time),
            arith(SCALE, Type::Duration, Type::Int),
            arith(SCALE, Type::Duration, Type::Decimal(4)),
            arith(SCALE, Type::Duration, Type::Float),
            arith(&[ArithOp::Multiply], Type::Float, Type::Duration),
        ]
        .boxed(),
    };
    let own = ty.clone();
    let negated = number(ty.clone(), 0).prop_map(move |e| expr(ExprKind::Negate(Box::new(e)), own.clone()));
    let own = ty.clone();
    let called = prop::collection::vec(operand(ty.clone()), 1..3).prop_map(move |args| {
        let coalesce = stdlib::find("coalesce").unwrap_or(stdlib::FunctionId(0));
        expr(ExprKind::Call(coalesce, args), own.clone())
    });
    // There is no negative time.
    let negated = if ty == Type::Time { operand(ty.clone()) } else { negated.boxed() };
    prop_oneof![1 => operand(ty), 1 => called, 1 => negated, 4 => made].boxed()
}

/// A function over the events of a loop.
fn looped() -> impl Strategy<Value = Expr> {
    let ty = prop::sample::select([&TYPES[..], &[Type::Decimal(4)]].concat());
    let func = prop::sample::select(vec![
        LoopFn::Count,
        LoopFn::Sum,
        LoopFn::Avg,
        LoopFn::Min,
        LoopFn::Max,
        LoopFn::Stddev,
        LoopFn::Distinct,
        LoopFn::First,
        LoopFn::Last,
        LoopFn::Collect,
    ]);
    (ty, func).prop_flat_map(|(ty, func)| {
        let numeric = matches!(func, LoopFn::Sum | LoopFn::Avg | LoopFn::Stddev);
        let ty = if numeric && matches!(ty, Type::Text | Type::Bool | Type::Time) { Type::Decimal(2) } else { ty };
        let arg = if matches!(ty, Type::Text | Type::Bool) { operand(ty.clone()) } else { number(ty.clone(), 1) };
        (arg, prop::option::of(predicate()), any::<bool>()).prop_map(move |(arg, filter, bare)| {
            let arg = if bare && func == LoopFn::Count { None } else { Some(Box::new(arg)) };
            let ty = match func {
                LoopFn::Count | LoopFn::Distinct => Type::Int,
                LoopFn::Avg | LoopFn::Stddev => Type::Float,
                LoopFn::Collect => Type::List(Box::new(ty.clone())),
                _ => ty.clone(),
            };
            expr(ExprKind::Loop { step: StepId(0), func, arg, filter: filter.map(Box::new) }, ty)
        })
    })
}

fn any_expr() -> impl Strategy<Value = Expr> {
    let types = vec![Type::Int, Type::Decimal(2), Type::Decimal(4), Type::Float, Type::Time, Type::Duration];
    let numbers = prop::sample::select(types).prop_flat_map(|ty| number(ty, 3));
    prop_oneof![predicate(), numbers, looped()]
}

/// The evaluator's view: the row at hand, and all rows of the batch as a loop's.
struct RowScope<'a>(&'a [Vec<Value>], &'a Batch, usize);

impl Scope for RowScope<'_> {
    fn field(&self, field: FieldId) -> Value {
        self.0[self.2][field.index()].clone()
    }

    fn at(&self) -> Value {
        Value::Time(self.1.at_us[self.2])
    }

    fn taken(&self, _: StepId) -> Vec<Box<dyn Scope + '_>> {
        (0..self.0.len()).map(|row| Box::new(RowScope(self.0, self.1, row)) as Box<dyn Scope>).collect()
    }
}

/// All rows of a batch as a loop's.
struct AllRows<'a>(Vec<BatchRow<'a>>);

impl Bound for AllRows<'_> {
    fn taken(&self, _: StepId) -> usize {
        self.0.len()
    }

    fn nth(&self, _: StepId, index: usize) -> Option<&dyn Row> {
        self.0.get(index).map(|row| row as &dyn Row)
    }
}

proptest! {
    #[test]
    fn closures_say_what_the_evaluator_says(made in any_expr(), mut rows in rows()) {
        rows.truncate(20);
        let batch = batch(&rows);
        let compiled = compile_value(&made);
        let all = AllRows((0..rows.len()).map(|row| BatchRow { batch: &batch, row }).collect());
        for row in 0..rows.len() {
            let here = BatchRow { batch: &batch, row };
            let scene = Scene { bound: Some(&all), ..Scene::of_row(&here) };
            prop_assert_eq!(compiled(&scene), eval(&made, &RowScope(&rows, &batch, row)));
        }
    }

    #[test]
    fn masks_say_what_closures_say(predicate in predicate(), rows in rows()) {
        let batch = batch(&rows);
        let test = compile_bool(&predicate);
        let expected = Bitmap::from_fn(rows.len(), |row| test(&Scene::of_row(&BatchRow { batch: &batch, row })) == Some(true));
        prop_assert_eq!(compile_mask(&predicate).eval(&batch), expected);
    }

    #[test]
    fn the_normal_form_means_the_same(predicate in predicate(), rows in rows()) {
        let batch = batch(&rows);
        let (plain, formed) = (compile_bool(&predicate), compile_bool(&normal(&predicate)));
        for row in 0..rows.len() {
            let row = BatchRow { batch: &batch, row };
            prop_assert_eq!(plain(&Scene::of_row(&row)), formed(&Scene::of_row(&row)));
        }
    }
}

fn field(id: u32) -> Box<Expr> {
    Box::new(expr(ExprKind::Field(FieldId(id)), TYPES[id as usize].clone()))
}

fn constant(value: Value, ty: Type) -> Box<Expr> {
    Box::new(expr(ExprKind::Const(value), ty))
}

fn compare(op: CompareOp, left: Box<Expr>, right: Box<Expr>) -> Expr {
    expr(ExprKind::Compare(op, left, right), Type::Bool)
}

#[test]
fn phrasings_of_one_meaning_are_one_predicate() {
    let text = |t: &str| constant(Value::Text(t.into()), Type::Text);
    let is = |t| compare(CompareOp::Equal, field(3), text(t));
    let or = expr(ExprKind::Or(vec![is("b"), is("a")]), Type::Bool);
    let list = Value::List([Value::Text("a".into()), Value::Text("b".into())].into());
    let list = constant(list, Type::List(Box::new(Type::Text)));
    let member = expr(ExprKind::In(field(3), list), Type::Bool);
    assert_eq!(canonical(&or), canonical(&member));

    let over = compare(CompareOp::Greater, field(0), constant(Value::Int(5), Type::Int));
    let under = compare(CompareOp::LessEqual, field(0), constant(Value::Int(5), Type::Int));
    let turned = compare(CompareOp::Less, constant(Value::Int(5), Type::Int), field(0));
    let not_under = expr(ExprKind::Not(Box::new(under.clone())), Type::Bool);
    assert_eq!(canonical(&over), canonical(&turned));
    assert_eq!(canonical(&over), canonical(&not_under));
    assert_ne!(canonical(&over), canonical(&under));
}

#[test]
fn a_conjunction_splits_into_local_and_rest() {
    let over = compare(CompareOp::Greater, field(0), constant(Value::Int(5), Type::Int));
    let earlier = Box::new(expr(ExprKind::Step(tripline_query_lang::plan::StepId(0), FieldId(0)), Type::Int));
    let larger = compare(CompareOp::Greater, field(0), earlier);
    let inner = expr(ExprKind::And(vec![larger.clone(), over.clone()]), Type::Bool);
    let both = expr(ExprKind::And(vec![over.clone(), inner]), Type::Bool);
    let twice = expr(ExprKind::And(vec![over.clone(), over.clone()]), Type::Bool);
    assert_eq!(split_local(&both), (Some(twice), Some(larger.clone())));
    assert_eq!(split_local(&over), (Some(over), None));
    assert_eq!(split_local(&larger), (None, Some(larger)));
}

#[test]
fn arithmetic_is_exact_or_unknown() {
    let arith = |op, left: Box<Expr>, right: Box<Expr>, ty| {
        compile_value(&expr(ExprKind::Arith(op, left, right), ty))(&Scene::EMPTY)
    };
    let int = |v| constant(Value::Int(v), Type::Int);
    let money = |m| constant(decimal(m, 2), Type::Decimal(2));
    let span = |us| constant(Value::Duration(us), Type::Duration);
    assert_eq!(arith(ArithOp::Add, int(i64::MAX), int(1), Type::Int), Value::Null);
    assert_eq!(arith(ArithOp::Remainder, int(7), int(0), Type::Int), Value::Null);
    assert_eq!(arith(ArithOp::Divide, int(7), int(2), Type::Float), Value::Float(3.5));
    assert_eq!(arith(ArithOp::Divide, int(7), int(0), Type::Float), Value::Null);
    assert_eq!(arith(ArithOp::Divide, money(1), money(3), Type::Float), Value::Float(0.01 / 0.03));
    assert_eq!(arith(ArithOp::Multiply, money(150), money(150), Type::Decimal(4)), decimal(22500, 4));
    assert_eq!(arith(ArithOp::Subtract, money(150), money(151), Type::Decimal(2)), decimal(-1, 2));
    assert_eq!(arith(ArithOp::Multiply, money(i128::MAX), money(2), Type::Decimal(4)), Value::Null);
    assert_eq!(arith(ArithOp::Multiply, span(10), int(3), Type::Duration), Value::Duration(30));
    assert_eq!(arith(ArithOp::Divide, span(10), int(4), Type::Duration), Value::Duration(3));
    assert_eq!(arith(ArithOp::Divide, span(10), span(4), Type::Float), Value::Float(2.5));
}
