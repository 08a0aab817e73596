//! House rules as tests: module docs, import direction, file size, leftovers. Each message says how to mend it.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of the house and the crates that its code may name.
struct Room {
    folder: &'static str,
    may_use: &'static [&'static str],
}

/// `query-lang <- engine <- connectors <- root`; `examples` and `benches` see the façade only.
const ROOMS: &[Room] = &[
    Room { folder: "query-lang", may_use: &["tripline_query_lang"] },
    Room { folder: "engine", may_use: &["tripline_query_lang", "tripline_engine"] },
    Room { folder: "connectors", may_use: &["tripline_query_lang", "tripline_engine", "tripline_connectors"] },
    Room { folder: "src", may_use: &["tripline_query_lang", "tripline_engine", "tripline_connectors", "tripline"] },
    Room { folder: "examples", may_use: &["tripline"] },
    Room { folder: "benches", may_use: &["tripline"] },
];

/// Crates of the house.
const CRATES: &[&str] = &["tripline_query_lang", "tripline_connectors", "tripline_engine", "tripline"];

/// The rooms of the engine and those that each may name besides its own: no circles, and what is pure names nothing that is not.
const ENGINE_ROOMS: &[Room] = &[
    Room { folder: "event", may_use: &[] },
    Room { folder: "time", may_use: &[] },
    Room { folder: "io", may_use: &["event"] },
    Room { folder: "state", may_use: &["event"] },
    Room { folder: "expr", may_use: &["event"] },
    Room { folder: "alert", may_use: &["event", "expr", "io", "state"] },
    Room { folder: "history", may_use: &["expr", "state"] },
    Room { folder: "windows", may_use: &["event", "expr", "history", "state"] },
    Room { folder: "patterns", may_use: &["event", "expr", "state"] },
    Room { folder: "tables", may_use: &["expr"] },
    Room { folder: "views", may_use: &["alert", "expr"] },
    Room {
        folder: "detect",
        may_use: &["alert", "event", "expr", "history", "patterns", "state", "tables", "views", "windows"],
    },
    Room { folder: "reference", may_use: &["alert", "event", "expr", "history", "views", "windows"] },
    Room { folder: "explain", may_use: &["detect", "expr", "history", "patterns", "views"] },
    Room { folder: "metrics", may_use: &["detect", "event", "io", "left_out"] },
    Room { folder: "left_out", may_use: &["event", "io"] },
    Room { folder: "recovery", may_use: &["event", "expr", "io"] },
    Room { folder: "operators", may_use: &["alert", "detect", "event", "expr", "io", "metrics", "tables", "views"] },
    Room { folder: "render", may_use: &["detect", "metrics", "operators", "tables", "views"] },
    Room {
        folder: "runner",
        may_use: &[
            "alert",
            "detect",
            "event",
            "expr",
            "io",
            "metrics",
            "operators",
            "recovery",
            "render",
            "state",
            "tables",
            "time",
            "views",
        ],
    },
];

/// Where timely may appear; everything else is tested by plain calls.
const TIMELY_ROOMS: &[&str] = &["engine/src/operators", "engine/src/render", "engine/src/runner", "engine/src/tables"];

/// Where the language's purity forbids a call, and what to do instead.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("query-lang/src", "std::fs", "read files in the command line and hand over text"),
    ("query-lang/src", "std::env", "hand settings over as arguments"),
    ("query-lang/src", "SystemTime::now", "time is an argument"),
    ("query-lang/src", "Instant::now", "time is an argument"),
    ("engine/src", "rdkafka", "client libraries belong to connectors"),
];

const LINES_MAX: usize = 600;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file under a folder of the house, relative to its root, in a fixed order.
fn rust_files(folder: &str) -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        let Ok(entries) = fs::read_dir(dir) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() && !path.ends_with("target") {
                walk(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    found.into_iter().map(|p| p.strip_prefix(root()).expect("found under the root").to_path_buf()).collect()
}

fn all_files() -> Vec<PathBuf> {
    ROOMS.iter().map(|room| room.folder).chain(["tests", "fuzz"]).flat_map(rust_files).collect()
}

fn text(file: &Path) -> String {
    fs::read_to_string(root().join(file)).expect("a source file is readable UTF-8")
}

fn report(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// Whether the line names the crate in code: in a path or a `use`.
fn names(line: &str, name: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        let after = &code[at + name.len()..];
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_')
            && (after.starts_with("::") || (code.trim_start().starts_with("use ") && after.starts_with(';')))
    })
}

/// Looks at every line of every file of the folders and collects what `fault` says, with its place.
fn faults_by_line(folders: &[&str], fault: impl Fn(&Path, &str) -> Option<String>) -> Vec<String> {
    let mut faults = Vec::new();
    for file in folders.iter().flat_map(|folder| rust_files(folder)) {
        for (number, line) in text(&file).lines().enumerate() {
            if let Some(fault) = fault(&file, line) {
                faults.push(format!("{}:{}: {fault}", file.display(), number + 1));
            }
        }
    }
    faults
}

#[test]
fn every_file_opens_with_what_it_is_for() {
    let faults: Vec<String> = all_files()
        .iter()
        .filter(|file| !text(file).lines().find(|l| !l.starts_with("#!")).is_some_and(|l| l.starts_with("//!")))
        .map(|file| format!("{}: open it with `//!` and one sentence on what the file is for", file.display()))
        .collect();
    report(&faults);
}

#[test]
fn imports_point_left() {
    for Room { folder, may_use } in ROOMS {
        report(&faults_by_line(&[folder], |_, line| {
            let name = CRATES.iter().find(|name| names(line, name) && !may_use.contains(name))?;
            Some(format!("`{folder}` may not use `{name}`, only {may_use:?}. Move the code right, or the type left"))
        }));
    }
}

/// The rooms of the engine that a line of code names.
fn rooms_named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or(line);
    let names = code.match_indices("crate::").map(|(at, path)| &code[at + path.len()..]);
    names.map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(rest))
}

/// Whether a line of the file of a room leaves the room by `super::super::`; one that is indented may stand in a module of its own.
fn climbs_out(file: &Path, line: &str) -> bool {
    let code = line.split("//").next().unwrap_or(line);
    let is_root = file.file_stem().is_some_and(|name| name == "mod");
    // `engine/src/room/mod.rs` is one module down, `engine/src/room/file.rs` two.
    let depth = file.components().count() - 2 - usize::from(is_root) + usize::from(line.starts_with(' '));
    code.contains(&"super::".repeat(depth))
}

#[test]
fn rooms_of_the_engine_keep_their_order() {
    let home = |file: &Path| {
        let inside = file.strip_prefix("engine/src").ok()?;
        Some(inside.components().next()?.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned())
    };
    report(&faults_by_line(&["engine/src"], |file, line| {
        let home = home(file).filter(|home| home != "lib")?;
        let Some(room) = ENGINE_ROOMS.iter().find(|room| room.folder == home) else {
            return Some(format!(
                "`{home}` is a new room: say here and in docs/ARCHITECTURE.md what it holds and may use"
            ));
        };
        if climbs_out(file, line) {
            return Some("rooms are named from the root: write `crate::`".to_owned());
        }
        let stray = rooms_named(line).find(|name| *name != home && !room.may_use.contains(name))?;
        Some(format!("`{home}` may not use `{stray}`, only {:?}. Move what both need to a room below", room.may_use))
    }));
}

#[test]
fn timely_stays_in_its_rooms() {
    let folders: Vec<&str> = ROOMS.iter().map(|room| room.folder).collect();
    report(&faults_by_line(&folders, |file, line| {
        let at_home = TIMELY_ROOMS.iter().any(|room| file.to_string_lossy().starts_with(room));
        (!at_home && names(line, "timely"))
            .then(|| format!("timely appears only in {TIMELY_ROOMS:?}. Keep the logic pure and wrap it there"))
    }));
}

#[test]
fn pure_rooms_stay_pure() {
    for (folder, call, instead) in FORBIDDEN {
        report(&faults_by_line(&[folder], |_, line| {
            let code = line.split("//").next().unwrap_or(line);
            code.contains(call).then(|| format!("no `{call}` here: {instead}"))
        }));
    }
}

#[test]
fn files_are_one_thing() {
    let faults: Vec<String> = all_files()
        .iter()
        .map(|file| (file.display(), text(file).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(file, lines)| format!("{file}: {lines} lines, at most {LINES_MAX}. Give the second thing in it a file"))
        .collect();
    report(&faults);
}

#[test]
fn nothing_is_left_over() {
    // Spelled in two halves, so that this file does not find itself.
    let leftovers = [
        (["todo", "!("].concat(), "write it"),
        (["unimplemented", "!("].concat(), "write it"),
        (["dbg", "!("].concat(), "take it out"),
        (["FIX", "ME"].concat(), "mend it, or say in docs/decisions why it stays"),
        (["#[ig", "nore"].concat(), "a test that does not run proves nothing: mend or delete it"),
        (["thread::", "sleep"].concat(), "wait on a condition with a deadline (tests), or on a channel (code)"),
    ];
    let folders: Vec<&str> = ROOMS.iter().map(|room| room.folder).chain(["tests", "fuzz"]).collect();
    report(&faults_by_line(&folders, |_, line| {
        let (leftover, instead) = leftovers.iter().find(|(leftover, _)| line.contains(leftover.as_str()))?;
        Some(format!("`{leftover}`: {instead}"))
    }));
}
