//! DCQL queries, and evaluating them: the first line is the query, the others are the claims of cards.
#![no_main]

use assent_core::dcql::{
    Authorities, Candidate, CredentialType, DcqlQuery, Meta, check_presentation, check_sets, check_shape,
    evaluate,
};
use assent_core::encoding::json::{Limits, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let Ok(value) = parse(lines.next().unwrap_or_default(), Limits::MESSAGE) else {
        return;
    };
    let Ok(query) = DcqlQuery::parse(&value) else {
        return;
    };
    // What was read can be written and read again.
    assert_eq!(DcqlQuery::parse(&query.to_json()).as_ref(), Ok(&query));

    let claims: Vec<_> = lines
        .take(4)
        .filter_map(|line| parse(line, Limits::MESSAGE).ok())
        .collect();
    // Every card is of a type somebody asked for, so that the claims are looked at.
    let vct = query
        .credentials()
        .iter()
        .find_map(|credential| match credential.meta() {
            Meta::SdJwtVc { vct_values } => vct_values.first(),
            _ => None,
        });
    let vct = vct.map_or("", String::as_str);
    let candidates: Vec<Candidate<'_>> = claims
        .iter()
        .map(|claims| Candidate {
            id: "card",
            credential_type: CredentialType::SdJwtVc { vct, extends: &[] },
            claims,
            holder_bound: true,
            authorities: Authorities::default(),
        })
        .collect();
    if let Some(token) = claims.first().and_then(|claims| claims.as_object()) {
        let _ = check_shape(&query, token);
    }
    let Ok(evaluation) = evaluate(&query, &candidates) else {
        return;
    };
    for found in evaluation.queries() {
        let Some(credential) = query.credential(&found.id) else {
            panic!("an answer to a question that was not asked")
        };
        let matching = candidates
            .iter()
            .filter_map(|candidate| check_presentation(credential, candidate).ok());
        // The verifier accepts exactly what the wallet would send.
        for (sent, accepted) in found.matches.iter().zip(matching) {
            assert_eq!(sent.disclose, accepted.paths);
        }
        for shown in found.matches.iter().flat_map(|found| &found.disclose) {
            assert!(
                claims
                    .iter()
                    .any(|claims| shown.select(claims).is_ok_and(|found| found.len() == 1))
            );
        }
    }
    if let Ok(answer) = evaluation.to_answer(&[]) {
        assert!(evaluation.is_answerable() && check_sets(&query, &answer).is_ok());
    }
});
