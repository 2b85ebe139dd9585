//! The first look: tokens.
//!
//! The parser, SQLite and PostgreSQL each read text in their own way: comments nest or do not, `E'\''` is one string or
//! two tokens, a space that is not ASCII is a space or a letter. A statement that is read differently where it is judged
//! and where it runs could hide a table. So only tokens that all of them read alike are let through.

use super::{forbidden, refused};
use crate::bindings::mutrapro::sql::database::Error;
use crate::limits::{OPERATORS_MAX, PARAMETERS_MAX, PARENTHESES_DEPTH_MAX};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Whitespace, Word};

/// A statement in tokens that mean the same to every reader.
pub(super) struct Text {
    pub(super) tokens: Vec<TokenWithSpan>,
    /// How many parameters it takes: `$1` to `$n` without a gap.
    pub(super) parameters: usize,
}

/// Splits a statement into tokens.
pub(super) fn read(statement: &str) -> Result<Text, Error> {
    if statement.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Error::Invalid("the statement has control characters: pass the value as a parameter".to_owned()));
    }
    let tokens = Tokenizer::new(&PostgreSqlDialect {}, statement)
        .tokenize_with_location()
        .map_err(|error| Error::Invalid(format!("not valid portable SQL: {error}")))?;
    let mut check = Check::default();
    for TokenWithSpan { token, .. } in &tokens {
        check.token(token)?;
    }
    if check.foreign_letters < statement.chars().filter(|c| !c.is_ascii()).count() {
        return Err(Error::Invalid("outside of 'strings' a statement is plain ASCII".to_owned()));
    }
    Ok(Text { parameters: check.parameters()?, tokens })
}

#[derive(Default)]
struct Check {
    operators: usize,
    depth: usize,
    /// The characters within strings that are not ASCII.
    foreign_letters: usize,
    /// By number less one, whether the parameter occurs.
    parameters: Vec<bool>,
}

impl Check {
    fn token(&mut self, token: &Token) -> Result<(), Error> {
        match token {
            Token::EOF | Token::Comma | Token::Period | Token::SemiColon => Ok(()),
            Token::Whitespace(Whitespace::Space | Whitespace::Newline | Whitespace::Tab) => Ok(()),
            Token::Whitespace(_) => Err(refused("a comment", "write it beside the statement")),
            Token::Word(word) => self.word(word),
            Token::Number(digits, false) => number(digits),
            Token::SingleQuotedString(text) => {
                self.foreign_letters += text.chars().filter(|c| !c.is_ascii()).count();
                Ok(())
            }
            Token::Placeholder(name) => self.placeholder(name),
            Token::LParen => {
                self.depth += 1;
                if self.depth > PARENTHESES_DEPTH_MAX {
                    return Err(Error::Invalid(format!("parentheses nest deeper than {PARENTHESES_DEPTH_MAX}")));
                }
                Ok(())
            }
            Token::RParen => {
                self.depth = self.depth.saturating_sub(1);
                Ok(())
            }
            Token::Eq | Token::Neq | Token::Lt | Token::Gt | Token::LtEq | Token::GtEq => self.operator(),
            Token::Plus | Token::Minus | Token::Mul | Token::Div | Token::Mod | Token::StringConcat => self.operator(),
            Token::DoubleColon => Err(refused("::", "write CAST(… AS …)")),
            other => Err(refused(&format!("`{other}`"), "only operators that SQLite and PostgreSQL share are taken")),
        }
    }

    fn word(&mut self, word: &Word) -> Result<(), Error> {
        if word.quote_style.is_some() {
            return Err(refused(
                &format!("the quoted name {:?}", word.value),
                "write names without quotes and strings in 'single' ones",
            ));
        }
        if !word.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(refused(&format!("the name {:?}", word.value), "names are letters, digits and underscores"));
        }
        if word.keyword == Keyword::NoKeyword { Ok(()) } else { self.operator() }
    }

    /// Whatever can nest the syntax tree is counted: a tree too deep could not even be freed.
    fn operator(&mut self) -> Result<(), Error> {
        self.operators += 1;
        if self.operators > OPERATORS_MAX {
            return Err(Error::Invalid(format!(
                "more than {OPERATORS_MAX} keywords and operators: split the statement"
            )));
        }
        Ok(())
    }

    fn placeholder(&mut self, name: &str) -> Result<(), Error> {
        let index = name
            .strip_prefix('$')
            .filter(|digits| !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|digits| digits.parse::<usize>().ok())
            .and_then(|number| number.checked_sub(1))
            .ok_or_else(|| refused(&format!("the parameter `{name}`"), "write $1, $2 and so on"))?;
        if index >= PARAMETERS_MAX {
            return Err(Error::Invalid(format!("the parameter {name} is beyond the limit of {PARAMETERS_MAX}")));
        }
        if self.parameters.len() <= index {
            self.parameters.resize(index + 1, false);
        }
        if let Some(occurs) = self.parameters.get_mut(index) {
            *occurs = true;
        }
        Ok(())
    }

    /// How many parameters there are, if none is left out: PostgreSQL could not tell its type.
    fn parameters(&self) -> Result<usize, Error> {
        match self.parameters.iter().position(|occurs| !occurs) {
            Some(missing) => {
                Err(Error::Invalid(format!("the parameter ${} does not occur: leave no gap", missing + 1)))
            }
            None => Ok(self.parameters.len()),
        }
    }
}

fn number(digits: &str) -> Result<(), Error> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<i64>().is_ok() {
        return Ok(());
    }
    Err(forbidden(&format!(
        "the number {digits} is no whole number of 64 bits: store whole units such as cents or basis points"
    )))
}
