//! Reading "N passed, M failed" out of what test runners print.

/// How many tests ran, and which of them failed.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Passed.
    pub passed: u64,
    /// Failed.
    pub failed: u64,
    /// Left out by the runner.
    pub skipped: u64,
    /// Names of those that failed.
    pub failing: Vec<String>,
}

impl Counts {
    /// Reads one line of cargo's, node's, vitest's or pytest's summary; other lines count nothing.
    pub fn read(&mut self, line: &str) {
        let line = line.trim();
        // cargo: `test result: ok. 12 passed; 0 failed; 1 ignored; …`; vitest: `Tests  1 failed | 12 passed (13)`;
        // pytest: `==== 12 passed, 1 skipped in 0.3s ====`.
        let number_first = line.starts_with("test result:")
            || (line.starts_with("Tests ") && line.ends_with(')'))
            || (line.starts_with("====") && line.contains(" in "));
        // node: `# pass 3` or `ℹ pass 3`.
        let number_last = line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ "));
        let words: Vec<&str> = line
            .split([' ', ';', ',', '|', '(', ')', '='])
            .filter(|word| !word.is_empty())
            .collect();
        if number_first {
            for pair in words.windows(2) {
                if let [number, name] = pair
                    && let Ok(number) = number.parse()
                {
                    self.add(name, number);
                }
            }
        } else if let Some(rest) = number_last
            && let Some((name, number)) = rest.split_once(' ')
            && let Ok(number) = number.trim().parse()
        {
            self.add(name, number);
        }
    }

    /// Adds another runner's counts.
    pub fn merge(&mut self, other: Counts) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.failing.extend(other.failing);
    }

    fn add(&mut self, name: &str, number: u64) {
        match name {
            "passed" | "pass" => self.passed += number,
            "failed" | "fail" => self.failed += number,
            "ignored" | "skipped" | "todo" => self.skipped += number,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Counts;

    fn read(line: &str) -> (u64, u64, u64) {
        let mut counts = Counts::default();
        counts.read(line);
        (counts.passed, counts.failed, counts.skipped)
    }

    #[test]
    fn reads_every_runner() {
        assert_eq!(
            read("test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 4 filtered out"),
            (12, 3, 1)
        );
        assert_eq!(read("      Tests  1 failed | 12 passed (13)"), (12, 1, 0));
        assert_eq!(read("# pass 7"), (7, 0, 0));
        assert_eq!(read("ℹ fail 2"), (0, 2, 0));
        assert_eq!(read("==== 5 passed, 1 skipped in 0.31s ===="), (5, 0, 1));
        assert_eq!(read(" Test Files  3 passed (3)"), (0, 0, 0));
        assert_eq!(read("nothing passed here 3 failed"), (0, 0, 0));
    }
}
