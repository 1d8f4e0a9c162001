//! Timing on one thread, in its own processor time, so that other programs on the machine matter little. What is compared
//! runs in turns: a share is the middle one of all turns, so a machine that slows down slows both sides.

use std::hint::black_box;
use std::time::{Duration, Instant};

const WARM_UP: Duration = Duration::from_millis(200);
const TURN: Duration = Duration::from_millis(200);
const TURNS: usize = 15;

/// Operations per second in each turn.
pub struct Rates(Vec<f64>);

/// Runs every piece of work in turns, `TURNS` times.
pub fn in_turns<const N: usize>(mut works: [&mut dyn FnMut(); N]) -> [Rates; N] {
    let counts = works.each_mut().map(|work| calls_per_turn(*work));
    let mut rates = [(); N].map(|()| Vec::with_capacity(TURNS));
    for _ in 0..TURNS {
        for ((work, rates), calls) in works.iter_mut().zip(&mut rates).zip(counts) {
            let clock = Clock::start();
            for _ in 0..calls {
                work();
            }
            rates.push(f64::from(calls) / clock.seconds());
        }
    }
    rates.map(Rates)
}

/// Work whose result the optimiser must not drop.
pub fn keep<T>(mut work: impl FnMut() -> T) -> impl FnMut() {
    move || {
        black_box(work());
    }
}

fn calls_per_turn(work: &mut dyn FnMut()) -> u32 {
    let clock = Clock::start();
    let mut calls = 0_u32;
    while clock.seconds() < WARM_UP.as_secs_f64() {
        // The clock is a file: read it seldom.
        for _ in 0..16 {
            work();
        }
        calls += 16;
    }
    (f64::from(calls) * TURN.as_secs_f64() / clock.seconds()).max(1.0) as u32
}

impl Rates {
    /// The best turn.
    pub fn best(&self) -> f64 {
        self.0.iter().copied().fold(0.0, f64::max)
    }

    /// Which share this is of the yardstick of the same turn; the middle one of all turns.
    pub fn share_of(&self, yardstick: impl Fn(usize) -> f64) -> f64 {
        let mut shares: Vec<f64> = self
            .0
            .iter()
            .enumerate()
            .map(|(turn, rate)| rate / yardstick(turn))
            .collect();
        shares.sort_by(f64::total_cmp);
        shares[shares.len() / 2]
    }

    /// The rate in one turn.
    pub fn turn(&self, turn: usize) -> f64 {
        self.0[turn]
    }
}

/// Time this thread was running; wall time where the system does not say.
struct Clock {
    wall: Instant,
    ran: Option<f64>,
}

impl Clock {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    fn start() -> Self {
        Self {
            wall: Instant::now(),
            ran: ran(),
        }
    }

    fn seconds(&self) -> f64 {
        match (self.ran, ran()) {
            (Some(before), Some(now)) => now - before,
            _ => self.wall.elapsed().as_secs_f64(),
        }
        .max(f64::EPSILON)
    }
}

/// Linux: nanoseconds on a processor, brought up to date by giving it up for a moment.
fn ran() -> Option<f64> {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds: f64 = text.split(' ').next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}
