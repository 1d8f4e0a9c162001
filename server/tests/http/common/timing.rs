//! Whether two answers can be told apart by the time they take.

use std::time::Duration;

use tokio::time::Instant;

use super::{Answer, Sandbox};

const PAIRS: usize = 150;
/// What the middle of all pairs may differ by.
const FACTOR: f64 = 1.5;

/// Asks for each of the two paths many times, hands every answer to `seen` with the number of its path, and fails when the
/// second takes another time than the first.
///
/// Times are compared within a pair, whose two requests are next to each other: a machine with more to do is slow for both.
/// Which of the two goes first is drawn, or what else runs in turns here would meet always the same one.
pub async fn take_the_same_time(
    server: &Sandbox,
    paths: [&str; 2],
    token: Option<&str>,
    mut seen: impl FnMut(usize, Answer),
) {
    let mut ratios = Vec::with_capacity(PAIRS);
    let mut drawn = 0x5eed_u64;
    for _ in 0..PAIRS {
        drawn = drawn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let first = usize::from(drawn >> 63 == 1);
        let mut took = [Duration::ZERO; 2];
        for i in [first, 1 - first] {
            let start = Instant::now();
            let answer = match token {
                Some(token) => server.call("GET", paths[i], token, &[], None).await,
                None => server.get(paths[i]).await,
            };
            took[i] = start.elapsed();
            seen(i, answer);
        }
        ratios.push(took[0].as_secs_f64() / took[1].as_secs_f64());
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let middle = ratios[PAIRS / 2];
    assert!(
        (1.0 / FACTOR..FACTOR).contains(&middle),
        "the first takes {middle:.3} times as long as the second"
    );
}
