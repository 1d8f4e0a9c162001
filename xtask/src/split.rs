//! Cuts a linked module in parts: what a first visit needs, and what few commands need, in files of their own that share
//! memory, table and globals with the first and are fetched before the first such command. Only built for
//! `cargo xtask wasm`.
//!
//! What is cut off is what nothing reaches once the dispatcher does not call commands in [`RARE`] by name. It calls them
//! through the table instead: empty places at its end, which the other parts fill. A call too early is a trap. Each of
//! them works with the first part alone: what two of them reach is in the first.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, FunctionSection,
    ImportSection, Instruction, Module, TypeSection,
};
use wasmparser::{
    ElementItems, ElementKind, ExternalKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    TypeRef,
};

use crate::args::Args;

/// Where commands are told apart.
const DISPATCHER: &str = "::app::wallet::";

/// The parts beside the first one: the name of the file, and modules with its commands.
const RARE: &[(&str, &[&str])] = &[
    (
        "rest",
        &[
            "::app::bringing::",
            "::app::details::",
            "::app::devices::",
            "::app::documents::",
            "::app::emergency::",
            "::app::methods::",
            "::app::pairing::",
            "::app::pieces::",
            "::app::sign_in::",
            "::app::transfer::",
            "::details::",
            "::documents::",
            "::vault::pairing::",
        ],
    ),
    ("receiving", &["::app::offer::", "::receive::"]),
];

/// Functions of these modules that the app calls on its own once a vault is open.
const OFTEN: &[&str] = &[
    "::app::devices::list",
    "::app::devices::register",
    "::app::methods::list",
];

/// The name under which the other parts import everything from the first.
const FIRST: &str = "first";

/// `--input FILE_bg.wasm`: takes the other parts out of the file and writes them beside it, as `FILE_<part>.wasm`. The names
/// of functions, by which they are chosen, are in none afterwards.
pub fn run(args: &Args) -> Result<()> {
    let path = args.option("input").context("--input FILE is needed")?;
    let module = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
    let whole = Whole::read(&module)?;
    whole.insist_on_names()?;
    let cut = Cut::of(&whole)?;
    for (number, (name, _)) in RARE.iter().enumerate() {
        let beside = beside(Path::new(path), name);
        let part = whole.other(&cut, number)?;
        std::fs::write(&beside, part).with_context(|| format!("cannot write {}", beside.display()))?;
        let functions = cut.of_part(number).count();
        eprintln!(
            "  {functions} of {} functions are in {}",
            whole.bodies.len(),
            beside.display()
        );
    }
    std::fs::write(path, whole.first(&cut)?).with_context(|| format!("cannot write {path}"))
}

/// Where the part with this name is.
fn beside(first: &Path, name: &str) -> PathBuf {
    let stem = first.file_stem().unwrap_or_default().to_string_lossy();
    let stem = stem.strip_suffix("_bg").unwrap_or(&stem);
    first.with_file_name(format!("{stem}_{name}.wasm"))
}

/// The module as it was linked.
struct Whole<'m> {
    bytes: &'m [u8],
    /// Type index of every function, imported ones first.
    types: Vec<u32>,
    imported: u32,
    bodies: Vec<FunctionBody<'m>>,
    /// Functions that each body calls.
    calls: Vec<BTreeSet<u32>>,
    names: BTreeMap<u32, String>,
    exported: Vec<u32>,
    /// Functions in the table, by their places.
    table: BTreeMap<u32, u32>,
    /// The table of functions, and how long it is.
    functions: (u32, u64),
    tables: Vec<wasmparser::TableType>,
    memories: Vec<wasmparser::MemoryType>,
    globals: Vec<wasmparser::GlobalType>,
}

impl<'m> Whole<'m> {
    fn read(bytes: &'m [u8]) -> Result<Self> {
        let mut whole = Self {
            bytes,
            types: Vec::new(),
            imported: 0,
            bodies: Vec::new(),
            calls: Vec::new(),
            names: BTreeMap::new(),
            exported: Vec::new(),
            table: BTreeMap::new(),
            functions: (0, 0),
            tables: Vec::new(),
            memories: Vec::new(),
            globals: Vec::new(),
        };
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        match import?.ty {
                            TypeRef::Func(ty) => {
                                whole.types.push(ty);
                                whole.imported += 1;
                            }
                            _ => bail!("only functions may be imported"),
                        }
                    }
                }
                Payload::FunctionSection(functions) => {
                    for ty in functions {
                        whole.types.push(ty?);
                    }
                }
                Payload::TableSection(tables) => {
                    for table in tables {
                        whole.tables.push(table?.ty);
                    }
                }
                Payload::MemorySection(memories) => {
                    whole.memories = memories.into_iter().collect::<Result<_, _>>()?;
                }
                Payload::GlobalSection(globals) => {
                    for global in globals {
                        whole.globals.push(global?.ty);
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        let export = export?;
                        if export.kind == ExternalKind::Func {
                            whole.exported.push(export.index);
                        }
                    }
                }
                Payload::StartSection { func, .. } => whole.exported.push(func),
                Payload::ElementSection(elements) => {
                    for element in elements {
                        whole.element(element?)?;
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    whole.calls.push(called(&body)?);
                    whole.bodies.push(body);
                }
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(names) = section.as_known() {
                        for name in names {
                            if let Name::Function(functions) = name? {
                                for function in functions {
                                    let function = function?;
                                    whole.names.insert(function.index, function.name.to_owned());
                                }
                            }
                        }
                    }
                }
                _ => {}
            }
        }
        let length = whole
            .tables
            .get(whole.functions.0 as usize)
            .context("there is no table")?;
        whole.functions.1 = length.initial;
        Ok(whole)
    }

    fn element(&mut self, element: wasmparser::Element<'m>) -> Result<()> {
        let ElementKind::Active {
            table_index,
            offset_expr,
        } = element.kind
        else {
            bail!("only active elements are known");
        };
        let mut offset = offset_expr.get_operators_reader();
        let Operator::I32Const { value } = offset.read()? else {
            bail!("an element begins at a place that is computed");
        };
        let ElementItems::Functions(items) = element.items else {
            bail!("only functions are known in a table");
        };
        self.functions.0 = table_index.unwrap_or_default();
        for (place, function) in (u32::try_from(value)?..).zip(items) {
            self.table.insert(place, function?);
        }
        Ok(())
    }

    /// The path of a function of ours in its crate, e.g. `::app::offer::ask`; empty for others. `<…>` of methods is left
    /// out, and so are the hashes of crates (`assent_wallet[0123]::…`).
    fn path(&self, function: u32) -> &str {
        let name = self.names.get(&function).map(String::as_str).unwrap_or_default();
        let Some(rest) = name.trim_start_matches('<').strip_prefix("assent_wallet") else {
            return "";
        };
        match rest.strip_prefix('[') {
            Some(hash) => hash.split_once(']').map_or("", |(_, path)| path),
            None => rest,
        }
    }

    /// Every name above must still be somebody's: what was renamed would move to the other file, and nothing else would say so.
    fn insist_on_names(&self) -> Result<()> {
        let paths: Vec<&str> = self.names.keys().map(|function| self.path(*function)).collect();
        let nobody: Vec<&str> = [DISPATCHER]
            .iter()
            .chain(RARE.iter().flat_map(|(_, modules)| *modules))
            .chain(OFTEN)
            .filter(|name| !paths.iter().any(|path| path.starts_with(**name)))
            .copied()
            .collect();
        if !nobody.is_empty() {
            bail!(
                "no function of the wallet is called {}: a module was renamed, or its last function went into its caller. \
                 Change the names in xtask/src/split.rs",
                nobody.join(", ")
            );
        }
        Ok(())
    }

    /// The part that a function belongs to by its name, if not the first one.
    fn rare(&self, function: u32) -> Option<usize> {
        let path = self.path(function);
        let one_of = |some: &[&str]| some.iter().any(|start| path.starts_with(start));
        RARE.iter()
            .position(|(_, modules)| one_of(modules))
            .filter(|_| !one_of(OFTEN))
    }

    fn is_rare(&self, function: u32) -> bool {
        self.rare(function).is_some()
    }

    /// Everything that is reached from `roots`, when the dispatcher does not call rare functions.
    fn reached(&self, roots: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
        let mut reached = BTreeSet::new();
        let mut next: Vec<u32> = roots.into_iter().collect();
        while let Some(function) = next.pop() {
            if !reached.insert(function) {
                continue;
            }
            let Some(own) = function.checked_sub(self.imported) else {
                continue;
            };
            let dispatches = self.path(function).starts_with(DISPATCHER);
            let calls = self.calls[own as usize].iter().copied();
            next.extend(calls.filter(|called| !(dispatches && self.is_rare(*called))));
        }
        reached
    }

    /// True for a closure that a function in `reached` makes.
    fn is_made_in(&self, closure: u32, reached: &BTreeSet<u32>) -> bool {
        let Some((maker, _)) = self.path(closure).split_once("::{closure") else {
            return false;
        };
        reached
            .iter()
            .any(|function| self.path(*function).trim_end_matches('>') == maker)
    }
}

fn called(body: &FunctionBody<'_>) -> Result<BTreeSet<u32>> {
    let mut operators = body.get_operators_reader()?;
    let mut calls = BTreeSet::new();
    while !operators.eof() {
        match operators.read()? {
            Operator::Call { function_index } => {
                calls.insert(function_index);
            }
            Operator::RefFunc { .. }
            | Operator::ReturnCall { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::TableInit { .. }
            | Operator::ElemDrop { .. } => bail!("an instruction that cannot be cut"),
            _ => {}
        }
    }
    Ok(calls)
}

/// What goes where.
struct Cut {
    /// The part of every function that is not in the first one.
    moved: BTreeMap<u32, usize>,
    /// Places in the table of those that the first part calls or had in its table.
    places: BTreeMap<u32, u32>,
    /// Functions of the first part that each other part calls.
    wanted: Vec<BTreeSet<u32>>,
    /// How long the table becomes.
    length: u64,
}

impl Cut {
    fn of(whole: &Whole<'_>) -> Result<Self> {
        let in_table: BTreeSet<u32> = whole.table.values().copied().collect();
        let (rare, often): (Vec<u32>, Vec<u32>) =
            in_table.iter().partition(|function| whole.is_rare(**function));
        let all = whole.imported..u32::try_from(whole.types.len())?;
        let mut roots: BTreeSet<u32> = whole.exported.iter().copied().chain(often).collect();
        // A closure is called through the table; it goes with the function that makes it. What two parts reach goes to the
        // first, with all that it reaches.
        let moved = loop {
            let reached = whole.reached(roots.iter().copied());
            let (moved, common) = Self::others(whole, &reached, all.clone());
            let made = rare
                .iter()
                .filter(|closure| whole.is_made_in(**closure, &reached));
            let before = roots.len();
            roots.extend(made);
            roots.extend(common);
            if roots.len() == before {
                break moved;
            }
        };
        if whole.exported.iter().any(|exported| moved.contains_key(exported)) {
            bail!("an exported function would be moved");
        }
        let mut places: BTreeMap<u32, u32> = BTreeMap::new();
        for (place, function) in &whole.table {
            if moved.contains_key(function) {
                places.insert(*function, *place);
            }
        }
        let (mut length, mut wanted) = (whole.functions.1, vec![BTreeSet::new(); RARE.len()]);
        for (own, calls) in (whole.imported..).zip(&whole.calls) {
            for called in calls {
                match (moved.get(&own), moved.get(called)) {
                    (None, Some(_)) if !places.contains_key(called) => {
                        places.insert(*called, u32::try_from(length)?);
                        length += 1;
                    }
                    (Some(part), None) => {
                        wanted[*part].insert(*called);
                    }
                    (Some(one), Some(other)) if one != other => {
                        bail!("a part would call another one that may not be there");
                    }
                    _ => {}
                }
            }
        }
        Ok(Self {
            moved,
            places,
            wanted,
            length,
        })
    }

    /// The part of each function that the first one does not reach, and those that more than one of the others reach.
    fn others(
        whole: &Whole<'_>,
        first: &BTreeSet<u32>,
        all: std::ops::Range<u32>,
    ) -> (BTreeMap<u32, usize>, BTreeSet<u32>) {
        let (mut moved, mut common) = (BTreeMap::new(), BTreeSet::new());
        for part in 0..RARE.len() {
            let own = all
                .clone()
                .filter(|function| whole.rare(*function) == Some(part) && !first.contains(function));
            for function in whole.reached(own) {
                if !first.contains(&function)
                    && function >= whole.imported
                    && moved.insert(function, part).is_some()
                {
                    common.insert(function);
                }
            }
        }
        // What nobody calls goes with the first of them.
        for function in all {
            if !first.contains(&function) {
                moved.entry(function).or_insert(0);
            }
        }
        (moved, common)
    }

    /// The functions of a part, in their old order.
    fn of_part(&self, part: usize) -> impl Iterator<Item = u32> {
        self.moved
            .iter()
            .filter(move |(_, of)| **of == part)
            .map(|(function, _)| *function)
    }
}

impl<'m> Whole<'m> {
    fn first(&self, cut: &Cut) -> Result<Vec<u8>> {
        let kept = (0..)
            .take(self.types.len())
            .filter(|function| !cut.moved.contains_key(function));
        let index: BTreeMap<u32, u32> = kept.zip(0..).collect();
        let mut part = First {
            whole: self,
            cut,
            index,
        };
        let mut out = Module::new();
        part.parse_core_module(&mut out, Parser::new(0), self.bytes)
            .map_err(|error| anyhow::anyhow!("cannot write the first part: {error}"))?;
        Ok(out.finish())
    }

    fn other(&self, cut: &Cut, part: usize) -> Result<Vec<u8>> {
        let number = part;
        let wanted = cut.wanted[number].iter().copied();
        let index: BTreeMap<u32, u32> = wanted.chain(cut.of_part(number)).zip(0..).collect();
        let mut as_it_is = RoundtripReencoder;
        let failed = |error: reencode::Error| anyhow::anyhow!("cannot write another part: {error}");
        let mut types = TypeSection::new();
        for payload in Parser::new(0).parse_all(self.bytes) {
            if let Payload::TypeSection(section) = payload? {
                as_it_is.parse_type_section(&mut types, section).map_err(failed)?;
            }
        }
        let mut imports = ImportSection::new();
        for function in &cut.wanted[part] {
            let ty = EntityType::Function(self.types[*function as usize]);
            imports.import(FIRST, &shared("f", *function), ty);
        }
        for (number, table) in (0..).zip(&self.tables) {
            let mut ty = as_it_is.table_type(*table).map_err(failed)?;
            if number == self.functions.0 {
                (ty.minimum, ty.maximum) = (cut.length, ty.maximum.map(|_| cut.length));
            }
            imports.import(FIRST, &shared("t", number), ty);
        }
        for (number, memory) in (0..).zip(&self.memories) {
            let ty = as_it_is.memory_type(*memory).map_err(failed)?;
            imports.import(FIRST, &shared("m", number), ty);
        }
        for (number, global) in (0..).zip(&self.globals) {
            let ty = as_it_is.global_type(*global).map_err(failed)?;
            imports.import(FIRST, &shared("g", number), ty);
        }
        let (mut functions, mut code, mut elements) =
            (FunctionSection::new(), CodeSection::new(), ElementSection::new());
        let mut part = Other { index };
        for function in cut.of_part(number) {
            functions.function(self.types[function as usize]);
            let body = self.bodies[(function - self.imported) as usize].clone();
            part.parse_function_body(&mut code, body).map_err(failed)?;
        }
        // Neighbours together: few segments instead of one for each.
        let mut by_place: Vec<(u32, u32)> = cut
            .places
            .iter()
            .filter(|(function, _)| cut.moved[*function] == number)
            .map(|(function, place)| (*place, part.index[function]))
            .collect();
        by_place.extend(
            self.table
                .iter()
                .filter(|(_, f)| cut.moved.get(f) == Some(&number))
                .map(|(p, f)| (*p, part.index[f])),
        );
        by_place.sort_unstable();
        by_place.dedup();
        for run in by_place.chunk_by(|a, b| a.0 + 1 == b.0) {
            let offset = ConstExpr::i32_const(i32::try_from(run[0].0)?);
            let run: Vec<u32> = run.iter().map(|(_, function)| *function).collect();
            // Table 0 needs no mention.
            let table = (self.functions.0 != 0).then_some(self.functions.0);
            elements.active(table, &offset, Elements::Functions(run.into()));
        }
        let mut out = Module::new();
        out.section(&types)
            .section(&imports)
            .section(&functions)
            .section(&elements)
            .section(&code);
        Ok(out.finish())
    }
}

/// Names are short: there are hundreds.
fn shared(kind: &str, mut number: u32) -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz012345";
    let mut name = format!("${kind}");
    loop {
        name.push(char::from(DIGITS[(number % 32) as usize]));
        number /= 32;
        if number == 0 {
            return name;
        }
    }
}

type Written = Result<(), reencode::Error>;

struct First<'w, 'm> {
    whole: &'w Whole<'m>,
    cut: &'w Cut,
    index: BTreeMap<u32, u32>,
}

impl Reencode for First<'_, '_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.index[&function])
    }

    fn table_type(
        &mut self,
        table: wasmparser::TableType,
    ) -> Result<wasm_encoder::TableType, reencode::Error> {
        let mut ty = RoundtripReencoder.table_type(table)?;
        if table == self.whole.tables[self.whole.functions.0 as usize] {
            (ty.minimum, ty.maximum) = (self.cut.length, ty.maximum.map(|_| self.cut.length));
        }
        Ok(ty)
    }

    fn parse_function_section(
        &mut self,
        out: &mut FunctionSection,
        types: wasmparser::FunctionSectionReader<'_>,
    ) -> Written {
        for (function, ty) in (self.whole.imported..).zip(types) {
            if !self.cut.moved.contains_key(&function) {
                out.function(ty?);
            }
        }
        Ok(())
    }

    fn parse_export_section(
        &mut self,
        out: &mut ExportSection,
        exports: wasmparser::ExportSectionReader<'_>,
    ) -> Written {
        reencode::utils::parse_export_section(self, out, exports)?;
        let wanted: BTreeSet<&u32> = self.cut.wanted.iter().flatten().collect();
        for function in wanted {
            out.export(&shared("f", *function), ExportKind::Func, self.index[function]);
        }
        for (number, _) in (0..).zip(&self.whole.tables) {
            out.export(&shared("t", number), ExportKind::Table, number);
        }
        for (number, _) in (0..).zip(&self.whole.memories) {
            out.export(&shared("m", number), ExportKind::Memory, number);
        }
        for (number, _) in (0..).zip(&self.whole.globals) {
            out.export(&shared("g", number), ExportKind::Global, number);
        }
        Ok(())
    }

    fn parse_element_section(
        &mut self,
        out: &mut ElementSection,
        _: wasmparser::ElementSectionReader<'_>,
    ) -> Written {
        let kept: Vec<(u32, u32)> = self
            .whole
            .table
            .iter()
            .filter(|(_, function)| !self.cut.moved.contains_key(function))
            .map(|(place, function)| (*place, self.index[function]))
            .collect();
        for run in kept.chunk_by(|a, b| a.0 + 1 == b.0) {
            let offset = ConstExpr::i32_const(run[0].0.cast_signed());
            let functions: Vec<u32> = run.iter().map(|(_, function)| *function).collect();
            let table = (self.whole.functions.0 != 0).then_some(self.whole.functions.0);
            out.active(table, &offset, Elements::Functions(functions.into()));
        }
        Ok(())
    }

    fn parse_code_section(&mut self, out: &mut CodeSection, _: wasmparser::CodeSectionReader<'_>) -> Written {
        let whole = self.whole;
        for (function, body) in (whole.imported..).zip(&whole.bodies) {
            if self.cut.moved.contains_key(&function) {
                continue;
            }
            let mut written = self.new_function_with_parsed_locals(body)?;
            let mut operators = body.get_operators_reader()?;
            while !operators.eof() {
                match operators.read()? {
                    Operator::Call { function_index } if self.cut.moved.contains_key(&function_index) => {
                        written.instruction(&Instruction::I32Const(
                            self.cut.places[&function_index].cast_signed(),
                        ));
                        written.instruction(&Instruction::CallIndirect {
                            type_index: whole.types[function_index as usize],
                            table_index: whole.functions.0,
                        });
                    }
                    other => {
                        written.instruction(&self.instruction(other)?);
                    }
                }
            }
            out.function(&written);
        }
        Ok(())
    }

    fn parse_custom_section(&mut self, _: &mut Module, _: wasmparser::CustomSectionReader<'_>) -> Written {
        Ok(())
    }
}

struct Other {
    index: BTreeMap<u32, u32>,
}

impl Reencode for Other {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.index[&function])
    }
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
