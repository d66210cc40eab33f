//! Curves of cohorts by age.

use super::scale::{Scale, number};
use crate::cohort::Answer;
use crate::cohort::table::{Cell, Cohort};
use crate::pages::chart::{self, Pen};
use crate::pages::words;

/// Curves beside that of all.
const CURVES: usize = 8;

pub(super) struct Picture {
    pub(super) svg: String,
    pub(super) grid: Vec<String>,
}

pub(super) fn picture(found: &Answer, scale: &Scale) -> Option<Picture> {
    let of = |cohort: &Cohort| -> Vec<Option<f64>> {
        let number = |cell: &Option<Cell>| {
            cell.as_ref()
                .map(|cell| scale.drawn(number(cell, scale.is_money)))
        };
        cohort.cells.iter().map(number).collect()
    };
    let all = of(&found.table.all);
    if all.iter().flatten().count() < 2 {
        return None;
    }
    let mut largest: Vec<&Cohort> = found.table.cohorts.iter().collect();
    largest.sort_by_key(|cohort| std::cmp::Reverse(cohort.size));
    let thin = largest.into_iter().take(CURVES);
    let mut curves: Vec<_> = thin.map(|cohort| (Pen::Thin, of(cohort))).collect();
    if let Some(Ok(prediction)) = &found.prediction {
        let mut guess: Vec<Option<f64>> = prediction.cells.last().cloned().unwrap_or_default();
        guess
            .iter_mut()
            .for_each(|guess| *guess = guess.map(|guess| scale.drawn(guess)));
        // It goes on from what is known last.
        if let Some(last) = all.iter().rposition(Option::is_some)
            && guess.iter().any(Option::is_some)
        {
            guess[last] = all[last];
        }
        curves.push((Pen::Dashed, guess));
    }
    curves.push((Pen::Bold, all));
    let drawn = chart::curves(&curves, "All together, and the largest cohorts, by age");
    let grid = drawn.grid.iter().map(|value| match scale.is_money {
        true => words::few(*value),
        false => format!("{} %", words::trimmed(value * 100.0)),
    });
    Some(Picture {
        grid: grid.collect(),
        svg: drawn.svg,
    })
}
