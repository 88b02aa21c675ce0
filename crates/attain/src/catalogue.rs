//! Catalogues on disk: which files of a folder are meant, read and parsed. Knows paths; attain-spec knows the text.

use std::fs;
use std::path::{Path, PathBuf};

use attain_model::{Catalogue, Level};
use attain_spec::{Input, Parsed, parse};
use attain_store::{Done, Text};
use attain_view::diagnostics;

use crate::exit::Failure;
use crate::terminal::Terminal;
use crate::whose::{Whose, whose};

/// Files of others that are named in a message.
const OTHERS_SHOWN: usize = 3;

/// The files of a catalogue.
pub struct Files {
    /// In the order of their names.
    pub inputs: Vec<Input>,
    /// Files of the folder that are plainly something else, by name.
    pub left_out: Vec<String>,
    /// What file names in the catalogue are relative to.
    pub base: PathBuf,
}

impl Files {
    /// Those of a folder, or one file.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        if path.is_dir() {
            return Self::of_folder(path);
        }
        let base = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        refuse_a_log(path)?;
        let inputs = vec![read(path)?];
        refuse_others(path, &inputs)?;
        Ok(Self {
            inputs,
            left_out: Vec::new(),
            base: base.unwrap_or(Path::new(".")).to_owned(),
        })
    }

    fn of_folder(folder: &Path) -> Result<Self, Failure> {
        let (mut inputs, mut left_out) = (Vec::new(), Vec::new());
        for path in yaml_files(folder)? {
            let input = read(&path)?;
            match whose(&input.text) {
                Whose::Nobodys => left_out.push(input.name),
                Whose::Ours | Whose::Others(_) => inputs.push(input),
            }
        }
        refuse_others(folder, &inputs)?;
        if inputs.is_empty() {
            let why = match left_out.as_slice() {
                [] => format!("{} holds no YAML file", shown(folder)),
                files => format!(
                    "{} holds no catalogue: no `attain:` in {}",
                    shown(folder),
                    files.join(", ")
                ),
            };
            return Err(Failure::new(why)
                .help("name another folder, or write a first catalogue: attain init --from FILE"));
        }
        Ok(Self {
            inputs,
            left_out,
            base: folder.to_owned(),
        })
    }

    /// Says which files were left out.
    pub fn tell(&self, terminal: &Terminal) {
        for name in &self.left_out {
            terminal.note(&format!(
                "left out {name}: it says neither `attain:` nor anything that only attain, OpenSLO, Sloth or Pyrra say"
            ));
        }
    }
}

/// Reads a catalogue that must be valid. Its errors go to standard error, for they are not the answer.
pub fn valid(path: &Path, terminal: &Terminal) -> Result<(Parsed, PathBuf), Failure> {
    let files = Files::of(path)?;
    files.tell(terminal);
    let mut parsed = parse(&files.inputs);
    if let Some(catalogue) = &mut parsed.catalogue {
        // Only who knows the folder can name a catalogue that does not name itself.
        if parsed.spans.key("catalogue.name").is_none() {
            catalogue.name = name_of(path).unwrap_or_else(|| catalogue.name.clone());
        }
        return Ok((parsed, files.base));
    }
    let errors: Vec<_> = parsed
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.level == Level::Error)
        .cloned()
        .collect();
    let text = diagnostics::human(&parsed.sources, &errors, &terminal.look_of_errors());
    terminal.print_error(&text);
    Err(
        Failure::new(format!("{} is not a valid catalogue", shown(path))).help(format!(
            "mend it; `attain check {}` shows all there is to say",
            shown(path)
        )),
    )
}

/// What [`valid`] read, without the rest.
pub fn of(parsed: Parsed) -> Result<Catalogue, Failure> {
    let none = || Failure::new("the catalogue holds no file");
    parsed.catalogue.ok_or_else(none)
}

/// The folder's name, or that of the folder around a file.
pub fn name_of(path: &Path) -> Option<String> {
    let path = fs::canonicalize(path).ok()?;
    let folder = if path.is_dir() {
        path.as_path()
    } else {
        path.parent()?
    };
    Some(folder.file_name()?.to_string_lossy().into_owned())
}

/// The YAML files of a folder, not those of its subfolders, not hidden ones, in the order of their names.
pub fn yaml_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files: Vec<PathBuf> = list(folder)?
        .into_iter()
        .filter(|path| is_yaml(path) && !is_hidden(path) && path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

/// What is in a folder.
pub fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error| Failure::new(format!("cannot read the folder {}: {error}", shown(folder)));
    fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| Ok(strip_dot(&entry.map_err(failed)?.path())))
        .collect()
}

/// Whether a name begins with a dot.
pub fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// A file that is neither called YAML nor says anything of a catalogue is what `init` reads.
fn refuse_a_log(path: &Path) -> Result<(), Failure> {
    if !path.is_file() || is_yaml(path) {
        return Ok(());
    }
    let is_catalogue = read(path).is_ok_and(|input| whose(&input.text) != Whose::Nobodys);
    if is_catalogue {
        return Ok(());
    }
    let name = shown(path);
    Err(
        Failure::new(format!("{name} is no catalogue: this looks like a log")).help(format!(
            "let attain propose one from it: attain init --from {name}"
        )),
    )
}

fn is_yaml(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "yaml" || end == "yml")
}

/// A file as text.
pub fn read(path: &Path) -> Result<Input, Failure> {
    let bytes = fs::read(path)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", shown(path))))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::new(format!("{} is not UTF-8: see byte {at}", shown(path)))
            .help("save it as UTF-8")
    })?;
    Ok(Input {
        name: shown(path),
        text,
    })
}

/// A path as it is shown: as given, `/`-separated.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy()
        .replace(std::path::MAIN_SEPARATOR, "/")
}

/// A catalogue as it is written, for a record and with a hash: the same files, wherever their folder lies, are the same.
pub fn written(path: &Path) -> Result<Done, Failure> {
    Ok(written_as(&Files::of(path)?, path))
}

/// The same of files that were read already.
pub fn written_as(files: &Files, path: &Path) -> Done {
    let texts = files.inputs.iter().map(|input| Text {
        path: within(&input.name, path),
        text: input.text.clone(),
    });
    Done::catalogue(texts.collect())
}

/// The name of a catalogue's file within its folder, whatever the folder is called from here.
fn within(name: &str, catalogue: &Path) -> String {
    let path = Path::new(name);
    let inner = path.strip_prefix(catalogue).ok();
    let inner = inner.filter(|inner| inner.file_name().is_some());
    shown(inner.unwrap_or_else(|| path.file_name().map_or(path, Path::new)))
}

/// `./a.yaml` is `a.yaml`.
fn strip_dot(path: &Path) -> PathBuf {
    path.strip_prefix(".").unwrap_or(path).to_owned()
}

/// Refuses files that are all somebody else's: there is nothing to check or to judge, and moving each out is no help.
pub fn refuse_others(of: &Path, inputs: &[Input]) -> Result<(), Failure> {
    let theirs: Option<Vec<String>> = inputs
        .iter()
        .map(|input| match whose(&input.text) {
            Whose::Others(what) => Some(format!("{} is {what}", input.name)),
            _ => None,
        })
        .collect();
    let Some(theirs) = theirs.filter(|theirs| !theirs.is_empty()) else {
        return Ok(());
    };
    let more = match theirs.len().saturating_sub(OTHERS_SHOWN) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let listed = theirs[..theirs.len().min(OTHERS_SHOWN)].join(", ");
    let text = if of.is_dir() {
        format!("{} holds no catalogue of attain: {listed}{more}", shown(of))
    } else {
        listed + &more
    };
    Err(Failure::new(text).help(
        "this version reads its own format only; write a first catalogue: attain init --from FILE -o DIR",
    ))
}
