//! Tables in the layout of Juju's command line: two spaces between columns, no trailing blanks.

use super::terminal::{Palette, Tone};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub(crate) fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    /// A status word in the tone it deserves.
    pub(crate) fn status(word: &str) -> Self {
        Self::toned(word, Tone::of_status(word))
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::toned(text, Tone::Plain)
    }
}

/// Rows under a header.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    header: Vec<(&'static str, Align)>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A `>` in front of a title aligns its column to the right.
    pub(crate) fn new(titles: &[&'static str]) -> Self {
        let column = |title: &&'static str| match title.strip_prefix('>') {
            Some(title) => (title, Align::Right),
            None => (*title, Align::Left),
        };
        Self {
            header: titles.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn render(&self, palette: Palette) -> String {
        let titles: Vec<Cell> = self
            .header
            .iter()
            .map(|(title, _)| Cell::toned(*title, Tone::Strong))
            .collect();
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                self.rows
                    .iter()
                    .chain([&titles])
                    .filter_map(|row| row.get(column))
                    .map(|cell| width(&cell.text))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for row in [&titles].into_iter().chain(&self.rows) {
            self.line(&mut out, row, &widths, palette);
        }
        out
    }

    fn line(&self, out: &mut String, row: &[Cell], widths: &[usize], palette: Palette) {
        let used = row
            .iter()
            .rposition(|cell| !cell.text.is_empty())
            .map_or(0, |last| last + 1);
        for (column, cell) in row.iter().take(used).enumerate() {
            if column > 0 {
                out.push_str("  ");
            }
            let fill = widths
                .get(column)
                .copied()
                .unwrap_or(0)
                .saturating_sub(width(&cell.text));
            let right = self
                .header
                .get(column)
                .is_some_and(|(_, align)| *align == Align::Right);
            if right {
                out.extend(std::iter::repeat_n(' ', fill));
            }
            out.push_str(&palette.paint(cell.tone, &cell.text));
            if !right && column + 1 < used {
                out.extend(std::iter::repeat_n(' ', fill));
            }
        }
        out.push('\n');
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_lines_end_with_their_text() {
        let mut table = Table::new(&["Name", ">Scale", "Message"]);
        table.row(["postgresql".into(), "3".into(), "".into()]);
        table.row(["pg".into(), "12".into(), "no primary".into()]);
        table.row(["none".into(), "".into(), "".into()]);
        let expected = "\
Name        Scale  Message
postgresql      3
pg             12  no primary
none
";
        assert_eq!(table.render(Palette::plain()), expected);
    }

    #[test]
    fn colours_do_not_shift_columns() {
        let mut table = Table::new(&["Status", "Message"]);
        table.row([Cell::status("error"), "x".into()]);
        assert_eq!(
            table.render(Palette::coloured()),
            "\u{1b}[1mStatus\u{1b}[0m  \u{1b}[1mMessage\u{1b}[0m\n\u{1b}[31merror\u{1b}[0m   x\n"
        );
    }
}
