//! The tables, of one template for a single server and for a cluster.
//!
//! `about` says of which log the rows are. `event` has a row an event, ordered by site, day and number; a row that comes again replaces the one that is there.
//! `day_sum` has what a day's events come to, by what is asked for most, kept by ClickHouse itself as rows come in. On a
//! cluster both are `…_local` on each server, replicated in its shard, and the name without that stands for all of them;
//! a visitor's events are on one shard.

use super::place::Place;

pub(super) struct Tables {
    database: String,
    cluster: Option<String>,
}

/// What `day_sum` is kept by: pairs of a kind (the number of a [`By`](crate::store::reports::group::By)) and a key.
const KINDS: &str = "arrayConcat([(toUInt8(0), toUInt32(0)), (1, goal), (2, url), (3, entry), (5, origin), (6, client)],
        if(goal = 0, [(toUInt8(7), url)], []))";

/// The sums of the rows of `event`, of the kinds above, but for `FROM` and what follows it.
const SUMS: &str = "site, kept.1 AS kind, day, kept.2 AS key, countIf(goal = 0) AS views, countIf(goal != 0) AS fires,
        sum(begins) AS sessions, sum(engages) AS engaged, sum(seconds) AS seconds,
        groupBitmapStateIf(visitor, visitor != 0) AS visitors";

impl Tables {
    pub(super) fn new(place: &Place) -> Tables {
        Tables {
            database: place.database.clone(),
            cluster: place.cluster.clone(),
        }
    }

    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// Where a table is asked, on all servers.
    pub(super) fn asked(&self, table: &str) -> String {
        format!("{}.{table}", self.database)
    }

    /// Where a table's rows are, on each server by itself.
    pub(super) fn kept(&self, table: &str) -> String {
        match self.cluster {
            Some(_) => format!("{}.{table}_local", self.database),
            None => self.asked(table),
        }
    }

    /// What makes something happen on all servers, behind a table's name.
    pub(super) fn everywhere(&self) -> String {
        match &self.cluster {
            Some(cluster) => format!("ON CLUSTER {cluster}"),
            None => String::new(),
        }
    }

    fn engine(&self, table: &str, kind: &str, argument: &str) -> String {
        match (&self.cluster, argument) {
            (None, argument) => format!("{kind}MergeTree({argument})"),
            (Some(_), argument) => {
                let comma = if argument.is_empty() { "" } else { ", " };
                format!(
                    "Replicated{kind}MergeTree('/clickhouse/tables/{{shard}}/{}/{table}', '{{replica}}'{comma}{argument})",
                    self.database
                )
            }
        }
    }

    /// All of them by name, and what makes each; the database is made with the first.
    pub(super) fn all(&self) -> Vec<(String, String)> {
        let (database, everywhere) = (&self.database, self.everywhere());
        let kept = |table: &str| match self.cluster {
            Some(_) => format!("{table}_local"),
            None => table.to_owned(),
        };
        let made = format!("CREATE DATABASE IF NOT EXISTS {database} {everywhere}");
        let mut all = vec![(kept("event"), made)];
        let event = format!(
            "CREATE TABLE IF NOT EXISTS {} {everywhere} (
                    site Int64,
                    day Int32 CODEC(Delta, ZSTD),
                    id Int64 CODEC(Delta, ZSTD),
                    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD),
                    goal UInt32,
                    visitor UInt32,
                    session Int64 CODEC(Delta, ZSTD),
                    begins UInt8,
                    engages UInt8,
                    seconds UInt16,
                    url UInt32,
                    entry UInt32,
                    origin UInt32,
                    client UInt32,
                    query UInt32,
                    query_text String CODEC(ZSTD),
                    referrer UInt32,
                    metadata String CODEC(ZSTD),
                    pairs Map(LowCardinality(String), String) CODEC(ZSTD),
                    amount Int64,
                    currency LowCardinality(String),
                    version UInt32,
                    INDEX by_id id TYPE minmax GRANULARITY 1,
                    INDEX by_visitor visitor TYPE bloom_filter GRANULARITY 4
                 ) ENGINE = {}
                 PARTITION BY toYYYYMM(at) ORDER BY (site, day, id) {}",
            self.kept("event"),
            self.engine("event", "Replacing", "version"),
            self.window(),
        );
        all.push((kept("event"), event));
        let about = format!(
                "CREATE TABLE IF NOT EXISTS {} {everywhere} (log String, at DateTime64(3, 'UTC') DEFAULT now64(3))
                 ENGINE = {} ORDER BY at",
                self.kept("about"),
                self.engine("about", "", ""),
        );
        all.push((kept("about"), about));
        let day_sum = format!(
            "CREATE TABLE IF NOT EXISTS {} {everywhere} (
                    site Int64,
                    kind UInt8,
                    day Int32,
                    key UInt32,
                    views SimpleAggregateFunction(sum, UInt64),
                    fires SimpleAggregateFunction(sum, UInt64),
                    sessions SimpleAggregateFunction(sum, UInt64),
                    engaged SimpleAggregateFunction(sum, UInt64),
                    seconds SimpleAggregateFunction(sum, UInt64),
                    visitors AggregateFunction(groupBitmap, UInt32)
                 ) ENGINE = {}
                 PARTITION BY intDiv(day, 31) ORDER BY (site, kind, day, key) {}",
            self.kept("day_sum"),
            self.engine("day_sum", "Aggregating", ""),
            self.window(),
        );
        all.push((kept("day_sum"), day_sum));
        let view = format!(
            "CREATE MATERIALIZED VIEW IF NOT EXISTS {} {everywhere} TO {} AS {}",
            self.asked("day_sum_of_event"),
            self.kept("day_sum"),
            self.sums("1"),
        );
        all.push(("day_sum_of_event".into(), view));
        if let Some(cluster) = &self.cluster {
            for (table, by) in [
                ("event", "cityHash64(site, visitor)"),
                ("day_sum", "rand()"),
                ("about", "rand()"),
            ] {
                let stands = format!(
                    "CREATE TABLE IF NOT EXISTS {database}.{table} {everywhere} AS {database}.{table}_local
                     ENGINE = Distributed({cluster}, {database}, {table}_local, {by})"
                );
                all.push((table.into(), stands));
            }
        }
        all
    }

    /// What makes the sums of events anew that are as `condition` says.
    pub(super) fn sum_anew(&self, condition: &str) -> String {
        // On a cluster all of them go to one shard: sums of sums are the same wherever they lie.
        let sums = self
            .sums(condition)
            .replace(&self.kept("event"), &self.asked("event"));
        // Under a name of its own, since the same sums may have been there before.
        let name = uuid::Uuid::now_v7();
        format!(
            "INSERT INTO {} SETTINGS insert_deduplication_token = 'sums-{name}', distributed_foreground_insert = 1,
                max_partitions_per_insert_block = 0 {sums}",
            self.asked("day_sum")
        )
    }

    /// What gives the sums of events on one server that are as `condition` says.
    pub(super) fn sums(&self, condition: &str) -> String {
        format!(
            "SELECT {SUMS} FROM {} ARRAY JOIN {KINDS} AS kept WHERE {condition} GROUP BY site, kind, day, key",
            self.kept("event")
        )
    }

    /// How many of the last blocks are known by name, and for how long.
    fn window(&self) -> &'static str {
        match self.cluster {
            Some(_) => {
                "SETTINGS replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 2592000"
            }
            None => "SETTINGS non_replicated_deduplication_window = 10000",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_has_replicated_tables_and_ones_that_stand_for_all() {
        let place: Place = "clickhouse://h/shop?cluster=big".parse().unwrap();
        let all: Vec<String> = Tables::new(&place)
            .all()
            .into_iter()
            .map(|(_, sql)| sql)
            .collect();
        assert!(
            all.iter().all(|sql| sql.contains("ON CLUSTER big")),
            "{all:?}"
        );
        assert!(all[1].contains(
            "shop.event_local ON CLUSTER big"
        ) && all[1].contains(
            "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/shop/event', '{replica}', version)"
        ), "{}", all[1]);
        assert!(all[3].contains(
            "ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/shop/day_sum', '{replica}')"
        ));
        assert!(
            all[4].contains("TO shop.day_sum_local AS SELECT")
                && all[4].contains("FROM shop.event_local")
        );
        assert!(all[5].contains("Distributed(big, shop, event_local, cityHash64(site, visitor))"));
        let place: Place = "clickhouse://h/shop".parse().unwrap();
        let all: Vec<String> = Tables::new(&place)
            .all()
            .into_iter()
            .map(|(_, sql)| sql)
            .collect();
        assert!(!all.iter().any(|sql| sql.contains("CLUSTER")
            || sql.contains("_local")
            || sql.contains("Replicated")));
        assert_eq!(all.len(), 5);
    }
}
