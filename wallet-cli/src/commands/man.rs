//! `assent man`.

use std::path::{Path, PathBuf};

use clap::Command;
use clap_mangen::Man;
use serde_json::json;

use crate::cli;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Answer;

/// Flags.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  assent man | man -l -                                this page
  assent man --output ~/.local/share/man/man1          all pages: then man assent-holder-present")]
pub struct Args {
    /// Write one page per command into this folder
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// Prints the first page, or writes them all.
pub fn run(args: Args) -> Result<Answer, CliError> {
    let mut pages = Vec::new();
    let mut command = cli::command();
    // Gives every command its full name.
    command.build();
    collect(&command, &mut pages)?;
    let names: Vec<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    let data = json!({ "pages": names });
    let text = match &args.output {
        Some(folder) => {
            write(folder, &pages)?;
            format!("{} pages are in {}", pages.len(), folder.display())
        }
        None => pages
            .into_iter()
            .next()
            .map_or_else(String::new, |(_, page)| page),
    };
    Ok(Answer::new("assent.man/1", data, text.trim_end()))
}

/// One page for the command and each below it, named with dashes as git does it.
fn collect(command: &Command, pages: &mut Vec<(String, String)>) -> Result<(), CliError> {
    let man = Man::new(command.clone());
    let mut page = Vec::new();
    man.render(&mut page).map_err(|error| failed(&error))?;
    pages.push((man.get_filename(), String::from_utf8_lossy(&page).into_owned()));
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        collect(below, pages)?;
    }
    Ok(())
}

fn write(folder: &Path, pages: &[(String, String)]) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    for (name, page) in pages {
        std::fs::write(folder.join(name), page).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn failed(error: &std::io::Error) -> CliError {
    CliError::new(
        Exit::Configuration,
        "man-not-written",
        format!("the manual pages cannot be written: {error}"),
        "Give a folder you may write to with --output.",
    )
}
