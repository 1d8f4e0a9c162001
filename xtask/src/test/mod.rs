//! `cargo xtask test`: every check of the project, step by step, each with its time and its counts.

mod steps;

use anyhow::{Result, bail};

use crate::args::Args;
use crate::count::Counts;
use crate::process::{duration, now};
use crate::summary::{self, Outcome, Row};

/// What a step says when it is done.
enum Done {
    /// It ran a test runner; the flag is the runner's own verdict.
    Counted(Counts, bool),
    /// It has no counts: it did not fail.
    Passed,
    /// It cannot run here.
    Skipped(String),
}

struct Step {
    name: &'static str,
    about: &'static str,
    run: fn(&Args) -> Result<Done>,
}

/// Runs the steps asked for and prints the table.
pub fn run(args: &Args) -> Result<()> {
    let only = args.list("only");
    let skip = args.list("skip");
    for name in only.iter().chain(&skip) {
        if !steps::ALL.iter().any(|step| step.name == *name) {
            bail!("there is no step `{name}`; `cargo xtask test --list` names them");
        }
    }
    if args.flag("list") {
        for step in steps::ALL {
            println!("  {:<14} {}", step.name, step.about);
        }
        return Ok(());
    }
    let start = now();
    let mut rows = Vec::new();
    for step in steps::ALL {
        if (!only.is_empty() && !only.contains(&step.name)) || skip.contains(&step.name) {
            continue;
        }
        println!("\n── {}: {}", step.name, step.about);
        let started = now();
        let (outcome, counts) = match (step.run)(args) {
            Ok(Done::Counted(counts, true)) if counts.failed == 0 => (Outcome::Passed, counts),
            Ok(Done::Counted(counts, _)) => (Outcome::Failed("see above".to_owned()), counts),
            Ok(Done::Passed) => (Outcome::Passed, Counts::default()),
            Ok(Done::Skipped(why)) => (Outcome::Skipped(why), Counts::default()),
            Err(error) => (Outcome::Failed(format!("{error:#}")), Counts::default()),
        };
        let stop = args.flag("stop") && matches!(outcome, Outcome::Failed(_));
        let row = Row {
            name: step.name,
            outcome,
            counts,
            time: started.elapsed(),
        };
        println!("── {} took {}", row.name, duration(row.time));
        rows.push(row);
        if stop {
            break;
        }
    }
    if !summary::print(&rows, start.elapsed()) {
        bail!("not everything passed");
    }
    Ok(())
}

/// Runs the browser tests alone.
pub fn run_e2e(args: &Args) -> Result<()> {
    match steps::e2e(args)? {
        Done::Counted(counts, true) if counts.failed == 0 => Ok(()),
        Done::Skipped(why) => bail!("not run: {why}"),
        _ => bail!("not everything passed"),
    }
}
