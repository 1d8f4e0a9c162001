//! Reading out of what test runners print which tests failed.

/// The names of failed tests, as their runner gives them.
#[derive(Debug, Default)]
pub struct Failing {
    names: Vec<String>,
    within: Within,
}

/// The part of a report that the lines are in.
#[derive(Debug, Default)]
enum Within {
    #[default]
    Else,
    /// cargo's `failures:`, first with what each printed, at the end as a list.
    Cargo(Vec<String>),
    /// node's `✖ failing tests:`, each after the place where it is written.
    Node(String),
}

impl Failing {
    /// Reads one line of cargo's, node's, vitest's or pytest's report.
    pub fn read(&mut self, line: &str) {
        let text = line.trim();
        if line == "failures:" {
            self.within = Within::Cargo(Vec::new());
        } else if text == "✖ failing tests:" {
            self.within = Within::Node(String::new());
        } else if let Some(name) = text.strip_prefix("FAIL ").or(text.strip_prefix("FAILED ")) {
            self.add(name.trim());
        } else if let Some((number, name)) = text
            .strip_prefix("not ok ")
            .and_then(|rest| rest.split_once(" - "))
            && number.parse::<u32>().is_ok()
        {
            self.add(name);
        } else {
            self.read_within(line);
        }
    }

    /// All of them, once each.
    pub fn names(self) -> Vec<String> {
        self.names
    }

    fn read_within(&mut self, line: &str) {
        match &mut self.within {
            Within::Else => {}
            Within::Cargo(list) => {
                if line.starts_with("test result:") {
                    let list = std::mem::take(list);
                    self.within = Within::Else;
                    list.iter().for_each(|name| self.add(name));
                } else if let Some(name) = line.strip_prefix("    ")
                    && !name.starts_with(' ')
                {
                    list.push(name.to_owned());
                }
            }
            Within::Node(place) => {
                if let Some(at) = line.strip_prefix("test at ") {
                    at.clone_into(place);
                } else if let Some(name) = line.strip_prefix("✖ ") {
                    let name = name.rsplit_once(" (").map_or(name, |(name, _)| name);
                    let named = format!("{place} {name}");
                    self.add(&named);
                }
            }
        }
    }

    fn add(&mut self, name: &str) {
        if !self.names.iter().any(|known| known == name) {
            self.names.push(name.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Failing;

    fn read(report: &str) -> Vec<String> {
        let mut failing = Failing::default();
        report.lines().for_each(|line| failing.read(line));
        failing.names()
    }

    #[test]
    fn reads_cargo() {
        let report = "running 3 tests\nkill::lost --- FAILED\n\nfailures:\n\n---- kill::lost stdout ----\n\
            thread panicked at a.rs:1:\n    what it printed\n\nfailures:\n    kill::lost\n    more::lost\n\n\
            test result: FAILED. 1 passed; 2 failed\n\nrunning 1 test\n    indented\ntest result: ok. 1 passed; 0 failed";
        assert_eq!(read(report), ["kill::lost", "more::lost"]);
    }

    #[test]
    fn reads_node() {
        let report = "✔ one (3ms)\n✖ two (with more) (8408.1ms)\n  AssertionError\nℹ fail 1\n\n✖ failing tests:\n\n\
            test at test/passkey.test.mjs:227:1\n✖ two (with more) (8408.1ms)\n  AssertionError";
        assert_eq!(read(report), ["test/passkey.test.mjs:227:1 two (with more)"]);
        assert_eq!(read("# Subtest: x\nnot ok 3 - x\n  ---\nok 4 - y"), ["x"]);
    }

    #[test]
    fn reads_vitest_and_pytest() {
        assert_eq!(
            read(" FAIL  test/a.test.ts > in en > words\n FAIL  test/a.test.ts > in en > words"),
            ["test/a.test.ts > in en > words"]
        );
        assert_eq!(
            read("FAILED tests/a.py::b - assert 1"),
            ["tests/a.py::b - assert 1"]
        );
    }
}
