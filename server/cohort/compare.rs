//! Two cohorts beside each other: the difference at an age, with its 95 % interval.

use super::table::{Cell, Measure};

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// A difference, and where it lies with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// First less second: a share of people, or smallest units of money a person.
    pub value: f64,
    /// The interval.
    pub low: f64,
    #[allow(missing_docs)]
    pub high: f64,
}

/// How much more the first has than the second. `None` where too few people are known to say.
pub fn difference(measure: &Measure, first: &Cell, second: &Cell) -> Option<Difference> {
    match measure {
        Measure::Retention { .. } => Some(shares(
            (first.people, first.reached),
            (second.people, second.reached),
        )),
        Measure::Revenue { .. } => means(first, second),
    }
}

/// Of two shares, by Newcombe's method 10: from Wilson's interval of each (Statistics in Medicine 17, 1998).
pub fn shares(first: (u64, u64), second: (u64, u64)) -> Difference {
    let share = |(part, of): (u64, u64)| part as f64 / of as f64;
    let (a, b) = (share(first), share(second));
    let ((low_a, high_a), (low_b, high_b)) = (wilson(first), wilson(second));
    let far = |x: f64, y: f64| x.hypot(y);
    Difference {
        value: a - b,
        low: a - b - far(a - low_a, high_b - b),
        high: a - b + far(high_a - a, b - low_b),
    }
}

/// Wilson's interval of a share (Wilson 1927).
pub fn wilson((part, of): (u64, u64)) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, p) = (of as f64, part as f64 / of as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let scale = 1.0 + Z * Z / n;
    let (low, high) = ((middle - half) / scale, (middle + half) / scale);
    (
        if part == 0 { 0.0 } else { low },
        if part == of { 1.0 } else { high },
    )
}

/// Of two means, with variances of their own (Welch 1947).
fn means(first: &Cell, second: &Cell) -> Option<Difference> {
    let of = |cell: &Cell| {
        let n = cell.reached as f64;
        let mean = cell.sum.minor as f64 / n;
        let variance = (cell.sum.squares - n * mean * mean).max(0.0) / (n - 1.0);
        (n > 1.0).then_some((mean, variance / n))
    };
    let ((a, spread_a), (b, spread_b)) = (of(first)?, of(second)?);
    let half = Z * (spread_a + spread_b).sqrt();
    Some(Difference {
        value: a - b,
        low: a - b - half,
        high: a - b + half,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_intervals_come_out() {
        // Newcombe 1998, table II: 56/70 against 48/80 is 0.0524 to 0.3339 by method 10.
        let found = shares((56, 70), (48, 80));
        assert!((found.value - 0.2).abs() < 1e-12);
        assert!(
            (found.low - 0.0524).abs() < 5e-5 && (found.high - 0.3339).abs() < 5e-5,
            "{found:?}"
        );
        // And 0/10 against 0/10: -0.2775 to 0.2775.
        let none = shares((0, 10), (0, 10));
        assert!(
            (none.low + 0.2775).abs() < 5e-5 && (none.high - 0.2775).abs() < 5e-5,
            "{none:?}"
        );
    }
}
