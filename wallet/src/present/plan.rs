//! What may be shared for a request, and what was chosen of it.

use assent_core::claims::{ClaimsPath, PathElement};
use assent_core::consent::{LinkabilityReport, Purpose};
use assent_core::dcql::{
    Authorities, Candidate, CredentialQuery, CredentialType, Evaluation, Meta, evaluate,
};
use assent_core::encoding::base64url;
use assent_core::oid4vp::ResponseMode;
use assent_core::sd_jwt::HolderSdJwt;

use super::PresentError;
use super::linkability::{self, Uses};
use super::open::{OpenRequest, Terms};
use super::warnings::NamedWarning;
use crate::app::WalletError;
use crate::app::view::ServiceTrust;
use crate::holdings::Card;
use crate::labels;
use assent_core::sorted::Sorted;

/// A card that may be used, with the copy that would be shown.
#[derive(Clone)]
pub(crate) struct HeldCard {
    pub(crate) card: Card,
    pub(crate) credential: HolderSdJwt,
    pub(crate) uses: Uses,
}

/// What could be shared.
pub(crate) struct DisclosurePlan<'r> {
    open: &'r OpenRequest,
    held: Vec<HeldCard>,
    evaluation: Evaluation,
    proposals: Sorted<String, Vec<Proposal>>,
    operator_sees: bool,
}

/// One card's answer to one credential query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Proposal {
    /// Index into the held cards.
    held: usize,
    pub(crate) card: String,
    /// Everything that becomes visible, asked for or not: concrete paths.
    pub(crate) paths: Vec<ClaimsPath>,
}

/// One switch.
pub(crate) struct Switch {
    /// Position among the credential sets.
    pub(crate) set: usize,
    /// What to call it in commands.
    pub(crate) id: String,
    /// The credential queries it answers; the first option when none can be answered.
    pub(crate) query_ids: Vec<String>,
    pub(crate) available: bool,
}

/// One credential query with the card and the details that answer it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) query_id: String,
    pub(crate) card: String,
    pub(crate) vct: String,
    pub(crate) paths: Vec<ClaimsPath>,
}

/// What was chosen. Only [`DisclosurePlan::select`] makes one.
#[derive(Debug)]
pub(crate) struct DisclosureSelection {
    pub(crate) answers: Vec<Answer>,
    /// The person agreed to show a used copy again.
    pub(crate) allow_reuse: bool,
    /// What this choice makes of the person.
    pub(crate) linkability: LinkabilityReport,
}

impl DisclosureSelection {
    /// True when everything `purpose` asks is answered: then the person agreed to it.
    pub(crate) fn grants(&self, purpose: &Purpose) -> bool {
        let answered = |id: &String| self.answers.iter().any(|answer| answer.query_id == *id);
        purpose.query_ids.iter().all(answered)
    }

    /// Nothing is shared.
    pub(crate) fn nothing() -> Self {
        Self {
            answers: Vec::new(),
            allow_reuse: false,
            linkability: linkability::report(&[], false, false),
        }
    }
}

impl<'r> DisclosurePlan<'r> {
    /// Matches the request with the cards that may be used.
    pub(crate) fn new(
        open: &'r OpenRequest,
        mut held: Vec<HeldCard>,
        operator_sees: bool,
    ) -> Result<Self, WalletError> {
        // Cards with fresh copies are proposed first.
        held.sort_by_key(|held| (held.uses != Uses::default(), held.card.received_at));
        let akis: Vec<Vec<Vec<u8>>> = held
            .iter()
            .map(|held| {
                held.card
                    .akis
                    .iter()
                    .filter_map(|aki| base64url::decode(aki).ok())
                    .collect()
            })
            .collect();
        let candidates: Vec<Candidate<'_>> = held
            .iter()
            .zip(&akis)
            .map(|(held, akis)| Candidate {
                id: &held.card.id,
                credential_type: CredentialType::SdJwtVc {
                    vct: &held.card.vct,
                    extends: &[],
                },
                claims: held.credential.claims(),
                holder_bound: true,
                authorities: Authorities {
                    key_identifiers: akis,
                    ..Authorities::default()
                },
            })
            .collect();
        let evaluation =
            evaluate(open.request.query(), &candidates).map_err(|error| WalletError::from_code(&error))?;
        let mut proposals = Sorted::new();
        for query in evaluation.queries() {
            let mut fitting = Vec::new();
            for matched in &query.matches {
                let Some(index) = held.iter().position(|held| held.card.id == matched.candidate) else {
                    continue;
                };
                // What the issuer made disclosable only together must be shown, and approved, together.
                let Ok(mut paths) = held[index].credential.needed_approval(&matched.disclose) else {
                    // A card that cannot be shown in parts is as good as none; the others still answer.
                    held.remove(index);
                    return Self::new(open, held, operator_sees);
                };
                for leaf in linkability::always_visible(&held[index].credential) {
                    if !paths.iter().any(|path| path.covers(&leaf)) {
                        paths.push(leaf);
                    }
                }
                fitting.push(Proposal {
                    held: index,
                    card: matched.candidate.clone(),
                    paths,
                });
            }
            proposals.insert(query.id.clone(), fitting);
        }
        Ok(Self {
            open,
            held,
            evaluation,
            proposals,
            operator_sees,
        })
    }

    /// The credential queries of the required block.
    pub(crate) fn required(&self) -> Vec<&str> {
        let mut ids = Vec::new();
        for choice in &self.open.choices.required {
            let chosen = self
                .evaluation
                .sets()
                .get(choice.set)
                .and_then(|set| set.first_satisfiable);
            for id in choice.options.get(chosen.unwrap_or(0)).into_iter().flatten() {
                if !ids.contains(&id.as_str()) {
                    ids.push(id.as_str());
                }
            }
        }
        ids
    }

    /// The switches, all off.
    pub(crate) fn switches(&self) -> Vec<Switch> {
        self.open
            .choices
            .optional
            .iter()
            .map(|choice| {
                let chosen = self
                    .evaluation
                    .sets()
                    .get(choice.set)
                    .and_then(|set| set.first_satisfiable);
                Switch {
                    set: choice.set,
                    id: switch_id(choice.set),
                    query_ids: choice
                        .options
                        .get(chosen.unwrap_or(0))
                        .cloned()
                        .unwrap_or_default(),
                    available: chosen.is_some(),
                }
            })
            .collect()
    }

    /// Cards that answer a query, the proposed one first.
    pub(crate) fn proposals(&self, query: &str) -> &[Proposal] {
        self.proposals.get(query).map_or(&[], Vec::as_slice)
    }

    /// The card behind a proposal.
    pub(crate) fn held(&self, proposal: &Proposal) -> Option<&HeldCard> {
        self.held.get(proposal.held)
    }

    /// Credential queries of the required block that no card answers.
    pub(crate) fn missing(&self) -> Vec<&CredentialQuery> {
        let query = self.open.request.query();
        self.evaluation
            .missing()
            .into_iter()
            .filter_map(|id| query.credential(id))
            .collect()
    }

    /// True when the required block can be answered, and there is anything to send.
    pub(crate) fn can_share(&self) -> bool {
        self.evaluation.is_answerable()
            && (!self.required().is_empty() || self.switches().iter().any(|s| s.available))
    }

    /// The report for the required block with the switches `sets` on, and the proposed cards.
    pub(crate) fn recognisability(&self, sets: &[usize]) -> LinkabilityReport {
        let mut ids: Vec<String> = self.required().into_iter().map(str::to_owned).collect();
        ids.extend(
            self.switches()
                .into_iter()
                .filter(|s| sets.contains(&s.set))
                .flat_map(|s| s.query_ids),
        );
        let proposals: Vec<&Proposal> = ids.iter().filter_map(|id| self.proposals(id).first()).collect();
        self.report(&proposals)
    }

    /// The report for a choice, as [`DisclosurePlan::select`] takes it.
    pub(crate) fn recognisability_of(
        &self,
        switches: &[String],
        cards: &Sorted<String, String>,
    ) -> Result<LinkabilityReport, PresentError> {
        let chosen = self.chosen(switches, cards)?;
        let proposals: Vec<&Proposal> = chosen.into_iter().map(|(_, proposal)| proposal).collect();
        Ok(self.report(&proposals))
    }

    /// What the person should know about the request, whatever is chosen.
    pub(crate) fn general_warnings(&self) -> Vec<NamedWarning> {
        let mut warnings = Vec::new();
        match self.open.terms {
            Terms::AsksForMore => warnings.push(NamedWarning::ASKS_FOR_MORE),
            Terms::Unusable => warnings.push(NamedWarning::TERMS_UNUSABLE),
            Terms::None | Terms::Signed { .. } => {}
        }
        if self.open.service.trust == ServiceTrust::Unverified {
            warnings.push(NamedWarning::UNVERIFIED);
        }
        if self.open.request.reply_to().mode == ResponseMode::DirectPost {
            warnings.push(NamedWarning::NOT_ENCRYPTED);
        }
        if !self.open.same_device {
            warnings.push(NamedWarning::OTHER_DEVICE);
        }
        warnings
    }

    /// The choice: switches by id, cards by credential query, and the warnings that were understood.
    pub(crate) fn select(
        &self,
        switches: &[String],
        cards: &Sorted<String, String>,
        understood: &[String],
    ) -> Result<DisclosureSelection, PresentError> {
        let chosen = self.chosen(switches, cards)?;
        if chosen.is_empty() {
            return Err(PresentError::NotAnswerable);
        }
        // Warnings about a proposed card fall away when another card was chosen, which brings its own.
        let specific = chosen.iter().flat_map(|(_, proposal)| self.warnings_of(proposal));
        for warning in self.general_warnings().into_iter().chain(specific) {
            if warning.must_understand && !understood.iter().any(|code| code == warning.code) {
                return Err(PresentError::NotUnderstood(warning.code.to_owned()));
            }
        }
        let answers = chosen
            .iter()
            .filter_map(|(id, proposal)| {
                Some(Answer {
                    query_id: (*id).to_owned(),
                    card: proposal.card.clone(),
                    vct: self.held(proposal)?.card.vct.clone(),
                    paths: proposal.paths.clone(),
                })
            })
            .collect();
        let proposals: Vec<&Proposal> = chosen.iter().map(|(_, proposal)| *proposal).collect();
        Ok(DisclosureSelection {
            answers,
            // Checked above: where a chosen card is used up, the warning was understood.
            allow_reuse: proposals.iter().any(|proposal| self.is_reused(proposal)),
            linkability: self.report(&proposals),
        })
    }

    /// The credential queries that a choice answers, each with its card.
    fn chosen(
        &self,
        switches: &[String],
        cards: &Sorted<String, String>,
    ) -> Result<Vec<(&str, &Proposal)>, PresentError> {
        let available = self.switches();
        let mut sets = Vec::with_capacity(switches.len());
        for id in switches {
            let switch = available.iter().find(|switch| switch.id == *id);
            sets.push(switch.ok_or(PresentError::NoSuchChoice)?.set);
        }
        // DQ-13: not all required deliverable means nothing is returned.
        let ids = self
            .evaluation
            .to_answer(&sets)
            .map_err(|_| PresentError::NotAnswerable)?;
        // A choice of card for a query that is not answered is a mistake of the caller.
        if cards
            .keys()
            .any(|id| self.open.request.query().credential(id).is_none())
        {
            return Err(PresentError::NoSuchChoice);
        }
        let mut chosen = Vec::with_capacity(ids.len());
        for id in ids {
            let fitting = self.proposals(id);
            let proposal = match cards.get(id) {
                Some(card) => fitting.iter().find(|proposal| proposal.card == *card),
                None => fitting.first(),
            };
            chosen.push((id, proposal.ok_or(PresentError::CardDoesNotFit)?));
        }
        Ok(chosen)
    }

    fn report(&self, chosen: &[&Proposal]) -> LinkabilityReport {
        let shown: Vec<(&HeldCard, &[ClaimsPath])> = chosen
            .iter()
            .filter_map(|proposal| Some((self.held(proposal)?, proposal.paths.as_slice())))
            .collect();
        linkability::report(&shown, self.open.makes_receipt(), self.operator_sees)
    }

    fn is_reused(&self, proposal: &Proposal) -> bool {
        self.held(proposal)
            .is_some_and(|held| held.card.copies_left() == 0)
    }

    /// What the person should know about one card's answer.
    pub(crate) fn warnings_of(&self, proposal: &Proposal) -> Vec<NamedWarning> {
        let mut warnings = Vec::new();
        if self.is_reused(proposal) {
            warnings.push(NamedWarning::COPY_REUSED);
        }
        // What is asked for may be an object or a list that the portrait is in.
        let claims = self.held(proposal).map(|held| held.credential.claims());
        let has_portrait =
            |path: &ClaimsPath| claims.is_some_and(|claims| labels::has_portrait(path, claims));
        if proposal.paths.iter().any(has_portrait) {
            warnings.push(NamedWarning::PORTRAIT);
        }
        let is_birth_date = |path: &ClaimsPath| matches!(path.elements(), [PathElement::Key(key), ..] if key == "birthdate" || key == "birth_date");
        if proposal.paths.iter().any(is_birth_date) {
            warnings.push(NamedWarning::BIRTH_DATE);
        }
        warnings
    }
}

/// The credential type a query asks for, for naming a missing card.
pub(crate) fn asked_type(query: &CredentialQuery) -> String {
    match query.meta() {
        Meta::SdJwtVc { vct_values } => vct_values.first().cloned().unwrap_or_default(),
        Meta::MsoMdoc { doctype_value } => doctype_value.clone(),
        _ => query.meta().format().to_owned(),
    }
}

fn switch_id(set: usize) -> String {
    format!("set-{set}")
}
