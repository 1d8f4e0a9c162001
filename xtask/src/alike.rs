//! Puts functions of a module that are alike next to each other, because gzip looks back 32 kB and no further. Only
//! built for `cargo xtask wasm`. What the module does does not depend on the order.

use std::collections::{HashMap, VecDeque};

use anyhow::{Context, Result};
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{CodeSection, FunctionSection, Module};
use wasmparser::{
    CodeSectionReader, CustomSectionReader, FunctionBody, FunctionSectionReader, Operator, Parser, Payload,
    TypeRef,
};

use crate::args::Args;

/// Bytes that make a piece of code that is recognised again.
const PIECE: usize = 6;

/// Pieces in more functions than this tell nothing about any of them.
const COMMON: usize = 200;

/// How far back counts: about half of gzip's window measured best.
const WINDOW: usize = 16_000;

/// Indices that fit in one byte go to the functions that are called most.
const SHORT: usize = 128;

/// Reorders a module in place. `--input FILE.wasm`.
pub fn run(args: &Args) -> Result<()> {
    let path = args.option("input").context("--input FILE is needed")?;
    let module = std::fs::read(path).with_context(|| format!("cannot read {path}"))?;
    std::fs::write(path, reorder(&module)?).with_context(|| format!("cannot write {path}"))
}

fn reorder(module: &[u8]) -> Result<Vec<u8>> {
    let functions = Functions::read(module)?;
    let order = functions.order();
    let mut new_index: Vec<u32> = (0..).take(functions.imported + order.len()).collect();
    for (new, old) in (functions.imported..).zip(&order) {
        new_index[functions.imported + old] = u32::try_from(new)?;
    }
    let mut out = Module::new();
    Reordered { order, new_index }
        .parse_core_module(&mut out, Parser::new(0), module)
        .map_err(|error| anyhow::anyhow!("cannot write the module: {error}"))?;
    Ok(out.finish())
}

struct Functions<'m> {
    imported: usize,
    bodies: Vec<&'m [u8]>,
    /// How often each function that is not imported is called by name.
    calls: Vec<usize>,
}

impl<'m> Functions<'m> {
    fn read(module: &'m [u8]) -> Result<Self> {
        let mut imported = 0;
        let mut found = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        imported += usize::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => found.push(body),
                _ => {}
            }
        }
        let mut calls = vec![0; found.len()];
        let mut bodies = Vec::new();
        for body in found {
            let mut operators = body.get_operators_reader()?;
            bodies.push(&module[operators.original_position()..body.range().end]);
            while !operators.eof() {
                if let Operator::Call { function_index } = operators.read()? {
                    let own = (function_index as usize).checked_sub(imported);
                    if let Some(count) = own.and_then(|own| calls.get_mut(own)) {
                        *count += 1;
                    }
                }
            }
        }
        Ok(Self {
            imported,
            bodies,
            calls,
        })
    }

    /// First the most called ones, then always the one that has most in common with those before it. The same for
    /// the same module.
    fn order(&self) -> Vec<usize> {
        let mut often: Vec<usize> = (0..self.bodies.len()).collect();
        often.sort_by_key(|function| (std::cmp::Reverse(self.calls[*function]), *function));
        often.truncate(SHORT.saturating_sub(self.imported));
        let mut window = Window::new(&self.bodies);
        for function in often {
            window.take(function);
        }
        while let Some(function) = window.most_alike() {
            window.take(function);
        }
        window.taken
    }
}

/// The functions taken last, and how much of each other one is in them already.
struct Window<'m> {
    bodies: &'m [&'m [u8]],
    /// Per function, its pieces and how often each is in it.
    pieces: Vec<Vec<(usize, usize)>>,
    /// Per piece, the functions with it and how often it is in them.
    functions: Vec<Vec<(usize, usize)>>,
    /// Per piece, how many functions of the window have it.
    present: Vec<usize>,
    /// Per function, how many of its places begin a piece that is present, by the weight of the piece.
    alike: Vec<usize>,
    left: Vec<usize>,
    taken: Vec<usize>,
    within: VecDeque<usize>,
    length: usize,
}

impl<'m> Window<'m> {
    fn new(bodies: &'m [&'m [u8]]) -> Self {
        let mut numbers: HashMap<&[u8], usize> = HashMap::new();
        let mut functions: Vec<Vec<(usize, usize)>> = Vec::new();
        for (function, body) in bodies.iter().enumerate() {
            for piece in body.windows(PIECE) {
                let number = *numbers.entry(piece).or_insert(functions.len());
                if number == functions.len() {
                    functions.push(Vec::new());
                }
                match functions[number].last_mut() {
                    Some((last, count)) if *last == function => *count += 1,
                    _ => functions[number].push((function, 1)),
                }
            }
        }
        functions.retain(|those| (2..=COMMON).contains(&those.len()));
        let mut pieces = vec![Vec::new(); bodies.len()];
        for (piece, those) in functions.iter().enumerate() {
            for (function, count) in those {
                pieces[*function].push((piece, *count));
            }
        }
        Self {
            bodies,
            pieces,
            present: vec![0; functions.len()],
            functions,
            alike: vec![0; bodies.len()],
            left: (0..bodies.len()).collect(),
            taken: Vec::new(),
            within: VecDeque::new(),
            length: 0,
        }
    }

    fn most_alike(&self) -> Option<usize> {
        let score = |function: usize| {
            // A little more than the square root: a large one that is half alike beats a tiny one that is all alike.
            // Only of exact operations, so that every machine finds the same order.
            let length = (self.bodies[function].len() + 20) as f64;
            self.alike[function] as f64 / (length * length.sqrt()).sqrt()
        };
        self.left
            .iter()
            .copied()
            .max_by(|a, b| score(*a).total_cmp(&score(*b)).then(b.cmp(a)))
    }

    fn take(&mut self, function: usize) {
        self.left.retain(|other| *other != function);
        self.taken.push(function);
        for (piece, _) in &self.pieces[function] {
            self.present[*piece] += 1;
            if self.present[*piece] == 1 {
                let those = &self.functions[*piece];
                for (other, count) in those {
                    self.alike[*other] += count * weight(those.len());
                }
            }
        }
        self.within.push_back(function);
        self.length += self.bodies[function].len();
        while let Some(first) = self.within.front().copied()
            && self.length - self.bodies[first].len() > WINDOW
        {
            self.within.pop_front();
            self.length -= self.bodies[first].len();
            for (piece, _) in &self.pieces[first] {
                self.present[*piece] -= 1;
                if self.present[*piece] == 0 {
                    let those = &self.functions[*piece];
                    for (other, count) in those {
                        self.alike[*other] -= count * weight(those.len());
                    }
                }
            }
        }
    }
}

/// What few functions have in common says more.
fn weight(functions: usize) -> usize {
    60 + 180 / functions
}

struct Reordered {
    /// Old places in the new order, without the imported functions.
    order: Vec<usize>,
    /// By old index, the imported functions first.
    new_index: Vec<u32>,
}

type Written = Result<(), reencode::Error>;

impl Reencode for Reordered {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.new_index[function as usize])
    }

    /// Names of functions and the like have done their work.
    fn parse_custom_section(&mut self, _: &mut Module, _: CustomSectionReader<'_>) -> Written {
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        out: &mut FunctionSection,
        types: FunctionSectionReader<'_>,
    ) -> Written {
        let types: Vec<u32> = types.into_iter().collect::<Result<_, _>>()?;
        for function in &self.order {
            out.function(types[*function]);
        }
        Ok(())
    }

    fn parse_code_section(&mut self, out: &mut CodeSection, bodies: CodeSectionReader<'_>) -> Written {
        let bodies: Vec<FunctionBody<'_>> = bodies.into_iter().collect::<Result<_, _>>()?;
        for function in self.order.clone() {
            self.parse_function_body(out, bodies[function].clone())?;
        }
        Ok(())
    }
}
