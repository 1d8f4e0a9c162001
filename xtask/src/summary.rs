//! The table at the end of a run: one line per step, then the total.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::count::Counts;
use crate::process::duration;

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it should.
    Passed,
    /// It failed; the text says how.
    Failed(String),
    /// It could not run here; the text says why.
    Skipped(String),
}

/// One step of a run.
#[derive(Debug)]
pub struct Row {
    /// The step's name, as in `--only`.
    pub name: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// The tests its runner reported.
    pub counts: Counts,
    /// How long it took.
    pub time: Duration,
}

/// Prints the table and says whether everything passed. A step without tests of its own counts as one.
pub fn print(rows: &[Row], total: Duration) -> bool {
    println!(
        "\n{:<14} {:>8} {:>8} {:>8} {:>12}",
        "step", "passed", "failed", "skipped", "time"
    );
    let mut sum = Counts::default();
    for row in rows {
        let mut counts = row.counts.clone();
        match &row.outcome {
            Outcome::Passed if counts == Counts::default() => counts.passed = 1,
            Outcome::Failed(_) if counts.failed == 0 => counts.failed = 1,
            Outcome::Skipped(_) => counts.skipped += 1,
            _ => {}
        }
        let note = match &row.outcome {
            Outcome::Passed => String::new(),
            Outcome::Failed(why) => format!("  FAILED: {why}"),
            Outcome::Skipped(why) => format!("  not run: {why}"),
        };
        println!(
            "{:<14} {:>8} {:>8} {:>8} {:>12}{note}",
            row.name,
            counts.passed,
            counts.failed,
            counts.skipped,
            duration(row.time)
        );
        sum.merge(counts);
    }
    println!(
        "\n{} passed, {} failed, {} skipped, in {}",
        sum.passed,
        sum.failed,
        sum.skipped,
        duration(total)
    );
    if sum.failed > 0 {
        print_failures(rows);
    }
    sum.failed == 0
}

/// What failed, by name, and how to run it again: thousands of lines above hold the reasons.
fn print_failures(rows: &[Row]) {
    let failed = rows
        .iter()
        .filter(|row| matches!(row.outcome, Outcome::Failed(_)));
    for row in failed {
        println!("\n{} failed; again: {}", row.name, again(row));
        for name in &row.counts.failing {
            println!("  ✖ {name}");
        }
    }
}

/// The command that runs what failed in a step, and as little else as it can.
fn again(row: &Row) -> String {
    // The browser tests are the one step that runs for many minutes and can run by file.
    let files = row.counts.failing.iter().map(|name| {
        let (file, _) = name.strip_prefix("test/")?.split_once(".test.mjs")?;
        Some(file)
    });
    match files.collect::<Option<BTreeSet<_>>>() {
        Some(files) if row.name == "e2e" && !files.is_empty() => {
            let each = files.iter().map(|file| format!("cargo xtask e2e {file}"));
            each.collect::<Vec<_>>().join("; ")
        }
        _ => format!("cargo xtask test --only {}", row.name),
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Duration, Outcome, Row, again};

    fn row(name: &'static str, failing: &[&str]) -> Row {
        let failing = failing.iter().map(|name| (*name).to_owned()).collect();
        Row {
            name,
            outcome: Outcome::Failed(String::new()),
            counts: Counts {
                failing,
                ..Counts::default()
            },
            time: Duration::ZERO,
        }
    }

    #[test]
    fn browser_tests_run_again_by_file_and_others_by_step() {
        let two = [
            "test/ways.test.mjs:3:1 a",
            "test/lock.test.mjs:9:1 b",
            "test/ways.test.mjs:7:1 c",
        ];
        assert_eq!(
            again(&row("e2e", &two)),
            "cargo xtask e2e lock; cargo xtask e2e ways"
        );
        assert_eq!(again(&row("e2e", &[])), "cargo xtask test --only e2e");
        assert_eq!(
            again(&row("unit", &["kill::lost"])),
            "cargo xtask test --only unit"
        );
        assert_eq!(again(&row("peers", &two)), "cargo xtask test --only peers");
    }
}
