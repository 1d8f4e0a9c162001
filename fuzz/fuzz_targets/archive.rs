//! Files brought into a vault: archives, the exchange format and plain data as they are, and what is inside of sealed ones.
#![no_main]

use assent_core::env::{Env, RandomUnavailable, SecureRandom, Timestamp};
use assent_wallet::transfer::{Choice, Contents, Format, Incoming, Making, Plan, Work, identify, make};
use libfuzzer_sys::fuzz_target;

struct Fixed;

impl SecureRandom for Fixed {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), RandomUnavailable> {
        out.fill(7);
        Ok(())
    }
}

const PASSPHRASE: &str = "a passphrase";

fuzz_target!(|data: &[u8]| {
    let work = Work {
        scrypt: 2,
        pbkdf2: 10,
    };
    let _ = identify(data);
    let Ok(incoming) = Incoming::open(data, Some(PASSPHRASE), work) else {
        return;
    };
    let choice = Choice {
        moved: true,
        history: true,
    };
    let plan = Plan::new(&incoming, &Contents::default(), choice, "en");
    let _ = plan.next();
    for format in [Format::Backup, Format::Exchange, Format::Json, Format::Html] {
        let making = Making {
            format,
            passphrase: Some(PASSPHRASE),
            language: "nl",
            work,
        };
        let mut env = Env {
            now: Timestamp(0),
            rng: &mut Fixed,
        };
        let made = make(&incoming.contents, &making, &mut env).expect("what was read can be written");
        match format {
            // Everything comes back to the byte.
            Format::Backup => {
                let again =
                    Incoming::open(&made, Some(PASSPHRASE), work).expect("what was written can be read");
                assert!(again.contents.iter().eq(incoming.contents.iter()));
            }
            Format::Html => assert!(!made.windows(7).any(|window| window == b"<script")),
            _ => assert!(Incoming::open(&made, Some(PASSPHRASE), work).is_ok()),
        }
    }
});
