//! The module as it was linked, and who calls whom in it.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use wasmparser::{
    ElementItems, ElementKind, ExternalKind, FunctionBody, KnownCustom, Name, Operator, Parser, Payload,
    TypeRef,
};

use super::{DISPATCHER, OFTEN, RARE, STAY};

/// The module as it was linked.
pub(super) struct Whole<'m> {
    pub(super) bytes: &'m [u8],
    /// Type index of every function, imported ones first.
    pub(super) types: Vec<u32>,
    pub(super) imported: u32,
    pub(super) bodies: Vec<FunctionBody<'m>>,
    /// Functions that each body calls.
    pub(super) calls: Vec<BTreeSet<u32>>,
    pub(super) names: BTreeMap<u32, String>,
    pub(super) exported: Vec<u32>,
    /// Functions in the table, by their places.
    pub(super) table: BTreeMap<u32, u32>,
    /// The table of functions, and how long it is.
    pub(super) functions: (u32, u64),
    pub(super) tables: Vec<wasmparser::TableType>,
    pub(super) memories: Vec<wasmparser::MemoryType>,
    pub(super) globals: Vec<wasmparser::GlobalType>,
}

impl<'m> Whole<'m> {
    pub(super) fn read(bytes: &'m [u8]) -> Result<Self> {
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
    pub(super) fn insist_on_names(&self) -> Result<()> {
        let paths: Vec<&str> = self.names.keys().map(|function| self.path(*function)).collect();
        let nobody: Vec<&str> = [DISPATCHER]
            .iter()
            .chain(RARE.iter().flat_map(|(_, modules)| *modules))
            .chain(OFTEN)
            .chain(STAY)
            .filter(|name| !paths.iter().any(|path| path.starts_with(**name)))
            .copied()
            .collect();
        if !nobody.is_empty() {
            bail!(
                "no function of the wallet is called {}: a module was renamed, or its last function went into its caller. \
                 Change the names in xtask/src/split/mod.rs",
                nobody.join(", ")
            );
        }
        Ok(())
    }

    /// The part that a function belongs to by its name, if not the first one.
    pub(super) fn rare(&self, function: u32) -> Option<usize> {
        let path = self.path(function);
        let one_of = |some: &[&str]| some.iter().any(|start| path.starts_with(start));
        RARE.iter()
            .position(|(_, modules)| one_of(modules))
            .filter(|_| !one_of(OFTEN) && !one_of(STAY))
    }

    /// Whether a function is in the first part by its name alone.
    pub(super) fn stays(&self, function: u32) -> bool {
        let path = self.path(function);
        STAY.iter().any(|start| path.starts_with(start))
    }

    pub(super) fn is_rare(&self, function: u32) -> bool {
        self.rare(function).is_some()
    }

    /// Everything that is reached from `roots`, when the dispatcher does not call rare functions.
    pub(super) fn reached(&self, roots: impl IntoIterator<Item = u32>) -> BTreeSet<u32> {
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
    pub(super) fn is_made_in(&self, closure: u32, reached: &BTreeSet<u32>) -> bool {
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
