//! What can be known of a condition before any message comes: names, functions, depth and loops.

use std::collections::BTreeSet;

use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};
use cel::{Context, ExecutionError, IdedExpr, Program};

use super::{ConditionError, ENV};
use crate::problem::{meant, quote};

/// The deepest expression: each level takes stack when it is evaluated.
const MAX_DEPTH: usize = 64;

/// Loops (`exists`, `all`, `map`, `filter`) inside or upon each other. Each multiplies the work, and the
/// lists may be the customer's.
const MAX_LOOPS: usize = 2;

/// The names that a condition is given.
const NAMES: [&str; 5] = ["message", "workItem", "customer", "channel", "now"];

/// The names of CEL's types, for `type(x) == int`.
const TYPES: [&str; 11] =
    ["bool", "bytes", "double", "google", "int", "list", "map", "null_type", "string", "type", "uint"];

struct Visit<'a> {
    node: &'a IdedExpr,
    depth: usize,
    loops: usize,
}

/// Reports the first thing that could never work. Walks without recursion, as the depth isn't known yet.
pub(super) fn check(source: &str, program: &Program) -> Result<(), ConditionError> {
    let error = |node: &IdedExpr, problem: String, remedy: String| {
        let offset = program.source_info().offset_for(node.id);
        let (line, column) = position(source, offset.map_or(0, |(start, _)| start as usize));
        ConditionError { line, column, problem, remedy }
    };
    let mut bound: BTreeSet<&str> = BTreeSet::new();
    let mut names: Vec<(&IdedExpr, &str)> = Vec::new();
    let mut stack = vec![Visit { node: program.expression(), depth: 1, loops: 0 }];
    while let Some(Visit { node, depth, loops }) = stack.pop() {
        if depth > MAX_DEPTH {
            return Err(error(
                node,
                "the condition is nested too deeply".to_owned(),
                "split it into several routes".to_owned(),
            ));
        }
        let mut visit = |node, loops| {
            stack.push(Visit { node, depth: depth + 1, loops });
        };
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => names.push((node, name)),
            Expr::Select(select) => visit(&select.operand, loops),
            Expr::List(list) => list.elements.iter().for_each(|item| visit(item, loops)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => {
                    visit(&entry.key, loops);
                    visit(&entry.value, loops);
                }
                EntryExpr::StructField(field) => visit(&field.value, loops),
            }),
            Expr::Struct(structure) => {
                return Err(error(
                    node,
                    format!("there is no type {}", quote(&structure.type_name)),
                    "use a map, { \"key\": value }".to_owned(),
                ));
            }
            Expr::Call(call) => {
                if !is_function(&call.func_name, call.target.is_some()) {
                    return Err(error(
                        node,
                        format!("there is no function {}", quote(&call.func_name)),
                        "use the standard functions of CEL".to_owned(),
                    ));
                }
                if let Some((arg, pattern)) = literal_pattern(call)
                    && !is_pattern(arg)
                {
                    return Err(error(
                        arg,
                        format!("{} is not a regular expression", quote(pattern)),
                        "correct the pattern".to_owned(),
                    ));
                }
                call.args.iter().for_each(|arg| visit(arg, loops));
                if let Some(target) = &call.target {
                    visit(target, loops);
                }
            }
            Expr::Comprehension(step) => {
                if loops == MAX_LOOPS {
                    return Err(error(
                        node,
                        format!("there are more than {MAX_LOOPS} loops in each other"),
                        "use fewer of all, exists, exists_one, map, filter".to_owned(),
                    ));
                }
                bound.extend([step.iter_var.as_str(), step.accu_var.as_str()]);
                bound.extend(step.iter_var2.as_deref());
                for part in [&step.iter_range, &step.accu_init, &step.loop_cond, &step.loop_step, &step.result] {
                    visit(part, loops + 1);
                }
            }
        }
    }
    let unknown =
        names.into_iter().find(|(_, name)| !bound.contains(name) && !NAMES.contains(name) && !TYPES.contains(name));
    match unknown {
        Some((node, name)) => Err(error(node, format!("there is no {}", quote(name)), meant(name, &NAMES))),
        None => Ok(()),
    }
}

/// Asks CEL itself: a call without arguments says whether it is the name or only the arguments that are wrong.
fn is_function(name: &str, member: bool) -> bool {
    // Operators are functions whose names no expression can spell.
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || name.starts_with('_') {
        return true;
    }
    let target = if member { "dyn(0)." } else { "" };
    let Ok(probe) = ENV.compile(&format!("{target}{name}()")) else {
        return false;
    };
    !matches!(probe.execute(&Context::with_env(ENV.clone())), Err(ExecutionError::UndeclaredReference(_)))
}

/// The pattern of `text.matches("pattern")`, if it is written out.
fn literal_pattern(call: &CallExpr) -> Option<(&IdedExpr, &str)> {
    let arg = call.args.last().filter(|_| call.func_name == "matches")?;
    match &arg.expr {
        Expr::Literal(LiteralValue::String(pattern)) => Some((arg, pattern.inner())),
        _ => None,
    }
}

/// Asks CEL itself, by matching the empty text.
fn is_pattern(pattern: &IdedExpr) -> bool {
    let empty = Expr::Literal(LiteralValue::String("".into()));
    let probe = IdedExpr {
        id: 0,
        expr: Expr::Call(CallExpr {
            func_name: "matches".to_owned(),
            target: Some(Box::new(IdedExpr { id: 0, expr: empty })),
            args: vec![pattern.clone()],
        }),
    };
    cel::Value::resolve(&probe, &Context::with_env(ENV.clone())).is_ok()
}

/// Line and column, from 1, of a byte of the source.
fn position(source: &str, offset: usize) -> (usize, usize) {
    let before = &source[..source.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
