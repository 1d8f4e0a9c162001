//! The table at the end of a run: one line per step, then the total.

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
        let mut counts = row.counts;
        match &row.outcome {
            Outcome::Passed if counts == Counts::default() => counts.passed = 1,
            Outcome::Failed(_) if counts.failed == 0 => counts.failed = 1,
            Outcome::Skipped(_) => counts.skipped += 1,
            _ => {}
        }
        sum.merge(counts);
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
    }
    println!(
        "\n{} passed, {} failed, {} skipped, in {}",
        sum.passed,
        sum.failed,
        sum.skipped,
        duration(total)
    );
    sum.failed == 0
}
