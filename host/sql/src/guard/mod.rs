//! The guard: lets a statement through only if it understands all of it.
//!
//! Three looks, each refusing what it does not know: at the [text](text) (tokens that SQLite, PostgreSQL and the parser
//! read alike, so that what is judged is what runs), at the syntax tree ([query], [change], [expression]), and at every
//! [name](names) in it. A statement that passes touches tables of its service alone and means the same on every engine.

mod change;
mod expression;
mod functions;
mod names;
mod query;
mod text;
mod verdicts;

use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::{NESTING_DEPTH_MAX, STATEMENT_BYTES_MAX};
use mutrapro_manifest::{App, Service};
use names::Names;
use sqlparser::ast::Statement;
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::Token;
use std::collections::BTreeSet;
use verdicts::Verdicts;

/// What a statement may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// It changes nothing.
    pub(crate) is_read: bool,
    /// How many parameters it takes.
    pub(crate) parameters: usize,
}

/// Judges the statements of one service.
#[derive(Debug)]
pub(crate) struct Guard {
    names: Names,
    verdicts: Verdicts,
}

impl Guard {
    pub(crate) fn new(app: &App, service: &Service) -> Self {
        Self { names: Names::new(app, service), verdicts: Verdicts::default() }
    }

    /// Judges a statement together with the number of its parameters.
    ///
    /// # Errors
    /// [`Error::Forbidden`] or [`Error::Invalid`], with what is wrong and what to do about it.
    pub(crate) fn judge(&self, statement: &str, parameters: usize) -> Result<Verdict, Error> {
        let verdict = self.verdicts.get_or_judge(statement, || self.judge_anew(statement))?;
        if verdict.parameters != parameters {
            return Err(Error::Invalid(format!(
                "the statement takes {} parameters ($1 and so on, each at least once), not {parameters}",
                verdict.parameters
            )));
        }
        Ok(verdict)
    }

    fn judge_anew(&self, statement: &str) -> Result<Verdict, Error> {
        if statement.len() > STATEMENT_BYTES_MAX {
            return Err(Error::Invalid(format!(
                "a statement of {} bytes is longer than {STATEMENT_BYTES_MAX}: pass values as parameters",
                statement.len()
            )));
        }
        let text = text::read(statement)?;
        known_kind(&text)?;
        let mut parsed = Parser::new(&PostgreSqlDialect {})
            .with_recursion_limit(NESTING_DEPTH_MAX)
            .with_tokens_with_locations(text.tokens)
            .parse_statements()
            .map_err(|error| Error::Invalid(format!("not valid portable SQL: {error}")))?;
        let statement = match (parsed.pop(), parsed.is_empty()) {
            (Some(statement), true) => statement,
            (None, _) => return Err(Error::Invalid("the statement is empty".to_owned())),
            (Some(_), false) => return Err(forbidden("several statements in one: send each by itself")),
        };
        let is_read = Walk::new(&self.names).statement(&statement)?;
        Ok(Verdict { is_read, parameters: text.parameters })
    }
}

/// A walk over one statement.
struct Walk<'a> {
    names: &'a Names,
    /// The common table expressions met so far. Their names cannot be those of any table, so it does no harm that one
    /// is known outside of its scope: the database then finds no such table.
    common_tables: BTreeSet<String>,
    depth: usize,
}

impl<'a> Walk<'a> {
    fn new(names: &'a Names) -> Self {
        Self { names, common_tables: BTreeSet::new(), depth: 0 }
    }

    /// Whether the statement, which may run, only reads.
    fn statement(&mut self, statement: &Statement) -> Result<bool, Error> {
        match statement {
            Statement::Query(query) => self.query(query).map(|()| true),
            Statement::Insert(insert) => self.insert(insert).map(|()| false),
            Statement::Update(update) => self.update(update).map(|()| false),
            Statement::Delete(delete) => self.delete(delete).map(|()| false),
            other => Err(unknown_kind(&shortened(other))),
        }
    }

    /// Runs `walk` one level deeper.
    fn nested(&mut self, walk: impl FnOnce(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > NESTING_DEPTH_MAX {
            return Err(Error::Invalid(format!(
                "the statement nests deeper than {NESTING_DEPTH_MAX} levels: split it"
            )));
        }
        let outcome = walk(self);
        self.depth = self.depth.saturating_sub(1);
        outcome
    }
}

/// Whether the first word is that of a statement that services run, so that the parser never sees any other.
fn known_kind(text: &text::Text) -> Result<(), Error> {
    let first = text.tokens.iter().map(|token| &token.token).find(|token| !matches!(token, Token::Whitespace(_)));
    match first {
        Some(Token::Word(word)) => match word.keyword {
            Keyword::SELECT | Keyword::WITH | Keyword::VALUES => Ok(()),
            Keyword::INSERT | Keyword::UPDATE | Keyword::DELETE => Ok(()),
            _ => Err(unknown_kind(&word.value)),
        },
        // Parentheses around a query, or nothing at all.
        Some(Token::LParen | Token::SemiColon | Token::EOF) | None => Ok(()),
        Some(other) => Err(unknown_kind(&shortened(other))),
    }
}

fn unknown_kind(kind: &str) -> Error {
    forbidden(&format!(
        "services run SELECT, INSERT, UPDATE and DELETE, not {kind}: the schema belongs into migrations, and the host begins \
         and commits"
    ))
}

fn forbidden(text: &str) -> Error {
    Error::Forbidden(text.to_owned())
}

/// For a clause that only one of the engines knows, or that takes what no service may have.
fn refused(what: &str, remedy: &str) -> Error {
    Error::Forbidden(format!("{what} is not allowed in portable SQL: {remedy}"))
}

/// A part of a statement for a message, cut where it would get long.
fn shortened(part: &impl std::fmt::Display) -> String {
    const CHARACTERS_MAX: usize = 40;
    let text = part.to_string();
    match text.char_indices().nth(CHARACTERS_MAX) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

#[cfg(test)]
mod tests;
