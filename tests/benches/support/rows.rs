//! Rows of rates.

use serde_json::json;

use super::table::Table;
use super::timing::Rates;

/// Prints operations per second.
pub fn rate(table: &Table, name: &str, rates: &Rates) {
    let best = rates.best();
    table.row(name, &format!("{best:>10.0} /s"), json!({ "per_second": best }));
}

/// Prints operations per second, and which share that is of a yardstick.
pub fn share(table: &Table, name: &str, rates: &Rates, yardstick: impl Fn(usize) -> f64, of: &str) {
    let (best, share) = (rates.best(), rates.share_of(yardstick));
    table.row(
        name,
        &format!("{best:>10.0} /s   {share:.2} of {of}"),
        json!({ "per_second": best, "share": share, "of": of }),
    );
}
