//! DCQL: the examples of OpenID4VP 1.0 and of the EUDI reference implementation, and the JSON Schema of the OpenID
//! conformance suite as a second opinion on what is a valid query.

use assent_core::claims::ClaimsPath;
use assent_core::dcql::{
    Authorities, Candidate, ClaimValue, CredentialType, DcqlQuery, Evaluation, Meta, QueryError,
    TrustedAuthorityKind, check_sets, check_shape, evaluate,
};
use serde_json::{Value, json};

use crate::common;

const IDENTITY: &str = "https://credentials.example.com/identity_credential";

fn example(name: &str) -> DcqlQuery {
    DcqlQuery::parse(&common::json(&format!("openid4vp-1.0/examples/{name}.json"))).unwrap()
}

fn sd_jwt<'a>(id: &'a str, vct: &'a str, claims: &'a Value) -> Candidate<'a> {
    Candidate {
        id,
        credential_type: CredentialType::SdJwtVc { vct, extends: &[] },
        claims,
        holder_bound: true,
        authorities: Authorities::default(),
    }
}

fn mdoc<'a>(id: &'a str, doctype: &'a str, claims: &'a Value) -> Candidate<'a> {
    Candidate {
        credential_type: CredentialType::MsoMdoc { doctype },
        ..sd_jwt(id, "", claims)
    }
}

fn path(path: Value) -> ClaimsPath {
    ClaimsPath::from_json(&path).unwrap()
}

fn disclosed(evaluation: &Evaluation, query: &str) -> Vec<ClaimsPath> {
    evaluation.query(query).unwrap().matches[0].disclose.clone()
}

#[test]
fn simple() {
    let query = example("query_lang/simple");
    let claims = json!({ "vct": IDENTITY, "family_name": "Doe", "given_name": "A", "birthdate": "2000-01-01",
        "address": { "street_address": "1", "locality": "B" } });
    let evaluation = evaluate(&query, &[sd_jwt("card", IDENTITY, &claims)]).unwrap();
    assert!(evaluation.is_answerable());
    assert_eq!(
        disclosed(&evaluation, "my_credential"),
        [
            path(json!(["family_name"])),
            path(json!(["given_name"])),
            path(json!(["address", "street_address"]))
        ]
    );
    // All claims or nothing (§6.4.1).
    let poorer = json!({ "family_name": "Doe", "given_name": "A", "address": { "locality": "B" } });
    let evaluation = evaluate(&query, &[sd_jwt("card", IDENTITY, &poorer)]).unwrap();
    assert!(!evaluation.is_answerable());
    assert_eq!(evaluation.missing(), ["my_credential"]);
    assert!(evaluation.to_answer(&[]).is_err());
    let other_type = evaluate(&query, &[sd_jwt("card", "https://other.example", &claims)]).unwrap();
    assert!(!other_type.is_answerable());
}

#[test]
fn simple_mdoc() {
    let query = example("query_lang/simple_mdoc");
    let claims =
        json!({ "org.iso.7367.1": { "vehicle_holder": "A" }, "org.iso.18013.5.1": { "given_name": "B" } });
    let evaluation = evaluate(&query, &[mdoc("car", "org.iso.7367.1.mVRC", &claims)]).unwrap();
    assert_eq!(evaluation.to_answer(&[]).unwrap(), ["my_credential"]);
    assert_eq!(
        disclosed(&evaluation, "my_credential")[0],
        path(json!(["org.iso.7367.1", "vehicle_holder"]))
    );
    // An SD-JWT VC of the same name is another format.
    let wrong = evaluate(&query, &[sd_jwt("car", "org.iso.7367.1.mVRC", &claims)]).unwrap();
    assert!(!wrong.is_answerable());
}

/// §6.4.1: the first claim set that can be satisfied, in the verifier's order.
#[test]
fn claims_alternatives() {
    let query = example("query_lang/claims_alternatives");
    let both = json!({ "family_name": "a", "postal_code": "b", "locality": "c", "region": "d",
        "date_of_birth": "e" });
    let evaluation = evaluate(&query, &[sd_jwt("card", IDENTITY, &both)]).unwrap();
    let matched = &evaluation.query("pid").unwrap().matches[0];
    assert_eq!(matched.claim_set, Some(0));
    assert!(!matched.disclose.contains(&path(json!(["postal_code"]))));
    let second = json!({ "family_name": "a", "postal_code": "b", "date_of_birth": "e" });
    let evaluation = evaluate(&query, &[sd_jwt("card", IDENTITY, &second)]).unwrap();
    assert_eq!(evaluation.query("pid").unwrap().matches[0].claim_set, Some(1));
    let neither = json!({ "family_name": "a", "postal_code": "b" });
    assert!(
        !evaluate(&query, &[sd_jwt("card", IDENTITY, &neither)])
            .unwrap()
            .is_answerable()
    );
}

/// §6.4.2: three ways to satisfy the required set, and an optional one.
#[test]
fn credentials_alternatives() {
    let query = example("query_lang/credentials_alternatives");
    let name = json!({ "given_name": "A", "family_name": "B" });
    let place = json!({ "postal_code": "1", "locality": "C", "region": "D" });
    let reward = json!({ "rewards_number": "7" });
    let reduced = "https://credentials.example.com/reduced_identity_credential";
    let cards = [
        sd_jwt("name", reduced, &name),
        sd_jwt("place", "https://cred.example/residence_credential", &place),
        sd_jwt("reward", "https://company.example/company_rewards", &reward),
    ];
    let evaluation = evaluate(&query, &cards).unwrap();
    assert_eq!(evaluation.sets()[0].first_satisfiable, Some(2));
    assert_eq!(
        evaluation.to_answer(&[]).unwrap(),
        ["pid_reduced_cred_1", "pid_reduced_cred_2"]
    );
    assert_eq!(
        evaluation.to_answer(&[1]).unwrap(),
        ["pid_reduced_cred_1", "pid_reduced_cred_2", "nice_to_have"]
    );
    assert!(evaluation.to_answer(&[2]).is_err());
    // Half an option is none, and an optional credential alone answers nothing.
    let evaluation = evaluate(&query, &cards[1..]).unwrap();
    assert!(!evaluation.is_answerable());
    assert!(evaluation.to_answer(&[1]).is_err());
    assert_eq!(evaluation.missing(), ["pid"]);
    assert!(check_sets(&query, &["pid_reduced_cred_1"]).is_err());
    assert!(check_sets(&query, &["nice_to_have", "other_pid"]).is_ok());
}

#[test]
fn multi_credentials() {
    let query = example("query_lang/multi_credentials");
    let claims = json!({ "family_name": "a", "given_name": "b", "address": { "street_address": "c" } });
    // Without credential_sets every credential query must be answered.
    let evaluation = evaluate(&query, &[sd_jwt("card", IDENTITY, &claims)]).unwrap();
    assert_eq!(evaluation.missing(), ["mdl"]);
    assert!(!evaluation.is_answerable());
}

#[test]
fn value_matching_simple() {
    let query = example("query_lang/value_matching_simple");
    let card = |family: Value, postal: Value| {
        json!({ "family_name": family, "given_name": "A", "address": { "street_address": "1" },
            "postal_code": postal })
    };
    let answers = |claims: &Value| {
        evaluate(&query, &[sd_jwt("card", IDENTITY, claims)])
            .unwrap()
            .is_answerable()
    };
    assert!(answers(&card(json!("Doe"), json!("90211"))));
    assert!(!answers(&card(json!("Doe"), json!("10000"))));
    assert!(!answers(&card(json!("doe"), json!("90210"))));
    // Type and value must match.
    assert!(!answers(&card(json!("Doe"), json!(90210))));
}

#[test]
fn complex_mdoc() {
    let query = example("query_lang/complex_mdoc");
    let claims = json!({ "org.iso.18013.5.1": { "given_name": "A", "family_name": "B", "portrait": "C" } });
    let evaluation = evaluate(&query, &[mdoc("photo", "org.iso.23220.photoid.1", &claims)]).unwrap();
    assert_eq!(evaluation.to_answer(&[]).unwrap(), ["photo_card-id"]);
    assert!(evaluation.to_answer(&[1]).is_err());
}

#[test]
fn w3c_formats_are_read() {
    let query = example("request/dcql_jwt_vc");
    let types = ["IDCredential".to_owned(), "VerifiableCredential".to_owned()];
    let claims = json!({ "credentialSubject": { "family_name": "A", "given_name": "B" } });
    let card = Candidate {
        credential_type: CredentialType::JwtVcJson { types: &types },
        ..sd_jwt("card", "", &claims)
    };
    assert!(evaluate(&query, &[card]).unwrap().is_answerable());
    let missing = Candidate {
        credential_type: CredentialType::JwtVcJson { types: &types[1..] },
        ..card
    };
    assert!(!evaluate(&query, &[missing]).unwrap().is_answerable());
    assert!(matches!(
        example("request/dcql_ldp_vc").credentials()[0].meta(),
        Meta::LdpVc { .. }
    ));
}

#[test]
fn queries_of_the_eudi_reference_implementation() {
    for name in [
        "dcql_basic_example",
        "dcql_eudi_msomdoc_pid_dcql_query",
        "dcql_mDL-example",
        "mso_mdoc-pid-dcql-query",
        "sd-jwt-vc-pid-dcql-query",
    ] {
        let value = common::json(&format!("eudi-pid/{name}.json"));
        let query = DcqlQuery::parse(&value).unwrap();
        assert_eq!(query.to_json(), value, "{name}");
    }
    // `vct_values` where `doctype_value` is REQUIRED (B.2.3).
    assert_eq!(
        DcqlQuery::parse(&common::json("eudi-pid/dcql_complex_example.json")),
        Err(QueryError::Member("credentials[1].meta.doctype_value".into()))
    );
}

/// The conformance suite's schema is stricter on purpose in places (no unknown members, two formats). Where both
/// speak about the same thing they must agree, so: every single change below is judged by both.
#[test]
fn agrees_with_the_conformance_suite_schema() {
    let schema = common::json("conformance-suite/json-schemas/dcql_request.json");
    let base = json!({
        "credentials": [
            { "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": ["x"] }, "multiple": true,
              "require_cryptographic_holder_binding": false,
              "trusted_authorities": [{ "type": "aki", "values": ["AAAA"] }],
              "claims": [{ "id": "c1", "path": ["p", null, 3], "values": ["v", 1, true] }, { "id": "c2", "path": ["q"] }],
              "claim_sets": [["c1"], ["c2", "c1"]] },
            { "id": "b", "format": "mso_mdoc", "meta": { "doctype_value": "d" },
              "claims": [{ "path": ["n", "e"], "intent_to_retain": true }] },
        ],
        "credential_sets": [{ "options": [["a"], ["b"]] }, { "options": [["b"]], "required": false }],
    });
    assert!(schema_accepts(&schema, &schema, &base), "the base query");
    assert!(DcqlQuery::parse(&base).is_ok());
    let changes: [(&str, Value); 34] = [
        ("/credentials", json!([])),
        ("/credentials", json!({})),
        ("/credentials/0/id", json!("")),
        ("/credentials/0/id", json!("a b")),
        ("/credentials/0/id", json!(1)),
        ("/credentials/0/format", json!(1)),
        ("/credentials/0/meta", json!({})),
        ("/credentials/0/meta", json!([])),
        ("/credentials/0/meta/vct_values", json!([])),
        ("/credentials/0/meta/vct_values", json!([""])),
        ("/credentials/0/meta/vct_values", json!("x")),
        ("/credentials/0/multiple", json!("yes")),
        ("/credentials/0/require_cryptographic_holder_binding", json!(1)),
        ("/credentials/0/trusted_authorities", json!([])),
        (
            "/credentials/0/trusted_authorities/0",
            json!({ "type": "aki", "values": [] }),
        ),
        (
            "/credentials/0/trusted_authorities/0",
            json!({ "values": ["AAAA"] }),
        ),
        (
            "/credentials/0/trusted_authorities/0",
            json!({ "type": "etsi_tl", "values": ["https://tl.example"] }),
        ),
        ("/credentials/0/claims", json!([])),
        ("/credentials/0/claims/0/path", json!([])),
        ("/credentials/0/claims/0/path", json!([1.5])),
        ("/credentials/0/claims/0/path", json!([-1])),
        ("/credentials/0/claims/0/path", json!([true])),
        ("/credentials/0/claims/0/values", json!([])),
        ("/credentials/0/claims/0/values", json!([null])),
        ("/credentials/0/claims/0/values", json!([1.5])),
        ("/credentials/0/claims/0/values", json!([["v"]])),
        ("/credentials/0/claim_sets", json!([])),
        ("/credentials/0/claim_sets/0", json!([])),
        ("/credentials/1/meta", json!({ "vct_values": ["x"] })),
        ("/credentials/1/claims/0/path", json!(["n"])),
        ("/credentials/1/claims/0/path", json!(["n", null])),
        ("/credentials/1/claims/0/intent_to_retain", json!("no")),
        ("/credential_sets", json!([])),
        ("/credential_sets/0/options", json!([])),
    ];
    for (place, value) in changes {
        let mut changed = base.clone();
        *changed.pointer_mut(place).unwrap() = value.clone();
        assert_eq!(
            DcqlQuery::parse(&changed).is_ok(),
            schema_accepts(&schema, &schema, &changed),
            "{place} = {value}"
        );
    }
}

/// The few keywords of JSON Schema draft 7 that the file uses.
fn schema_accepts(root: &Value, schema: &Value, value: &Value) -> bool {
    let sub = |schema: &Value, value: &Value| schema_accepts(root, schema, value);
    let Some(keywords) = schema.as_object() else {
        return schema.as_bool().unwrap_or(true);
    };
    keywords.iter().all(|(keyword, rule)| match keyword.as_str() {
        "$ref" => sub(root.pointer(&rule.as_str().unwrap()[1..]).unwrap(), value),
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "null" => value.is_null(),
            other => panic!("type {other}"),
        },
        "properties" => value.as_object().is_none_or(|members| {
            let rules = rule.as_object().unwrap();
            rules
                .iter()
                .all(|(name, rule)| members.get(name).is_none_or(|member| sub(rule, member)))
        }),
        "required" => value.as_object().is_none_or(|members| {
            rule.as_array()
                .unwrap()
                .iter()
                .all(|name| members.contains_key(name.as_str().unwrap()))
        }),
        "additionalProperties" => value.as_object().is_none_or(|members| {
            let known = keywords.get("properties").and_then(Value::as_object);
            members
                .keys()
                .all(|name| known.is_some_and(|known| known.contains_key(name)))
        }),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| sub(rule, item))),
        "minItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 >= rule.as_u64().unwrap()),
        "maxItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.len() as u64 >= rule.as_u64().unwrap()),
        "minimum" => value
            .as_i64()
            .is_none_or(|number| number >= rule.as_i64().unwrap()),
        "pattern" => {
            assert_eq!(rule, "^[A-Za-z0-9_-]+$");
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            value
                .as_str()
                .is_none_or(|text| !text.is_empty() && text.chars().all(fits))
        }
        "enum" => rule.as_array().unwrap().contains(value),
        "const" => rule == value,
        "anyOf" => rule.as_array().unwrap().iter().any(|rule| sub(rule, value)),
        "allOf" => rule.as_array().unwrap().iter().all(|rule| sub(rule, value)),
        "if" => {
            let branch = if sub(rule, value) { "then" } else { "else" };
            keywords.get(branch).is_none_or(|rule| sub(rule, value))
        }
        "then" | "else" | "definitions" | "$schema" | "$comment" => true,
        other => panic!("keyword {other}"),
    })
}

#[test]
fn typed_members_are_read() {
    let query = DcqlQuery::parse(&json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["x"] }, "unknown": 1,
        "trusted_authorities": [{ "type": "etsi_tl", "values": ["https://tl.example"] }, { "type": "new", "values": ["y"] }],
        "claims": [{ "path": ["n"], "values": ["v", -1, 18446744073709551615_u64, false] }] }] }))
    .unwrap();
    let credential = &query.credentials()[0];
    assert_eq!(
        credential.trusted_authorities()[0].kind,
        TrustedAuthorityKind::EtsiTrustedList
    );
    assert_eq!(
        credential.claims()[0].values,
        [
            ClaimValue::Text("v".into()),
            ClaimValue::Integer(-1),
            ClaimValue::Integer(18_446_744_073_709_551_615),
            ClaimValue::Boolean(false)
        ]
    );
    assert!(!query.has_credential_sets());
    let again = DcqlQuery::parse(&query.to_json()).unwrap();
    assert_eq!(again, query);
}

#[test]
fn limits_and_references() {
    let credential =
        |id: usize| json!({ "id": format!("q{id}"), "format": "dc+sd-jwt", "meta": { "vct_values": ["x"] } });
    let many = |count: usize| json!({ "credentials": (0..count).map(credential).collect::<Vec<_>>() });
    assert!(DcqlQuery::parse(&many(16)).is_ok());
    assert_eq!(
        DcqlQuery::parse(&many(17)),
        Err(QueryError::TooLarge("credentials".into()))
    );
    let claims = |count: usize| {
        let mut query = many(1);
        let claims: Vec<Value> = (0..count).map(|n| json!({ "path": [format!("c{n}")] })).collect();
        query["credentials"][0]["claims"] = json!(claims);
        query
    };
    assert!(DcqlQuery::parse(&claims(64)).is_ok());
    assert!(matches!(
        DcqlQuery::parse(&claims(65)),
        Err(QueryError::TooLarge(_))
    ));
    let deep = |depth: usize| {
        let mut query = many(1);
        query["credentials"][0]["claims"] = json!([{ "path": vec!["a"; depth] }]);
        query
    };
    assert!(DcqlQuery::parse(&deep(8)).is_ok());
    assert!(matches!(DcqlQuery::parse(&deep(9)), Err(QueryError::TooLarge(_))));

    let mut twice = many(2);
    twice["credentials"][1]["id"] = json!("q0");
    assert_eq!(
        DcqlQuery::parse(&twice),
        Err(QueryError::DuplicateId("credentials[1].id".into()))
    );
    let mut dangling = many(1);
    dangling["credential_sets"] = json!([{ "options": [["q1"]] }]);
    assert!(matches!(
        DcqlQuery::parse(&dangling),
        Err(QueryError::UnknownId(_))
    ));
    let mut sets = many(1);
    sets["credentials"][0]["claim_sets"] = json!([["c"]]);
    assert!(matches!(
        DcqlQuery::parse(&sets),
        Err(QueryError::ClaimSetsWithoutClaims(_))
    ));
    sets["credentials"][0]["claims"] = json!([{ "id": "d", "path": ["d"] }]);
    assert!(matches!(DcqlQuery::parse(&sets), Err(QueryError::UnknownId(_))));
    sets["credentials"][0]["claims"] = json!([{ "path": ["c"] }]);
    assert!(matches!(DcqlQuery::parse(&sets), Err(QueryError::Member(_))));
}

/// A query near the limits over a credential made to be expensive stops instead of running on.
#[test]
fn the_work_is_bounded() {
    let long: Vec<Value> = (0..2000).map(|n| json!([n, n])).collect();
    let claims = json!({ "list": long });
    let asked: Vec<Value> = (0..64)
        .map(|n| json!({ "path": ["list", null, null], "values": [n + 5000] }))
        .collect();
    let query = json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt", "meta": { "vct_values": ["x"] },
        "claims": asked }] });
    // The repetitions of one path are ignored, so ask for slightly different ones.
    let mut query = query;
    for (n, claim) in query["credentials"][0]["claims"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        claim["path"] = json!(["list", null, n % 2]);
        claim["values"] = json!([
            0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, n
        ]);
    }
    let query = DcqlQuery::parse(&query).unwrap();
    let outcome = evaluate(&query, &[sd_jwt("card", "x", &claims)]);
    assert!(outcome.is_err());
}

/// A long list under the limit takes time in proportion to its length.
#[test]
fn long_lists_are_read_in_linear_time() {
    let claims = json!({ "list": (0..40_000).collect::<Vec<u32>>() });
    let query = DcqlQuery::parse(&json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["x"] }, "claims": [{ "path": ["list", null] }] }] }))
    .unwrap();
    let evaluation = evaluate(&query, &[sd_jwt("card", "x", &claims)]).unwrap();
    assert_eq!(disclosed(&evaluation, "a").len(), 40_000);
}

#[test]
fn holder_binding_and_trusted_authorities() {
    let claims = json!({});
    let query = |binding: bool| {
        DcqlQuery::parse(&json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
            "meta": { "vct_values": ["x"] }, "require_cryptographic_holder_binding": binding,
            "trusted_authorities": [{ "type": "aki", "values": ["AQID", "BAUG"] },
                { "type": "etsi_tl", "values": ["https://tl.example"] }] }] }))
        .unwrap()
    };
    let akis = [vec![9], vec![4, 5, 6]];
    let lists = ["https://tl.example".to_owned()];
    let by_key = Candidate {
        authorities: Authorities {
            key_identifiers: &akis,
            ..Authorities::default()
        },
        ..sd_jwt("card", "x", &claims)
    };
    let by_list = Candidate {
        authorities: Authorities {
            trusted_lists: &lists,
            ..Authorities::default()
        },
        ..by_key
    };
    let unbound = Candidate {
        holder_bound: false,
        ..by_key
    };
    let answers = |binding, card| evaluate(&query(binding), &[card]).unwrap().is_answerable();
    assert!(answers(true, by_key));
    assert!(answers(true, by_list));
    assert!(!answers(true, sd_jwt("card", "x", &claims)));
    assert!(!answers(true, unbound));
    assert!(answers(false, unbound));
    // No claims asked for: nothing that can be hidden is shown.
    assert!(disclosed(&evaluate(&query(true), &[by_key]).unwrap(), "a").is_empty());
}

/// DQ-20, B.3.5: a type that extends the one asked for may answer, when it is known to.
#[test]
fn a_type_that_extends_the_one_asked_for() {
    let query = DcqlQuery::parse(&json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["urn:eudi:pid:1"] } }] }))
    .unwrap();
    let claims = json!({});
    let extends = ["urn:eudi:pid:1".to_owned()];
    let national = Candidate {
        credential_type: CredentialType::SdJwtVc {
            vct: "urn:eudi:pid:nl:1",
            extends: &extends,
        },
        ..sd_jwt("card", "", &claims)
    };
    assert!(evaluate(&query, &[national]).unwrap().is_answerable());
    let unknown = sd_jwt("card", "urn:eudi:pid:nl:1", &claims);
    assert!(!evaluate(&query, &[unknown]).unwrap().is_answerable());
}

/// Reference design of §6.4.1 with a list: only the matching elements are shown.
#[test]
fn values_of_list_elements() {
    let query = DcqlQuery::parse(&json!({ "credentials": [{ "id": "a", "format": "dc+sd-jwt",
        "meta": { "vct_values": ["x"] }, "claims": [{ "path": ["nationalities", null], "values": ["NL"] },
            { "path": ["nationalities", null] }] }] }))
    .unwrap();
    let claims = json!({ "nationalities": ["BE", "NL"] });
    let evaluation = evaluate(&query, &[sd_jwt("card", "x", &claims)]).unwrap();
    // The second claims query repeats the first path and is ignored (§6.3).
    assert_eq!(disclosed(&evaluation, "a"), [path(json!(["nationalities", 1]))]);
}

#[test]
fn the_shape_of_a_vp_token() {
    let query = DcqlQuery::parse(&json!({ "credentials": [
        { "id": "one", "format": "dc+sd-jwt", "meta": { "vct_values": ["x"] } },
        { "id": "many", "format": "dc+sd-jwt", "meta": { "vct_values": ["y"] }, "multiple": true }],
        "credential_sets": [{ "options": [["one"]] }, { "options": [["many"]], "required": false }] }))
    .unwrap();
    let accepts = |token: Value| check_shape(&query, token.as_object().unwrap()).is_ok();
    assert!(accepts(json!({ "one": ["p"] })));
    assert!(accepts(json!({ "one": ["p"], "many": ["q", "r"] })));
    for bad in [
        json!({}),
        json!({ "one": "p" }),
        json!({ "one": [] }),
        json!({ "one": ["p", "q"] }),
        json!({ "one": ["p"], "many": [] }),
        json!({ "one": ["p"], "many": vec!["q"; 17] }),
        json!({ "one": ["p"], "other": ["q"] }),
        json!({ "many": ["q"] }),
    ] {
        assert!(!accepts(bad.clone()), "{bad}");
    }
}
