//! Timing: the best of several rounds, on one thread, printed with its share of a yardstick from the same run.

use std::hint::black_box;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(300);
const ROUND: Duration = Duration::from_millis(600);
const ROUNDS: usize = 7;

/// Operations per second of `work`: the best of several rounds, so that other load on the machine matters least.
#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
pub fn per_second<T>(mut work: impl FnMut() -> T) -> f64 {
    let started = Instant::now();
    let mut calls = 0_u32;
    while started.elapsed() < WARM_UP {
        black_box(work());
        calls += 1;
    }
    let per_round = (f64::from(calls) * ROUND.as_secs_f64() / WARM_UP.as_secs_f64()).max(1.0) as u32;
    let mut best = 0.0_f64;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..per_round {
            black_box(work());
        }
        best = best.max(f64::from(per_round) / started.elapsed().as_secs_f64());
    }
    best
}

/// One line of the table.
pub fn row(name: &str, rate: f64, note: &str) {
    println!("{name:<62} {rate:>10.0} /s  {note}");
}
