//! Words for what the engine says, in English. What strangers wrote stays on one line.

use assent_core::env::Timestamp;
use assent_wallet::app::view::{
    AwaitedCard, CardState, CardSummary, DetailView, EntrySummary, Outcome, Recognisability, ServiceTrust,
    SharedDetail, SharingState,
};

use crate::output::one_line;

/// Whether who asks could be checked.
pub fn trust(trust: ServiceTrust) -> &'static str {
    match trust {
        ServiceTrust::Verified => "identity checked",
        ServiceTrust::AsksForMore => "identity checked, asks for more than it says it needs",
        ServiceTrust::Unverified => "identity could not be checked",
    }
}

/// How a service will know the person.
pub fn recognisability(level: Recognisability) -> &'static str {
    match level {
        Recognisability::NotAtAll => "not at all",
        Recognisability::SameVisitor => "as the same visitor",
        Recognisability::AsYou => "as you",
    }
}

/// How a sharing stands.
pub fn sharing(state: SharingState) -> &'static str {
    match state {
        SharingState::Active => "active",
        SharingState::Expired => "its time is over",
        SharingState::StopQueued => "stopped, the service does not know yet",
        SharingState::Stopped => "stopped",
        SharingState::StopDisputed => "stopped, not properly confirmed",
    }
}

/// A card on a line: its id, and what one must know of it.
pub fn card(card: &CardSummary) -> String {
    let state = match card.state {
        CardState::Valid => "",
        CardState::Expiring => ", ends soon",
        CardState::UsedUp => ", no fresh copies",
        CardState::Expired => ", expired",
        CardState::Suspended => ", on hold",
        CardState::Revoked => ", taken back by its issuer",
        CardState::Unreadable => ", not readable",
    };
    let (left, total) = (card.copies_left, card.copies_total);
    one_line(&format!(
        "{}  {} ({}), {left} of {total} copies left{state}",
        card.id, card.name, card.issuer
    ))
}

/// A card that comes later, on a line: the id of what is awaited, and when it can be asked for again.
pub fn awaited(card: &AwaitedCard) -> String {
    let when = match card.next_try_at {
        Some(at) => format!(
            "comes later, not before {}",
            Timestamp(at).to_rfc3339().unwrap_or_default()
        ),
        None => "will not come any more".to_owned(),
    };
    one_line(&format!("{}  {} ({}), {when}", card.id, card.name, card.issuer))
}

/// An entry of the history on a line.
pub fn entry(entry: &EntrySummary) -> String {
    let what = match (entry.kind.as_str(), entry.outcome) {
        (_, Some(Outcome::Shared)) => format!("shared {}", details(entry.count)),
        (_, Some(Outcome::Declined)) => "not shared".to_owned(),
        (_, Some(Outcome::FailedBeforeSending)) => "failed, nothing was sent".to_owned(),
        (_, Some(Outcome::Refused)) => "sent, not accepted".to_owned(),
        (_, Some(Outcome::UnknownWhetherReceived)) => "sent, no answer came".to_owned(),
        ("credentialIssuance", None) => "received a card".to_owned(),
        ("credentialDeletion", None) => "removed a card".to_owned(),
        ("withdrawal", None) => "stopped sharing".to_owned(),
        ("erasureRequest", None) => "asked to erase".to_owned(),
        (other, None) => other.to_owned(),
    };
    let at = Timestamp(entry.at).to_rfc3339().unwrap_or_default();
    one_line(&format!("{}  {at}  {}: {what}", entry.id, entry.name))
}

/// So many details.
pub fn details(count: usize) -> String {
    match count {
        1 => "1 detail".to_owned(),
        count => format!("{count} details"),
    }
}

/// A period (ISO 8601) in words; as it is when it is of another form.
pub fn period(text: &str) -> String {
    let units = [('Y', "year"), ('M', "month"), ('W', "week"), ('D', "day")];
    let mut words = Vec::new();
    let mut rest = text.strip_prefix('P').unwrap_or_default();
    while let Some((number, after)) = rest
        .find(|c: char| !c.is_ascii_digit())
        .map(|at| rest.split_at(at))
    {
        let unit = units.iter().find(|(letter, _)| after.starts_with(*letter));
        let (Some((_, unit)), false) = (unit, number.is_empty()) else {
            return one_line(text);
        };
        let plural = if number == "1" { "" } else { "s" };
        words.push(format!("{number} {unit}{plural}"));
        rest = after.get(1..).unwrap_or_default();
    }
    match (rest, words.is_empty()) {
        ("", false) => words.join(" "),
        _ => one_line(text),
    }
}

/// Names of details.
pub fn labels(details: &[SharedDetail]) -> String {
    let labels: Vec<&str> = details.iter().map(|detail| detail.label.as_str()).collect();
    one_line(&labels.join(", "))
}

/// A detail with its value. A portrait is no text.
pub fn detail(detail: &DetailView) -> String {
    let value = match detail.value.0.as_str() {
        picture if picture.starts_with("data:") => "(picture)",
        value => value,
    };
    one_line(&format!("{}: {value}", detail.label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_read() {
        for (text, words) in [
            ("P30D", "30 days"),
            ("P1Y6M", "1 year 6 months"),
            ("P2W", "2 weeks"),
            ("PT5M", "PT5M"),
            ("P", "P"),
            ("P5", "P5"),
            ("PD", "PD"),
            ("as long\nas it takes", "as long as it takes"),
        ] {
            assert_eq!(period(text), words);
        }
    }

    #[test]
    fn a_stranger_writes_no_line_of_ours() {
        let line = entry(&EntrySummary {
            id: "1".into(),
            at: 0,
            kind: "presentation".into(),
            name: "Library\n2  1970-01-01T00:00:00Z  Bank".into(),
            service_id: String::new(),
            outcome: Some(Outcome::Shared),
            count: 1,
        });
        assert_eq!(
            line,
            "1  1970-01-01T00:00:00Z  Library 2  1970-01-01T00:00:00Z  Bank: shared 1 detail"
        );
    }
}
