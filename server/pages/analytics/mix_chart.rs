//! The mix as pictures: what made up the outcome, what a channel brought, what it would bring of other spend. Bands are
//! intervals. Colours come from the style sheet, by class.

use std::fmt::Write;

use crate::pages::chart::{escaped, nice};

/// Parts of the time that a picture tells apart.
const STEPS: usize = 120;

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 240.0;

/// Channels with a colour of their own.
pub(super) const COLOURS: usize = 7;

/// Numbers of periods, brought to few enough to be told apart.
pub(super) struct Steps {
    periods: usize,
    /// Periods in a step.
    pub(super) each: usize,
}

impl Steps {
    pub(super) fn new(periods: usize) -> Steps {
        Steps {
            periods,
            each: periods.div_ceil(STEPS).max(1),
        }
    }

    /// Where each begins.
    pub(super) fn begins(&self) -> impl Iterator<Item = usize> {
        (0..self.periods).step_by(self.each)
    }

    /// The mean of each.
    pub(super) fn of(&self, line: &[f64]) -> Vec<f64> {
        let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
        line.chunks(self.each).map(mean).collect()
    }
}

/// A picture under construction: from an end of values to the other, over as many places as lines have.
pub(super) struct Picture {
    places: usize,
    least: f64,
    most: f64,
    parts: String,
    /// The values of the lines of the grid, the highest first.
    pub(super) grid: Vec<f64>,
}

impl Picture {
    pub(super) fn new(places: usize, least: f64, most: f64) -> Picture {
        // The zero line is a line of the grid.
        let step = nice((most - least.min(0.0)).max(1e-9) / 3.0);
        let below = (-least.min(0.0) / step).ceil();
        let above = (most / step).ceil().max(1.0);
        let mut picture = Picture {
            places,
            least: -below * step,
            most: above * step,
            parts: String::new(),
            grid: Vec::new(),
        };
        for line in 0..=(below + above) as usize {
            let value = picture.most - line as f64 * step;
            let y = picture.y(value);
            let class = if value.abs() < 1e-9 * step {
                "zero"
            } else {
                "rule"
            };
            let _ = write!(
                picture.parts,
                "<line class=\"{class}\" x1=\"0\" x2=\"{WIDTH}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            );
            picture.grid.push(value);
        }
        picture
    }

    fn x(&self, place: f64) -> f64 {
        place / (self.places.max(2) - 1) as f64 * WIDTH
    }

    fn y(&self, value: f64) -> f64 {
        (self.most - value) / (self.most - self.least) * HEIGHT
    }

    /// Places one after the other, from one on.
    fn points(&self, from: usize, line: impl Iterator<Item = f64>) -> Vec<String> {
        let point = |(place, value): (usize, f64)| {
            format!("{:.1} {:.1}", self.x((from + place) as f64), self.y(value))
        };
        line.enumerate().map(point).collect()
    }

    pub(super) fn line(&mut self, class: &str, from: usize, line: &[f64]) {
        let points = self.points(from, line.iter().copied()).join("L");
        if !points.is_empty() {
            let _ = write!(self.parts, "<path class=\"line {class}\" d=\"M{points}\"/>");
        }
    }

    pub(super) fn band(&mut self, class: &str, from: usize, low: &[f64], high: &[f64]) {
        let mut points = self.points(from, high.iter().copied());
        let mut back = self.points(from, low.iter().copied());
        back.reverse();
        points.extend(back);
        if !points.is_empty() {
            let _ = write!(
                self.parts,
                "<path class=\"area {class}\" d=\"M{}Z\"/>",
                points.join("L")
            );
        }
    }

    /// A stripe over a part of the width, 0 to 1.
    pub(super) fn stripe(&mut self, class: &str, from: f64, to: f64, words: &str) {
        let (from, width) = (from * WIDTH, (to - from) * WIDTH);
        let words = escaped(words);
        let _ = write!(
            self.parts,
            "<rect class=\"{class}\" x=\"{from:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{HEIGHT}\"><title>{words}</title></rect>"
        );
    }

    /// An upright line at a part of the width.
    pub(super) fn mark(&mut self, class: &str, at: f64, words: &str) {
        let (x, words) = (at * WIDTH, escaped(words));
        let _ = write!(
            self.parts,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{HEIGHT}\"><title>{words}</title></line>"
        );
    }

    /// What each place says when one points at it.
    pub(super) fn hits(&mut self, words: impl Iterator<Item = String>) {
        let width = 1.0 / self.places.max(1) as f64;
        for (at, words) in words.enumerate() {
            self.stripe("hit", at as f64 * width, (at + 1) as f64 * width, &words);
        }
    }

    /// The picture, with what it shows for whoever can't see it.
    pub(super) fn drawn(self, class: &str, title: &str) -> String {
        format!(
            "<svg class=\"mix {class}\" role=\"img\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\"><title>{}</title>{}</svg>",
            escaped(title),
            self.parts
        )
    }
}

/// Lines on top of each other, the first at the bottom.
pub(super) fn stacked(picture: &mut Picture, base: &[f64], lines: &[Vec<f64>]) {
    let zero = vec![0.0; base.len()];
    picture.band("base", 0, &zero, base);
    let mut below = base.to_vec();
    for (place, line) in lines.iter().enumerate() {
        let above: Vec<f64> = below
            .iter()
            .zip(line)
            .map(|(below, line)| below + line)
            .collect();
        picture.band(&format!("c{}", place.min(COLOURS)), 0, &below, &above);
        below = above;
    }
}

/// An interval on a scale of powers, and another over it: where each begins, and how wide it is, in hundredths.
pub(super) fn on_scale(ends: (f64, f64), from: f64, to: f64) -> (f64, f64) {
    let place = |value: f64| {
        let part = (value / ends.0).ln() / (ends.1 / ends.0).ln();
        (100.0 * part).clamp(0.0, 100.0)
    };
    let (from, to) = (place(from), place(to));
    (from, (to - from).max(0.8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_periods_become_few_steps() {
        let steps = Steps::new(730);
        assert_eq!((steps.each, steps.begins().count()), (7, 105));
        assert_eq!(Steps::new(3).of(&[1.0, 2.0, 4.0]), [1.0, 2.0, 4.0]);
        assert_eq!(steps.of(&[2.0; 730]).len(), 105);
    }

    #[test]
    fn a_picture_has_its_values_where_they_belong() {
        let mut picture = Picture::new(3, -1.0, 5.0);
        assert_eq!(picture.grid, [6.0, 4.0, 2.0, 0.0, -2.0]);
        picture.line("truth", 0, &[0.0, 6.0, -2.0]);
        picture.stripe("seen", 0.0, 0.5, "<b>");
        let svg = picture.drawn("x", "a & b");
        assert!(svg.contains("M0.0 180.0L500.0 0.0L1000.0 240.0"), "{svg}");
        assert!(svg.contains("&lt;b&gt;") && svg.contains("a &amp; b"));
    }

    #[test]
    fn intervals_stand_on_a_scale_of_powers() {
        let (from, width) = on_scale((0.01, 100.0), 0.1, 10.0);
        assert!((from - 25.0).abs() < 1e-9 && (width - 50.0).abs() < 1e-9);
        assert_eq!(on_scale((1.0, 10.0), 0.001, 0.002).0, 0.0);
    }
}
