//! Tables of the configuration as sources of rows.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tripline_connectors::file::{TableFile, TableFormat};
use tripline_connectors::json::{JsonRows, ValueRows};
use tripline_connectors::kafka::{KafkaClient, KafkaSource};
use tripline_engine::io::RowDecoder;
use tripline_engine::runner::TableInput;
use tripline_query_lang::plan::{Plan, Table, TableId};

use super::Surroundings;
use crate::config::{Config, Format, TableOrigin};

/// The tables that have a section; with whether progress is kept.
pub(super) fn inputs(
    plan: &Plan,
    config: &Config,
    clients: &BTreeMap<String, KafkaClient>,
    (is_kept, around): (bool, &Surroundings),
) -> Vec<TableInput> {
    let with_ids = plan.tables.iter().enumerate().map(|(id, table)| (TableId(id as u32), table));
    let input = |(id, table): (TableId, &Table)| {
        let origins = if table.is_param() { &config.lists } else { &config.tables };
        input(id, table, origins.get(&table.name)?, clients, (is_kept, around))
    };
    with_ids.filter_map(input).collect()
}

/// `None` only for a client that the configuration does not have, which reading it has refused.
fn input(
    id: TableId,
    table: &Table,
    origin: &TableOrigin,
    clients: &BTreeMap<String, KafkaClient>,
    (is_kept, around): (bool, &Surroundings),
) -> Option<TableInput> {
    match origin {
        TableOrigin::Kafka { client, topic } => {
            let source = KafkaSource::of_table(clients.get(client)?, topic);
            let decoder: Box<dyn RowDecoder> = match table.is_param() {
                true => Box::new(ValueRows::new(table)),
                false => Box::new(JsonRows::new(table)),
            };
            Some(TableInput { table: id, source: Box::new(source), decoder })
        }
        TableOrigin::File { path, format, history } => {
            let format = match format {
                _ if table.is_param() => TableFormat::Values,
                Format::Json => TableFormat::JsonLines,
                Format::Csv => TableFormat::Csv,
            };
            // Where progress is kept, a restart has to find what it rests on.
            let history = history.clone().or_else(|| is_kept.then(|| history_of(path)));
            let source = TableFile::new(table, path, format, history, around.notice.clone());
            let decoder = source.decoder();
            Some(TableInput { table: id, source: Box::new(source), decoder })
        }
    }
}

fn history_of(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".history");
    PathBuf::from(name)
}
