//! Output: files that appear under their names only when they are whole.
//!
//! In: a name. Out: a [`Staged`] file in a folder beside it, renamed at the end, gone on failure and on Ctrl-C.
//! Not here: what is written.
//! Holds: no file is replaced without `--force`, and no binary data go to a terminal without it.

use crate::arguments::Target;
use crate::console::is_standard;
use crate::exit::Failure;
use std::fs::{self, File, FileTimes};
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use tempfile::TempDir;

/// Exit code of a command stopped by Ctrl-C, as shells give it.
const STOPPED: i32 = 130;

/// Folders to remove when the command is stopped.
static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on, Ctrl-C leaves no part files behind.
pub fn remove_parts_when_stopped() {
    // Without the handler, stopping still works; it only leaves a part file.
    let _ = ctrlc::set_handler(|| {
        if let Ok(unfinished) = UNFINISHED.lock() {
            for folder in unfinished.iter() {
                let _ = fs::remove_dir_all(folder);
            }
        }
        std::process::exit(STOPPED);
    });
}

/// Where the result for one input goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Destination {
    /// Standard output.
    Standard,
    /// A file.
    File(PathBuf),
}

impl Target {
    /// Checks that one output is not asked to hold several results.
    ///
    /// # Errors
    /// If it is.
    pub fn check_number(&self, files: usize) -> Result<(), Failure> {
        match &self.output {
            Some(output) if files > 1 && !is_standard(output) && !output.is_dir() => Err(Failure::usage(
                "there are several files; -o has to name a folder that exists, or be left out",
            )),
            _ if files > 1 && self.goes_to_standard() => Err(Failure::usage(
                "there are several files, and standard output holds one archive; use -o FOLDER",
            )),
            _ => Ok(()),
        }
    }

    /// True if the user named standard output.
    pub fn goes_to_standard(&self) -> bool {
        self.stdout || self.output.as_deref().is_some_and(is_standard)
    }

    /// Where the result for `input` goes; `name` makes its path from the input's.
    ///
    /// # Errors
    /// If `name` refuses, the file exists and `--force` was not given, or the terminal would get binary data.
    pub fn destination(
        &self,
        input: &Path,
        name: impl Fn(&Path) -> Result<PathBuf, Failure>,
    ) -> Result<Destination, Failure> {
        let file = match &self.output {
            Some(output) if !is_standard(output) && !output.is_dir() => output.clone(),
            _ if self.goes_to_standard() || (is_standard(input) && self.output.is_none()) => {
                refuse_terminal(self.force)?;
                return Ok(Destination::Standard);
            }
            Some(_) if is_standard(input) => {
                return Err(Failure::usage("standard input has no name; -o has to name a file"));
            }
            Some(folder) => {
                let path = name(input)?;
                let last =
                    path.file_name().ok_or_else(|| Failure::usage("it has no file name; use -o FILE"))?;
                folder.join(last)
            }
            None => name(input)?,
        };
        refuse_existing(&file, self.force)?;
        refuse_input(input, &file)?;
        Ok(Destination::File(file))
    }
}

/// Refuses binary output to a terminal.
///
/// # Errors
/// If standard output is a terminal and `force` is not given.
pub fn refuse_terminal(force: bool) -> Result<(), Failure> {
    if io::stdout().is_terminal() && !force {
        return Err(Failure::usage(
            "binary data will not be written to a terminal; use -o FILE, or -f if you mean it",
        ));
    }
    Ok(())
}

/// Refuses to replace a file.
///
/// # Errors
/// If it exists and `force` is not given.
pub fn refuse_existing(file: &Path, force: bool) -> Result<(), Failure> {
    if file.symlink_metadata().is_ok() && !force {
        let message = format!("{} exists; use -f to replace it", file.display());
        return Err(Failure { exit: crate::exit::Exit::Io, message });
    }
    Ok(())
}

/// Refuses to write over the input, whatever was forced.
///
/// # Errors
/// If both names mean one file that exists.
pub fn refuse_input(input: &Path, output: &Path) -> Result<(), Failure> {
    if is_standard(input) || is_standard(output) || !output.exists() || !is_same(input, output) {
        return Ok(());
    }
    Err(Failure::usage("input and output are the same file"))
}

/// True if two names mean the same file, which may not be there yet.
pub fn is_same(a: &Path, b: &Path) -> bool {
    let place = |path: &Path| {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::canonicalize(path).ok().or_else(|| Some(fs::canonicalize(folder).ok()?.join(path.file_name()?)))
    };
    a == b || place(a).is_some_and(|a| Some(a) == place(b))
}

/// A file that does not have its name yet. It lies in a folder of its own beside it, so that renaming is one step.
pub struct Staged {
    folder: TempDir,
    name: PathBuf,
    part: PathBuf,
}

impl Staged {
    /// Makes room for the file `name`.
    ///
    /// # Errors
    /// What the system says.
    pub fn beside(name: &Path) -> Result<Staged, Failure> {
        let parent = name.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let last = name.file_name().ok_or_else(|| Failure::usage("the output has no file name"))?;
        let failed =
            |error: io::Error| Failure::io(&format!("cannot write beside {}", name.display()), &error);
        // The list stays locked meanwhile, so that there is no folder that Ctrl-C does not know.
        let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
        let folder =
            tempfile::Builder::new().prefix(".hepz-").suffix(".part").tempdir_in(parent).map_err(failed)?;
        unfinished.push(folder.path().to_owned());
        Ok(Staged { part: folder.path().join(last), folder, name: name.to_owned() })
    }

    /// Where the file is to be written.
    pub fn path(&self) -> &Path {
        &self.part
    }

    /// Gives the finished file its name, and the times and permissions of `like`.
    ///
    /// # Errors
    /// What the system says; a file that appeared meanwhile is not replaced without `force`.
    pub fn publish(self, like: Option<&Path>, force: bool) -> Result<(), Failure> {
        let failed = |error: io::Error| Failure::io(&format!("cannot write {}", self.name.display()), &error);
        File::open(&self.part).and_then(|file| file.sync_all()).map_err(failed)?;
        // Times and permissions are a courtesy: some file systems have none.
        if let Some(metadata) = like.and_then(|like| fs::metadata(like).ok()) {
            let _ = copy_metadata(&self.part, &metadata);
        }
        refuse_existing(&self.name, force)?;
        fs::rename(&self.part, &self.name).map_err(failed)?;
        if let Some(parent) = self.folder.path().parent() {
            // So that the new name, too, survives a power failure, where folders can be synced.
            let _ = File::open(parent).and_then(|folder| folder.sync_all());
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(self.folder.path());
        if let Ok(mut unfinished) = UNFINISHED.lock() {
            unfinished.retain(|folder| folder != self.folder.path());
        }
    }
}

fn copy_metadata(file: &Path, metadata: &fs::Metadata) -> io::Result<()> {
    // Times first: afterwards the file may be read-only.
    File::options().write(true).open(file)?.set_times(FileTimes::new().set_modified(metadata.modified()?))?;
    fs::set_permissions(file, metadata.permissions())
}
