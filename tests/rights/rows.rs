//! How the table is written, and read.
//!
//! The first line names the columns. A row is a method, a path below `/api/v1`, and what each actor is answered; `.` stands
//! for an actor whom another row of the endpoint asks. Indented below a row stands what is sent with it: the query, a JSON
//! body, a text in quotation marks, or a header. `<thing>` is the id of a thing that all rows share, `<thing*>` of one that
//! is made for the row, and anew for each who is let in. `#` begins a comment.

use crate::actors::Actor;
use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;

/// A line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// Where it stands, from 1 on.
    pub(crate) line: usize,
    /// How it is asked.
    pub(crate) method: Method,
    /// What is asked, with names of things.
    pub(crate) path: String,
    /// What it is answered with, by actor.
    pub(crate) cells: Vec<(Actor, u16)>,
    /// What is sent.
    pub(crate) content: Content,
    /// What is said beside it.
    pub(crate) headers: Vec<(String, String)>,
}

/// What is sent with a request, with names of things.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing.
    #[default]
    None,
    /// JSON.
    Json(String),
    /// Bytes that say nothing of themselves.
    Text(String),
}

/// An endpoint as the table and the description both write it: what is in braces does not count.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Endpoint {
    path: String,
    method: String,
}

impl Endpoint {
    /// Of a path with parameters in braces.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self { path: replaced(path, ('{', '}')), method: method.to_uppercase() }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

impl Row {
    /// What is asked, whichever thing it is asked of.
    pub(crate) fn endpoint(&self) -> Endpoint {
        let path = self.path.split('?').next().unwrap_or_default();
        Endpoint { path: format!("/api/v1/{}", replaced(path, ('<', '>'))), method: self.method.to_string() }
    }

    /// Those who are refused, and then those who are let in: what they do may be possible once.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (Actor, u16)> {
        let refused = self.cells.iter().filter(|(_, status)| *status >= 400);
        refused.chain(self.cells.iter().filter(|(_, status)| *status < 400)).copied()
    }

    /// Whether anyone at all is let in without an account.
    pub(crate) fn is_open_to_nobody(&self) -> bool {
        self.cells.iter().any(|(actor, status)| *actor == Actor::Nobody && *status < 400)
    }
}

fn replaced(path: &str, (opening, closing): (char, char)) -> String {
    let mut parts = path.split(opening);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "{}" + part.split_once(closing).map_or("", |(_, rest)| rest))
}

/// Reads a table.
///
/// # Errors
/// With the number of the line that is none.
pub(crate) fn rows(table: &str) -> Result<Vec<Row>> {
    let mut rows: Vec<Row> = Vec::new();
    let lines = table.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty() && !line.starts_with('#'));
    let mut has_head = false;
    for (line, number) in lines {
        if !has_head {
            let names: Vec<_> = Actor::ALL.into_iter().map(Actor::name).collect();
            ensure!(line.split_whitespace().eq(names), "the table begins with the names of its columns");
            has_head = true;
        } else if line.starts_with(' ') {
            let row = rows.last_mut().with_context(|| format!("line {number} belongs to no row"))?;
            add(row, line.trim()).with_context(|| format!("line {number}: {line}"))?;
        } else {
            rows.push(row(line, number).with_context(|| format!("line {number}: {line}"))?);
        }
    }
    Ok(rows)
}

fn row(text: &str, line: usize) -> Result<Row> {
    let mut words = text.split_whitespace();
    let method = words.next().context("no method")?.parse()?;
    let path = words.next().context("no path")?.to_owned();
    let statuses: Vec<_> = words.collect();
    ensure!(statuses.len() == Actor::ALL.len(), "{} cells for {} actors", statuses.len(), Actor::ALL.len());
    let asked = Actor::ALL.into_iter().zip(statuses).filter(|(_, status)| *status != ".");
    let cells = asked.map(|(actor, status)| Ok((actor, status.parse()?))).collect::<Result<_>>()?;
    Ok(Row { line, method, path, cells, content: Content::None, headers: Vec::new() })
}

fn add(row: &mut Row, text: &str) -> Result<()> {
    // A body that goes on is not closed yet.
    if let Content::Json(body) = &mut row.content
        && !body.ends_with('}')
    {
        *body += text;
    } else if text.starts_with('?') {
        row.path += text;
    } else if text.starts_with('{') {
        row.content = Content::Json(text.to_owned());
    } else if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        row.content = Content::Text(text.to_owned());
    } else if let Some((name, value)) = text.split_once(": ") {
        row.headers.push((name.to_owned(), value.to_owned()));
    } else {
        bail!("neither a query, a body nor a header");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = " nobody owner other holder coord worker spec artist admin\n";

    #[test]
    fn row_is_read_with_all_that_is_sent() {
        let row = "PATCH songs/<song*> 401 200 404 . . . . . 204\n  ?a=<b>\n  {\"c\":\n  1}\n  x-d: e\n";
        let rows = rows(&format!("# comment\n{HEAD}\n{row}")).unwrap();
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        let expected = [(Actor::Nobody, 401), (Actor::Other, 404), (Actor::Owner, 200), (Actor::Admin, 204)];
        assert_eq!(row.in_order().collect::<Vec<_>>(), expected);
        assert_eq!((row.line, row.path.as_str()), (4, "songs/<song*>?a=<b>"));
        assert_eq!(row.endpoint(), Endpoint::new("patch", "/api/v1/songs/{id}"));
        assert_eq!(row.content, Content::Json("{\"c\":1}".to_owned()));
        assert_eq!(row.headers, [("x-d".to_owned(), "e".to_owned())]);
    }

    #[test]
    fn table_with_a_column_or_a_cell_too_few_is_refused() {
        for wrong in [
            "nobody owner\nGET songs 401 200\n".to_owned(),
            format!("{HEAD}GET songs 401 200\n"),
            format!("{HEAD}GET songs 401 200 200 200 200 200 200 200 yes\n"),
            format!("{HEAD}  {{}}\n"),
        ] {
            assert!(rows(&wrong).is_err(), "{wrong}");
        }
    }
}
