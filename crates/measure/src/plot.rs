//! Results as one SVG picture: a panel for each unit, log-log, with a legend. Colours follow the reader's light or dark mode.

mod axis;
mod text;

use axis::{Axis, Scale};
use text::escaped;

use crate::sizes::spelled;
use crate::{Results, Row};

const PANEL_WIDTH: f64 = 620.0;
const PANEL_HEIGHT: f64 = 360.0;
const LEGEND_LINE: f64 = 18.0;
const MARGIN_LEFT: f64 = 76.0;
const MARGIN_TOP: f64 = 44.0;
const MARGIN_BOTTOM: f64 = 52.0;
const LEGEND_WIDTH: f64 = 330.0;

/// Colours that can be told apart in both modes, also by most who see fewer (after Okabe and Ito); a line past the last begins
/// again with other marks.
const COLOURS: usize = 7;

/// The colours are said once, so that both modes show the same lines.
const STYLE: &str = "
  svg { --ground: #ffffff; --ink: #1b1f24; --faint: #d0d7de; }
  .c0 { --c: #0072b2; } .c1 { --c: #d55e00; } .c2 { --c: #009e73; } .c3 { --c: #b0439a; }
  .c4 { --c: #a07800; } .c5 { --c: #3a8fc0; } .c6 { --c: #6b6b6b; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #0d1117; --ink: #e6edf3; --faint: #30363d; }
    .c0 { --c: #58a6ff; } .c1 { --c: #ff9e64; } .c2 { --c: #3ddc97; } .c3 { --c: #f08bd0; }
    .c4 { --c: #e3c34a; } .c5 { --c: #9ad4ff; } .c6 { --c: #b1b1b1; }
  }
  .ground { fill: var(--ground); }
  text { fill: var(--ink); font: 12px system-ui, sans-serif; }
  .title { font-size: 14px; font-weight: 600; }
  .grid { stroke: var(--faint); stroke-width: 1; }
  .line { fill: none; stroke: var(--c); stroke-width: 1.8; }
  .second { stroke-dasharray: 6 4; }
  .spread { stroke: var(--c); stroke-width: 1; opacity: 0.55; }
  .mark { fill: var(--c); }
";

/// The picture of one or more results; several are named, and all but the first drawn with broken lines.
pub fn write(results: &[(&str, &Results)]) -> String {
    let mut lines: Vec<Line> = Vec::new();
    for (number, (name, results)) in results.iter().enumerate() {
        for row in &results.rows {
            add(&mut lines, number, name, row);
        }
    }
    let mut units: Vec<(String, bool)> = Vec::new();
    for line in &lines {
        if !units.contains(&line.panel()) {
            units.push(line.panel());
        }
    }
    let mut body = String::new();
    let mut top = 0.0;
    for unit in &units {
        let of_panel: Vec<&Line> = lines.iter().filter(|line| line.panel() == *unit).collect();
        let height = PANEL_HEIGHT.max(MARGIN_TOP + MARGIN_BOTTOM + LEGEND_LINE * of_panel.len() as f64);
        panel(&mut body, &of_panel, top, height);
        top += height;
    }
    let (width, height) = (PANEL_WIDTH + LEGEND_WIDTH, top.max(PANEL_HEIGHT));
    let empty = if units.is_empty() { "<text x=\"40\" y=\"40\">no figures</text>\n" } else { "" };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" width=\"{width:.0}\" \
         height=\"{height:.0}\" role=\"img\" aria-label=\"archi bench\">\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"100%\" height=\"100%\"/>\n{body}{empty}</svg>\n"
    )
}

/// The figures of one thing over sizes, or over numbers of threads.
struct Line {
    label: String,
    unit: String,
    by_threads: bool,
    /// Which of several results it is of.
    number: usize,
    /// Which of the things it is: the same in all results.
    thing: String,
    /// Place, first quartile, median, third quartile.
    points: Vec<[f64; 4]>,
}

impl Line {
    /// What is drawn in one panel.
    fn panel(&self) -> (String, bool) {
        (self.unit.clone(), self.by_threads)
    }
}

fn add(lines: &mut Vec<Line>, number: usize, name: &str, row: &Row) {
    let by_threads = row.threads.is_some();
    let mut thing = row.line();
    if by_threads {
        thing += &format!(", {} bytes", spelled(row.bytes));
    }
    let label = if name.is_empty() { thing.clone() } else { format!("{name}: {thing}") };
    let at = if by_threads { row.threads.unwrap_or(1) as f64 } else { row.bytes as f64 };
    let sample = row.sample();
    let [Some(low), Some(median), Some(high)] = [0.25, 0.5, 0.75].map(|part| sample.quantile(part)) else {
        return;
    };
    let point = [at, low, median, high];
    match lines.iter_mut().find(|line| line.label == label && line.number == number) {
        Some(line) => line.points.push(point),
        None => {
            let unit = row.unit.clone();
            lines.push(Line { label, unit, by_threads, number, thing, points: vec![point] });
        }
    }
}

fn panel(body: &mut String, lines: &[&Line], top: f64, height: f64) {
    let (unit, by_threads) = lines[0].panel();
    let across = lines.iter().flat_map(|line| line.points.iter().map(|point| point[0]));
    let x_axis = Axis::new(Scale::Powers(2.0), across, MARGIN_LEFT, PANEL_WIDTH - 16.0);
    let upward = lines.iter().flat_map(|line| line.points.iter().flat_map(|point| point[1..].to_vec()));
    let scale = if unit == "%" { Scale::Hundred } else { Scale::Powers(10.0) };
    let y_axis = Axis::new(scale, upward, top + height - MARGIN_BOTTOM, top + MARGIN_TOP);
    let (left, right) = (MARGIN_LEFT, PANEL_WIDTH - 16.0);
    let (low, high) = (top + height - MARGIN_BOTTOM, top + MARGIN_TOP);
    for (value, place) in y_axis.ticks() {
        body.push_str(&format!(
            "<line class=\"grid\" x1=\"{left:.1}\" y1=\"{place:.1}\" x2=\"{right:.1}\" y2=\"{place:.1}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n",
            left - 6.0,
            place + 4.0,
            axis::number(value)
        ));
    }
    for (value, place) in x_axis.ticks() {
        let name = if by_threads { value.to_string() } else { spelled(value as u64) };
        body.push_str(&format!(
            "<line class=\"grid\" x1=\"{place:.1}\" y1=\"{low:.1}\" x2=\"{place:.1}\" y2=\"{high:.1}\"/>\
             <text x=\"{place:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{name}</text>\n",
            low + 18.0
        ));
    }
    let across = if by_threads { "threads" } else { "bytes" };
    body.push_str(&format!(
        "<text class=\"title\" x=\"{left:.1}\" y=\"{:.1}\">{} (median; bars: quartiles)</text>\n\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>\n",
        high - 16.0,
        escaped(&unit),
        (left + right) / 2.0,
        low + 38.0
    ));
    let mut things: Vec<&str> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let thing = things.iter().position(|thing| *thing == line.thing).unwrap_or_else(|| {
            things.push(&line.thing);
            things.len() - 1
        });
        draw(body, line, thing, &x_axis, &y_axis);
        let y = high + LEGEND_LINE * number as f64;
        legend(body, line, thing, y);
    }
}

fn draw(body: &mut String, line: &Line, thing: usize, x_axis: &Axis, y_axis: &Axis) {
    let (colour, second) = (thing % COLOURS, if line.number > 0 { " second" } else { "" });
    let mut points = line.points.clone();
    points.sort_by(|one, other| one[0].total_cmp(&other[0]));
    let places: Vec<String> = points
        .iter()
        .map(|point| format!("{:.1},{:.1}", x_axis.place(point[0]), y_axis.place(point[2])))
        .collect();
    body.push_str(&format!("<g class=\"c{colour}\">"));
    if places.len() > 1 {
        body.push_str(&format!("<polyline class=\"line{second}\" points=\"{}\"/>", places.join(" ")));
    }
    for point in &points {
        let x = x_axis.place(point[0]);
        let [low, middle, high] = [point[1], point[2], point[3]].map(|value| y_axis.place(value));
        body.push_str(&format!(
            "<line class=\"spread\" x1=\"{x:.1}\" y1=\"{low:.1}\" x2=\"{x:.1}\" y2=\"{high:.1}\"/>"
        ));
        mark(body, thing / COLOURS, x, middle);
    }
    body.push_str("</g>\n");
}

/// A circle, a square, a diamond: the marks of the first, the second and all later rounds of colours.
fn mark(body: &mut String, kind: usize, x: f64, y: f64) {
    let shape = match kind {
        0 => format!("<circle class=\"mark\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\"/>"),
        1 => format!(
            "<rect class=\"mark\" x=\"{:.1}\" y=\"{:.1}\" width=\"6\" height=\"6\"/>",
            x - 3.0,
            y - 3.0
        ),
        _ => format!("<path class=\"mark\" d=\"M{x:.1} {:.1}l4 4l-4 4l-4 -4z\"/>", y - 4.0),
    };
    body.push_str(&shape);
}

fn legend(body: &mut String, line: &Line, thing: usize, y: f64) {
    let (left, second) = (PANEL_WIDTH, if line.number > 0 { " second" } else { "" });
    body.push_str(&format!(
        "<g class=\"c{}\"><line class=\"line{second}\" x1=\"{left:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>",
        thing % COLOURS,
        left + 26.0
    ));
    mark(body, thing / COLOURS, left + 13.0, y);
    body.push_str(&format!(
        "<text x=\"{:.1}\" y=\"{:.1}\">{}</text></g>\n",
        left + 34.0,
        y + 4.0,
        escaped(&line.label)
    ));
}
