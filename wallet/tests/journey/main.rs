//! Whole journeys of the wallet against a city in memory: nothing is mocked, every message is made and checked by
//! the code that runs in production.

mod certificates;
mod city;
mod person;
mod sharing;
mod vault;
