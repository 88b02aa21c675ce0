//! Tokens of people and programs that read and change things here: made, listed, revoked, kept in one file of the data
//! folder. Sources of telemetry have tokens of their own, in the catalogue.
//!
//! A token is `att_ID_SECRET`, the secret being 256 random bits: so its SHA-256 is all that needs to be kept, and nobody can
//! come back from there. Knows the file; who may do what is access.rs'.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The file in a data folder.
pub const FILE: &str = "tokens.json";

/// What a token lets its bearer do. Each one includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Look at everything.
    Read,
    /// And change what is said and decided.
    Write,
    /// And change how the server works.
    Admin,
}

impl Scope {
    /// `read`, `write`, `admin`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Admin => "admin",
        }
    }
}

/// What is kept of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Its public half, 8 hex digits.
    pub id: String,
    /// Whose it is, in words.
    pub name: String,
    /// What it lets its bearer do.
    pub scope: Scope,
    /// SHA-256 of the whole token, in hex.
    pub sha256: String,
    /// When it was made, as RFC 3339.
    pub created: String,
    /// Since when it opens nothing any more, as RFC 3339.
    pub revoked: Option<String>,
}

/// The tokens of a data folder, the revoked ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// In the order in which they were made.
    pub tokens: Vec<Token>,
}

/// Why tokens cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// The file, or the machine's randomness.
    #[error("{}: {why}", .path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: std::io::Error,
    },
    /// The file is no list of tokens.
    #[error("{} cannot be read as tokens: {why}; restore it, or remove it and make new ones", .path.display())]
    Shape {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl Tokens {
    /// Those of a data folder; none if it has no such file.
    ///
    /// # Errors
    /// The file cannot be read, or is something else.
    pub fn read(data: &Path) -> Result<Self, TokenError> {
        let path = data.join(FILE);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // What is no folder is refused with better words by whoever opens it.
            Err(why) if matches!(why.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Self::default());
            }
            Err(why) => return Err(TokenError::File { path, why }),
        };
        let tokens: Self = serde_json::from_str(&text).map_err(|why| TokenError::Shape {
            path: path.clone(),
            why: why.to_string(),
        })?;
        match tokens
            .tokens
            .iter()
            .find(|token| digest_of(&token.sha256).is_none())
        {
            Some(token) => Err(TokenError::Shape {
                path,
                why: format!("the hash of {} is none", token.id),
            }),
            None => Ok(tokens),
        }
    }

    /// Writes them so that a crash leaves either the old or the new ones. Only the owner of the file may read it.
    ///
    /// # Errors
    /// The disk.
    pub fn write(&self, data: &Path) -> Result<(), TokenError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |why| TokenError::File { path, why }
        };
        fs::create_dir_all(data).map_err(failed(data))?;
        let (path, fresh) = (data.join(FILE), data.join("tokens.json.new"));
        let text = serde_json::to_string_pretty(self).unwrap_or_default() + "\n";
        let written = || -> std::io::Result<()> {
            let mut file = private(&fresh)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&fresh, &path)?;
            fs::File::open(data)?.sync_all()
        };
        written().map_err(failed(&path))
    }

    /// Makes a token. The text is all that its bearer needs, and is not kept: say it once.
    ///
    /// # Errors
    /// The machine has no randomness to give.
    pub fn make(&mut self, name: &str, scope: Scope, now: Timestamp) -> Result<String, TokenError> {
        let mut bytes = [0; 36];
        random(&mut bytes)?;
        let (id, secret) = bytes.split_at(4);
        let (id, secret) = (hex(id), hex(secret));
        let text = format!("att_{id}_{secret}");
        self.tokens.push(Token {
            id,
            name: name.to_owned(),
            scope,
            sha256: hex(&digest(text.as_bytes())),
            created: now.to_string(),
            revoked: None,
        });
        Ok(text)
    }

    /// Revokes the token with this id. Returns whether there is one that was not revoked before.
    pub fn revoke(&mut self, id: &str, now: Timestamp) -> bool {
        let mut live = self
            .tokens
            .iter_mut()
            .filter(|token| token.revoked.is_none());
        match live.find(|token| token.id == id) {
            Some(token) => {
                token.revoked = Some(now.to_string());
                true
            }
            None => false,
        }
    }

    /// Those that open something.
    pub fn live(&self) -> impl Iterator<Item = &Token> {
        self.tokens.iter().filter(|token| token.revoked.is_none())
    }

    /// The token that somebody shows. Looks at all of them, and at every byte: how long it takes says nothing.
    #[must_use]
    pub fn shown(&self, text: &str) -> Option<&Token> {
        let shown = digest(text.as_bytes());
        let mut found = None;
        for token in self.live() {
            let kept = digest_of(&token.sha256).unwrap_or([0; 32]);
            let differs = kept.iter().zip(shown).fold(0, |sum, (a, b)| sum | (a ^ b));
            if differs == 0 {
                found = Some(token);
            }
        }
        found
    }
}

/// A new file that nobody else may read.
fn private(path: &Path) -> std::io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The kernel's randomness.
fn random(bytes: &mut [u8]) -> Result<(), TokenError> {
    let path = PathBuf::from("/dev/urandom");
    let read = fs::File::open(&path).and_then(|mut file| file.read_exact(bytes));
    read.map_err(|why| TokenError::File { path, why })
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn digest_of(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_until_it_is_revoked_and_is_not_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let mut tokens = Tokens::read(folder.path()).unwrap();
        let text = tokens.make("ci", Scope::Read, now).unwrap();
        let other = tokens.make("ops", Scope::Admin, now).unwrap();
        tokens.write(folder.path()).unwrap();
        let kept = fs::read_to_string(folder.path().join(FILE)).unwrap();
        assert!(!kept.contains(text.rsplit('_').next().unwrap()), "{kept}");
        let mut read = Tokens::read(folder.path()).unwrap();
        assert_eq!(read, tokens);
        assert_eq!(read.shown(&text).unwrap().name, "ci");
        assert_eq!(read.shown(&other).unwrap().scope, Scope::Admin);
        for wrong in [
            "",
            "att_",
            &text[..text.len() - 1],
            &format!("{text}0"),
            &text.to_uppercase(),
        ] {
            assert_eq!(read.shown(wrong), None, "{wrong}");
        }
        let id = read.tokens[0].id.clone();
        assert!(read.revoke(&id, now));
        assert!(!read.revoke(&id, now) && !read.revoke("none", now));
        assert_eq!(read.shown(&text), None);
        assert!(read.shown(&other).is_some());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        Tokens::default().write(folder.path()).unwrap();
        let mode = fs::metadata(folder.path().join(FILE))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_something_else_is_no_empty_list() {
        let folder = tempfile::tempdir().unwrap();
        for text in [
            "",
            "{}",
            "[]",
            r#"{"tokens":[{"id":"a","name":"b","scope":"read","sha256":"zz","created":"1970-01-01T00:00:00Z","revoked":null}]}"#,
        ] {
            fs::write(folder.path().join(FILE), text).unwrap();
            assert!(Tokens::read(folder.path()).is_err(), "{text}");
        }
    }
}
