//! The DCQL evaluator against a slow one written straight from the words of OpenID4VP 1.0 §6.4 and §7.1.

use assent_core::dcql::{
    Authorities, Candidate, CredentialType, DcqlQuery, check_presentation, check_sets, evaluate,
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// §7.1.1, on sets of (path, value), recursively.
fn select(path: &[Value], value: &Value, at: &[Value]) -> Option<Vec<(Vec<Value>, Value)>> {
    let Some((first, rest)) = path.split_first() else {
        return Some(vec![(at.to_vec(), value.clone())]);
    };
    let step = |element: Value, child: &Value| select(rest, child, &[at, &[element]].concat());
    match first {
        Value::String(name) => match value.as_object()?.get(name) {
            Some(child) => step(json!(name), child),
            None => Some(Vec::new()),
        },
        Value::Null => {
            let mut all = Vec::new();
            for (index, child) in value.as_array()?.iter().enumerate() {
                all.extend(step(json!(index), child)?);
            }
            Some(all)
        }
        index => match value.as_array()?.get(usize::try_from(index.as_u64()?).ok()?) {
            Some(child) => step(index.clone(), child),
            None => Some(Vec::new()),
        },
    }
}

/// §6.4.1 for one list of claims queries: what to show, or `None`.
fn claims(wanted: &[&Value], credential: &Value) -> Option<Vec<Value>> {
    let mut seen: Vec<&Value> = Vec::new();
    let mut shown: Vec<Value> = Vec::new();
    for claim in wanted {
        if seen.contains(&&claim["path"]) {
            continue;
        }
        seen.push(&claim["path"]);
        let selected = select(claim["path"].as_array().unwrap(), credential, &[])?;
        let kept: Vec<Value> = selected
            .into_iter()
            .filter(|(_, value)| {
                claim["values"]
                    .as_array()
                    .is_none_or(|values| values.iter().any(|one| one == value && !one.is_f64()))
            })
            .map(|(path, _)| Value::Array(path))
            .collect();
        if kept.is_empty() {
            return None;
        }
        for path in kept {
            if !shown.contains(&path) {
                shown.push(path);
            }
        }
    }
    Some(shown)
}

/// One credential query against one credential.
fn one(query: &Value, vct: &str, credential: &Value, bound: bool) -> Option<Vec<Value>> {
    if !query["meta"]["vct_values"]
        .as_array()
        .unwrap()
        .contains(&json!(vct))
    {
        return None;
    }
    if query["require_cryptographic_holder_binding"] != json!(false) && !bound {
        return None;
    }
    let all: Vec<&Value> = query["claims"].as_array().into_iter().flatten().collect();
    match query["claim_sets"].as_array() {
        None => claims(&all, credential),
        Some(sets) => sets.iter().find_map(|set| {
            let wanted: Vec<&Value> = set
                .as_array()
                .unwrap()
                .iter()
                .map(|id| *all.iter().find(|claim| claim["id"] == *id).unwrap())
                .collect();
            claims(&wanted, credential)
        }),
    }
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "c"]).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!("x")),
        Just(json!("1")),
        Just(json!(1)),
        Just(json!(2)),
        Just(json!(true)),
        Just(json!(1.5)),
        Just(Value::Null)
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(3, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            prop::collection::btree_map(name(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn credential() -> impl Strategy<Value = (String, Value, bool)> {
    let claims = prop::collection::btree_map(name(), tree(), 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>()));
    (
        prop::sample::select(vec!["t1", "t2"]).prop_map(str::to_owned),
        claims,
        prop::bool::weighted(0.8),
    )
}

fn claim_query(index: usize) -> impl Strategy<Value = Value> {
    let element = prop_oneof![
        4 => name().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => (0_u64..3).prop_map(Value::from),
    ];
    let wanted = prop_oneof![Just(json!("x")), Just(json!(1)), Just(json!(true))];
    let path = (name(), prop::collection::vec(element, 0..3))
        .prop_map(|(first, rest)| [vec![json!(first)], rest].concat());
    (
        path,
        prop::option::weighted(0.3, prop::collection::vec(wanted, 1..3)),
    )
        .prop_map(move |(path, values)| {
            let mut claim = json!({ "id": format!("c{index}"), "path": path });
            if let Some(values) = values {
                claim["values"] = json!(values);
            }
            claim
        })
}

fn credential_query(index: usize) -> impl Strategy<Value = Value> {
    let claims = prop_oneof![
        Just(Vec::new()),
        (claim_query(0), claim_query(1), claim_query(2)).prop_map(|(a, b, c)| vec![a, b, c]),
        (claim_query(0), claim_query(1)).prop_map(|(a, b)| vec![a, b]),
        claim_query(0).prop_map(|a| vec![a]),
    ];
    let set = prop::collection::vec(0_usize..3, 1..3);
    let sets = prop::option::of(prop::collection::vec(set, 1..3));
    let types = prop::sample::select(vec![vec!["t1"], vec!["t2"], vec!["t1", "t2"]]);
    (claims, sets, types, prop::bool::ANY).prop_map(move |(claims, sets, types, binding)| {
        let mut query = json!({ "id": format!("q{index}"), "format": "dc+sd-jwt", "meta": { "vct_values": types },
            "require_cryptographic_holder_binding": binding });
        if !claims.is_empty() {
            if let Some(sets) = sets {
                let sets: Vec<Vec<String>> = sets
                    .iter()
                    .map(|set| set.iter().map(|at| format!("c{}", at % claims.len())).collect())
                    .collect();
                query["claim_sets"] = json!(sets);
            }
            query["claims"] = json!(claims);
        }
        query
    })
}

fn whole_query() -> impl Strategy<Value = Value> {
    let set = (
        prop::collection::vec(prop::collection::vec(0_usize..3, 1..3), 1..3),
        prop::bool::ANY,
    );
    let sets = prop::option::of(prop::collection::vec(set, 1..3));
    (
        (credential_query(0), credential_query(1), credential_query(2)),
        sets,
    )
        .prop_map(|((a, b, c), sets)| {
            let mut query = json!({ "credentials": [a, b, c] });
            if let Some(sets) = sets {
                let sets: Vec<Value> = sets
                    .iter()
                    .map(|(options, required)| {
                        let options: Vec<Vec<String>> = options
                            .iter()
                            .map(|option| option.iter().map(|at| format!("q{at}")).collect())
                            .collect();
                        json!({ "options": options, "required": required })
                    })
                    .collect();
                query["credential_sets"] = json!(sets);
            }
            query
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_slow_evaluator(query in whole_query(), cards in prop::collection::vec(credential(), 0..4)) {
        let parsed = DcqlQuery::parse(&query).unwrap();
        prop_assert_eq!(&DcqlQuery::parse(&parsed.to_json()).unwrap(), &parsed);
        let ids: Vec<String> = (0..cards.len()).map(|index| index.to_string()).collect();
        let candidates: Vec<Candidate<'_>> = cards
            .iter()
            .zip(&ids)
            .map(|((vct, claims, bound), id)| Candidate {
                id,
                credential_type: CredentialType::SdJwtVc { vct, extends: &[] },
                claims,
                holder_bound: *bound,
                authorities: Authorities::default(),
            })
            .collect();
        let evaluation = evaluate(&parsed, &candidates).unwrap();
        let mut answered: Vec<&str> = Vec::new();
        for asked in query["credentials"].as_array().unwrap() {
            let id = asked["id"].as_str().unwrap();
            let found = evaluation.query(id).unwrap();
            let mut expected: Vec<(String, Vec<Value>)> = Vec::new();
            for ((vct, claims, bound), card) in cards.iter().zip(&ids) {
                if let Some(shown) = one(asked, vct, claims, *bound) {
                    expected.push((card.clone(), shown));
                }
            }
            let got: Vec<(String, Vec<Value>)> = found
                .matches
                .iter()
                .map(|m| (m.candidate.clone(), m.disclose.iter().map(|path| path.to_json()).collect()))
                .collect();
            prop_assert_eq!(got, expected);
            // The verifier, with the same credential before it, agrees.
            for (candidate, m) in candidates.iter().filter_map(|c| {
                Some((c, found.matches.iter().find(|m| m.candidate == c.id)?))
            }) {
                let checked = check_presentation(parsed.credential(id).unwrap(), candidate).unwrap();
                prop_assert_eq!(&checked.paths, &m.disclose);
            }
            if !found.matches.is_empty() {
                answered.push(id);
            }
        }
        // §6.4.2.
        let required_met = match query["credential_sets"].as_array() {
            None => answered.len() == 3,
            Some(sets) => sets.iter().filter(|set| set["required"] != json!(false)).all(|set| {
                set["options"].as_array().unwrap().iter().any(|option| {
                    option.as_array().unwrap().iter().all(|id| answered.contains(&id.as_str().unwrap()))
                })
            }),
        };
        prop_assert_eq!(evaluation.is_answerable(), required_met);
        prop_assert_eq!(check_sets(&parsed, &answered).is_ok(), required_met);
        if let Ok(answer) = evaluation.to_answer(&[]) {
            prop_assert!(required_met);
            prop_assert!(check_sets(&parsed, &answer).is_ok());
            prop_assert!(answer.iter().all(|id| answered.contains(id)));
        } else {
            prop_assert!(!required_met);
        }
    }

    /// Whatever the JSON, reading a query ends, and what is read is within the limits.
    #[test]
    fn any_json_is_read_or_refused(value in tree()) {
        if let Ok(query) = DcqlQuery::parse(&value) {
            prop_assert!(!query.credentials().is_empty());
        }
    }
}
