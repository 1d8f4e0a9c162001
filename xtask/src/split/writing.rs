//! The parts as modules.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind, ExportSection, FunctionSection,
    ImportSection, Instruction, Module, TypeSection,
};
use wasmparser::{Operator, Parser, Payload};

use super::Cut;
use super::whole::Whole;

/// The name under which the other parts import everything from the first.
const FIRST: &str = "first";

impl<'m> Whole<'m> {
    pub(super) fn first(&self, cut: &Cut) -> Result<Vec<u8>> {
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

    pub(super) fn other(&self, cut: &Cut, part: usize) -> Result<Vec<u8>> {
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
