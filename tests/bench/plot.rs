//! The plot: the cost that each filter adds to a request, by the number of policies, on two logarithmic axes. Its
//! background is light or dark like the reader's system.

use std::fmt::Write;

use crate::numbers::{grouped, micros};
use crate::plan::{Filter, Operation};
use crate::results::Results;
use crate::sets::Kind;

const WIDTH: f64 = 820.0;
const HEIGHT: f64 = 480.0;

/// The margins around the axes.
const LEFT: f64 = 74.0;
const RIGHT: f64 = 248.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 58.0;

/// Smaller values are drawn here, in microseconds.
const LEAST: f64 = 0.1;

/// Lines of text that are closer than this are moved apart.
const LEADING: f64 = 18.0;

const STYLE: &str = "
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2328; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #59636e; }
  .paper { fill: #ffffff; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .floor { stroke: #59636e; stroke-width: 1.5; stroke-dasharray: 2 4; }
  .line { fill: none; stroke-width: 2.5; }
  .rbac { stroke: #bc4c00; } .rbac-text { fill: #bc4c00; }
  .module { stroke: #0969da; } .module-text { fill: #0969da; }
  .dot { stroke-width: 2; fill: #ffffff; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .paper, .dot { fill: #0d1117; }
    .grid { stroke: #3d444d; }
    .floor { stroke: #9198a1; }
    .rbac { stroke: #f0883e; } .rbac-text { fill: #f0883e; }
    .module { stroke: #4493f8; } .module-text { fill: #4493f8; }
  }
";

/// A line of the plot.
struct Series {
    class: &'static str,
    dashes: &'static str,
    label: String,
    /// Policies and microseconds.
    points: Vec<(f64, f64)>,
}

/// Maps values to positions on the page.
struct Axes {
    /// Powers of ten at the ends.
    from: (f64, f64),
    to: (f64, f64),
}

/// The plot of the measurements of one operation, as SVG.
pub(crate) fn svg(results: &Results, way: Operation) -> String {
    let series = series(results, way);
    let highest = series
        .iter()
        .flat_map(|series| &series.points)
        .fold(1.0_f64, |highest, (_, micros)| highest.max(*micros));
    let axes = Axes {
        from: (0.0, LEAST.log10()),
        to: (4.0, highest.log10().ceil()),
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-labelledby=\"title\">\n\
         <title id=\"title\">CPU that each filter adds to a request, by the number of policies</title>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"6\"/>\n\
         <text class=\"title\" x=\"{LEFT}\" y=\"28\">Added to each request, in microseconds of CPU</text>\n\
         <text class=\"quiet\" x=\"{LEFT}\" y=\"47\">Envoy {}, {} over mutual TLS; both axes logarithmic</text>\n",
        peerwarden_lab::locate::envoy_version(),
        way.as_str(),
    );
    axes.draw(&mut svg);
    let mut at = HEIGHT - BOTTOM;
    if let Some(floor) = results.line(way, Filter::OneProperty, Kind::Identity, 1) {
        let y = axes.y(floor.added.median);
        at = y;
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            svg,
            "<line class=\"floor\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            WIDTH - RIGHT
        );
    }
    for series in &series {
        series.draw(&mut svg, &axes);
    }
    let lowest = labels(&mut svg, &series, &axes);
    floor_label(&mut svg, at.max(lowest + LEADING * 1.5));
    svg.push_str("</svg>\n");
    svg
}

fn series(results: &Results, way: Operation) -> Vec<Series> {
    let mut all = Vec::new();
    for (filter, class) in [(Filter::Native, "rbac"), (Filter::Module, "module")] {
        for (kind, dashes) in [
            (Kind::Identity, "none"),
            (Kind::Full, "8 4"),
            (Kind::Service, "2 3"),
        ] {
            let points: Vec<_> = results
                .counts(way, kind)
                .into_iter()
                .filter_map(|count| {
                    let line = results.line(way, filter, kind, count)?;
                    Some((count as f64, line.added.median.max(LEAST)))
                })
                .collect();
            let Some((_, last)) = points.last() else { continue };
            all.push(Series {
                class,
                dashes,
                label: format!("{}, {}", micros(*last), kind.as_str()),
                points,
            });
        }
    }
    all
}

impl Axes {
    fn x(&self, value: f64) -> f64 {
        let share = (value.log10() - self.from.0) / (self.to.0 - self.from.0);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        let share = (value.max(LEAST).log10() - self.from.1) / (self.to.1 - self.from.1);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    /// Draws lines at each power of ten, with their numbers.
    fn draw(&self, svg: &mut String) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for power in self.from.1 as i32..=self.to.1 as i32 {
            let value = 10_f64.powi(power);
            let y = self.y(value);
            let label = if power < 0 {
                format!("{value}")
            } else {
                grouped(value as u64)
            };
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"quiet\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
                LEFT - 10.0,
                y + 4.0
            );
        }
        for power in self.from.0 as i32..=self.to.0 as i32 {
            let value = 10_f64.powi(power);
            let x = self.x(value);
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text class=\"quiet\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
                bottom + 20.0,
                grouped(value as u64)
            );
        }
        let _ = writeln!(
            svg,
            "<text class=\"quiet\" x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">policies</text>",
            (LEFT + right) / 2.0,
            bottom + 42.0
        );
    }
}

impl Series {
    fn draw(&self, svg: &mut String, axes: &Axes) {
        let place = |(count, micros): &(f64, f64)| (axes.x(*count), axes.y(*micros));
        let points: Vec<String> = self
            .points
            .iter()
            .map(place)
            .map(|(x, y)| format!("{x:.1},{y:.1}"))
            .collect();
        let (class, dashes) = (self.class, self.dashes);
        let _ = writeln!(
            svg,
            "<polyline class=\"line {class}\" stroke-dasharray=\"{dashes}\" points=\"{}\"/>",
            points.join(" ")
        );
        for (x, y) in self.points.iter().map(place) {
            let _ = writeln!(
                svg,
                "<circle class=\"dot {class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"/>"
            );
        }
    }
}

/// The position of labels.
const LABELS: f64 = WIDTH - RIGHT + 14.0;

/// Draws a label at the end of each line; below each other if ends are close. Returns the position of the lowest.
fn labels(svg: &mut String, series: &[Series], axes: &Axes) -> f64 {
    let x = LABELS;
    let mut last = TOP;
    for (class, name) in [("rbac", "Envoy's RBAC filter"), ("module", "peerwarden")] {
        let mut mine: Vec<(f64, &Series)> = series
            .iter()
            .filter(|series| series.class == class)
            .filter_map(|series| Some((axes.y(series.points.last()?.1), series)))
            .collect();
        mine.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let Some((highest, _)) = mine.first() else {
            continue;
        };
        let lowest = mine.last().map_or(*highest, |(lowest, _)| *lowest);
        // The block of lines is centred on the ends, within the paper.
        let height = LEADING * mine.len() as f64;
        let middle = f64::midpoint(*highest, lowest);
        let top = (middle - height / 2.0).clamp(TOP, HEIGHT - BOTTOM - height);
        let _ = writeln!(
            svg,
            "<text class=\"{class}-text\" font-weight=\"600\" x=\"{x}\" y=\"{top:.1}\">{name}</text>"
        );
        for (place, (_, series)) in mine.iter().enumerate() {
            let y = top + LEADING * (place + 1) as f64;
            last = y;
            let _ = writeln!(
                svg,
                "<line class=\"line {class}\" stroke-dasharray=\"{}\" x1=\"{x}\" x2=\"{}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
                 <text class=\"{class}-text\" x=\"{}\" y=\"{y:.1}\">{}</text>",
                series.dashes,
                x + 26.0,
                y - 4.0,
                y - 4.0,
                x + 32.0,
                series.label,
            );
        }
    }
    last
}

/// Draws the label of the horizontal line.
fn floor_label(svg: &mut String, y: f64) {
    let _ = writeln!(
        svg,
        "<line class=\"floor\" x1=\"{LABELS}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
         <text class=\"quiet\" x=\"{1}\" y=\"{2:.1}\">the cheapest Wasm filter that</text>\
         <text class=\"quiet\" x=\"{1}\" y=\"{3:.1}\">reads one property</text>",
        LABELS + 26.0,
        LABELS + 32.0,
        y + 4.0,
        y + 4.0 + LEADING,
    );
}
