//! Whole journeys of the wallet against a city in memory: nothing is mocked, every message is made and checked by
//! the code that runs in production.

#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod attested;
mod blobs;
mod certificates;
mod city;
mod details;
mod devices;
mod documents;
mod issuing;
mod later;
mod liar;
mod mailbox;
mod methods;
mod moving;
mod other_app;
mod pairing;
mod partly;
mod person;
mod purposes;
mod request;
mod sharing;
mod shown;
mod sign_in_there;
mod vault;
