//! Bodies of `POST /api/v1/query`.

use std::collections::HashSet;

use crate::ground::{GROUND, NOW};
use crate::query::answer::{self, Figure};
use crate::query::goals;
use crate::query::question::{Metric, Sent};

pub fn query(input: &[u8]) {
    let Ok(sent) = serde_json::from_slice::<Sent>(input) else {
        return;
    };
    let question = match sent.read(&GROUND.site, NOW) {
        Ok(question) => question,
        Err(why) => return assert!(!why.is_empty()),
    };
    let days = question.range.days();
    assert!(days.start() <= days.end() && days.clone().count() <= 3660);
    assert!((1..=10_000).contains(&question.limit) && !question.metrics.is_empty());

    let rows = answer::answer(&GROUND.store, &question).expect("the store can be read");
    assert!(rows.len() <= question.limit);
    let values: HashSet<_> = rows.iter().map(|row| &row.value).collect();
    assert_eq!(values.len(), rows.len(), "a row a value");
    match &question.dimension {
        Some(_) => {}
        None => assert!(values.len() == 1 && values.contains(&None)),
    }
    for row in &rows {
        assert_eq!(row.figures.len(), question.metrics.len());
        for figure in &row.figures {
            if let Figure::Ratio(Some(ratio)) = figure {
                assert!(ratio.is_finite() && *ratio >= 0.0);
            }
        }
    }
    // Rows come in the order that was asked for.
    let (metric, ascending) = question.order;
    let place = question.metrics.iter().position(|known| *known == metric);
    if let Some(place) = place.filter(|_| metric != Metric::Revenue) {
        let ranks: Vec<f64> = rows.iter().map(|row| rank(&row.figures[place])).collect();
        assert!(ranks.is_sorted_by(|a, b| if ascending { a <= b } else { a >= b }));
    }
    // Fewer rows are the first of more.
    let one = crate::query::question::Question {
        limit: 1,
        ..question.clone()
    };
    let first = answer::answer(&GROUND.store, &one).expect("the store can be read");
    assert_eq!(first.first(), rows.first());

    if question.filters.is_empty() && days.count() < 400 {
        let goals = goals::goals(&GROUND.store, question.site, &question.range);
        let goals = goals.expect("the store can be read");
        assert!(
            goals
                .goals
                .iter()
                .all(|goal| goal.visitors <= goals.visitors)
        );
    }
}

fn rank(figure: &Figure) -> f64 {
    match figure {
        Figure::Count(count) => *count as f64,
        Figure::Ratio(ratio) => ratio.unwrap_or(f64::NEG_INFINITY),
        Figure::Money(_) => 0.0,
    }
}
