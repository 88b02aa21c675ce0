//! `attain token`: makes, lists and revokes the tokens of a server. Knows how it is said; what a token is and where it is
//! kept is attain-server's.

use std::path::Path;

use attain_server::tokens::{Scope, Token, Tokens};
use jiff::Timestamp;

use crate::catalogue::shown;
use crate::cli::{TokenArguments, TokenCommand, TokenScope};
use crate::exit::{Exit, Failure};
use crate::terminal::Terminal;

/// Where a token stands for whoever asks a server.
pub const VARIABLE: &str = "ATTAIN_TOKEN";

/// The most characters of a name.
const NAME: usize = 100;

/// Runs the command.
pub fn run(arguments: &TokenArguments, terminal: &Terminal) -> Result<Exit, Failure> {
    match &arguments.command {
        TokenCommand::New { data, name, scope } => make(data, name, *scope, terminal),
        TokenCommand::List { data } => list(data, terminal),
        TokenCommand::Revoke { id, data } => revoke(data, id, terminal),
    }
}

/// The header that opens a server, if the environment has a token.
pub fn header() -> Option<(String, String)> {
    let token = std::env::var(VARIABLE).ok()?;
    let token = token.trim();
    (!token.is_empty()).then(|| ("authorization".to_owned(), format!("Bearer {token}")))
}

/// The token alone goes to standard output, so that it can be written where it is used.
fn make(data: &Path, name: &str, scope: TokenScope, terminal: &Terminal) -> Result<Exit, Failure> {
    if name.trim().is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(Failure::new(format!(
            "a name is 1 to {NAME} characters of one line"
        )));
    }
    let mut tokens = read(data)?;
    let is_first = tokens.tokens.is_empty();
    let scope = match scope {
        TokenScope::Read => Scope::Read,
        TokenScope::Write => Scope::Write,
        TokenScope::Admin => Scope::Admin,
    };
    let token = tokens.make(name.trim(), scope, Timestamp::now());
    let token = token.map_err(|error| Failure::of(&error))?;
    write(&tokens, data)?;
    terminal.print(&format!("{token}\n"))?;
    terminal.note("this is the only time that it is shown: only its hash is kept");
    if is_first {
        terminal.note(&format!(
            "it is the first: a server of {} asks everybody for a token from now on",
            shown(data)
        ));
    }
    Ok(Exit::Fine)
}

fn list(data: &Path, terminal: &Terminal) -> Result<Exit, Failure> {
    let tokens = read(data)?;
    if tokens.tokens.is_empty() {
        terminal.print(&format!(
            "no token was made yet: a server of {} asks for none, and listens on this machine only\n\
             make one: attain token new --data {} --name WHOSE\n",
            shown(data),
            shown(data)
        ))?;
        return Ok(Exit::Fine);
    }
    let mut text = format!("{:8}  {:5}  {:20}  whose\n", "id", "scope", "made");
    for token in &tokens.tokens {
        text.push_str(&row(token));
    }
    if tokens.live().next().is_none() {
        text.push_str("all are revoked: nobody can read what the server says\n");
    }
    terminal.print(&text)?;
    Ok(Exit::Fine)
}

fn row(token: &Token) -> String {
    let until = token
        .revoked
        .as_deref()
        .map(|at| format!(", revoked {}", second(at)));
    format!(
        "{:8}  {:5}  {:20}  {}{}\n",
        token.id,
        token.scope.word(),
        second(&token.created),
        token.name,
        until.unwrap_or_default()
    )
}

/// An instant to the second; what is none stays as it is.
fn second(text: &str) -> String {
    let at = text.parse::<Timestamp>();
    let at = at.and_then(|at| Timestamp::from_second(at.as_second()));
    at.map_or_else(|_| text.to_owned(), |at| at.to_string())
}

fn revoke(data: &Path, id: &str, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut tokens = read(data)?;
    if !tokens.revoke(id, Timestamp::now()) {
        let why = match tokens.tokens.iter().any(|token| token.id == id) {
            true => format!("the token {id} is revoked already"),
            false => format!("{} has no token {id}", shown(data)),
        };
        return Err(Failure::new(why).help("attain token list --data DIR shows their ids"));
    }
    write(&tokens, data)?;
    terminal.print(&format!("{id} opens nothing any more\n"))?;
    Ok(Exit::Fine)
}

fn read(data: &Path) -> Result<Tokens, Failure> {
    Tokens::read(data).map_err(|error| Failure::of(&error))
}

fn write(tokens: &Tokens, data: &Path) -> Result<(), Failure> {
    tokens.write(data).map_err(|error| Failure::of(&error))
}
