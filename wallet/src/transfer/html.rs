//! My data as a page: in itself complete, printable, without scripts, readable by screen readers.

use assent_core::encoding::record::Value;
use assent_core::env::Timestamp;

use super::my_data::{self, Shown};
use super::own_details;
use super::texts::{Texts, texts};
use super::{Contents, TransferError};
use crate::details::{kind, kind_name};
use crate::history::{DetailRef, Entry};
use crate::holdings::Card;
use crate::labels;
use crate::present::KeptReceipt;
use crate::rights::Sharing;
use crate::settings::Settings;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem;color:#1a1a1a;background:#fff}\
h1{font-size:1.75rem}h2{font-size:1.35rem;margin-top:2rem}h3{font-size:1.1rem}\
.wide{overflow-x:auto}\
table{border-collapse:collapse;width:100%;margin:.5rem 0}\
th,td{border:1px solid #767676;padding:.35rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}\
th{background:#f0f0f0}img{max-width:10rem;height:auto}\
@media (prefers-color-scheme:dark){body{color:#f2f2f2;background:#121212}th{background:#2a2a2a}}\
@media print{body{max-width:none;color:#000;background:#fff}th{background:#eee;color:#000}table,section{break-inside:avoid}.wide{overflow:visible}}";

/// The page.
pub(super) fn page(
    contents: &Contents,
    made_at: Timestamp,
    language: &str,
) -> Result<Vec<u8>, TransferError> {
    let texts = texts(language);
    let mut page = Page {
        out: String::new(),
        texts,
        language,
        held: contents.list(),
    };
    let language = if language == "nl" { "nl" } else { "en" };
    page.raw("<!doctype html>\n<html lang=\"");
    page.raw(language);
    page.raw(
        "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n",
    );
    // No script runs and nothing is fetched, whatever got into a value.
    page.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">\n");
    page.raw("<meta name=\"referrer\" content=\"no-referrer\">\n");
    page.element("title", texts.title);
    page.raw("<style>");
    page.raw(STYLE);
    page.raw("</style>\n</head>\n<body>\n<main>\n");
    page.element("h1", texts.title);
    let made_at = made_at.to_rfc3339().ok_or(TransferError::Contents)?;
    page.element("p", &[texts.made, " ", &day(&made_at)].concat());
    page.element("p", texts.intro);
    page.cards(contents);
    page.own_details(contents);
    page.sharing(contents);
    page.history(contents);
    page.receipts(contents);
    page.settings(contents);
    page.raw("</main>\n</body>\n</html>\n");
    Ok(page.out.into_bytes())
}

struct Page<'a> {
    out: String,
    texts: &'static Texts,
    language: &'a str,
    held: Vec<Card>,
}

/// A cell: text, or a picture.
enum Cell {
    Text(String),
    Picture(String),
}

impl Page<'_> {
    fn cards(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.cards);
        let cards = my_data::cards(contents, self.language);
        if cards.is_empty() {
            self.element("p", texts.no_cards);
        }
        for Shown { card, details } in cards {
            let name = card.name(self.language);
            self.element("h3", &name);
            let mut rows = vec![
                vec![plain(texts.issuer), Cell::Text(card.issuer_name.clone())],
                vec![plain(texts.received), Cell::Text(moment(card.received_at))],
            ];
            if let Some(end) = card.expires_at {
                rows.push(vec![plain(texts.valid_until), Cell::Text(moment(end))]);
            }
            for (label, _, value) in details {
                rows.push(vec![Cell::Text(label), self.value(&value)]);
            }
            self.table(&name, &[texts.detail, texts.value], rows);
        }
        self.end();
    }

    fn own_details(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.own);
        let mut rows = Vec::new();
        for detail in own_details::write(contents, false) {
            let Value::Object(members) = detail else { continue };
            let text = |member: &str| members.get(member).and_then(Value::as_str).unwrap_or_default();
            let mut name = kind_name(text("kind"), self.language).to_owned();
            if !text("own_name").is_empty() {
                name = [&name, " (", text("own_name"), ")"].concat();
            }
            let parts = members.get("parts").and_then(Value::as_object);
            let mut said: Vec<&str> = Vec::new();
            for part in kind(text("kind")).map_or(&[][..], |kind| kind.parts) {
                said.extend(parts.and_then(|parts| parts.get(part.name)?.as_str()));
            }
            let value = match said[..] {
                [] => self.value(&Value::Object(parts.cloned().unwrap_or_default())),
                _ => Cell::Text(said.join(", ")),
            };
            rows.push(vec![Cell::Text(name), value]);
        }
        self.list(texts.own, &[texts.detail, texts.value], rows, texts.no_own);
        self.end();
    }

    fn sharing(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.sharing);
        let mut all: Vec<Sharing> = contents.list();
        all.sort_by_key(|sharing| std::cmp::Reverse(sharing.since));
        let mut rows = Vec::new();
        for sharing in all {
            rows.push(vec![
                Cell::Text(sharing.service.name.clone()),
                Cell::Text(self.names(&sharing.details)),
                Cell::Text(sharing.purpose.clone().unwrap_or_default()),
                Cell::Text(moment(sharing.since)),
                Cell::Text(sharing.until.map(moment).unwrap_or_default()),
                Cell::Text(self.word(&sharing.state)),
            ]);
        }
        let heads = [
            texts.service,
            texts.details,
            texts.purpose,
            texts.since,
            texts.until,
            texts.state,
        ];
        self.list(texts.sharing, &heads, rows, texts.no_sharing);
        self.end();
    }

    fn history(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.history);
        let mut all: Vec<Entry> = contents.list();
        all.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        let mut rows = Vec::new();
        for entry in all {
            let details = self.names(&entry.presented);
            rows.push(vec![
                Cell::Text(moment(entry.at)),
                plain(texts.word(entry.kind.name())),
                Cell::Text(entry.party_name.clone()),
                Cell::Text(details),
                Cell::Text(
                    entry
                        .outcome
                        .as_ref()
                        .map(|outcome| self.word(outcome))
                        .unwrap_or_default(),
                ),
            ]);
        }
        let heads = [texts.when, texts.what, texts.with, texts.details, texts.outcome];
        self.list(texts.history, &heads, rows, texts.no_history);
        self.end();
    }

    fn receipts(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.receipts);
        let mut rows = Vec::new();
        for receipt in contents.list::<KeptReceipt>() {
            rows.push(vec![
                Cell::Text(moment(receipt.at)),
                Cell::Text(receipt.service_name.clone()),
                Cell::Text(receipt.id.clone()),
            ]);
        }
        let heads = [texts.when, texts.service, texts.number];
        self.list(texts.receipts, &heads, rows, texts.no_receipts);
        self.end();
    }

    fn settings(&mut self, contents: &Contents) {
        let texts = self.texts;
        self.begin(texts.settings);
        let settings = contents.one::<Settings>(Settings::ID).unwrap_or_default();
        let rows = vec![
            vec![plain(texts.word("language")), Cell::Text(settings.language)],
            vec![plain(texts.word("theme")), Cell::Text(settings.theme)],
            vec![
                plain(texts.word("auto_lock_minutes")),
                Cell::Text(settings.auto_lock_minutes.to_string()),
            ],
        ];
        self.table(texts.settings, &[texts.setting, texts.value], rows);
        self.end();
    }

    /// Labels of details.
    fn names(&self, details: &[DetailRef]) -> String {
        let label = |detail: &DetailRef| {
            let card = self.held.iter().find(|card| card.vct == detail.vct);
            labels::label(
                &detail.path,
                card.map_or(&[][..], |card| &card.claims),
                self.language,
            )
        };
        let labels: Vec<String> = details.iter().map(label).collect();
        labels.join(", ")
    }

    /// A word for a code that is written as JSON text.
    fn word(&self, code: &impl assent_core::encoding::record::ToJson) -> String {
        let code = code.write_json();
        let code = code.as_str().unwrap_or_default();
        self.texts.word(code).to_owned()
    }

    fn value(&self, value: &Value) -> Cell {
        match value.as_str() {
            Some(text) if is_picture(text) => Cell::Picture(text.to_owned()),
            _ => Cell::Text(labels::text(value, self.language)),
        }
    }

    fn list(&mut self, caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>, none: &str) {
        if rows.is_empty() {
            self.element("p", none);
        } else {
            self.table(caption, heads, rows);
        }
    }

    /// The first column names the row.
    fn table(&mut self, caption: &str, heads: &[&str], rows: Vec<Vec<Cell>>) {
        // It scrolls by itself on a narrow screen, also with a keyboard.
        self.raw("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"");
        self.text(caption);
        self.raw("\">\n<table>\n<thead><tr>");
        for head in heads {
            self.raw("<th scope=\"col\">");
            self.text(head);
            self.raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.raw("<tr>");
            for (at, cell) in row.into_iter().enumerate() {
                self.raw(if at == 0 { "<th scope=\"row\">" } else { "<td>" });
                match cell {
                    Cell::Text(text) => self.text(&text),
                    Cell::Picture(address) => {
                        self.raw("<img alt=\"\" src=\"");
                        self.text(&address);
                        self.raw("\">");
                    }
                }
                self.raw(if at == 0 { "</th>" } else { "</td>" });
            }
            self.raw("</tr>\n");
        }
        self.raw("</tbody>\n</table>\n</div>\n");
    }

    fn begin(&mut self, title: &str) {
        self.raw("<section>\n");
        self.element("h2", title);
    }

    fn end(&mut self) {
        self.raw("</section>\n");
    }

    fn element(&mut self, name: &str, text: &str) {
        self.raw("<");
        self.raw(name);
        self.raw(">");
        self.text(text);
        self.raw("</");
        self.raw(name);
        self.raw(">\n");
    }

    fn raw(&mut self, html: &str) {
        self.out.push_str(html);
    }

    /// Text, in content or in quotes. Characters that turn the reading direction around are left out.
    fn text(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '&' => self.raw("&amp;"),
                '<' => self.raw("&lt;"),
                '>' => self.raw("&gt;"),
                '"' => self.raw("&quot;"),
                '\'' => self.raw("&#39;"),
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
                c if c.is_control() && c != '\n' => {}
                c => self.out.push(c),
            }
        }
    }
}

fn plain(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// A picture in itself: of a kind without scripts.
fn is_picture(text: &str) -> bool {
    let data = ["data:image/jpeg;base64,", "data:image/png;base64,"]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    data.is_some_and(|data| {
        data.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte))
    })
}

fn moment(seconds: i64) -> String {
    Timestamp(seconds)
        .to_rfc3339()
        .map(|text| day(&text))
        .unwrap_or_default()
}

/// `2026-11-20 09:30 UTC`.
fn day(text: &str) -> String {
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    format!("{date} {} UTC", time.get(..5).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page_of(records: &[(&str, &str)], language: &str) -> String {
        let mut contents = Contents::default();
        for (name, content) in records {
            contents.set(name, content);
        }
        String::from_utf8(page(&contents, Timestamp(1_795_000_000), language).unwrap()).unwrap()
    }

    const ENTRY: &str = r#"{"id":"e","at":1795000000,"kind":"presentation","party_name":"<script>alert(1)</script>\u202e","party_id":"\"'&",
        "service":null,"outcome":"shared","requested":[],"presented":[{"vct":"urn:eudi:pid:1","path":["family_name"]}],"cards":[],"types":[],"purpose":null,
        "policy_url":null,"reason":null,"recognisability":null,"receipt_id":null,"sharing_id":null,"authority":null}"#;

    #[test]
    fn what_strangers_wrote_stays_text() {
        let page = page_of(&[("entry/e", ENTRY)], "en");
        assert!(
            page.contains("&lt;script&gt;alert(1)&lt;/script&gt;</td>"),
            "{page}"
        );
        assert!(!page.contains("<script") && !page.contains('\u{202e}'));
        assert!(page.contains("default-src 'none'") && page.contains("Shared"));
        assert!(is_picture("data:image/png;base64,AAAA"));
        for other in [
            "data:image/svg+xml;base64,AAAA",
            "data:image/png;base64,A\"onload=",
            "https://x.example/a.png",
        ] {
            assert!(!is_picture(other), "{other}");
        }
    }

    #[test]
    fn both_languages_have_a_word_for_everything() {
        let (english, dutch) = (texts("en"), texts("nl"));
        let names = |texts: &Texts| texts.codes.iter().map(|(code, _)| *code).collect::<Vec<_>>();
        assert_eq!(names(english), names(dutch));
        let page = page_of(&[("entry/e", ENTRY)], "nl");
        assert!(
            page.contains("<html lang=\"nl\">") && page.contains("Gedeeld") && page.contains("Achternaam"),
            "{page}"
        );
    }
}
