//! The files that a run reads and writes: whether they are there, and whether it would destroy or misread one of them.
//! Files are compared by what they are, not by how they are spelled. Nothing is written, and nothing is waited for.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::WiringFault;
use crate::config::{Config, Origin, Place, TableOrigin};

/// A file that is read or written, and what says so: a section, or what else the file is.
struct Named {
    who: String,
    path: PathBuf,
}

/// What a file is, however it is spelled. One that is not there yet is known by its folder.
#[derive(PartialEq, Eq)]
enum Identity {
    Inode(u64, u64),
    Place(PathBuf),
}

/// All that is wrong with the files of this configuration, whose rules stand in these files.
pub fn faults(config: &Config, rules: &[PathBuf]) -> Vec<WiringFault> {
    let (sources, tables, written) = (sources(config), tables(config), written(config));
    let mut faults = unreadable(&sources, false);
    faults.extend(unreadable(&tables, true));
    faults.extend(written.iter().filter_map(|named| {
        let why = writable(&named.path).err()?;
        Some(WiringFault::Unwritable { section: named.who.clone(), path: shown(&named.path), why })
    }));
    faults.extend(read_twice(config, &sources));
    let other = rules.iter().map(|path| named("is a rule file".to_owned(), path));
    let itself = (!config.file.is_empty()).then(|| named("is the configuration".to_owned(), Path::new(&config.file)));
    let other = other.chain(itself);
    let read: Vec<Named> = sources.into_iter().chain(tables).chain(other).collect();
    faults.extend(overwritten(config, &read, &written));
    faults
}

fn sources(config: &Config) -> Vec<Named> {
    let of = |(stream, origin): (&String, &Origin)| match origin {
        Origin::Files { paths, .. } => paths.iter().map(|path| named(format!("source.{stream}"), path)).collect(),
        Origin::Kafka { .. } => Vec::new(),
    };
    config.sources.iter().flat_map(of).collect()
}

fn tables(config: &Config) -> Vec<Named> {
    let of = |kind: &'static str| {
        move |(name, origin): (&String, &TableOrigin)| match origin {
            TableOrigin::File { path, .. } => Some(named(format!("{kind}.{name}"), path)),
            TableOrigin::Kafka { .. } => None,
        }
    };
    config.tables.iter().filter_map(of("table")).chain(config.lists.iter().filter_map(of("param"))).collect()
}

fn written(config: &Config) -> Vec<Named> {
    let place = |who: String, place: &Place| match place {
        Place::File(path) => Some(named(who, path)),
        Place::Kafka { .. } | Place::Terminal => None,
    };
    let history = |kind: &'static str| {
        move |(name, origin): (&String, &TableOrigin)| match origin {
            TableOrigin::File { history: Some(history), .. } => Some(named(format!("{kind}.{name}"), history)),
            _ => None,
        }
    };
    let sinks = config.sinks.iter().filter_map(|(name, to)| place(format!("sink.{name}"), to));
    let dead_letters = config.dead_letters.iter().filter_map(|to| place("dead_letters".to_owned(), to));
    let late = config.late.iter().filter_map(|to| place("late".to_owned(), to));
    let histories = config.tables.iter().filter_map(history("table"));
    let histories = histories.chain(config.lists.iter().filter_map(history("param")));
    sinks.chain(dead_letters).chain(late).chain(histories).collect()
}

fn named(who: String, path: &Path) -> Named {
    Named { who, path: path.to_owned() }
}

fn unreadable(files: &[Named], is_table: bool) -> Vec<WiringFault> {
    let fault = |named: &Named| {
        let why = readable(&named.path).err()?;
        Some(WiringFault::Unreadable { section: named.who.clone(), path: shown(&named.path), why, is_table })
    };
    files.iter().filter_map(fault).collect()
}

/// Standard input for two streams, and a file that is named twice for one.
fn read_twice(config: &Config, sources: &[Named]) -> Vec<WiringFault> {
    let mut faults = Vec::new();
    let stdin: Vec<&Named> = sources.iter().filter(|named| is_standard(&named.path)).collect();
    if let [one, other, ..] = stdin[..] {
        let (one, other) = (config.name_of(&one.who), other.who.clone());
        faults.push(WiringFault::StandardInput { section: other, other: one });
    }
    for (number, named) in sources.iter().enumerate() {
        let same = |other: &&Named| other.who == named.who && is_same(&other.path, &named.path);
        if let Some(before) = sources[..number].iter().find(same) {
            let (path, other) = (shown(&named.path), shown(&before.path));
            faults.push(WiringFault::ReadTwice { section: named.who.clone(), path, other });
        }
    }
    faults
}

/// Files that are read and written, and those that are written under two spellings.
fn overwritten(config: &Config, read: &[Named], written: &[Named]) -> Vec<WiringFault> {
    let mut faults = Vec::new();
    for (number, output) in written.iter().enumerate() {
        let (section, path) = (output.who.clone(), shown(&output.path));
        if let Some(input) = read.iter().find(|input| is_same(&input.path, &output.path)) {
            let is_section = config.says(&input.who);
            let other = if is_section { format!("{} reads", config.name_of(&input.who)) } else { input.who.clone() };
            faults.push(WiringFault::Overwrites { section, path, other });
        } else if let Some(before) =
            written[..number].iter().find(|other| other.path != output.path && is_same(&other.path, &output.path))
        {
            let (other, spelled) = (config.name_of(&before.who), shown(&before.path));
            faults.push(WiringFault::WrittenTwice { section, path, other, spelled });
        }
    }
    faults
}

fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn is_same(one: &Path, other: &Path) -> bool {
    identity(one).is_some_and(|of_one| Some(of_one) == identity(other))
}

/// `None` for what is no file of its own: standard input, a pipe, a device.
fn identity(path: &Path) -> Option<Identity> {
    if is_standard(path) {
        return None;
    }
    match fs::metadata(path) {
        Ok(about) => about.is_file().then(|| Identity::Inode(about.dev(), about.ino())),
        Err(_) => Some(Identity::Place(fs::canonicalize(folder(path)).ok()?.join(path.file_name()?))),
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn readable(path: &Path) -> Result<(), String> {
    if is_standard(path) {
        return Ok(());
    }
    let about = fs::metadata(path).map_err(|error| reason(&error))?;
    match about {
        about if about.is_dir() => Err("it is a folder".to_owned()),
        // A pipe would be waited for.
        about if about.is_file() => File::open(path).map(drop).map_err(|error| reason(&error)),
        _ => Ok(()),
    }
}

fn writable(path: &Path) -> Result<(), String> {
    if is_standard(path) {
        return Ok(());
    }
    match fs::metadata(path) {
        Ok(about) if about.is_dir() => Err("it is a folder".to_owned()),
        Ok(about) if about.is_file() => {
            OpenOptions::new().append(true).open(path).map(drop).map_err(|error| reason(&error))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::metadata(folder(path)) {
            Ok(about) if about.is_dir() => Ok(()),
            Ok(_) => Err(format!("`{}` is no folder", folder(path).display())),
            Err(_) => Err(format!("there is no folder `{}`", folder(path).display())),
        },
        Err(error) => Err(reason(&error)),
    }
}

/// In the words of the operating system, the most frequent in ours.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "it may not be opened by this user".to_owned(),
        _ => error.to_string(),
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
