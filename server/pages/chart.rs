//! Series as SVG (crate `plotters`). Colours come from the page's style sheet, by class.

use plotters::prelude::*;

const SPARK: (u32, u32) = (120, 28);
const SERIES: (u32, u32) = (1152, 200);

/// Lines of the grid above the zero line.
const LINES: u32 = 3;

/// A small line of one figure a step, with a zero line, for a table's row. Whoever can't see it hears its title.
pub(super) fn sparkline(figures: &[u64], of_what: &str, step: &str) -> String {
    let most = figures.iter().max().copied().unwrap_or(0);
    let points: Vec<f64> = figures.iter().map(|n| *n as f64).collect();
    let Ok(svg) = draw(SPARK, 2, &[&points], most.max(1) as f64, 0) else {
        // Drawing into memory doesn't fail; the figures stand beside it all the same.
        return String::new();
    };
    let count = figures.len();
    let title = format!("{of_what}: at most {most} a {step} over {count} {step}s");
    titled(&svg, "spark", &title, "")
}

/// One point of a series: what it says when one points at it.
pub(super) struct Point {
    pub(super) value: f64,
    pub(super) before: Option<f64>,
    pub(super) words: String,
    /// What happened then; empty for nothing.
    pub(super) note: String,
}

/// A series over the page's width, with the one before as a thin line. What is written beside it is the page's.
pub(super) struct Series {
    pub(super) svg: String,
    /// The values of the lines of the grid, the highest first, the zero line last.
    pub(super) grid: Vec<f64>,
}

/// Draws a series.
pub(super) fn series(points: &[Point], title: &str) -> Series {
    let now: Vec<f64> = points.iter().map(|point| point.value).collect();
    let before: Option<Vec<f64>> = points.iter().map(|point| point.before).collect();
    let most = now.iter().chain(before.iter().flatten()).copied();
    let is_whole = now.iter().all(|value| value.fract() == 0.0);
    let step = nice(most.fold(0.0, f64::max) / f64::from(LINES));
    // Half a visitor is nobody.
    let step = if is_whole { step.ceil() } else { step };
    let top = step * f64::from(LINES);
    let mut lines = vec![now.as_slice()];
    lines.extend(before.as_deref());
    let svg = draw(SERIES, 0, &lines, top, LINES).unwrap_or_default();
    let width = f64::from(SERIES.0) / points.len().max(1) as f64;
    let mut hits = String::new();
    for (at, point) in points.iter().enumerate() {
        hits += &format!(
            "<rect class=\"hit\" x=\"{:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{}\"><title>{}</title></rect>",
            at as f64 * width,
            SERIES.1,
            escaped(&point.words)
        );
        if !point.note.is_empty() {
            hits += &format!(
                "<line class=\"noted\" x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"0\" y2=\"{1}\"><title>{2}</title></line>",
                (at as f64 + 0.5) * width,
                SERIES.1,
                escaped(&point.note)
            );
        }
    }
    Series {
        svg: titled(&svg, "series", title, &hits),
        grid: (0..=LINES)
            .rev()
            .map(|line| step * f64::from(line))
            .collect(),
    }
}

/// How a curve is drawn.
#[derive(Clone, Copy)]
pub(super) enum Pen {
    /// What is meant.
    Bold,
    /// What it may go on as.
    Dashed,
    /// What it is made of.
    Thin,
}

/// Curves over ages that stand side by side; a curve has no point where nothing is known.
pub(super) fn curves(curves: &[(Pen, Vec<Option<f64>>)], title: &str) -> Series {
    let known = curves
        .iter()
        .flat_map(|(_, points)| points.iter().flatten());
    let top = nice(known.copied().fold(0.0, f64::max) / f64::from(LINES)) * f64::from(LINES);
    let svg = draw_curves(curves, top).unwrap_or_default();
    let line = |line: u32| top * f64::from(line) / f64::from(LINES);
    Series {
        svg: titled(&svg, "series curves", title, ""),
        grid: (0..=LINES).rev().map(line).collect(),
    }
}

fn draw_curves(
    curves: &[(Pen, Vec<Option<f64>>)],
    top: f64,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SERIES).into_drawing_area();
        let ages = curves.iter().map(|(_, points)| points.len()).max();
        let (from, to) = (-0.5, ages.unwrap_or(0).max(1) as f64 - 0.5);
        let mut chart = ChartBuilder::on(&area)
            .build_cartesian_2d(from..to, 0f64..top)
            .map_err(|e| e.to_string())?;
        for line in 0..=LINES {
            let y = top * f64::from(line) / f64::from(LINES);
            let rule = PathElement::new(vec![(from, y), (to, y)], BLACK.mix(0.2));
            chart.draw_series([rule]).map_err(|e| e.to_string())?;
        }
        for (pen, points) in curves {
            // The style sheet knows each by its colour.
            let colour = match pen {
                Pen::Bold => RGBColor(0, 0, 255),
                Pen::Dashed => RGBColor(0, 0, 254),
                Pen::Thin => RGBColor(0, 0, 253),
            };
            let placed = points.iter().enumerate();
            let placed = placed.filter_map(|(at, n)| Some((at as f64, (*n)?)));
            chart
                .draw_series(LineSeries::new(placed, colour.stroke_width(1)))
                .map_err(|e| e.to_string())?;
        }
        area.present().map_err(|e| e.to_string())?;
    }
    Ok(svg)
}

/// The least round number that is no less; 1 for nothing.
pub(super) fn nice(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let unit = 10f64.powf(value.log10().floor());
    let steps = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.5, 10.0].map(|step| step * unit);
    let found = steps.into_iter().find(|step| *step >= value * 0.999_999);
    found.unwrap_or(10.0 * unit)
}

/// Lines of a figure a step, the first one with its area. The colours are stand-ins: the style sheet sets them by the
/// element.
fn draw(
    size: (u32, u32),
    margin: i32,
    lines: &[&[f64]],
    top: f64,
    grid: u32,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let steps = lines.first().map_or(0, |line| line.len()).max(1) as f64;
        // A point stands in the middle of its step; in a small line the first and the last stand at the ends.
        let (from, to) = if margin == 0 {
            (-0.5, steps - 0.5)
        } else {
            (0.0, (steps - 1.0).max(1.0))
        };
        let mut chart = ChartBuilder::on(&area)
            .margin(margin)
            .build_cartesian_2d(from..to, 0f64..top)
            .map_err(|e| e.to_string())?;
        let grid = (0..=grid).filter(|_| grid > 0);
        for line in grid {
            let y = top * f64::from(line) / f64::from(LINES);
            let rule = PathElement::new(vec![(from, y), (to, y)], BLACK.mix(0.2));
            chart.draw_series([rule]).map_err(|e| e.to_string())?;
        }
        for (nth, line) in lines.iter().enumerate() {
            let points = || line.iter().enumerate().map(|(at, n)| (at as f64, *n));
            if nth == 0 {
                chart
                    .draw_series(AreaSeries::new(points(), 0.0, BLUE.mix(0.15)))
                    .map_err(|e| e.to_string())?;
            }
            chart
                .draw_series(LineSeries::new(points(), BLUE.stroke_width(1)))
                .map_err(|e| e.to_string())?;
        }
        area.present().map_err(|e| e.to_string())?;
    }
    Ok(svg)
}

/// The picture as an element that says what it is.
fn titled(svg: &str, class: &str, title: &str, more: &str) -> String {
    svg.replacen(
        "<svg ",
        &format!("<svg class=\"{class}\" role=\"img\" preserveAspectRatio=\"none\" "),
        1,
    )
    .replacen('>', &format!("><title>{}</title>", escaped(title)), 1)
    .replace("</svg>", &format!("{more}</svg>"))
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_have_round_values() {
        for (value, expected) in [
            (0.0, 1.0),
            (0.7, 0.75),
            (3.0, 3.0),
            (21.0, 25.0),
            (430.0, 500.0),
            (500.0, 500.0),
        ] {
            assert_eq!(nice(value), expected);
        }
    }

    #[test]
    fn what_strangers_wrote_is_no_markup() {
        let svg = sparkline(&[1, 2], "<script>\"&", "day");
        assert!(svg.contains("&lt;script&gt;&quot;&amp;") && !svg.contains("<script"));
        let point = Point {
            value: 1.0,
            before: None,
            words: "<b>".into(),
            note: "<u>".into(),
        };
        assert!(series(&[point], "<i>").svg.contains("&lt;b&gt;"));
    }
}
