//! What is sent to `/api/v1/query` and `/api/v1/funnel`: bodies, and what stands behind the `?` of an address.

use std::collections::HashSet;

use crate::ground::{GROUND, NOW};
use crate::query::answer::{self, Answer, Figure};
use crate::query::dimension::Dimension;
use crate::query::metric::Metric;
use crate::query::read::Sent;
use crate::query::{OrderBy, Query};
use crate::query::{funnel, goals, sentence};

pub fn query(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    for sent in [Sent::json(input), Sent::query_string(&text)] {
        match sent.and_then(|sent| sent.read(&GROUND.site, NOW)) {
            Ok(query) => asked(&query),
            Err(why) => assert!(!why.is_empty()),
        }
    }
    for sent in [funnel::Sent::json(input), funnel::Sent::query_string(&text)] {
        match sent.and_then(|sent| sent.read(&GROUND.site, NOW)) {
            Ok(funnel) => stepped(&funnel),
            Err(why) => assert!(!why.is_empty()),
        }
    }
}

fn ask(query: &Query) -> Answer {
    answer::answer(&GROUND.store, query).expect("the store can be read")
}

fn asked(query: &Query) {
    let days = query.range.days();
    assert!(days.start() <= days.end() && days.clone().count() <= 3660);
    assert!((1..=10_000).contains(&query.limit) && !query.metrics.is_empty());
    assert!(!sentence::sentence(query).is_empty());
    let again = |sent: Result<Sent, String>| sent.and_then(|sent| sent.read(&GROUND.site, NOW));
    assert_eq!(
        again(Sent::json(query.json().to_string().as_bytes())).as_ref(),
        Ok(query)
    );
    assert_eq!(
        again(Sent::query_string(&query.query_string())).as_ref(),
        Ok(query)
    );

    let rows = ask(query).rows;
    assert!(rows.len() <= query.limit);
    let values: HashSet<_> = rows.iter().map(|row| &row.values).collect();
    assert_eq!(values.len(), rows.len(), "a row a value");
    for row in &rows {
        assert_eq!(row.values.len(), query.dimensions.len());
        assert_eq!(row.compare.is_some(), query.compare.is_some());
        for figures in [Some(&row.figures), row.compare.as_ref()]
            .into_iter()
            .flatten()
        {
            assert_eq!(figures.len(), query.metrics.len());
            for figure in figures {
                if let Figure::Ratio(Some(ratio)) = figure {
                    assert!(ratio.is_finite() && *ratio >= 0.0);
                }
            }
        }
    }
    // Rows come in the order that was asked for.
    if let Some(order) = query.order.first()
        && let OrderBy::Metric(metric) = order.by
        && let Some(place) = query.metrics.iter().position(|known| *known == metric)
        && !matches!(
            metric,
            Metric::Revenue | Metric::TotalRevenue | Metric::AverageValue
        )
    {
        let ranks: Vec<f64> = rows
            .iter()
            .filter_map(|row| rank(&row.figures[place]))
            .collect();
        assert!(ranks.is_sorted_by(|a, b| if order.ascending { a <= b } else { a >= b }));
    }
    // Fewer rows are the first of more.
    let one = Query {
        limit: 1,
        ..query.clone()
    };
    assert_eq!(ask(&one).rows.first(), rows.first());

    let is_split = query.dimensions.iter().any(Dimension::is_time);
    if query.filters.is_empty() && !is_split && days.count() < 400 {
        let goals = goals::goals(&GROUND.store, &GROUND.site, &query.range);
        let goals = goals.expect("the store can be read");
        assert!(
            goals
                .goals
                .iter()
                .all(|goal| goal.visitors <= goals.visitors)
        );
    }
}

fn rank(figure: &Figure) -> Option<f64> {
    match figure {
        Figure::Count(count) => Some(*count as f64),
        Figure::Ratio(ratio) => *ratio,
        Figure::Money(_) | Figure::Total(_) | Figure::Average(_) => None,
    }
}

fn stepped(asked: &funnel::Funnel) {
    assert!(!asked.sentence().is_empty());
    let again = funnel::Sent::json(asked.json().to_string().as_bytes());
    let again = again.and_then(|sent| sent.read(&GROUND.site, NOW));
    assert_eq!(again.as_ref(), Ok(asked));
    let reached = funnel::funnel(&GROUND.store, asked).expect("the store can be read");
    assert_eq!(reached.len(), asked.steps.len());
    assert!(reached.is_sorted_by(|a, b| a.visitors >= b.visitors));
}
