//! The request screen, from a plan.

use assent_core::consent::{ConsentTerms, Digest, LinkabilityReport};
use assent_core::dcql::Meta;
use assent_core::encoding::record::ToJson as _;

use serde_json::Value;

use super::cards::detail;
use super::view::{
    DetailView, MissingCard, OptionalSet, OtherCard, Recognisability, RecognisabilityView, RequestView,
    RequiredBlock, RetentionView, SecretText, Warning,
};
use crate::history::DetailRef;
use crate::labels;
use crate::present::{DisclosurePlan, NamedWarning, OpenRequest, Proposal, asked_type};

pub(super) fn view(open: &OpenRequest, plan: &DisclosurePlan<'_>, language: &str) -> RequestView {
    let terms = open.consent().map(|consent| &consent.terms);
    let mut required = Vec::new();
    for id in plan.required() {
        if let Some((proposed, others)) = plan.proposals(id).split_first()
            && let Some(held) = plan.held(proposed)
        {
            required.push(RequiredBlock {
                query_id: id.to_owned(),
                details: details(plan, proposed, language),
                card: held.card.choice(language),
                other_cards: other_cards(plan, others, language),
                warnings: warnings(&plan.warnings_of(proposed)),
            });
        }
    }
    let mut view = RequestView {
        shown: String::new(),
        service: open.service.clone(),
        purpose: terms.map(|terms| terms.purpose.best(language).1.to_owned()),
        required,
        optional: optional(open, plan, language),
        missing: missing(plan, language),
        recognisability: recognisability(plan),
        retention: terms.map(retention),
        recipients: terms.map(|terms| {
            terms
                .recipients
                .iter()
                .map(|recipient| recipient.name.clone())
                .collect()
        }),
        policy_url: terms.map(|terms| terms.privacy_policy.as_str().to_owned()),
        receipt: open.makes_receipt(),
        can_withdraw: open.can_withdraw(),
        same_device: open.same_device,
        warnings: warnings(&plan.general_warnings()),
        can_share: plan.can_share(),
    };
    // The nonce tells apart two requests that look alike (OpenID4VP 1.0 §5.2).
    let text = [open.request.nonce(), &view.write_json().to_string()].concat();
    view.shown = Digest::of(text).to_string();
    view
}

/// What is asked, by name, required and optional together, without the receipt.
pub(super) fn asked(open: &OpenRequest) -> Vec<DetailRef> {
    let queries = open.request.query().credentials().iter();
    let mut asked: Vec<DetailRef> = Vec::new();
    let details = queries
        .filter(|query| open.choices.receipt_query.as_deref() != Some(query.id()))
        .flat_map(|query| {
            let vct = asked_type(query);
            query.claims().iter().map(move |claim| DetailRef {
                vct: vct.clone(),
                path: claim.path.clone(),
            })
        });
    for detail in details {
        if !asked.contains(&detail) {
            asked.push(detail);
        }
    }
    asked
}

/// Retention is the service's own word until a registrar attests it (DESIGN decision 13).
pub(super) fn retention(terms: &ConsentTerms) -> RetentionView {
    RetentionView {
        text: terms.retention.as_str().to_owned(),
        attested: false,
    }
}

fn optional(open: &OpenRequest, plan: &DisclosurePlan<'_>, language: &str) -> Vec<OptionalSet> {
    let purposes = open
        .consent()
        .map(|consent| consent.terms.purposes())
        .unwrap_or_default();
    let mut sets = Vec::new();
    for switch in plan.switches() {
        let mut card = None;
        let mut shown = Vec::new();
        let mut once: Vec<NamedWarning> = Vec::new();
        for proposal in switch
            .query_ids
            .iter()
            .filter_map(|id| plan.proposals(id).first())
        {
            if card.is_none() {
                card = plan.held(proposal).map(|held| held.card.choice(language));
            }
            shown.append(&mut details(plan, proposal, language));
            for warning in plan.warnings_of(proposal) {
                if !once.contains(&warning) {
                    once.push(warning);
                }
            }
        }
        if !switch.available {
            shown = asked_details(open, &switch.query_ids, language);
            once.clear();
        }
        let purpose = purposes
            .iter()
            .find(|purpose| purpose.query_ids.iter().any(|id| switch.query_ids.contains(id)));
        // A switch over several cards keeps those proposed: one choice cannot name a card for each.
        let others = match switch.query_ids.as_slice() {
            [id] => plan.proposals(id).get(1..).unwrap_or_default(),
            _ => &[],
        };
        sets.push(OptionalSet {
            set_id: switch.id,
            purpose: purpose.map(|purpose| purpose.text.best(language).1.to_owned()),
            details: shown,
            card,
            other_cards: other_cards(plan, others, language),
            warnings: warnings(&once),
            query_ids: switch.query_ids,
            available: switch.available,
        });
    }
    sets
}

fn other_cards(plan: &DisclosurePlan<'_>, others: &[Proposal], language: &str) -> Vec<OtherCard> {
    let mut cards = Vec::new();
    for other in others {
        if let Some(held) = plan.held(other) {
            let card = held.card.choice(language);
            cards.push(OtherCard {
                id: card.id,
                name: card.name,
                details: details(plan, other, language),
                warnings: warnings(&plan.warnings_of(other)),
            });
        }
    }
    cards
}

fn warnings(named: &[NamedWarning]) -> Vec<Warning> {
    named.iter().map(NamedWarning::view).collect()
}

fn details(plan: &DisclosurePlan<'_>, proposal: &Proposal, language: &str) -> Vec<DetailView> {
    let Some(held) = plan.held(proposal) else {
        return Vec::new();
    };
    let mut details = Vec::new();
    for path in &proposal.paths {
        for (path, value) in path.select(held.credential.claims()).unwrap_or_default() {
            details.push(detail(&path, value, &held.card, language));
        }
    }
    details
}

fn asked_details(open: &OpenRequest, query_ids: &[String], language: &str) -> Vec<DetailView> {
    let mut details = Vec::new();
    for query in query_ids
        .iter()
        .filter_map(|id| open.request.query().credential(id))
    {
        for claim in query.claims() {
            details.push(DetailView {
                path: claim.path.to_json(),
                label: labels::label(&claim.path, &[], language),
                value: SecretText(String::new()),
                sensitive: labels::is_sensitive(&claim.path, &Value::Null),
            });
        }
    }
    details
}

fn missing(plan: &DisclosurePlan<'_>, language: &str) -> Vec<MissingCard> {
    let mut missing = Vec::new();
    for query in plan.missing() {
        let vct = asked_type(query);
        let mut details = Vec::new();
        for claim in query.claims() {
            details.push(labels::label(&claim.path, &[], language));
        }
        missing.push(MissingCard {
            name: match query.meta() {
                Meta::SdJwtVc { .. } => labels::card_name(&vct, language),
                _ => vct.clone(),
            },
            vct,
            details,
        });
    }
    missing
}

fn recognisability(plan: &DisclosurePlan<'_>) -> RecognisabilityView {
    let mut with_optional = Vec::new();
    for switch in plan.switches() {
        if switch.available {
            let level = plan.recognisability(&[switch.set]).level;
            with_optional.push((switch.id, Recognisability::from(level)));
        }
    }
    RecognisabilityView {
        with_optional,
        ..recognised(&plan.recognisability(&[]))
    }
}

/// A report for a screen.
pub(super) fn recognised(report: &LinkabilityReport) -> RecognisabilityView {
    let reasons = report.reasons.iter();
    RecognisabilityView {
        level: report.level.into(),
        reasons: reasons
            .filter_map(|reason| reason.write_json().as_str().map(str::to_owned))
            .collect(),
        with_optional: Vec::new(),
    }
}
