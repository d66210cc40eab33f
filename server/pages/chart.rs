//! Series as SVG (crate `plotters`). Colours come from the page's style sheet, by class.

use plotters::prelude::*;

const WIDTH: u32 = 120;
const HEIGHT: u32 = 28;

/// A small line of one figure a day, with a zero line, for a table's row. Whoever can't see it hears its title.
pub(super) fn sparkline(figures: &[u64], of_what: &str) -> String {
    let mut svg = String::new();
    if draw(figures, &mut svg).is_err() {
        // Drawing into memory doesn't fail; the figures stand beside it all the same.
        return String::new();
    }
    let most = figures.iter().max().copied().unwrap_or(0);
    let title = format!(
        "{}: at most {most} a day over {} days",
        escaped(of_what),
        figures.len()
    );
    svg.replacen("<svg ", "<svg class=\"spark\" role=\"img\" ", 1)
        .replacen('>', &format!("><title>{title}</title>"), 1)
}

fn draw(figures: &[u64], svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (WIDTH, HEIGHT)).into_drawing_area();
    let most = figures.iter().max().copied().unwrap_or(0).max(1) as f64;
    let last = figures.len().saturating_sub(1).max(1) as f64;
    let mut chart = ChartBuilder::on(&area)
        .margin(2)
        .build_cartesian_2d(0f64..last, 0f64..most)
        .map_err(|e| e.to_string())?;
    let points = || {
        figures
            .iter()
            .enumerate()
            .map(|(day, n)| (day as f64, *n as f64))
    };
    // The colours are stand-ins: the style sheet sets them by the element.
    chart
        .draw_series(AreaSeries::new(points(), 0.0, BLUE.mix(0.15)))
        .map_err(|e| e.to_string())?;
    chart
        .draw_series(LineSeries::new(points(), BLUE.stroke_width(1)))
        .map_err(|e| e.to_string())?;
    area.present().map_err(|e| e.to_string())?;
    Ok(())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
