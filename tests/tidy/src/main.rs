//! Writes specs/problems.md.

fn main() -> std::io::Result<()> {
    std::fs::write(
        assent_tidy::root().join("specs/problems.md"),
        assent_tidy::problems::page(),
    )
}
