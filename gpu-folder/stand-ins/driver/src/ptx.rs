//! Reads PTX.
//!
//! The language is described in NVIDIA's *PTX ISA*. Compilers write a small part of it: this reads that part.

use std::collections::HashMap;

use anyhow::{Context, Result, bail, ensure};

/// The kernels of a module, by name.
#[derive(Debug, Default)]
pub struct Module {
    pub kernels: HashMap<String, Kernel>,
    /// Tables that all kernels of the module can read.
    pub tables: Vec<Table>,
}

/// A function that the host can start.
#[derive(Debug, Default)]
pub struct Kernel {
    pub name: String,
    /// The names of its parameters, in order.
    pub parameters: Vec<String>,
    pub registers: Vec<Registers>,
    /// Memory that the threads of a block share.
    pub shared: Vec<Memory>,
    /// Memory of one thread.
    pub local: Vec<Memory>,
    pub body: Vec<Statement>,
}

/// `.reg .b32 %r<10>;`: ten registers `%r0` to `%r9`; without a number, one.
#[derive(Debug, PartialEq)]
pub struct Registers {
    pub kind: String,
    pub name: String,
    pub count: Option<usize>,
}

/// `.shared .align 4 .b8 buf[4096];`
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    pub name: String,
    pub bytes: usize,
}

/// `.global .align 4 .b8 name[2] = {1, 2};`
#[derive(Debug, PartialEq)]
pub struct Table {
    pub name: String,
    /// The numbers between the braces.
    pub bytes: String,
}

#[derive(Debug, PartialEq)]
pub enum Statement {
    Label(String),
    Instruction(Instruction),
}

/// `@!%p1 setp.lt.u64 %p2, %rd9, %rd6;`
#[derive(Debug, PartialEq)]
pub struct Instruction {
    /// A predicate, with or without `!`: where it does not hold, nothing is done.
    pub guard: Option<String>,
    /// `["setp", "lt", "u64"]`
    pub opcode: Vec<String>,
    /// Without white space; `[%rd1+4]` and `{%f1,%f2}` are one operand each.
    pub operands: Vec<String>,
}

impl Module {
    /// Reads a module.
    pub fn read(text: &str) -> Result<Self> {
        if !text.contains(".version ") || !text.contains(".target ") {
            bail!("this is not PTX");
        }
        let text: String =
            text.lines().map(|line| without_comment(line).to_string() + "\n").collect();
        let (mut module, mut shared) = (Self::default(), Vec::new());
        let mut rest = text.as_str();
        // What stands outside of functions ends with a semicolon; a function has braces.
        while let Some(end) = rest.find([';', '{']) {
            let (head, tail) = (rest[..end].trim(), &rest[end + 1..]);
            if rest.as_bytes()[end] == b';' {
                if head.contains(".shared") {
                    shared.push(memory(head)?);
                }
                rest = tail;
                continue;
            }
            let close = closing_brace(tail).with_context(|| format!("no end of `{head}`"))?;
            let (body, after) = (&tail[..close], &tail[close + 1..]);
            if let Some(name) = head.split(".entry ").nth(1) {
                let kernel = Kernel::read(name, body)?;
                module.kernels.insert(kernel.name.clone(), kernel);
            } else if let Some((table, _)) = head.split_once('=') {
                let table = table.trim();
                ensure!(table.contains(".b8 "), "`{table}`: only tables of bytes are known here");
                let name = memory(table)?.name;
                module.tables.push(Table { name, bytes: body.to_string() });
            }
            // Functions that the host cannot start are left out: kernels that call them are not translated.
            rest = after;
        }
        for kernel in module.kernels.values_mut() {
            kernel.shared.extend(shared.iter().cloned());
        }
        Ok(module)
    }
}

impl Kernel {
    /// `head` goes from the name to the brace.
    fn read(head: &str, body: &str) -> Result<Self> {
        let (name, rest) = head.split_once('(').context("a kernel has parentheses")?;
        let (parameters, _) = rest.split_once(')').context("a kernel has parentheses")?;
        let mut kernel = Self { name: name.trim().to_string(), ..Self::default() };
        for parameter in parameters.split(',').filter(|parameter| !parameter.trim().is_empty()) {
            // A struct is an array of bytes: `.param .align 2 .b8 name[2]`.
            let name = parameter.split_whitespace().last().unwrap_or_default();
            kernel.parameters.push(name.split('[').next().unwrap_or_default().to_string());
        }
        for statement in statements(body) {
            kernel.statement(&statement).with_context(|| format!("`{statement}`"))?;
        }
        Ok(kernel)
    }

    fn statement(&mut self, text: &str) -> Result<()> {
        if let Some(label) = text.strip_suffix(':') {
            self.body.push(Statement::Label(label.to_string()));
        } else if let Some(registers) = text.strip_prefix(".reg ") {
            let mut words = registers.split_whitespace();
            let kind = words.next().context("a type")?.trim_start_matches('.').to_string();
            for name in words.collect::<String>().split(',') {
                let (name, count) = match name.split_once('<') {
                    Some((name, count)) => (name, Some(count.trim_end_matches('>').parse()?)),
                    None => (name, None),
                };
                let registers = Registers { kind: kind.clone(), name: name.to_string(), count };
                // Each call of a function declares its own of the same name, in a scope of its own.
                if !self.registers.contains(&registers) {
                    self.registers.push(registers);
                }
            }
        } else if text.starts_with(".shared ") {
            self.shared.push(memory(text)?);
        } else if text.starts_with(".local ") {
            self.local.push(memory(text)?);
        } else if !text.starts_with('.') {
            self.body.push(Statement::Instruction(Instruction::read(text)?));
        }
        // Other directives, such as `.pragma`, do not change what is computed. `.param` declares what is handed to a
        // function.
        Ok(())
    }
}

impl Instruction {
    fn read(text: &str) -> Result<Self> {
        let (guard, text) = match text.strip_prefix('@') {
            Some(text) => {
                let (guard, text) =
                    text.split_once(char::is_whitespace).context("a guard alone")?;
                (Some(guard.to_string()), text.trim())
            }
            None => (None, text),
        };
        let (opcode, operands) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let opcode = opcode.split('.').map(str::to_string).collect();
        let (mut list, mut depth) = (vec![String::new()], 0);
        for c in operands.chars().filter(|c| !c.is_whitespace()) {
            match c {
                '[' | '{' | '(' => depth += 1,
                ']' | '}' | ')' => depth -= 1,
                _ => {}
            }
            if c == ',' && depth == 0 {
                list.push(String::new());
            } else if let Some(last) = list.last_mut() {
                last.push(c);
            }
        }
        list.retain(|operand| !operand.is_empty());
        Ok(Self { guard, opcode, operands: list })
    }
}

fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(before, _)| before)
}

/// Where the brace is closed that was opened before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(at, c)| {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })
}

/// Splits the body of a function. Labels end with a colon, all else with a semicolon. The braces of a scope
/// are left out: what is declared in two of them has the same type.
fn statements(body: &str) -> Vec<String> {
    let mut list = Vec::new();
    let mut statement = String::new();
    for c in body.chars() {
        match c {
            ';' => list.push(std::mem::take(&mut statement)),
            ':' => {
                statement.push(':');
                list.push(std::mem::take(&mut statement));
            }
            '{' | '}' if statement.trim().is_empty() => {}
            _ => statement.push(c),
        }
    }
    list.iter().map(|statement| statement.trim().to_string()).collect()
}

/// `.shared .align 4 .b8 buf[4096]`, and the like with other words.
fn memory(text: &str) -> Result<Memory> {
    let last = text.split_whitespace().last().unwrap_or_default();
    let kind = text.split_whitespace().rev().nth(1).unwrap_or_default();
    let width = match kind.trim_start_matches(['.', 'b', 'u', 's', 'f']).parse::<usize>() {
        Ok(bits) => bits / 8,
        Err(_) => bail!("`{text}` has no type"),
    };
    let (name, count) = match last.split_once('[') {
        Some((name, count)) => (name, count.trim_end_matches(']').parse().context("its length")?),
        None => (last, 1),
    };
    Ok(Memory { name: name.to_string(), bytes: width * count })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As CUDA's compiler writes it.
    const DOUBLED: &str = "
//
// Generated by NVIDIA NVVM Compiler
.version 9.0
.target sm_90
.address_size 64
.global .align 4 .b8 table[3] = {1, 2, 3};
.visible .entry doubled(
	.param .u64 doubled_param_0,
	.param .align 2 .b8 doubled_param_1[2]
)
{
	.reg .pred 	%p<3>;
	.reg .f32 	%f<4>;
	.shared .align 4 .b8 buf[4096];

	ld.param.u64 	%rd1, [doubled_param_0]; // a comment; with a semicolon
	@!%p1 bra 	$L__BB0_2;
	st.global.v2.f32 	[%rd1+8], {%f1, %f2};
$L__BB0_2:
	ret;
}
";

    #[test]
    fn a_module() {
        let module = Module::read(DOUBLED).unwrap();
        assert_eq!(module.tables, [Table { name: "table".into(), bytes: "1, 2, 3".into() }]);
        let kernel = &module.kernels["doubled"];
        assert_eq!(kernel.parameters, ["doubled_param_0", "doubled_param_1"]);
        assert_eq!(kernel.registers[1].kind, "f32");
        assert_eq!((&*kernel.registers[1].name, kernel.registers[1].count), ("%f", Some(4)));
        assert_eq!(kernel.shared, [Memory { name: "buf".into(), bytes: 4096 }]);
        let Statement::Instruction(branch) = &kernel.body[1] else { panic!("{:?}", kernel.body) };
        assert_eq!(branch.guard.as_deref(), Some("!%p1"));
        assert_eq!(
            (&branch.opcode[..], &branch.operands[..]),
            (&["bra".to_string()][..], &["$L__BB0_2".to_string()][..])
        );
        let Statement::Instruction(store) = &kernel.body[2] else { panic!("{:?}", kernel.body) };
        assert_eq!(store.opcode, ["st", "global", "v2", "f32"]);
        assert_eq!(store.operands, ["[%rd1+8]", "{%f1,%f2}"]);
        assert_eq!(kernel.body[3], Statement::Label("$L__BB0_2".into()));
    }

    #[test]
    fn what_is_no_ptx() {
        assert_eq!(Module::read("\u{7f}ELF").unwrap_err().to_string(), "this is not PTX");
        let open = ".version 9.0\n.target sm_90\n.visible .entry f() { ret;";
        assert!(Module::read(open).unwrap_err().to_string().starts_with("no end of `"));
    }
}
