//! Small modules, cut.

use wasm_encoder::{
    CodeSection, ExportKind, ExportSection, FunctionSection, IndirectNameMap, Instruction, MemorySection,
    MemoryType, Module, NameMap, NameSection, RefType, TableSection, TableType, TypeSection,
};

use super::*;

/// A module whose dispatcher calls one function of each name, and these each other.
fn module(names: &[&str], others: &[(&str, &str)]) -> Vec<u8> {
    let all: Vec<String> = [DISPATCHER]
        .iter()
        .chain(names)
        .map(|name| format!("assent_wallet[0a]{name}x"))
        .collect();
    let (mut types, mut functions, mut code) =
        (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    let mut named = NameMap::new();
    for (number, name) in (0_u32..).zip(&all) {
        functions.function(0);
        named.append(number, name);
        let mut body = wasm_encoder::Function::new([]);
        if number == 0 {
            let is_called = |at: &u32| {
                others
                    .iter()
                    .all(|(_, called)| names[*at as usize - 1] != *called)
            };
            for called in (1..).take(names.len()).filter(is_called) {
                body.instruction(&Instruction::Call(called));
            }
        }
        for (_, called) in others.iter().filter(|(caller, _)| name.contains(caller)) {
            let at = names.iter().position(|name| name == called).unwrap();
            body.instruction(&Instruction::Call(u32::try_from(at).unwrap() + 1));
        }
        body.instruction(&Instruction::End);
        code.function(&body);
    }
    let (mut tables, mut memories) = (TableSection::new(), MemorySection::new());
    let (minimum, maximum) = (1, None);
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum,
        maximum,
        shared: false,
    });
    memories.memory(MemoryType {
        minimum,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 0);
    let mut known = NameSection::new();
    known.functions(&named);
    known.locals(&IndirectNameMap::new());
    let mut out = Module::new();
    out.section(&types)
        .section(&functions)
        .section(&tables)
        .section(&memories);
    out.section(&exports).section(&code).section(&known);
    out.finish()
}

fn names() -> Vec<&'static str> {
    let rare = RARE.iter().flat_map(|(_, modules)| *modules);
    rare.chain(OFTEN).chain(STAY).copied().collect()
}

#[test]
fn what_is_rare_moves_and_all_parts_are_modules() {
    let module = module(&names(), &[]);
    let whole = Whole::read(&module).unwrap();
    whole.insist_on_names().unwrap();
    let cut = Cut::of(&whole).unwrap();
    let mut next = 1;
    for (number, (_, modules)) in RARE.iter().enumerate() {
        let moved: Vec<u32> = (next..).take(modules.len()).collect();
        next += u32::try_from(moved.len()).unwrap();
        assert_eq!(
            cut.of_part(number).collect::<Vec<_>>(),
            moved,
            "and not what the app calls on its own"
        );
        let part = whole.other(&cut, number).unwrap();
        wasmparser::Validator::new().validate_all(&part).unwrap();
    }
    let first = whole.first(&cut).unwrap();
    wasmparser::Validator::new().validate_all(&first).unwrap();
}

/// What only one part calls goes with it; what two call, and what that calls, is where both find it.
#[test]
fn what_two_parts_call_is_in_the_first() {
    let mut names = names();
    names.extend(["::own", "::common", "::below"]);
    let (one, other) = ("::documents::x", "::receive::x");
    let calls = [
        (other, "::own"),
        (one, "::common"),
        (other, "::common"),
        ("::common", "::below"),
    ];
    let module = module(&names, &calls);
    let whole = Whole::read(&module).unwrap();
    let cut = Cut::of(&whole).unwrap();
    let part = |name: &str| {
        let at = names.iter().position(|known| *known == name).unwrap();
        cut.moved.get(&(u32::try_from(at).unwrap() + 1)).copied()
    };
    assert_eq!((part("::documents::"), part("::receive::")), (Some(0), Some(1)));
    assert_eq!(
        (part("::own"), part("::common"), part("::below")),
        (Some(1), None, None)
    );
    assert_eq!(part(STAY[0]), None, "by its name");
    assert_eq!(cut.wanted.iter().map(BTreeSet::len).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_name_that_is_nobodys_fails_the_build() {
    for name in names() {
        let rest: Vec<&str> = names()
            .into_iter()
            .filter(|other| !other.starts_with(name))
            .collect();
        let module = module(&rest, &[]);
        let error = Whole::read(&module)
            .unwrap()
            .insist_on_names()
            .unwrap_err()
            .to_string();
        assert!(error.contains(name), "{error}");
    }
}
